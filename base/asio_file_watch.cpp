#include "base/asio_file_watch.h"

#include <array>
#include <climits>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace tocsin {

namespace {

constexpr Duration kBurst{100};
constexpr int kSymlinksMax = 40;  // as the kernel's own limit, ELOOP
constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR;

/// A name in a directory; an empty name is any.
struct Entry {
    std::string directory, name;
};

std::string absolute(const std::string& path) {
    if (path.starts_with('/')) return path;
    std::array<char, PATH_MAX> here{};
    return getcwd(here.data(), here.size()) == nullptr ? "/" + path : std::string(here.data()) + "/" + path;
}

void push_components(std::deque<std::string>& components, std::string_view path) {
    const auto parts = split(path, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        if (!part->empty() && *part != ".") components.emplace_front(*part);
    }
}

std::optional<std::string> link_target(const std::string& path) {
    std::array<char, PATH_MAX> target{};
    const auto length = readlink(path.c_str(), target.data(), target.size());
    if (length < 0) return std::nullopt;
    return std::string(target.data(), static_cast<std::size_t>(length));
}

bool is_directory(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string join_path(const std::string& directory, const std::string& name) {
    return directory == "/" ? "/" + name : directory + "/" + name;
}

std::string parent_of(const std::string& directory) {
    const std::size_t slash = directory.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : directory.substr(0, slash);
}

/// Every name that decides what `path` means, each in its real directory.
std::vector<Entry> names_on_the_way(const std::string& path) {
    std::vector<Entry> entries;
    std::deque<std::string> left;
    push_components(left, absolute(path));
    std::string directory = "/";
    for (int links = 0; !left.empty() && links <= kSymlinksMax;) {
        const std::string name = std::move(left.front());
        left.pop_front();
        if (name == "..") {
            directory = parent_of(directory);
            continue;
        }
        entries.push_back({directory, name});
        const std::string here = join_path(directory, name);
        if (const auto target = link_target(here)) {
            ++links;
            if (target->starts_with('/')) directory = "/";
            push_components(left, *target);
        } else if (is_directory(here)) {
            directory = here;
            if (left.empty()) entries.push_back({directory, ""});
        } else {
            break;
        }
    }
    return entries;
}

}  // namespace

struct AsioFileWatch::Watches : std::enable_shared_from_this<Watches> {
    using Names = std::set<std::pair<int, std::string>>;  // inotify's number of the directory, name

    struct Watch {
        std::vector<std::string> paths;
        std::function<void()> changed;
        Names names;
        Scheduler::TaskId burst = 0;
    };

    explicit Watches(AsioScheduler& its_scheduler) : scheduler(its_scheduler), inotify(its_scheduler.io_context()) {
        if (const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC); fd >= 0) inotify.assign(fd);
    }

    ~Watches() {
        for (const auto& [id, watch] : by_id) scheduler.cancel(watch.burst);
    }

    void wait() {
        if (!inotify.is_open()) return;
        inotify.async_wait(decltype(inotify)::wait_read,
                           [weak = weak_from_this()](const boost::system::error_code& error) {
                               const auto self = weak.lock();
                               if (error || self == nullptr) return;
                               self->read_events();
                               self->wait();
                           });
    }

    void read_events() {
        alignas(inotify_event) std::array<char, 16 * 1024> buffer;
        for (;;) {
            const auto bytes = ::read(inotify.native_handle(), buffer.data(), buffer.size());
            if (bytes <= 0) return;
            for (std::size_t at = 0; at < static_cast<std::size_t>(bytes);) {
                inotify_event event{};
                std::memcpy(&event, buffer.data() + at, sizeof event);
                const char* name = event.len > 0 ? buffer.data() + at + sizeof event : "";
                see(event, name);
                at += sizeof event + event.len;
            }
        }
    }

    void see(const inotify_event& event, const std::string& name) {
        const bool lost = (event.mask & IN_Q_OVERFLOW) != 0;
        const bool directory_gone = (event.mask & IN_IGNORED) != 0;
        if (directory_gone) users.erase(event.wd);
        for (auto& [id, watch] : by_id) {
            const auto first = watch.names.lower_bound({event.wd, ""});
            const bool of_directory = first != watch.names.end() && first->first == event.wd;
            const bool of_name = of_directory && (first->second.empty() || watch.names.contains({event.wd, name}));
            if (lost || of_name || (directory_gone && of_directory)) begin_burst(id, watch);
        }
    }

    void begin_burst(WatchId id, Watch& watch) {
        if (watch.burst == 0) watch.burst = scheduler.after(kBurst, [this, id] { end_burst(id); });
    }

    void end_burst(WatchId id) {
        Watch& watch = by_id.at(id);
        watch.burst = 0;
        find_names(watch);  // before the caller looks: what changes from here on is a change again
        const auto changed = watch.changed;
        changed();
    }

    void find_names(Watch& watch) {
        Names names;
        for (const std::string& path : watch.paths) {
            for (const Entry& entry : names_on_the_way(path)) {
                const int directory = inotify_add_watch(inotify.native_handle(), entry.directory.c_str(), kEvents);
                if (directory >= 0 && names.emplace(directory, entry.name).second) ++users[directory];
            }
        }
        names.swap(watch.names);
        release(names);
    }

    void release(const Names& names) {
        for (const auto& [directory, name] : names) {
            const auto found = users.find(directory);
            if (found == users.end() || --found->second > 0) continue;
            users.erase(found);
            inotify_rm_watch(inotify.native_handle(), directory);
        }
    }

    AsioScheduler& scheduler;
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> inotify;
    std::map<WatchId, Watch> by_id;
    std::map<int, std::size_t> users;  // how many names each directory is watched for
    WatchId last_id = 0;
};

AsioFileWatch::AsioFileWatch(AsioScheduler& scheduler) : watches_(std::make_shared<Watches>(scheduler)) {
    watches_->wait();
}

AsioFileWatch::~AsioFileWatch() = default;

FileWatch::WatchId AsioFileWatch::watch(std::vector<std::string> paths, std::function<void()> changed) {
    const WatchId id = ++watches_->last_id;
    auto& watch = watches_->by_id[id];
    watch.paths = std::move(paths);
    watch.changed = std::move(changed);
    watches_->find_names(watch);
    return id;
}

void AsioFileWatch::cancel(WatchId id) {
    const auto found = watches_->by_id.find(id);
    if (found == watches_->by_id.end()) return;
    watches_->scheduler.cancel(found->second.burst);
    watches_->release(found->second.names);
    watches_->by_id.erase(found);
}

}  // namespace tocsin
