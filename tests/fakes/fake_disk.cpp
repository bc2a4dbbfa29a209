#include "tests/fakes/fake_disk.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include <fmt/format.h>
#include <fnmatch.h>

#include "base/file_patterns.h"

namespace tocsin::fakes {
namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

/// `./a//b/` is `a/b`.
std::string normal(std::string_view path) {
    std::string out;
    for (const char c : path) {
        if (c != '/' || out.empty() || out.back() != '/') out += c;
    }
    while (out.starts_with("./")) out.erase(0, 2);
    while (out.size() > 1 && out.back() == '/') out.pop_back();
    return out.empty() ? "." : out;
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

/// A file apart from its names.
struct FakeDisk::Inode {
    /// A change that a power cut may undo.
    struct Change {
        std::uint64_t offset;
        std::string bytes;
        bool truncation;  // to `offset`
    };

    std::string live;
    std::string synced;
    std::vector<Change> pending;
    bool condemned = false;
    const void* locked_by = nullptr;

    static void apply(std::string& content, const Change& change) {
        if (change.truncation) {
            content.resize(change.offset);
            return;
        }
        content.resize(std::max<std::size_t>(content.size(), change.offset + change.bytes.size()));
        content.replace(change.offset, change.bytes.size(), change.bytes);
    }

    void change(Change change) {
        apply(live, change);
        pending.push_back(std::move(change));
    }

    void sync() {
        synced = live;
        pending.clear();
    }

    void lose_power(const std::function<bool()>& survives) {
        for (const Change& change : pending) {
            if (change.truncation) {
                if (survives()) apply(synced, change);
                continue;
            }
            for (std::uint64_t at = 0; at < change.bytes.size(); at += kSectorBytes) {
                if (survives()) apply(synced, {change.offset + at, change.bytes.substr(at, kSectorBytes), false});
            }
        }
        live = synced;
        pending.clear();
        condemned = false;
        locked_by = nullptr;
    }
};

struct FakeDisk::State {
    using Names = std::map<std::string, std::shared_ptr<Inode>>;

    /// A change of names that a power cut may undo: `path` stands for `inode` now, or for nothing; with it `also`
    /// vanishes.
    struct NameChange {
        std::string path;
        std::shared_ptr<Inode> inode;
        std::string also;

        void apply(Names& names) const {
            if (inode) {
                names[path] = inode;
            } else {
                names.erase(path);
            }
            if (!also.empty()) names.erase(also);
        }
    };

    struct Failure {
        Operation operation;
        std::string path;
        std::string message;
        std::uint64_t times;
    };

    mutable std::mutex mutex;
    Names live, synced;
    std::vector<NameChange> pending;
    std::set<std::string> directories{".", "/"};
    std::vector<Failure> failures;
    std::set<std::string> touched;
    std::uint64_t changes = 0;
    std::uint64_t stop_at = kNever;
    std::uint64_t capacity = 1ULL << 40;
    std::uint64_t generation = 0;  // of handles; a power cut ends them

    static Status refuse(std::string_view doing, std::string_view path, std::string_view reason,
                         Error::Kind kind = Error::Kind::Unavailable) {
        return fail(kind, fmt::format("{} {}: {}", doing, path, reason));
    }

    /// Locks; whoever uses this path would wait for a disk that hangs.
    std::unique_lock<std::mutex> enter(const std::string& path) {
        std::unique_lock lock(mutex);
        touched.insert(path);
        return lock;
    }

    bool stopped() const { return changes >= stop_at; }

    /// Counts a change and says whether it may be done.
    Status admit_change(Operation operation, std::string_view doing, const std::string& path) {
        const bool too_late = stopped();
        ++changes;
        if (too_late) return refuse(doing, path, "the power is off");
        return take_failure(operation, doing, path);
    }

    Status admit(Operation operation, std::string_view doing, const std::string& path) {
        if (stopped()) return refuse(doing, path, "the power is off");
        return take_failure(operation, doing, path);
    }

    Status take_failure(Operation operation, std::string_view doing, const std::string& path) {
        for (Failure& failure : failures) {
            const bool meant = failure.operation == operation && (failure.path.empty() || failure.path == path);
            if (!meant || failure.times == 0) continue;
            --failure.times;
            return refuse(doing, path, failure.message);
        }
        return {};
    }

    std::uint64_t used() const {
        std::uint64_t bytes = 0;
        for (const auto& [path, inode] : live) bytes += inode->live.size();
        return bytes;
    }

    void change_names(NameChange change) {
        change.apply(live);
        pending.push_back(std::move(change));
    }

    /// All directories above a path.
    void make_parents(const std::string& path) {
        for (std::string at = directory_of(path); directories.insert(at).second;) at = directory_of(at);
    }

    void lose_power(const std::function<bool()>& survives) {
        for (const NameChange& change : pending) {
            if (!survives()) break;
            change.apply(synced);
        }
        pending.clear();
        live = synced;
        for (const auto& [path, inode] : live) inode->lose_power(survives);
        stop_at = kNever;
        ++generation;
    }
};

class FakeDisk::File final : public DiskFile {
public:
    File(std::shared_ptr<State> state, std::shared_ptr<Inode> inode, std::string path, bool writable)
        : state_(std::move(state)),
          inode_(std::move(inode)),
          path_(std::move(path)),
          writable_(writable),
          generation_(state_->generation) {}

    ~File() override {
        const auto lock = state_->enter(path_);
        if (inode_->locked_by == this) inode_->locked_by = nullptr;
    }

    Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t bytes) override {
        const auto lock = state_->enter(path_);
        if (auto alive = check_alive("read"); !alive) return tl::unexpected(alive.error());
        if (auto admitted = state_->admit(Operation::Read, "read", path_); !admitted) {
            return tl::unexpected(admitted.error());
        }
        if (offset >= inode_->live.size()) return std::size_t{0};
        const std::size_t got = std::min<std::size_t>(bytes, inode_->live.size() - offset);
        std::memcpy(into, inode_->live.data() + offset, got);
        return got;
    }

    Status write_at(std::uint64_t offset, std::string_view bytes) override {
        const auto lock = state_->enter(path_);
        return write(offset, bytes);
    }

    Status append(std::string_view bytes) override {
        const auto lock = state_->enter(path_);
        return write(inode_->live.size(), bytes);
    }

    Status truncate(std::uint64_t size) override {
        const auto lock = state_->enter(path_);
        if (auto ready = check_writable("truncate"); !ready) return ready;
        if (auto admitted = state_->admit_change(Operation::Truncate, "truncate", path_); !admitted) return admitted;
        inode_->change({size, {}, true});
        return {};
    }

    Status sync() override {
        const auto lock = state_->enter(path_);
        if (auto ready = check_writable("sync"); !ready) return ready;
        if (auto admitted = state_->admit_change(Operation::Sync, "sync", path_); !admitted) {
            inode_->condemned = true;  // until a power cut
            return admitted;
        }
        inode_->sync();
        return {};
    }

    Result<std::uint64_t> size() override {
        const auto lock = state_->enter(path_);
        if (auto alive = check_alive("stat"); !alive) return tl::unexpected(alive.error());
        return inode_->live.size();
    }

    Status lock() override {
        const auto lock = state_->enter(path_);
        if (auto alive = check_alive("lock"); !alive) return alive;
        if (auto admitted = state_->admit(Operation::Lock, "lock", path_); !admitted) return admitted;
        if (inode_->locked_by != nullptr && inode_->locked_by != this) {
            return State::refuse("lock", path_, "held by another process");
        }
        inode_->locked_by = this;
        return {};
    }

private:
    Status check_alive(std::string_view doing) const {
        if (generation_ == state_->generation) return {};
        return State::refuse(doing, path_, "opened before the power cut");
    }

    Status check_writable(std::string_view doing) const {
        if (!writable_) return State::refuse(doing, path_, "bad file descriptor");
        if (inode_->condemned) return State::refuse(doing, path_, "an earlier sync of the file failed");
        return check_alive(doing);
    }

    Status write(std::uint64_t offset, std::string_view bytes) {
        if (auto ready = check_writable("write"); !ready) return ready;
        if (auto admitted = state_->admit_change(Operation::Write, "write", path_); !admitted) return admitted;
        const std::uint64_t end = offset + bytes.size();
        const std::uint64_t growth = end > inode_->live.size() ? end - inode_->live.size() : 0;
        if (state_->used() + growth > state_->capacity) {
            return State::refuse("write", path_, "no space left on device");
        }
        inode_->change({offset, std::string(bytes), false});
        return {};
    }

    std::shared_ptr<State> state_;
    std::shared_ptr<Inode> inode_;
    std::string path_;
    bool writable_;
    std::uint64_t generation_;
};

FakeDisk::FakeDisk() : state_(std::make_shared<State>()) {}
FakeDisk::FakeDisk(std::initializer_list<std::string> directories) : FakeDisk() {
    for (const auto& directory : directories) state_->make_parents(normal(directory) + "/x");
}
FakeDisk::~FakeDisk() = default;

Result<std::unique_ptr<DiskFile>> FakeDisk::open(const std::string& given, Open mode) {
    const std::string path = normal(given);
    const auto lock = state_->enter(path);
    if (auto admitted = state_->admit(Operation::Open, "open", path); !admitted) {
        return tl::unexpected(admitted.error());
    }
    if (state_->directories.count(path) != 0) {
        return tl::unexpected(State::refuse("open", path, "is a directory", Error::Kind::InvalidInput).error());
    }
    const auto found = state_->live.find(path);
    std::shared_ptr<Inode> inode = found == state_->live.end() ? nullptr : found->second;
    if (!inode) {
        const bool creates = mode == Open::CreateOrOpen || mode == Open::CreateOrTruncate;
        if (!creates || state_->directories.count(directory_of(path)) == 0) {
            return tl::unexpected(
                State::refuse("open", path, "no such file or directory", Error::Kind::NotFound).error());
        }
        if (auto admitted = state_->admit_change(Operation::Open, "open", path); !admitted) {
            return tl::unexpected(admitted.error());
        }
        inode = std::make_shared<Inode>();
        state_->change_names({path, inode, {}});
    } else if (mode == Open::CreateOrTruncate && !inode->live.empty()) {
        if (auto admitted = state_->admit_change(Operation::Truncate, "truncate", path); !admitted) {
            return tl::unexpected(admitted.error());
        }
        inode->change({0, {}, true});
    }
    return std::make_unique<File>(state_, std::move(inode), path, mode != Open::ReadOnly);
}

bool FakeDisk::exists(const std::string& given) {
    const std::string path = normal(given);
    const auto lock = state_->enter(path);
    return state_->live.count(path) != 0 || state_->directories.count(path) != 0;
}

Status FakeDisk::rename(const std::string& given_from, const std::string& given_to) {
    const std::string from = normal(given_from);
    const std::string to = normal(given_to);
    const auto lock = state_->enter(from);
    if (auto admitted = state_->admit_change(Operation::Rename, "rename", from); !admitted) return admitted;
    const auto found = state_->live.find(from);
    if (found == state_->live.end() || state_->directories.count(directory_of(to)) == 0) {
        return State::refuse("rename", from, "no such file or directory", Error::Kind::NotFound);
    }
    state_->change_names({to, found->second, from == to ? std::string() : from});
    return {};
}

Status FakeDisk::remove(const std::string& given) {
    const std::string path = normal(given);
    const auto lock = state_->enter(path);
    if (auto admitted = state_->admit_change(Operation::Remove, "remove", path); !admitted) return admitted;
    if (state_->live.count(path) == 0) {
        return State::refuse("remove", path, "no such file or directory", Error::Kind::NotFound);
    }
    state_->change_names({path, nullptr, {}});
    return {};
}

Status FakeDisk::make_directories(const std::string& path) {
    const auto lock = state_->enter(normal(path));
    state_->make_parents(normal(path) + "/x");
    return {};
}

Result<std::vector<std::string>> FakeDisk::list(const std::string& given) {
    const std::string directory = normal(given);
    const auto lock = state_->enter(directory);
    if (auto admitted = state_->admit(Operation::List, "open", directory); !admitted) {
        return tl::unexpected(admitted.error());
    }
    if (state_->directories.count(directory) == 0) {
        return tl::unexpected(
            State::refuse("open", directory, "no such file or directory", Error::Kind::NotFound).error());
    }
    std::set<std::string> names;
    const auto add = [&](const std::string& path) {
        if (path != directory && directory_of(path) == directory) names.emplace(name_of(path));
    };
    for (const auto& [path, inode] : state_->live) add(path);
    for (const auto& path : state_->directories) add(path);
    names.erase("");
    names.erase(".");
    return std::vector(names.begin(), names.end());
}

Status FakeDisk::sync_directory(const std::string& given) {
    const std::string directory = normal(given);
    const auto lock = state_->enter(directory);
    if (auto admitted = state_->admit_change(Operation::SyncDirectory, "sync", directory); !admitted) return admitted;
    if (state_->directories.count(directory) == 0) {
        return State::refuse("sync", directory, "no such file or directory", Error::Kind::NotFound);
    }
    std::vector<State::NameChange> left;
    for (auto& change : state_->pending) {
        if (directory_of(change.path) == directory) {
            change.apply(state_->synced);
        } else {
            left.push_back(std::move(change));
        }
    }
    state_->pending = std::move(left);
    return {};
}

Result<std::vector<std::string>> FakeDisk::glob(const std::string& pattern) {
    if (!has_magic(pattern)) return std::vector{pattern};
    const auto lock = state_->enter(normal(pattern));
    std::set<std::string> found;
    const auto add = [&](const std::string& path) {
        if (::fnmatch(normal(pattern).c_str(), path.c_str(), FNM_PATHNAME) == 0) found.insert(path);
    };
    for (const auto& [path, inode] : state_->live) add(path);
    for (const auto& path : state_->directories) {
        if (path != "." && path != "/") add(path);
    }
    return std::vector(found.begin(), found.end());
}

Result<std::uint64_t> FakeDisk::free_bytes(const std::string& path) {
    const auto lock = state_->enter(normal(path));
    const std::uint64_t used = state_->used();
    return state_->capacity > used ? state_->capacity - used : 0;
}

void FakeDisk::put(const std::string& given, std::string_view content) {
    const std::string path = normal(given);
    const std::lock_guard lock(state_->mutex);
    state_->make_parents(path);
    auto inode = std::make_shared<Inode>();
    inode->live = inode->synced = std::string(content);
    state_->live[path] = state_->synced[path] = std::move(inode);
}

std::optional<std::string> FakeDisk::content(const std::string& path) const {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->live.find(normal(path));
    if (found == state_->live.end()) return std::nullopt;
    return found->second->live;
}

std::vector<std::string> FakeDisk::files() const {
    const std::lock_guard lock(state_->mutex);
    std::vector<std::string> paths;
    for (const auto& [path, inode] : state_->live) paths.push_back(path);
    return paths;
}

void FakeDisk::power_cut() {
    const std::lock_guard lock(state_->mutex);
    state_->lose_power([] { return false; });
}

void FakeDisk::power_cut(Random& random) {
    const std::lock_guard lock(state_->mutex);
    state_->lose_power([&] { return random.next() % 2 == 0; });
}

std::uint64_t FakeDisk::changes() const {
    const std::lock_guard lock(state_->mutex);
    return state_->changes;
}

std::set<std::string> FakeDisk::take_touched() {
    const std::lock_guard lock(state_->mutex);
    return std::exchange(state_->touched, {});
}

void FakeDisk::stop_at_change(std::uint64_t number) {
    const std::lock_guard lock(state_->mutex);
    state_->stop_at = number;
}

void FakeDisk::fail_next(Operation operation, const std::string& path, std::string message, std::uint64_t times) {
    const std::lock_guard lock(state_->mutex);
    state_->failures.push_back({operation, path.empty() ? path : normal(path), std::move(message), times});
}

void FakeDisk::set_capacity(std::uint64_t bytes) {
    const std::lock_guard lock(state_->mutex);
    state_->capacity = bytes;
}

}  // namespace tocsin::fakes
