#include "rules/rule_test_timeline.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::size_t kLinesMax = 20;

bool belong_together(const SeenNotification& a, const SeenNotification& b) {
    return a.at == b.at && a.receiver == b.receiver && a.group_key == b.group_key && a.status == b.status &&
           a.error.empty() == b.error.empty();
}

}  // namespace

std::string to_string(const SeenNotification& notification) {
    std::string text = fmt::format("{} {}:", notification.status, to_string(notification.group_labels));
    for (const SeenNotification::Alert& alert : notification.alerts) {
        text += fmt::format(" {}{}", alert.firing ? "" : "resolved ", to_string(alert.labels));
    }
    if (!notification.error.empty()) text += fmt::format(" (not sent: {})", notification.error);
    return text;
}

void RuleTestTimeline::add(const AlertTransition& change) {
    events_.push_back(
        {change.at,
         fmt::format("alert {} {} value {}", phase_word(change), to_string(change.labels), format_value(change.value)),
         change.rule, std::nullopt});
}

void RuleTestTimeline::add_step(Timestamp at, std::string what) {
    events_.push_back({at, std::move(what), {}, std::nullopt});
}

void RuleTestTimeline::add(SeenNotification told) {
    const auto same = std::find_if(notifications_.begin(), notifications_.end(),
                                   [&](const SeenNotification& known) { return belong_together(known, told); });
    if (same != notifications_.end()) {
        std::move(told.integrations.begin(), told.integrations.end(), std::back_inserter(same->integrations));
        std::move(told.messages.begin(), told.messages.end(), std::back_inserter(same->messages));
        return;
    }
    events_.push_back({told.at, {}, {}, notifications_.size()});
    notifications_.push_back(std::move(told));
}

std::string RuleTestTimeline::text_of(const Event& event) const {
    const std::string at = to_string(since_start(event.at));
    if (!event.notification) return fmt::format("    {:>10}  {}", at, event.text);
    const SeenNotification& told = notifications_[*event.notification];
    return fmt::format("    {:>10}  {} told: {}", at, told.receiver, to_string(told));
}

std::vector<std::string> RuleTestTimeline::around(Duration from, Duration until,
                                                  const std::optional<std::string>& alertname) const {
    std::vector<std::string> lines;
    for (const Event& event : events_) {
        const Duration at = since_start(event.at);
        if (at < from || at > until) continue;
        const bool is_change = !event.alertname.empty();
        if (alertname && is_change && event.alertname != *alertname) continue;
        lines.push_back(text_of(event));
    }
    if (lines.size() <= kLinesMax) return lines;
    const std::size_t left_out = lines.size() - kLinesMax;
    const auto middle = lines.begin() + kLinesMax / 2;
    lines.erase(middle, middle + static_cast<std::ptrdiff_t>(left_out));
    lines.insert(lines.begin() + kLinesMax / 2, fmt::format("           …  {} more", left_out));
    return lines;
}

}  // namespace tocsin
