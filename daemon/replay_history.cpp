#include "daemon/replay_history.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"

namespace tocsin {
namespace {

bool is_failed(const OfflineNotification& told) {
    return told.attempt.outcome.kind != Outcome::Kind::Delivered;
}

std::string request_text(const HttpRequest& request) {
    const auto json = parse_json(request.body);
    return fmt::format("{} {}\n{}", request.method, request.url, json ? dump(*json, JsonStyle::Pretty) : request.body);
}

std::string problem_of(const Outcome& outcome) {
    if (outcome.kind != Outcome::Kind::Delivered) return "not sent: " + outcome.message;
    if (outcome.template_error.empty()) return {};
    return "plain facts, since a template failed: " + outcome.template_error;
}

}  // namespace

ReplayHistory::ReplayHistory(Timestamp start, Timestamp end, const Limits& limits)
    : start_(start),
      end_(std::max(end, start + Duration{1})),
      limits_(limits),
      alerts_budget_(limits.alerts),
      series_budget_(limits.series),
      message_budget_(limits.messages_bytes) {}

void ReplayHistory::add(const OfflineNotification& told) {
    const auto kept = keep(told);
    mark(by_receiver_[told.attempt.receiver], told, kept);
    std::set<std::string_view> names;
    for (const AlertPtr& alert : told.attempt.alerts) names.insert(alert->alert.labels.get(kAlertNameLabel));
    for (const std::string_view name : names) mark(by_alert_name_[std::string(name)], told, kept);
}

std::optional<std::size_t> ReplayHistory::keep(const OfflineNotification& told) {
    if (notifications_.size() >= limits_.notifications) {
        ++notifications_left_;
        return std::nullopt;
    }
    const AttemptEvent& attempt = told.attempt;
    ToldNotification kept;
    kept.at = attempt.started_at;
    kept.receiver = attempt.receiver;
    kept.integration = fmt::format("{}[{}]", attempt.integration, attempt.index);
    kept.status = attempt.status;
    kept.reason = to_string(attempt.reason);
    kept.group_labels = attempt.group_labels;
    kept.more_alerts = attempt.alerts.size() - std::min(attempt.alerts.size(), limits_.alerts_of_notification);
    for (const AlertPtr& stored : attempt.alerts) {
        if (kept.alerts.size() == limits_.alerts_of_notification) break;
        const Alert& alert = stored->alert;
        kept.alerts.push_back(
            {!alert.resolved_at(attempt.started_at), alert.labels, alert.annotations, alert.starts_at});
    }
    kept.message = message_of(told, kept.message_left);
    kept.problem = problem_of(attempt.outcome);
    notifications_.push_back(std::move(kept));
    return notifications_.size() - 1;
}

std::string ReplayHistory::message_of(const OfflineNotification& told, std::size_t& left) {
    std::string text;
    for (const HttpRequest& message : told.messages) {
        if (!text.empty()) text += "\n\n";
        text += request_text(message);
    }
    const std::size_t shown = std::min({text.size(), limits_.message_bytes, message_budget_});
    left = text.size() - shown;
    message_budget_ -= shown;
    text.resize(shown);
    return text;
}

void ReplayHistory::mark(Marks& marks, const OfflineNotification& told, std::optional<std::size_t> kept) const {
    const Timestamp at = std::clamp(told.attempt.started_at, start_, end_);
    const auto step = static_cast<std::size_t>((at - start_).count()) * limits_.marks /
                      static_cast<std::size_t>((end_ - start_).count());
    const auto [place, is_new] = marks.by_step.try_emplace(std::min(step, limits_.marks - 1));
    ToldMark& found = place->second;
    if (is_new) found.at = told.attempt.started_at;
    (is_failed(told) ? found.failed : told.attempt.status == "resolved" ? found.resolved : found.firing) += 1;
    if (kept && found.notifications.size() < limits_.notifications_of_mark) found.notifications.push_back(*kept);
}

void ReplayHistory::add(const AlertTransition& change) {
    auto& lanes = courses_[change.definition].lanes;
    if (!lanes) lanes.emplace(start_, end_, limits_.lanes, alerts_budget_);
    lanes->add(change);
}

void ReplayHistory::add(const ComparedValue& compared) {
    Course& course = courses_[&compared.rule];
    if (!course.curves && course.has_threshold) {
        const auto threshold = threshold_of(*compared.rule.expr);
        course.has_threshold = threshold.has_value();
        if (threshold) {
            course.curves.emplace(start_, end_, compared.interval, *threshold, limits_.curves, series_budget_);
        }
    }
    if (course.curves) course.curves->add(compared.at, compared.value);
}

std::vector<ToldMark> ReplayHistory::list(const Marks& marks) {
    std::vector<ToldMark> all;
    for (const auto& [step, mark] : marks.by_step) all.push_back(mark);
    return all;
}

RuleHistory ReplayHistory::history_of(const RuleGroupView& group, const RuleView& rule) const {
    RuleHistory history;
    history.rule = rule;
    history.group = group.name;
    history.file = group.file;
    const auto course = courses_.find(rule.definition);
    if (course != courses_.end() && course->second.lanes) history.alerts = course->second.lanes->view();
    if (course != courses_.end() && course->second.curves) history.values = course->second.curves->view();
    const auto marks = by_alert_name_.find(rule.definition->name);
    if (marks != by_alert_name_.end() && history.alerts.alerts > 0) history.marks = list(marks->second);
    return history;
}

ReplayView ReplayHistory::view(const std::vector<RuleGroupView>& groups) const {
    ReplayView view;
    view.start = start_;
    view.end = end_;
    for (const RuleGroupView& group : groups) {
        for (const RuleView& rule : group.rules) {
            const bool is_alert = rule.definition->kind == RuleDefinition::Kind::Alerting;
            view.recording_rules += is_alert ? 0 : 1;
            if (is_alert) view.rules.push_back(history_of(group, rule));
        }
    }
    for (const auto& [receiver, marks] : by_receiver_) {
        ReceiverHistory history{receiver, 0, 0, 0, list(marks)};
        for (const ToldMark& mark : history.marks) {
            history.firing += mark.firing;
            history.resolved += mark.resolved;
            history.failed += mark.failed;
        }
        view.receivers.push_back(std::move(history));
    }
    view.notifications = notifications_;
    view.notifications_left = notifications_left_;
    return view;
}

}  // namespace tocsin
