#include "engine/scrape/scrape_manager.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/hash.h"
#include "engine/discovery/discovery_metrics.h"
#include "engine/scrape/scrape_loop.h"
#include "engine/scrape/scrape_metrics.h"
#include "engine/scrape/scrape_pool.h"
#include "engine/store/scrape_log.h"

namespace tocsin {
namespace {

constexpr std::string_view kScrapeLogTarget = "engine::scrape";

constexpr std::size_t kMetadataBytesMax = 64 * 1024 * 1024;
constexpr std::string_view kSyncs = "prometheus_target_scrape_pool_sync_total";
constexpr std::string_view kSyncLength = "prometheus_target_sync_length_seconds";

// Whether relabelling leaves the labels of the target as they are: then a series of the target has them for sure.
bool only_keeps_or_drops(const RelabelConfigs& configs) {
    return std::ranges::all_of(configs, [](const RelabelConfig& config) {
        const RelabelAction action = config.fields().action;
        return action == RelabelAction::Keep || action == RelabelAction::Drop || action == RelabelAction::KeepEqual ||
               action == RelabelAction::DropEqual;
    });
}

}  // namespace

std::string_view to_string(TargetHealth health) {
    switch (health) {
        case TargetHealth::Unknown:
            return "unknown";
        case TargetHealth::Up:
            return "up";
        case TargetHealth::Down:
            return "down";
    }
    return "";
}

struct ScrapeManager::Impl {
    struct Entry {
        std::size_t job;  // index in pools
        std::unique_ptr<ScrapeLoop> loop;
        std::optional<Duration> group_interval;
        std::optional<MonotonicTime> last_start;
        unsigned timeouts = 0;  // in a row, up to the last poll

        std::optional<Duration> interval() const {
            return loop->target().interval ? loop->target().interval : group_interval;
        }
        Duration timeout() const {
            return std::min(loop->target().timeout, interval().value_or(loop->target().timeout));
        }
        Duration patience() const {
            if (timeouts == 0) return timeout();
            return timeouts == 1 ? timeout() / 2 : Duration{0};
        }
    };

    struct Fresh {
        std::size_t job;
        std::shared_ptr<const Target> target;
    };

    Impl(const Context& given, ScrapeOptions limits)
        : context(given),
          options(std::move(limits)),
          credentials(given.scheduler, given.http, given.disk),
          metrics(given.metrics),
          discovery_metrics(given.metrics),
          pools_made(given.metrics.counter("prometheus_target_scrape_pools_total",
                                           "Total number of scrape pool creation attempts.")),
          hash_seed(given.random.next()),
          queue(given.scheduler, {options.concurrency_max, options.body_bytes_in_flight_max},
                [this](TargetId target, Timestamp tick) { start(target, tick); }) {}

    ~Impl() { context.scheduler.cancel(sync_task); }

    // ---- targets
    void apply(std::vector<std::shared_ptr<const ScrapeConfig>> configs);
    void sync_all();
    void sync_measured(std::size_t job, std::map<TargetId, Entry>& before, std::vector<Fresh>& fresh);
    void sync(std::size_t job, std::map<TargetId, Entry>& before, std::vector<Fresh>& fresh);
    void report(const ScrapeConfig& config, PopulatedTargets& found);
    void add(std::vector<Fresh> fresh, std::map<TargetId, Entry>& gone);
    void adopt(ScrapeLoop& loop);
    void put_in_order();
    void hold_target_limit(std::size_t job);
    void remove(std::map<TargetId, Entry>& gone);
    void sync_later();
    void tell_changed();
    std::unique_ptr<ScrapeLoop> make_loop(std::shared_ptr<const Target> target,
                                          std::shared_ptr<const ScrapeConfig> config);

    // ---- polls
    void poll(Timestamp tick, const std::vector<TargetId>& due, std::function<void()> done);
    void start(TargetId target, Timestamp tick);
    void polled(TargetId target);
    TargetStatus status_of(TargetId id, const Entry& entry) const;

    Context context;
    ScrapeOptions options;
    HttpCredentials credentials;
    ScrapeMetrics metrics;
    DiscoveryMetrics discovery_metrics;
    SelfMetrics::Value& pools_made;
    TextPool texts{kMetadataBytesMax};
    std::uint64_t hash_seed;
    PollQueue queue;
    std::vector<std::unique_ptr<ScrapePool>> pools;
    std::map<TargetId, Entry> entries;
    std::vector<TargetId> order;
    std::vector<DroppedTarget> dropped;
    std::vector<std::pair<std::string, std::size_t>> dropped_counts;
    TargetId next_id = 1;
    Scheduler::TaskId sync_task = 0;
    ScrapeLog* scrape_log = nullptr;
    std::function<void()> targets_changed;
    std::function<void(const PollReport&)> target_polled;
};

// ---- targets

void ScrapeManager::Impl::apply(std::vector<std::shared_ptr<const ScrapeConfig>> configs) {
    std::vector<std::unique_ptr<ScrapePool>> old = std::exchange(pools, {});
    std::map<std::size_t, std::size_t> new_index;  // of jobs that stay
    for (auto& config : configs) {
        const auto it = std::ranges::find_if(
            old, [&](const auto& pool) { return pool && pool->config().job_name == config->job_name; });
        if (it != old.end()) {
            new_index[static_cast<std::size_t>(it - old.begin())] = pools.size();
            pools.push_back(std::move(*it));
        } else {
            pools_made.add();
            pools.push_back(std::make_unique<ScrapePool>(
                DiscoveryContext{context.scheduler, context.executor, context.http, context.resolver, context.disk,
                                 context.metrics, context.log, config->job_name, context.file_watch, context.dns},
                [this] { sync_later(); }));
        }
        pools.back()->configure(std::move(config));
    }
    for (auto& [_, entry] : entries) {
        const auto it = new_index.find(entry.job);
        entry.job = it == new_index.end() ? pools.size() : it->second;
    }
    for (const auto& pool : old) {
        if (!pool) continue;
        for (const std::string_view name :
             {std::string_view("prometheus_target_scrape_pool_targets"), kSyncs, kSyncLength}) {
            context.metrics.remove(name, {{"scrape_job", pool->config().job_name}});
        }
        context.metrics.remove("prometheus_sd_discovered_targets",
                               {{"name", "scrape"}, {"config", pool->config().job_name}});
    }
    sync_all();
    tell_changed();
}

// All jobs at once: what one of them has no more may go on in another.
void ScrapeManager::Impl::sync_all() {
    std::map<TargetId, Entry> before = std::exchange(entries, {});
    std::vector<Fresh> fresh;
    dropped.clear();
    dropped_counts.clear();
    for (std::size_t job = 0; job < pools.size(); ++job) sync_measured(job, before, fresh);
    add(std::move(fresh), before);
    put_in_order();
    for (std::size_t job = 0; job < pools.size(); ++job) hold_target_limit(job);
    context.metrics.gauge("tocsin_scrape_jobs", "Entries of scrape_configs.").set(static_cast<double>(pools.size()));
    remove(before);
}

void ScrapeManager::Impl::sync_measured(std::size_t job, std::map<TargetId, Entry>& before, std::vector<Fresh>& fresh) {
    const MonotonicTime begin = context.scheduler.monotonic();
    sync(job, before, fresh);
    const LabelSet labels{{"scrape_job", pools[job]->config().job_name}};
    context.metrics.counter(kSyncs, "Total number of syncs that were executed on a scrape pool.", labels).add();
    context.metrics.summary(kSyncLength, "Actual interval to sync the scrape pool.", labels)
        .observe(std::chrono::duration<double>(context.scheduler.monotonic() - begin).count());
}

// Targets that were there stay, the others are collected in `fresh`.
void ScrapeManager::Impl::sync(std::size_t job, std::map<TargetId, Entry>& before, std::vector<Fresh>& fresh) {
    const auto& config = pools[job]->shared_config();
    PopulatedTargets found = pools[job]->populate();
    report(*config, found);
    std::map<std::pair<LabelSet, std::string>, TargetId> known;
    for (const auto& [id, entry] : before) {
        if (entry.job == job) known[{entry.loop->target().labels, entry.loop->target().url}] = id;
    }
    for (Target& target : found.targets) {
        if (entries.size() + fresh.size() >= options.targets_max) {
            context.log.error(kScrapeLogTarget, "too many targets, the rest is left out",
                              {{"job", config->job_name}, {"limit", std::to_string(options.targets_max)}});
            return;
        }
        const auto it = known.find({target.labels, target.url});
        auto shared = std::make_shared<const Target>(std::move(target));
        if (it == known.end()) {
            fresh.push_back({job, std::move(shared)});
        } else {
            const auto kept = entries.insert(before.extract(it->second)).position;
            kept->second.loop->change(std::move(shared), config);
        }
    }
}

void ScrapeManager::Impl::report(const ScrapeConfig& config, PopulatedTargets& found) {
    for (const std::string& failure : found.failures) {
        context.log.error(kScrapeLogTarget, "creating target failed", {{"job", config.job_name}, {"error", failure}});
        context.metrics
            .counter("prometheus_target_sync_failed_total", "Targets that could not be made.",
                     {{"scrape_job", config.job_name}})
            .add();
    }
    context.metrics
        .gauge("prometheus_sd_discovered_targets", "Current number of discovered targets.",
               {{"name", "scrape"}, {"config", config.job_name}})
        .set(static_cast<double>(found.targets.size() + found.dropped.size() + found.failures.size()));
    dropped_counts.emplace_back(config.job_name, found.dropped.size());
    for (std::size_t i = 0; i < found.dropped.size(); ++i) {
        if (config.keep_dropped_targets > 0 && i >= config.keep_dropped_targets) break;
        dropped.push_back({config.job_name, std::move(found.dropped[i])});
    }
}

// Series go on where a target with the same labels stood before: on another port, under another path.
void ScrapeManager::Impl::add(std::vector<Fresh> fresh, std::map<TargetId, Entry>& gone) {
    std::map<LabelSet, TargetId> heritage;
    for (const auto& [id, entry] : gone) {
        if (!entry.loop->is_polling()) heritage[entry.loop->target().labels] = id;
    }
    for (Fresh& one : fresh) {
        Entry& entry = entries[next_id++];
        entry.job = one.job;
        entry.loop = make_loop(std::move(one.target), pools[one.job]->shared_config());
        adopt(*entry.loop);
        const auto it = heritage.find(entry.loop->target().labels);
        if (it == heritage.end()) continue;
        entry.loop->inherit(*gone.at(it->second).loop);
        heritage.erase(it);
    }
}

void ScrapeManager::Impl::adopt(ScrapeLoop& loop) {
    if (scrape_log == nullptr) return;
    auto left = scrape_log->take_recovered(scrape_owner(loop.target()));
    if (!left.empty()) loop.adopt(std::move(left));
}

std::unique_ptr<ScrapeLoop> ScrapeManager::Impl::make_loop(std::shared_ptr<const Target> target,
                                                           std::shared_ptr<const ScrapeConfig> config) {
    const ScrapeLoop::Context loop_context{context.scheduler, context.executor, context.http, context.store,
                                           context.log,       credentials,      metrics,      texts,
                                           options,           hash_seed,        scrape_log};
    return std::make_unique<ScrapeLoop>(loop_context, std::move(target), std::move(config));
}

void ScrapeManager::Impl::put_in_order() {
    order.clear();
    for (const auto& [id, _] : entries) order.push_back(id);
    std::ranges::sort(order, [&](TargetId a, TargetId b) {
        const Entry& left = entries.at(a);
        const Entry& right = entries.at(b);
        return std::tie(left.job, left.loop->target().labels, left.loop->target().url) <
               std::tie(right.job, right.loop->target().labels, right.loop->target().url);
    });
}

void ScrapeManager::Impl::hold_target_limit(std::size_t job) {
    const ScrapeConfig& config = pools[job]->config();
    const auto of_job = [&](const auto& entry) { return entry.second.job == job; };
    const auto count = static_cast<std::size_t>(std::ranges::count_if(entries, of_job));
    const bool too_many = config.target_limit > 0 && count > config.target_limit;
    const std::string refusal =
        fmt::format("target_limit exceeded (number of targets: {}, limit: {})", count, config.target_limit);
    for (auto& [_, entry] : entries) {
        if (entry.job == job) entry.loop->set_refusal(too_many ? refusal : std::string());
    }
    context.metrics
        .counter("prometheus_target_scrape_pool_exceeded_target_limit_total",
                 "Syncs with more targets than target_limit.")
        .add(too_many ? 1 : 0);
    context.metrics
        .gauge("prometheus_target_scrape_pool_targets", "Targets of a job.", {{"scrape_job", config.job_name}})
        .set(static_cast<double>(count));
}

void ScrapeManager::Impl::remove(std::map<TargetId, Entry>& gone) {
    std::vector<TargetId> ids;
    for (const auto& [id, _] : gone) ids.push_back(id);
    gone.clear();
    queue.over(ids);
}

void ScrapeManager::Impl::sync_later() {
    if (sync_task != 0) return;
    sync_task = context.scheduler.after(Duration{0}, [this] {
        sync_task = 0;
        discovery_metrics.updates.add();
        sync_all();
        tell_changed();
    });
}

void ScrapeManager::Impl::tell_changed() {
    if (targets_changed) targets_changed();
}

// ---- polls

void ScrapeManager::Impl::poll(Timestamp tick, const std::vector<TargetId>& due, std::function<void()> done) {
    std::vector<PollQueue::Due> polls;
    for (const TargetId target : due) {
        const auto it = entries.find(target);
        if (it == entries.end()) continue;
        if (queue.contains(target)) {
            metrics.skipped_polls.add();
            continue;
        }
        const auto& last = it->second.loop->last();
        polls.push_back({target, last ? last->body_bytes : 0, it->second.patience()});
    }
    const auto answered = [&](const PollQueue::Due& one) { return entries.at(one.target).timeouts == 0; };
    std::stable_partition(polls.begin(), polls.end(), answered);
    queue.add(tick, polls, std::move(done));
}

void ScrapeManager::Impl::start(TargetId target, Timestamp tick) {
    Entry& entry = entries.at(target);
    const MonotonicTime now = context.scheduler.monotonic();
    if (entry.last_start) {
        context.metrics
            .summary("prometheus_target_interval_length_seconds", "Actual intervals between scrapes.",
                     {{"interval", to_string(entry.interval().value_or(Duration{0}))}})
            .observe(std::chrono::duration<double>(now - *entry.last_start).count());
    }
    entry.last_start = now;
    entry.loop->poll(tick, entry.timeout(), [this, target] { polled(target); });
}

void ScrapeManager::Impl::polled(TargetId target) {
    Entry& entry = entries.at(target);
    const ScrapeLoop::Last& last = *entry.loop->last();
    entry.timeouts = last.timed_out ? entry.timeouts + 1 : 0;
    const PollReport report{target, last.tick, last.error.empty() ? TargetHealth::Up : TargetHealth::Down, last.error,
                            last.duration};
    if (target_polled) target_polled(report);
    queue.over({target});
}

TargetStatus ScrapeManager::Impl::status_of(TargetId id, const Entry& entry) const {
    const Target& target = entry.loop->target();
    TargetStatus status{.id = id,
                        .job = entry.loop->config().job_name,
                        .labels = target.labels,
                        .discovered_labels = target.discovered_labels,
                        .url = target.url,
                        .last_error = {},
                        .last_scrape = {}};
    status.interval = entry.interval().value_or(Duration{0});
    status.timeout = entry.timeout();
    if (const auto& last = entry.loop->last()) {
        status.health = last->error.empty() ? TargetHealth::Up : TargetHealth::Down;
        status.last_error = last->error;
        status.last_scrape = last->tick;
        status.last_duration = last->duration;
        status.last_samples = last->samples;
    }
    return status;
}

// ---- the face

ScrapeManager::ScrapeManager(const Context& context, ScrapeOptions options)
    : impl_(std::make_unique<Impl>(context, std::move(options))) {}
ScrapeManager::~ScrapeManager() = default;

void ScrapeManager::apply(std::vector<std::shared_ptr<const ScrapeConfig>> configs) {
    impl_->apply(std::move(configs));
}

void ScrapeManager::on_targets_changed(std::function<void()> listener) {
    impl_->targets_changed = std::move(listener);
}

std::vector<TargetId> ScrapeManager::targets() const {
    return impl_->order;
}

std::optional<Duration> ScrapeManager::own_interval(TargetId target) const {
    const auto it = impl_->entries.find(target);
    return it == impl_->entries.end() ? std::nullopt : it->second.loop->target().interval;
}

std::optional<Duration> ScrapeManager::interval(TargetId target) const {
    const auto it = impl_->entries.find(target);
    return it == impl_->entries.end() ? std::nullopt : it->second.interval();
}

Duration ScrapeManager::offset(TargetId target, Duration interval) const {
    constexpr std::int64_t kShares = 100;
    const auto it = impl_->entries.find(target);
    if (!impl_->options.spread || it == impl_->entries.end()) return Duration{0};
    const Target& where = it->second.loop->target();
    const std::uint64_t hash = where.labels.hash() ^ hash_bytes(where.url);
    return interval * static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(kShares)) / kShares;
}

void ScrapeManager::set_group_interval(TargetId target, std::optional<Duration> interval) {
    const auto it = impl_->entries.find(target);
    if (it != impl_->entries.end()) it->second.group_interval = interval;
}

bool ScrapeManager::may_expose(TargetId target, const Matchers& matchers) const {
    const auto it = impl_->entries.find(target);
    if (it == impl_->entries.end()) return false;
    const ScrapeConfig& config = it->second.loop->config();
    if (config.honor_labels || !only_keeps_or_drops(config.metric_relabel_configs)) return true;
    const LabelSet& labels = it->second.loop->target().labels;
    return std::ranges::all_of(
        matchers, [&](const Matcher& matcher) { return !labels.has(matcher.name()) || matcher.matches(labels); });
}

void ScrapeManager::poll(Timestamp tick, const std::vector<TargetId>& due, std::function<void()> done) {
    impl_->poll(tick, due, std::move(done));
}

void ScrapeManager::when_polled(std::vector<TargetId> targets, std::function<void()> ready) {
    impl_->queue.when_settled(std::move(targets), std::move(ready));
}

void ScrapeManager::keep_in(ScrapeLog& log) {
    impl_->scrape_log = &log;
}

void ScrapeManager::move_time(Duration step) {
    if (impl_->scrape_log != nullptr) impl_->scrape_log->move_time(step);
    for (auto& [_, entry] : impl_->entries) entry.loop->move_time(step);
}

void ScrapeManager::on_polled(std::function<void(const PollReport&)> listener) {
    impl_->target_polled = std::move(listener);
}

std::vector<TargetStatus> ScrapeManager::status() const {
    std::vector<TargetStatus> all;
    for (const TargetId id : impl_->order) all.push_back(impl_->status_of(id, impl_->entries.at(id)));
    return all;
}

std::optional<TargetStatus> ScrapeManager::status(TargetId target) const {
    const auto it = impl_->entries.find(target);
    if (it == impl_->entries.end()) return std::nullopt;
    return impl_->status_of(target, it->second);
}

std::vector<DroppedTarget> ScrapeManager::dropped() const {
    return impl_->dropped;
}

std::vector<std::pair<std::string, std::size_t>> ScrapeManager::dropped_counts() const {
    return impl_->dropped_counts;
}

std::vector<TargetMetadata> ScrapeManager::metadata(const std::string& metric) const {
    std::vector<TargetMetadata> all;
    for (const TargetId id : impl_->order) {
        for (const MetadataTable::Row& row : impl_->entries.at(id).loop->metadata().rows()) {
            if (!metric.empty() && row.metric != metric) continue;
            all.push_back(
                {id, std::string(row.metric), std::string(row.type), std::string(row.help), std::string(row.unit)});
        }
    }
    return all;
}

std::vector<TimelineId> ScrapeManager::timelines(TargetId target) const {
    const auto it = impl_->entries.find(target);
    return it == impl_->entries.end() ? std::vector<TimelineId>{} : it->second.loop->timelines();
}

const ScrapeMetrics& ScrapeManager::metrics() const {
    return impl_->metrics;
}

}  // namespace tocsin
