#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/file_patterns.h"
#include "base/text.h"
#include "engine/discovery/discovery.h"
#include "engine/discovery/discovery_metrics.h"
#include "engine/discovery/target_groups.h"

namespace tocsin {
namespace {

constexpr Duration kFileRefreshInterval{std::chrono::minutes(5)};
constexpr std::string_view kPathLabel = "__meta_filepath";

std::string extension_of(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? "" : to_lower(path.substr(dot + 1));
}

// Prometheus' `^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$`: a star only behind the last slash.
bool is_valid_pattern(std::string_view path) {
    const auto star = path.find('*');
    if (star != std::string_view::npos && path.find('/', star) != std::string_view::npos) return false;
    const std::string extension = extension_of(path);
    return extension == "json" || extension == "yml" || extension == "yaml";
}

/// What all files held at one moment.
struct FileReading {
    std::map<std::string, Result<std::vector<TargetGroup>>> files;
    std::vector<std::string> errors;  // of patterns
    std::chrono::duration<double> took{0};
};

FileReading read_target_files(const Scheduler& scheduler, Disk& disk, const std::vector<std::string>& patterns) {
    FileReading reading;
    const MonotonicTime begin = scheduler.monotonic();
    for (const std::string& pattern : patterns) {
        auto paths = disk.glob(pattern);
        if (!paths) reading.errors.push_back(paths.error().message);
        for (const std::string& path : paths.value_or(std::vector<std::string>{})) {
            if (reading.files.count(path) == 0) reading.files.emplace(path, read_target_groups(disk, path));
        }
    }
    reading.took = scheduler.monotonic() - begin;
    return reading;
}

struct FileSource {
    std::vector<std::string> patterns;
    Duration refresh = kFileRefreshInterval;

    bool operator==(const FileSource&) const = default;
};

/// Files that are watched, and looked at every refresh interval as well: what a watch misses is found then. A file that
/// cannot be read keeps what it had; one that is gone takes its targets with it.
class FileDiscovery final : public Discovery {
public:
    FileDiscovery(const DiscoveryContext& context, FileSource source)
        : context_(context), source_(std::move(source)), metrics_(context.metrics) {}

    ~FileDiscovery() override {
        *self_ = nullptr;
        context_.scheduler.cancel(timer_);
        if (context_.file_watch != nullptr && watch_ != 0) context_.file_watch->cancel(watch_);
    }

    void start(Publish publish) override {
        publish_ = std::move(publish);
        if (context_.file_watch != nullptr) watch_ = context_.file_watch->watch(watched(), [this] { read_again(); });
        take(read_target_files(context_.scheduler, context_.disk, source_.patterns));
        wait();
    }

private:
    // A file that comes later is seen by its directory.
    std::vector<std::string> watched() const {
        std::vector<std::string> paths;
        for (const std::string& pattern : source_.patterns) {
            paths.push_back(has_magic(pattern) ? directory_of(pattern) : pattern);
        }
        return paths;
    }

    void wait() {
        timer_ = context_.scheduler.after(source_.refresh, [this] {
            read_again();
            wait();
        });
    }

    // Not on the scheduler's thread: the files may be large.
    void read_again() {
        if (std::exchange(reading_, true)) {
            changed_meanwhile_ = true;
            return;
        }
        const auto reading = std::make_shared<FileReading>();
        context_.executor.run(
            [reading, &scheduler = context_.scheduler, &disk = context_.disk, patterns = source_.patterns] {
                *reading = read_target_files(scheduler, disk, patterns);
            },
            [reading, self = self_] {
                if (*self != nullptr) (*self)->was_read(*reading);
            });
    }

    void was_read(const FileReading& reading) {
        reading_ = false;
        take(reading);
        if (std::exchange(changed_meanwhile_, false)) read_again();
    }

    void take(const FileReading& reading) {
        metrics_.file_scan_duration.observe(reading.took.count());
        for (const std::string& error : reading.errors) tell("", error);
        std::map<std::string, std::size_t> before = std::exchange(group_counts_, {});
        for (const auto& [path, groups] : reading.files) {
            const auto known = before.extract(path);
            const std::size_t count = known.empty() ? 0 : known.mapped();
            if (groups) {
                group_counts_[path] = publish_numbered(publish_, path, kPathLabel, *groups, count);
            } else {
                group_counts_[path] = count;
                tell(path, groups.error().message);
            }
        }
        for (const auto& [path, count] : before) publish_numbered(publish_, path, kPathLabel, {}, count);
    }

    void tell(const std::string& path, const std::string& error) {
        metrics_.file_read_errors.add();
        context_.log.error(kDiscoveryLogTarget, "error reading file",
                           {{"job", context_.job}, {"path", path}, {"error", error}});
    }

    DiscoveryContext context_;
    const FileSource source_;
    DiscoveryMetrics metrics_;
    Publish publish_;
    FileWatch::WatchId watch_ = 0;
    Scheduler::TaskId timer_ = 0;
    std::map<std::string, std::size_t> group_counts_;  // by path
    bool reading_ = false;
    bool changed_meanwhile_ = false;
    std::shared_ptr<FileDiscovery*> self_ = std::make_shared<FileDiscovery*>(this);
};

using FileDiscoveryConfig = DiscoveryConfigOf<FileDiscovery, FileSource>;

std::shared_ptr<const DiscoveryConfig> parse_file(const DiscoveryType::Source& source) {
    YamlFields fields(source.node, "file_sd_config", source.file, source.diagnostics);
    FileSource files;
    fields.read("files", files.patterns);
    const bool good_interval = read_refresh_interval(fields, files.refresh);
    fields.finish();
    if (files.patterns.empty()) {
        fields.report(source.node.where, "file service discovery config must contain at least one path name");
        return nullptr;
    }
    for (const std::string& pattern : files.patterns) {
        if (is_valid_pattern(pattern)) continue;
        fields.report(fields.get("files")->where,
                      fmt::format("path name {} is not valid for file discovery", go_quote(pattern)),
                      "a name that ends in .json, .yml or .yaml, with * behind its last / only");
        return nullptr;
    }
    for (std::string& pattern : files.patterns) pattern = resolve_pattern(source.directory, pattern);
    return good_interval ? std::make_shared<const FileDiscoveryConfig>(std::move(files)) : nullptr;
}

}  // namespace

namespace discovery {

extern const DiscoveryType file_targets;
const DiscoveryType file_targets{.config_key = "file_sd_configs", .parse = parse_file};

}  // namespace discovery
}  // namespace tocsin
