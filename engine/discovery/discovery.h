#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "base/dns.h"
#include "base/http.h"
#include "base/labels.h"
#include "base/log.h"
#include "base/process.h"
#include "base/self_metrics.h"
#include "base/time.h"
#include "base/yaml.h"

namespace tocsin {

/// What kinds of discovery log, they log under this name.
inline constexpr std::string_view kDiscoveryLogTarget = "engine::discovery";

/// Targets that were found together. Each is a label set with `__address__` and what is known about it in `__meta_…`;
/// `labels` are added to all of them and yield to a target's own.
struct TargetGroup {
    std::string source;  // unique within its discovery
    std::vector<LabelSet> targets;
    LabelSet labels;

    bool operator==(const TargetGroup&) const = default;
};

/// Publishes a group whenever it changes, and all of them once at the start. A group replaces the earlier one of the
/// same source; an empty `targets` withdraws it. Scheduler's thread; publishes nothing once it is destroyed.
class Discovery {
public:
    using Publish = std::function<void(TargetGroup)>;
    virtual ~Discovery() = default;
    virtual void start(Publish publish) = 0;
};

/// What a discovery may use of the world. All of it outlives the discovery.
struct DiscoveryContext {
    Scheduler& scheduler;
    Executor& executor;
    HttpClient& http;
    Resolver& resolver;
    Disk& disk;
    SelfMetrics& metrics;
    Log& log;
    std::string job;
    FileWatch* file_watch = nullptr;  // null: files are looked at every refresh interval only
    DnsClient* dns = nullptr;         // null: names have no records
};

/// The configuration of one discovery, read and checked. Immutable.
class DiscoveryConfig {
public:
    virtual ~DiscoveryConfig() = default;
    virtual std::unique_ptr<Discovery> create(const DiscoveryContext& context) const = 0;
    /// Whether a running discovery with this configuration can go on after a reload that brought `other`.
    virtual bool same_as(const DiscoveryConfig& other) const = 0;
};

/// The configuration of a kind whose `Found` is made from the context and a `Source`; sources are compared with ==.
template <class Found, class Source>
class DiscoveryConfigOf final : public DiscoveryConfig {
public:
    explicit DiscoveryConfigOf(Source source) : source_(std::move(source)) {}
    std::unique_ptr<Discovery> create(const DiscoveryContext& context) const override {
        return std::make_unique<Found>(context, source_);
    }
    bool same_as(const DiscoveryConfig& other) const override {
        const auto* same = dynamic_cast<const DiscoveryConfigOf*>(&other);
        return same != nullptr && same->source_ == source_;
    }

private:
    Source source_;
};

/// A kind of discovery: `config_key` is its list in a scrape config. `parse` reads one item of that list; what is wrong
/// goes to the diagnostics, and null comes back.
struct DiscoveryType {
    struct Source {
        const YamlNode& node;
        std::string file;
        std::string directory;  // relative names of files start here
        std::size_t index;      // within the list
        Diagnostics& diagnostics;
    };
    std::string_view config_key;
    std::shared_ptr<const DiscoveryConfig> (*parse)(const Source& source);
};

/// `refresh_interval`. False, and reported, when it is not positive.
bool read_refresh_interval(YamlFields& fields, Duration& into);

/// All kinds that tocsin ships (discovery.def), sorted by key.
const std::vector<const DiscoveryType*>& discovery_types();

/// What static_configs is made of; also for targets given otherwise.
std::shared_ptr<const DiscoveryConfig> make_static_discovery(TargetGroup group);

}  // namespace tocsin
