#include "notifiers/notification_service.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "notifiers/silence_log.h"
#include "notifiers/stored_notifications.h"

namespace tocsin {
namespace {

constexpr Duration kDrainPoll{20};
// All alerts are written anew when there is as much beside them to read, and so much more.
constexpr std::size_t kStaleNewsMin = 1'024;

GroupContext make_group_context(const NotificationDoors& doors, const NotificationOptions& options,
                                NotificationMetrics& metrics, NotificationLog& log, const Silences& silences) {
    GroupContext context{
        doors.scheduler,   doors.random, doors.log,      metrics,          log, silences, {}, options.external_url,
        options.retention, {},           options.commit, options.observer, {},  {},       {}};
    if (options.start_delay > Duration{}) context.first_flush = doors.scheduler.now() + options.start_delay;
    return context;
}

Silences::Limits silence_limits(const NotificationOptions& options) {
    Silences::Limits limits = options.silence_limits;
    limits.retention = options.retention;
    return limits;
}

/// By the key of the record; nothing: it is gone.
using Records = std::map<std::string, std::optional<std::string>>;

void put_or_erase(StateWriter& writer, const char* table, const Records& records) {
    for (const auto& [key, value] : records) {
        if (value) {
            writer.put(table, key, *value);
        } else {
            writer.erase(table, key);
        }
    }
}

StateStore::Write writer_of(const char* table, Records records) {
    return [table, records = std::move(records)](StateWriter& writer) { put_or_erase(writer, table, records); };
}

/// What is known of an integration stays true of it under a new configuration.
void keep_status(const Receiver& made, const std::map<std::string, std::shared_ptr<Receiver>>& known) {
    const auto former = known.find(made.name);
    if (former == known.end()) return;
    for (const auto& integration : made.integrations) {
        const Integration* same = find_integration(*former->second, integration->kind, integration->index);
        if (same != nullptr) integration->status = same->status;
    }
}

LabelSet labels_of(const ReceiverView& receiver) {
    return LabelSet::from(receiver.labels);
}

bool all_were_told(const AlertExplanation& alert) {
    return std::ranges::all_of(alert.receivers, [](const ReceiverExplanation& receiver) {
        return std::ranges::all_of(receiver.integrations, [](const IntegrationExplanation& integration) {
            return integration.told == IntegrationExplanation::Told::Firing;
        });
    });
}

}  // namespace

bool AlertQuestion::asks_for(const LabelSet& labels) const {
    if (!all_match(matchers, labels)) return false;
    return fingerprint.empty() || to_string_fingerprint(tocsin::fingerprint(labels)) == fingerprint;
}

NotificationService::NotificationService(NotificationDoors doors, NotificationOptions options)
    : doors_(doors),
      options_(std::move(options)),
      metrics_(doors.metrics),
      store_(options_.alert_limits),
      silences_(silence_limits(options_), doors.random),
      context_(make_group_context(doors_, options_, metrics_, log_, silences_)),
      dispatcher_(context_) {
    schedule_alert_gc();
    schedule_maintenance();
    log_.measure_with({doors_.scheduler, [this](double took) { metrics_.log_looked_up(took); }});
    silences_.measure_with({doors_.scheduler, [this](double took) { metrics_.silences_searched(took); }});
    doors_.scheduler.on_clock_step([this, alive = std::weak_ptr<int>(alive_)](Duration step) {
        if (!alive.expired()) follow_clock_step(step);
    });
    doors_.metrics.on_render([this, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) refresh_metrics();
    });
}

NotificationService::~NotificationService() {
    dispatcher_.stop();
}

tl::expected<void, Diagnostics> NotificationService::load(AlertmanagerConfig config) {
    Diagnostics unsendable = find_unsendable(config);
    if (!unsendable.empty()) {
        note_failed_load();
        return tl::unexpected(std::move(unsendable));
    }
    auto routing = make_routing(config);
    const auto alerts = store_.sorted();
    for (const AlertPtr& alert : alerts) routing->inhibitor->update(alert);
    routing_ = routing;
    context_.templates = config.templates;
    dispatcher_.apply(std::move(routing), alerts);
    // Groups may have other routes, and so other keys.
    write_whole(kAlertGroupTable, all_groups());
    // Alerts of a former life have other numbers now.
    write_all_alerts();
    write_soon();
    resolve_timeout_ = config.global.resolve_timeout;
    show_receivers(config);
    masked_config_ = std::move(config.masked_text);
    // 48 bits, so that the number is exact as a double.
    const double hash = static_cast<double>(xxhash64(masked_config_) >> 16U);
    metrics_.config_loaded(true, hash, static_cast<double>(to_unix_ms(doors_.scheduler.now())) / 1000);
    return {};
}

void NotificationService::show_receivers(const AlertmanagerConfig& config) {
    receivers_.clear();
    std::size_t integrations = 0;
    std::set<std::string> reached;
    for (const Route* route : routing_->tree.routes()) reached.insert(route->options.receiver);
    for (const ReceiverConfig& receiver : config.receivers) {
        const Receiver& made = *routing_->receivers.at(receiver.name);
        receivers_.push_back({receiver.name,
                              receiver.labels,
                              reached.count(receiver.name) > 0,
                              {made.integrations.begin(), made.integrations.end()}});
        integrations += made.integrations.size();
    }
    metrics_.set_receivers(routing_->receivers);
    metrics_.set_configuration(static_cast<double>(receivers_.size()), static_cast<double>(integrations),
                               static_cast<double>(config.inhibit_rules.size()));
}

void NotificationService::note_invalid_alerts(std::size_t count) {
    metrics_.alert_invalid(static_cast<double>(count));
}

void NotificationService::note_failed_load() {
    metrics_.config_loaded(false, 0, 0);
}

void NotificationService::receive(std::span<const Alert> alerts) {
    const Timestamp now = doors_.scheduler.now();
    const MonotonicTime begin = doors_.scheduler.monotonic();
    std::vector<AlertPtr> stored;
    stored.reserve(alerts.size());
    std::size_t firing = 0;
    for (const Alert& alert : alerts) {
        Alert completed = complete(alert, now);
        if (!completed.resolved_at(now)) ++firing;
        AlertPtr put = store_.put(std::move(completed), now);
        if (put == nullptr) {
            metrics_.alert_limited();
            doors_.log.error("notifiers::alert_store", "alert dropped, too many alerts",
                             {{"labels", to_string(alert.labels)}});
            continue;
        }
        stored.push_back(std::move(put));
    }
    metrics_.alerts_received(firing, alerts.size() - firing);
    note_alerts(stored);
    if (!routing_) return;
    // All sources first: none of a batch is told before another one of it can inhibit it.
    for (const AlertPtr& alert : stored) routing_->inhibitor->update(alert);
    for (const AlertPtr& alert : stored) dispatcher_.dispatch(alert);
    const std::chrono::duration<double> took = doors_.scheduler.monotonic() - begin;
    metrics_.alerts_processed(stored.size(), took.count());
}

void NotificationService::note_alerts(const std::vector<AlertPtr>& stored) {
    if (state_ == nullptr) return;
    for (const AlertPtr& alert : stored) changes_.alerts.add(alert);
    write_soon();
}

std::vector<AlertView> NotificationService::alerts(const AlertFilter& filter) const {
    const Timestamp now = doors_.scheduler.now();
    std::vector<AlertView> out;
    RouteMutes mutes = route_mutes(now);
    for (const AlertPtr& alert : store_.sorted()) {
        const auto routes = routes_of(alert->alert.labels);
        AlertView view = view_of(alert, routes, now);
        view.muted_by = mutes.of_all(routes);
        const bool received = std::any_of(view.receivers.begin(), view.receivers.end(),
                                          [&](const std::string& name) { return receiver_passes(name, filter); });
        if (received && shows(view, filter, now)) out.push_back(std::move(view));
    }
    std::stable_sort(out.begin(), out.end(), [](const AlertView& a, const AlertView& b) {
        return a.alert->fingerprint < b.alert->fingerprint;
    });
    return out;
}

std::vector<GroupView> NotificationService::groups(const AlertFilter& filter) const {
    const Timestamp now = doors_.scheduler.now();
    std::vector<GroupView> out;
    RouteMutes mutes = route_mutes(now);
    for (const AlertGroup* group : dispatcher_.groups()) {
        const std::string& receiver = group->route().options.receiver;
        if (!receiver_passes(receiver, filter)) continue;
        const auto& muted_by = mutes.of(group->route());
        if (!filter.muted && !muted_by.empty()) continue;
        GroupView view{
            group->labels(), receiver, group->key(), group->next_flush(), group->pending_deliveries(), {}, {}};
        for (const auto& [name, value] : group->route().options.labels)
            view.route_labels.emplace_back(name, value.text);
        for (const FlushAlert& alert : group->view().alerts) {
            if (group->is_leaving(alert.alert->alert.labels)) continue;
            AlertView shown = view_of(alert.alert, routes_of(alert.alert->alert.labels), now);
            shown.muted_by = muted_by;
            if (!shows(shown, filter, now)) continue;
            view.alerts.push_back(std::move(shown));
        }
        if (!view.alerts.empty()) out.push_back(std::move(view));
    }
    std::stable_sort(out.begin(), out.end(), [](const GroupView& a, const GroupView& b) {
        return a.labels != b.labels ? a.labels < b.labels : a.receiver < b.receiver;
    });
    return out;
}

ExplainedAlerts NotificationService::explain(const AlertQuestion& question) const {
    const Timestamp now = doors_.scheduler.now();
    std::map<LabelSet, AlertPtr> asked;
    const auto ask = [&](const AlertPtr& alert) {
        if (!question.asks_for(alert->alert.labels)) return;
        if (question.untold_only && alert->alert.resolved_at(now)) return;
        if (question.untold_only && !question.any_receiver && was_told(*alert)) return;
        asked.emplace(alert->alert.labels, alert);
    };
    store_.for_each(ask);
    // A group may still have to tell of what the store has forgotten.
    for (const AlertGroup* group : dispatcher_.all_groups()) {
        for (const auto& [labels, alert] : group->alerts()) ask(alert);
    }
    ExplainedAlerts explained;
    if (!routing_) return explained;
    AlertExplainer explainer(*routing_, dispatcher_, silences_, log_, now);
    for (const auto& [labels, alert] : asked) {
        explained.more = explained.alerts.size() == question.limit;
        if (explained.more) break;
        AlertExplanation explanation = explainer.explain(alert);
        if (question.any_receiver && was_told(*alert) && all_were_told(explanation)) continue;
        explained.alerts.push_back(std::move(explanation));
    }
    return explained;
}

bool NotificationService::was_told(const StoredAlert& alert) const {
    const LabelSet& labels = alert.alert.labels;
    std::vector<const AlertGroup*> groups = dispatcher_.groups_left_by(labels);
    for (const Route* route : routes_of(labels)) groups.push_back(dispatcher_.find_group(*route, labels));
    return std::any_of(groups.begin(), groups.end(), [&](const AlertGroup* group) {
        return group != nullptr && group->holds(alert) && group->was_told(alert);
    });
}

std::vector<ReceiverView> NotificationService::receivers() const {
    const Backlogs all = backlogs();
    std::vector<ReceiverView> views = receivers_;
    for (ReceiverView& view : views) {
        for (const auto& integration : view.integrations) {
            const auto known = all.find(integration->status.get());
            view.backlogs.push_back(known == all.end() ? Backlog{} : known->second);
        }
    }
    return views;
}

Backlogs NotificationService::backlogs() const {
    Backlogs all;
    for (const AlertGroup* group : dispatcher_.all_groups()) group->add_to(all);
    return all;
}

const RouteTree* NotificationService::routes() const {
    return routing_ ? &routing_->tree : nullptr;
}

Result<std::string> NotificationService::set_silence(Silence silence) {
    const std::string before = silence.id;
    const Timestamp now = doors_.scheduler.now();
    auto id = silences_.set(std::move(silence), now);
    if (!id) return id;
    note_silences({before, *id});
    warn_of_long_silence(doors_.log, *silences_.find(*id), now);
    if (options_.log_silences) log_silence(doors_.log, before == *id ? "updated" : "created", *silences_.find(*id));
    if (options_.log_silences && !before.empty() && before != *id) {
        log_silence(doors_.log, "expired", *silences_.find(before));
    }
    return id;
}

Status NotificationService::expire_silence(std::string_view id) {
    auto expired = silences_.expire(id, doors_.scheduler.now());
    if (!expired) return expired;
    note_silences({std::string(id)});
    if (options_.log_silences) log_silence(doors_.log, "expired", *silences_.find(id));
    return expired;
}

void NotificationService::note_silences(const std::vector<std::string>& ids) {
    if (state_ == nullptr) return;
    for (const std::string& id : ids) {
        if (const Silence* silence = silences_.find(id)) changes_.silences[id] = stored_value(*silence);
    }
    write_soon();
}

NotificationState NotificationService::snapshot() const {
    NotificationState state;
    for (const Silence* silence : silences_.all()) state.silences.push_back(*silence);
    state.log.assign(log_.entries().begin(), log_.entries().end());
    for (const AlertPtr& alert : kept_alerts()) state.alerts.push_back(alert->alert);
    state.groups = dispatcher_.snapshot();
    return state;
}

std::vector<AlertPtr> NotificationService::kept_alerts() const {
    const Timestamp now = doors_.scheduler.now();
    std::set<LabelSet> known;
    std::vector<AlertPtr> kept;
    const auto keep = [&](const AlertPtr& alert) {
        if (known.insert(alert->alert.labels).second) kept.push_back(alert);
    };
    for (const AlertPtr& alert : store_.sorted()) {
        if (!alert->alert.resolved_at(now)) keep(alert);
    }
    // A group may still have to tell of what the store has forgotten.
    for (const AlertGroup* group : dispatcher_.all_groups()) {
        for (const auto& [labels, alert] : group->alerts()) keep(alert);
    }
    return kept;
}

void NotificationService::restore(NotificationState state) {
    const Timestamp now = doors_.scheduler.now();
    silences_.restore(std::move(state.silences));
    log_.restore(NotificationLog::Entries(state.log.begin(), state.log.end()));
    for (Alert& alert : state.alerts) store_.put(std::move(alert), now);
    dispatcher_.restore(std::move(state.groups));
}

void NotificationService::drain(Duration at_most, std::function<void()> done) {
    context_.first_flush = Timestamp::max();
    dispatcher_.stop_timers();
    find_out_whether_kept();
    wait_for_idle(doors_.scheduler.now() + at_most, std::move(done));
}

std::size_t NotificationService::pending_deliveries() const {
    return dispatcher_.pending_deliveries();
}

std::shared_ptr<const Routing> NotificationService::make_routing(const AlertmanagerConfig& config) {
    auto routing = std::make_shared<Routing>(config.route);
    const NotifierContext context = notifier_context(config);
    for (const ReceiverConfig& receiver : config.receivers) {
        auto made = make_receiver(receiver, context);
        if (routing_) keep_status(*made, routing_->receivers);
        routing->receivers.emplace(receiver.name, std::move(made));
    }
    routing->intervals = config.time_intervals;
    routing->inhibitor = std::make_unique<Inhibitor>(config.inhibit_rules);
    routing->pipeline = std::make_unique<Pipeline>(*routing->inhibitor, routing->intervals, silences_);
    return routing;
}

NotifierContext NotificationService::notifier_context(const AlertmanagerConfig& config) {
    NotifierContext context{doors_.http,
                            doors_.mail,
                            doors_.disk,
                            doors_.scheduler,
                            doors_.random,
                            config.templates,
                            "tocsin/" + options_.version,
                            {}};
    if (!options_.pagerduty_v1_url.empty()) context.pagerduty_v1_url = options_.pagerduty_v1_url;
    return context;
}

Alert NotificationService::complete(Alert alert, Timestamp now) const {
    alert.updated_at = now;
    if (alert.starts_at == Timestamp{}) alert.starts_at = alert.ends_at == Timestamp{} ? now : alert.ends_at;
    if (alert.ends_at == Timestamp{}) {
        alert.ends_at = now + resolve_timeout_;
        alert.ends_by_timeout = true;
    }
    return alert;
}

void NotificationService::schedule_alert_gc() {
    doors_.scheduler.after(options_.alerts_gc_interval, [this, alive = std::weak_ptr<int>(alive_)] {
        if (alive.expired()) return;
        for (const AlertPtr& gone : store_.collect(doors_.scheduler.now())) {
            if (routing_) routing_->inhibitor->forget(gone);
        }
        // A group may still need what the store has forgotten.
        write_all_alerts();
        schedule_alert_gc();
    });
}

void NotificationService::collect_log() {
    std::unordered_set<std::string_view> alive;
    for (const AlertGroup* group : dispatcher_.all_groups()) alive.insert(group->key());
    log_.collect(doors_.scheduler.now(), [&](const std::string& key) { return alive.count(key) > 0; });
}

void NotificationService::schedule_maintenance() {
    doors_.scheduler.after(options_.maintenance_interval, [this, alive = std::weak_ptr<int>(alive_)] {
        if (alive.expired()) return;
        double silences = 0, log = 0;
        LookupMeter(doors_.scheduler, [&](double took) { silences = took; }).measure([this] {
            silences_.collect(doors_.scheduler.now());
        });
        LookupMeter(doors_.scheduler, [&](double took) { log = took; }).measure([this] { collect_log(); });
        metrics_.maintained(silences, log);
        write_whole(kSilenceTable, all_silences());
        write_soon();
        schedule_maintenance();
    });
}

/// Durations are not to feel a step of the wall clock: what counts them in wall time moves along.
void NotificationService::follow_clock_step(Duration step) {
    const Timestamp before = doors_.scheduler.now() - step;
    for (const AlertPtr& alert : store_.shift_ends(before, step)) {
        if (routing_) routing_->inhibitor->update(alert);
        dispatcher_.update(alert);
    }
    log_.shift(step);
    dispatcher_.shift(step);
    write_all_alerts();
    write_whole(kAlertGroupTable, all_groups());
    write_soon();
}

void NotificationService::refresh_metrics() {
    const Timestamp now = doors_.scheduler.now();
    NotificationMetrics::AlertCount firing, ended;
    RouteMutes mutes = route_mutes(now);
    const bool some_route_is_muted = routing_ && mutes.any(routing_->tree.routes());
    store_.for_each([&](const AlertPtr& alert) {
        const LabelSet& labels = alert->alert.labels;
        auto& count = alert->alert.resolved_at(now) ? ended : firing;
        const bool muted = some_route_is_muted && !mutes.of_all(routes_of(labels)).empty();
        ++(muted || is_suppressed(labels, now) ? count.suppressed : count.active);
    });
    metrics_.set_alerts(firing, ended);
    metrics_.set_queries(log_.queries(), silences_.queries());
    std::array<double, 3> silences{};
    for (const Silence* silence : silences_.all()) ++silences[static_cast<std::size_t>(silence->state(now))];
    metrics_.set_silences(silences[1], silences[0], silences[2]);
    metrics_.set_groups(static_cast<double>(dispatcher_.group_count()));
    if (!routing_) return;
    const Backlogs waiting = backlogs();
    for (const auto& [name, receiver] : routing_->receivers) metrics_.set_state(*receiver, waiting, now);
}

/// Silenced or inhibited; for counting.
bool NotificationService::is_suppressed(const LabelSet& labels, Timestamp now) const {
    return silences_.mutes(labels, now) || (routing_ && routing_->inhibitor->inhibiting(labels, now));
}

std::vector<const Route*> NotificationService::routes_of(const LabelSet& labels) const {
    return routing_ ? routing_->tree.match(labels) : std::vector<const Route*>();
}

RouteMutes NotificationService::route_mutes(Timestamp now) const {
    static const std::vector<TimeInterval> kNone;
    return {routing_ ? routing_->intervals : kNone, now};
}

AlertView NotificationService::view_of(const AlertPtr& alert, const std::vector<const Route*>& routes,
                                       Timestamp now) const {
    AlertView view;
    view.alert = alert;
    view.silenced_by = silences_.muting(alert->alert.labels, now);
    for (const Route* route : routes) view.receivers.push_back(route->options.receiver);
    if (!routing_) return view;
    if (const auto source = routing_->inhibitor->inhibiting(alert->alert.labels, now)) {
        view.inhibited_by.push_back(to_string_fingerprint(*source));
    }
    return view;
}

bool NotificationService::shows(const AlertView& view, const AlertFilter& filter, Timestamp now) const {
    if (view.alert->alert.resolved_at(now)) return false;
    if (!filter.active && !view.is_suppressed()) return false;
    if (!filter.silenced && !view.silenced_by.empty()) return false;
    if (!filter.inhibited && !view.inhibited_by.empty()) return false;
    return all_match(filter.matchers, view.alert->alert.labels);
}

bool NotificationService::receiver_passes(const std::string& name, const AlertFilter& filter) const {
    if (filter.receiver && !filter.receiver->matches(name)) return false;
    if (filter.receiver_matchers.empty()) return true;
    const auto receiver =
        std::find_if(receivers_.begin(), receivers_.end(), [&](const auto& r) { return r.name == name; });
    return receiver != receivers_.end() && all_match(filter.receiver_matchers, labels_of(*receiver));
}

void NotificationService::keep_in(StateStore& state) {
    TOCSIN_ASSERT(state_ == nullptr && !routing_);
    restore(read_state(state));
    state_ = &state;
    log_.keep_track([this] { write_soon(); });
    context_.group_changed = [this](const AlertGroup& group) {
        const GroupState now = group.state();
        changes_.groups[stored_key(now)] = stored_value(now);
        write_soon();
    };
    context_.group_gone = [this](const AlertGroup& group) {
        changes_.groups[stored_key(group.state())] = std::nullopt;
        write_soon();
    };
    context_.commit = [this](std::function<void()> then) { when_durable(std::move(then)); };
}

NotificationState NotificationService::read_state(StateStore& from) {
    NotificationState state;
    const auto for_each_record = [&](const char* table, StateStore::Everything everything, const auto& take) {
        for (const StateRecord& record : from.open_table(table, std::move(everything))) {
            const Status taken = take(record);
            if (taken) continue;
            doors_.log.error("notifiers::service", "a stored record makes no sense and is left out",
                             {{"record", record.key}, {"error", taken.error().message}});
        }
    };
    const auto read_all = [&](const char* table, StateStore::Everything everything, const auto& read, auto& into) {
        for_each_record(table, std::move(everything), [&](const StateRecord& record) -> Status {
            TOCSIN_TRY(auto value, read(record));
            into.push_back(std::move(value));
            return {};
        });
    };
    read_all(
        kSilenceTable, [this] { return all_silences(); }, read_stored_silence, state.silences);
    read_all(
        kLogTable, [this] { return all_entries(); }, read_stored_entry, state.log);
    KeptAlerts kept;
    for_each_record(
        kAlertNewsTable, [this] { return all_alerts(); },
        [&kept](const StateRecord& record) { return kept.take(record); });
    state.alerts = std::move(kept).alerts();
    read_all(
        kAlertGroupTable, [this] { return all_groups(); }, read_stored_group, state.groups);
    return state;
}

void NotificationService::when_durable(std::function<void()> done) {
    if (state_ == nullptr) return done();
    write_changes();
    state_->when_durable([done = std::move(done), alive = std::weak_ptr<int>(alive_)](const Status&) {
        if (!alive.expired()) done();
    });
}

/// At the end of the task: what it changes lasts together.
void NotificationService::write_soon() {
    if (state_ == nullptr || changes_.will_be_written) return;
    changes_.will_be_written = true;
    doors_.scheduler.post([this, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) write_changes();
    });
}

void NotificationService::write_changes() {
    Records entries;
    for (const LogKey& key : log_.take_changed()) {
        const LogEntry* entry = log_.find(key);
        entries[stored_key(key)] = entry == nullptr ? std::nullopt : std::optional(stored_value(key, *entry));
    }
    Changes changes = std::exchange(changes_, {});
    if (entries.empty() && changes.is_empty()) return;
    const std::uint64_t number = number_records(changes.alerts);
    state_->write([entries = std::move(entries), changes = std::move(changes), number](StateWriter& writer) {
        put_or_erase(writer, kSilenceTable, changes.silences);
        changes.alerts.put_into(writer, number);
        put_or_erase(writer, kAlertGroupTable, changes.groups);
        put_or_erase(writer, kLogTable, entries);
    });
    if (alert_news_weight_ > 2 * store_.size() + kStaleNewsMin) write_all_alerts();
}

void NotificationService::write_all_alerts() {
    if (state_ == nullptr) return;
    changes_.alerts = {};  // all are in what follows
    write_whole(kAlertNewsTable, all_alerts());
}

/// The number of its first record.
std::uint64_t NotificationService::number_records(const AlertNews& news) {
    alert_news_weight_ += news.weight();
    return std::exchange(alert_records_, alert_records_ + news.records()) + 1;
}

void NotificationService::write_whole(const char* table, StateStore::Write records) {
    if (state_ == nullptr) return;
    write_changes();
    state_->write([table, records = std::move(records)](StateWriter& writer) {
        writer.clear(table);
        records(writer);
    });
}

StateStore::Write NotificationService::all_silences() const {
    Records records;
    for (const Silence* silence : silences_.all()) records[silence->id] = stored_value(*silence);
    return writer_of(kSilenceTable, std::move(records));
}

StateStore::Write NotificationService::all_entries() const {
    Records records;
    for (const auto& [key, entry] : log_.entries()) records[stored_key(key)] = stored_value(key, entry);
    return writer_of(kLogTable, std::move(records));
}

StateStore::Write NotificationService::all_alerts() {
    AlertNews all;
    for (const AlertPtr& alert : kept_alerts()) all.add_whole(alert);
    alert_news_weight_ = 0;
    const std::uint64_t number = number_records(all);
    return [all = std::move(all), number](StateWriter& writer) { all.put_into(writer, number); };
}

StateStore::Write NotificationService::all_groups() const {
    Records records;
    for (const GroupState& group : dispatcher_.snapshot()) records[stored_key(group)] = stored_value(group);
    return writer_of(kAlertGroupTable, std::move(records));
}

void NotificationService::find_out_whether_kept() {
    if (state_ == nullptr) return;
    write_changes();
    state_->when_durable([this, alive = std::weak_ptr<int>(alive_)](const Status& kept) {
        if (!alive.expired()) retries_are_kept_ = kept.has_value();
    });
}

/// What is only to be tried later goes on after the restart where it is kept: it is not worth a wait.
bool NotificationService::is_idle() const {
    const Backlogs all = backlogs();
    return std::ranges::all_of(all, [this](const auto& of_integration) {
        const Backlog& backlog = of_integration.second;
        return backlog.sending + backlog.queued == 0 && (retries_are_kept_ || backlog.retrying == 0);
    });
}

void NotificationService::wait_for_idle(Timestamp until, std::function<void()> done) {
    if (is_idle() || doors_.scheduler.now() >= until) {
        dispatcher_.stop();
        return done();
    }
    doors_.scheduler.after(kDrainPoll, [this, until, done = std::move(done), alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) wait_for_idle(until, done);
    });
}

}  // namespace tocsin
