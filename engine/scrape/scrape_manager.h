#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/http.h"
#include "base/labels.h"
#include "base/log.h"
#include "base/matcher.h"
#include "base/random.h"
#include "base/self_metrics.h"
#include "base/time.h"
#include "engine/discovery/discovery.h"
#include "engine/scrape/poll_queue.h"
#include "engine/scrape/scrape_config.h"
#include "engine/scrape/scrape_metrics.h"
#include "engine/scrape/scrape_options.h"
#include "engine/store/store.h"

namespace tocsin {

class ScrapeLog;

enum class TargetHealth { Unknown, Up, Down };

/// `unknown`, `up`, `down`.
std::string_view to_string(TargetHealth health);

/// What is known about a target, for pages and APIs.
struct TargetStatus {
    TargetId id = 0;
    std::string job;
    LabelSet labels;
    LabelSet discovered_labels;
    std::string url;
    TargetHealth health = TargetHealth::Unknown;
    std::string last_error;                // of the last scrape; empty when it went well
    std::optional<Timestamp> last_scrape;  // nothing: not scraped yet
    Duration last_duration{0};
    Duration interval{0};  // 0: not known yet, since no rule group uses it
    Duration timeout{0};
    std::uint64_t last_samples = 0;  // in the last body, whether wanted or not
};

struct DroppedTarget {
    std::string job;
    LabelSet discovered_labels;
};

/// TYPE, HELP and UNIT of a metric as a target gave them.
struct TargetMetadata {
    TargetId target;
    std::string metric, type, help, unit;
};

/// What is counted of one poll.
struct PollReport {
    TargetId target;
    Timestamp tick;  // of the poll, and of its samples
    TargetHealth health;
    std::string error;  // empty when it went well
    Duration duration;
};

/// All targets: what they are, when they were polled last and how that went.
///
/// It does not decide when: on a tick its owner calls poll() with the targets due, and when_polled() for each rule
/// group due, to be told when what the group reads is there. Samples of a poll carry the tick's timestamp. Scheduler's
/// thread only.
///
/// Who waits for whom: from poll() on, a tick waits for a target until it has answered, or its timeout has passed. For
/// a target that has timed out once nobody waits longer than half of its timeout, for one that has timed out twice in a
/// row nobody waits at all, until it answers in time again; the others are asked before it. Its samples are taken
/// nevertheless when they come. One that is still being polled when it is due again is left alone and counted as
/// skipped.
class ScrapeManager {
public:
    struct Context {
        Scheduler& scheduler;
        Executor& executor;
        HttpClient& http;
        Resolver& resolver;
        Disk& disk;
        Store& store;
        Random& random;
        SelfMetrics& metrics;
        Log& log;
        FileWatch* file_watch = nullptr;  // as in DiscoveryContext
        DnsClient* dns = nullptr;
    };

    ScrapeManager(const Context& context, ScrapeOptions options);
    /// Cancels what is in flight; nobody is called any more.
    ~ScrapeManager();

    // ---- configuration

    /// Replaces all jobs. A target that is the same afterwards (labels and URL) keeps its samples, health and what is
    /// known about its lines; discoveries whose configuration is the same go on. Cannot fail: everything was checked
    /// when the file was read.
    void apply(std::vector<std::shared_ptr<const ScrapeConfig>> configs);

    /// From now on rows are written to the log, and targets go on with what an earlier run has left of them: at once,
    /// or when they are discovered within ten minutes. Before the first apply(). The log outlives this.
    void keep_in(ScrapeLog& log);

    /// Called after targets came or went, by a reload or by discovery; several changes at once are one call.
    void on_targets_changed(std::function<void()> listener);

    // ---- ticks

    /// In a stable order: by job in the order of the file, then by labels.
    std::vector<TargetId> targets() const;
    /// What the configuration or relabelling says; nothing when the rule groups decide.
    std::optional<Duration> own_interval(TargetId target) const;
    /// How often it is polled: its own interval, or the one of set_group_interval(); nothing when no group uses it.
    std::optional<Duration> interval(TargetId target) const;
    /// How long after the instants of the grid a target of that interval is polled: nothing, but with
    /// ScrapeOptions::spread a share of the interval (in hundredths) that is the same at every start.
    Duration offset(TargetId target, Duration interval) const;
    /// The smallest interval of the groups that use the target. Limits its timeout, too.
    void set_group_interval(TargetId target, std::optional<Duration> interval);
    /// Whether series with these matchers could come from this target, as far as its labels tell.
    bool may_expose(TargetId target, const Matchers& matchers) const;

    /// Polls the targets, many at a time. `done` (may be empty) is called when the last one has answered or timed out
    /// and its samples are in the store, however long that takes; at once when there is nothing to poll.
    void poll(Timestamp tick, const std::vector<TargetId>& due, std::function<void()> done);
    /// `ready` is called as soon as nobody need wait for any of these targets any more (see above), at once when that
    /// is so now. Call it after poll(), in the same event.
    void when_polled(std::vector<TargetId> targets, std::function<void()> ready);
    /// The wall clock was set by `step`: ticks so far, and the rows that carry them, move along; timestamps of the
    /// targets' own stay. Only while no poll is under way and the store is thawed.
    void move_time(Duration step);
    /// Called for each target after each poll, once its samples are in the store.
    void on_polled(std::function<void(const PollReport&)> listener);

    // ---- looking at it

    std::vector<TargetStatus> status() const;
    std::optional<TargetStatus> status(TargetId target) const;
    /// Those that relabelling dropped, as many per job as keep_dropped_targets allows; dropped_counts() has how many
    /// there are.
    std::vector<DroppedTarget> dropped() const;
    std::vector<std::pair<std::string, std::size_t>> dropped_counts() const;
    /// Of the metrics that are kept. `metric` empty means all of them.
    std::vector<TargetMetadata> metadata(const std::string& metric = {}) const;
    /// Where the samples of a target are, for whoever records or shows them.
    std::vector<TimelineId> timelines(TargetId target) const;
    /// What was counted of all scrapes so far.
    const ScrapeMetrics& metrics() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
