#include "rules/alerting_rule.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rules/present_rows.h"

namespace tocsin {
namespace {

// A resolved alert is told again and again for this long, so that a receiver which was away hears of it (Prometheus
// rules/alerting.go resolvedRetention).
constexpr Duration kResolvedRetention = std::chrono::minutes(15);

constexpr std::string_view kOutage = "nothing was evaluated for longer than the outage tolerance";

constexpr std::string_view kAlerts = "ALERTS";
constexpr std::string_view kAlertsForState = "ALERTS_FOR_STATE";

bool is_to_be_told(const ActiveAlert& alert, Timestamp now, Duration resend_delay) {
    if (alert.state.phase == AlertPhase::Pending) return false;
    if (!alert.last_sent) return true;
    const Timestamp became_this = alert.state.resolved_at.value_or(alert.state.fired_at);
    return became_this > *alert.last_sent || *alert.last_sent + resend_delay <= now;
}

}  // namespace

Status AlertingRule::apply(const InstantVector& result, std::size_t limit, const ExpansionContext& context) {
    ++evaluation_;
    Status status = find_alerts(result, context);
    if (status) status = check_limit(limit, context.at);
    if (!status) {
        drop_new();
        keep(context.at);
        return status;
    }
    samples_ = 0;
    step_present(result, context);
    step_absent(context.at);
    forget(context.at);
    record();
    return {};
}

void AlertingRule::keep(Timestamp at) {
    forget(at);
    record();
}

// Which alert each row of the result is; new ones are made, inactive. Rows come in order, so those of the last
// evaluation are found on the way.
Status AlertingRule::find_alerts(const InstantVector& result, const ExpansionContext& context) {
    if (bound_ != result.frame || !texts_.labels_are_stable()) rows_.clear();
    bound_ = result.frame;
    next_rows_.clear();
    auto known = rows_.begin();
    for (auto row = next_present(result, 0); row < result.size(); row = next_present(result, row + 1)) {
        while (known != rows_.end() && known->index < row) ++known;
        const bool is_known = known != rows_.end() && known->index == row;
        Entry& entry = is_known ? *known->entry : alert_of(result, row, context);
        if (std::exchange(entry.second.seen, evaluation_) == evaluation_) {
            return fail(Error::Kind::InvalidInput,
                        "vector contains metrics with the same labelset after applying alert labels");
        }
        next_rows_.push_back({row, &entry});
    }
    rows_.swap(next_rows_);
    return {};
}

AlertingRule::Entry& AlertingRule::alert_of(const InstantVector& result, std::size_t row,
                                            const ExpansionContext& context) {
    return *alerts_.try_emplace(texts_.labels(result.frame->labels[row], result.values[row], context)).first;
}

// Counts the alerts that would be pending or firing after this evaluation.
Status AlertingRule::check_limit(std::size_t limit, Timestamp at) const {
    if (limit == 0 || alerts_.size() <= limit) return {};
    const auto active = std::count_if(alerts_.begin(), alerts_.end(), [&](const Entry& entry) {
        const bool present = entry.second.seen == evaluation_;
        return advance(entry.second.state, present, at, timers()).phase != AlertPhase::Inactive;
    });
    if (static_cast<std::size_t>(active) <= limit) return {};
    return fail(Error::Kind::LimitExceeded, fmt::format("exceeded limit of {} with {} alerts", limit, active));
}

// An evaluation that failed leaves no trace of alerts that it would have made.
void AlertingRule::drop_new() {
    bound_.reset();
    std::erase_if(alerts_, [](const Entry& entry) {
        return entry.second.state.phase == AlertPhase::Inactive && !entry.second.state.resolved_at;
    });
}

void AlertingRule::step_present(const InstantVector& result, const ExpansionContext& context) {
    for (const auto& [row, entry] : rows_) {
        ActiveAlert& alert = entry->second;
        const AlertState next = advance(alert.state, true, context.at, timers());
        const bool is_new = alert.state.phase == AlertPhase::Inactive;
        alert.value = result.values[row];
        if (is_new || !texts_.annotations_are_stable()) {
            const LabelSet& labels = result.frame->labels[row];
            alert.annotations = texts_.annotations(labels, alert.value, next.active_at, context);
        }
        step(*entry, true, context.at);
    }
}

void AlertingRule::step_absent(Timestamp at) {
    for (Entry& entry : alerts_) {
        if (entry.second.seen != evaluation_) step(entry, false, at);
    }
}

void AlertingRule::step(Entry& entry, bool present, Timestamp at) {
    auto& [labels, alert] = entry;
    const AlertState stood = std::exchange(alert.state, advance(alert.state, present, at, timers()));
    const AlertPhase before = stood.phase;
    if (alert.state != stood) mark(alert);
    samples_ += alert.state.phase != AlertPhase::Inactive ? 1 : 0;
    if (alert.state.phase != before) observer_(labels, alert, before, at, {});
}

void AlertingRule::forget(Timestamp at) {
    const auto forgotten = std::erase_if(alerts_, [this, at](const Entry& entry) {
        const AlertState& state = entry.second.state;
        if (state.phase != AlertPhase::Inactive) return false;
        if (state.resolved_at && at - *state.resolved_at <= kResolvedRetention) return false;
        gone_.push_back(entry.first);
        return true;
    });
    if (forgotten > 0) bound_.reset();  // rows_ may point at what is gone
}

void AlertingRule::record() {
    if (const auto generation = recorded_.generation(); generation != recorded_generation_) {
        recorded_generation_ = generation;
        alerts_wanted_ = recorded_.name_wanted(kAlerts) || recorded_.name_wanted(kAlertsForState);
    }
    if (!alerts_wanted_ && recorded_.empty()) return;
    recorded_.begin();
    for (auto& [labels, alert] : alerts_) {
        if (alert.state.phase != AlertPhase::Inactive) record(labels, alert);
    }
    recorded_.end();
}

// As Prometheus writes them (rules/alerting.go sample, forStateSample).
void AlertingRule::record(const LabelSet& labels, ActiveAlert& alert) {
    ActiveAlert::Cells& cells = alert.cells;
    if (cells.generation != recorded_generation_) {
        LabelBuilder builder(labels);
        cells.generation = recorded_generation_;
        cells.for_state = recorded_.cell_of(builder.set(kMetricNameLabel, kAlertsForState).build());
        builder.set(kMetricNameLabel, kAlerts);
        cells.pending = recorded_.cell_of(builder.set("alertstate", to_string(AlertPhase::Pending)).build());
        cells.firing = recorded_.cell_of(builder.set("alertstate", to_string(AlertPhase::Firing)).build());
    }
    const auto cell = alert.state.phase == AlertPhase::Pending ? cells.pending : cells.firing;
    if (cell) recorded_.write(*cell, 1);
    const auto active_at_seconds = std::chrono::floor<std::chrono::seconds>(alert.state.active_at).time_since_epoch();
    if (cells.for_state) recorded_.write(*cells.for_state, static_cast<double>(active_at_seconds.count()));
}

void AlertingRule::collect_due(Timestamp now, Duration resend_delay, Duration valid_for, std::vector<Alert>& into) {
    for (auto& [labels, alert] : alerts_) {
        if (!is_to_be_told(alert, now, resend_delay)) continue;
        alert.last_sent = now;
        mark(alert);
        Alert message;
        message.labels = labels;
        message.annotations = alert.annotations;
        message.starts_at = alert.state.fired_at;
        message.ends_at = alert.state.resolved_at.value_or(now + valid_for);
        message.updated_at = now;
        into.push_back(std::move(message));
    }
}

AlertPhase AlertingRule::phase() const {
    AlertPhase furthest = AlertPhase::Inactive;
    for (const auto& [labels, alert] : alerts_) furthest = std::max(furthest, alert.state.phase);
    return furthest;
}

bool AlertingRule::adopt(LabelSet labels, ActiveAlert alert) {
    alert.seen = 0;
    alert.cells = {};
    mark(alert);
    return alerts_.try_emplace(std::move(labels), std::move(alert)).second;
}

ActiveAlerts AlertingRule::release() {
    bound_.reset();
    gone_.clear();
    return std::exchange(alerts_, {});
}

bool AlertingRule::could_own(const LabelSet& labels) const {
    if (labels.get(kAlertNameLabel) != definition_.name) return false;
    return std::all_of(definition_.labels.begin(), definition_.labels.end(), [&](const RuleText& label) {
        const bool plain = !label.expansion || label.expansion->is_plain();
        return !plain || label.name == kAlertNameLabel || labels.get(label.name) == label.text;
    });
}

AlertingRule::Changes AlertingRule::take_changes() {
    Changes changes;
    changes.gone = std::exchange(gone_, {});
    if (!std::exchange(has_changes_, false)) return changes;
    for (Entry& entry : alerts_) {
        if (!std::exchange(entry.second.is_changed, false)) continue;
        changes.changed.push_back(&entry);
    }
    return changes;
}

void AlertingRule::mark(ActiveAlert& alert) {
    alert.is_changed = true;
    has_changes_ = true;
}

bool AlertingRule::counts_time() const {
    return std::any_of(alerts_.begin(), alerts_.end(), [](const Entry& entry) {
        return entry.second.state.phase == AlertPhase::Pending || entry.second.state.keep_firing_since;
    });
}

void AlertingRule::resume(Timestamp last, Timestamp now, const OutagePolicy& policy) {
    for (auto& [labels, alert] : alerts_) {
        const AlertPhase before = alert.state.phase;
        alert.state = resumed(alert.state, last, now, timers(), policy);
        mark(alert);
        if (alert.state.phase != before) observer_(labels, alert, before, now, kOutage);
    }
    forget(now);
}

void AlertingRule::move_time(Duration step) {
    for (auto& [labels, alert] : alerts_) {
        mark(alert);
        alert.state = moved(alert.state, step);
        if (alert.last_sent) *alert.last_sent += step;
    }
}

}  // namespace tocsin
