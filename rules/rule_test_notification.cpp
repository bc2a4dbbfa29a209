#include "rules/rule_test_notification.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/text.h"

namespace tocsin {
namespace {

using Match = AlertTestCase::Match;
using Texts = std::vector<ExpectedText>;

// ---- one field of a message

const Json* member_at(const Json* json, std::string_view step) {
    const std::size_t bracket = step.find('[');
    const std::string_view name = step.substr(0, bracket);
    if (!name.empty()) json = json->find(name);
    for (std::size_t at = bracket; json != nullptr && at != std::string_view::npos; at = step.find('[', at + 1)) {
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(step.data() + at + 1, step.data() + step.size(), index);
        if (error != std::errc{} || end == step.data() + step.size() || *end != ']') return nullptr;
        json = index < json->items().size() ? &json->items()[index] : nullptr;
    }
    return json;
}

std::optional<std::string> json_field(const std::string& body, std::string_view path) {
    const auto parsed = parse_json(body);
    if (!parsed) return std::nullopt;
    const Json* json = &*parsed;
    for (const std::string_view step : split(path, '.')) {
        json = member_at(json, step);
        if (json == nullptr) return std::nullopt;
    }
    return json->is_string() ? json->as_string() : dump(*json, JsonStyle::Plain);
}

std::optional<std::string> subject_of(const std::string& mail) {
    constexpr std::string_view kName = "\nsubject:";
    const std::string lower = "\n" + to_lower(mail.substr(0, mail.find("\r\n\r\n")));
    const std::size_t at = lower.find(kName);
    if (at == std::string::npos) return std::nullopt;
    const std::size_t begin = at + kName.size() - 1;
    return std::string(trim(std::string_view(mail).substr(begin, mail.find("\r\n", begin) - begin)));
}

// ---- whether one is as expected

bool labels_match(const Texts& expected, const LabelSet& seen, Match match) {
    std::size_t present = 0;
    for (const ExpectedText& text : expected) {
        if (!text.matches(seen.get(text.name))) return false;
        present += seen.has(text.name) ? 1 : 0;
    }
    return match == Match::Partial || present == seen.size();
}

bool labels_match(const std::optional<Texts>& expected, const LabelSet& seen, Match match) {
    return !expected || labels_match(*expected, seen, match);
}

bool alert_matches(const ExpectedNotification::Alert& expected, const SeenNotification::Alert& seen, Match match) {
    if (!expected.status.empty() && (expected.status == "firing") != seen.firing) return false;
    return labels_match(expected.labels, seen.labels, match) &&
           labels_match(expected.annotations, seen.annotations, match);
}

// Alerts of a message have no order that anybody would count on.
bool alerts_match(std::vector<ExpectedNotification::Alert> expected, const std::vector<SeenNotification::Alert>& seen,
                  Match match) {
    if (match == Match::Exact && expected.size() != seen.size()) return false;
    for (const SeenNotification::Alert& alert : seen) {
        const auto found = std::find_if(expected.begin(), expected.end(),
                                        [&](const auto& one) { return alert_matches(one, alert, match); });
        if (found != expected.end()) expected.erase(found);
    }
    return expected.empty();
}

/// What is not as expected: empty when all of it is.
std::vector<std::string> differences(const ExpectedNotification& expected, const SeenNotification& seen, Duration at,
                                     Match match) {
    std::vector<std::string> found;
    if (expected.at && *expected.at != at) {
        found.push_back(fmt::format("at {}; was expected at {}", to_string(at), to_string(*expected.at)));
    }
    if (!expected.status.empty() && expected.status != seen.status) {
        found.push_back(fmt::format("status {}; {} was expected", seen.status, expected.status));
    }
    if (!labels_match(expected.group_labels, seen.group_labels, match)) {
        found.push_back(fmt::format("other group labels: {}", to_string(seen.group_labels)));
    }
    if (expected.alerts && !alerts_match(*expected.alerts, seen.alerts, match)) found.push_back("other alerts");
    for (const ExpectedText& field : expected.message) {
        const auto text = field_of(seen, field.name);
        if (text && field.matches(*text)) continue;
        found.push_back(fmt::format("{}: {}; {} was expected", field.name,
                                    text ? go_quote(*text) : "there is no such field",
                                    (field.regex ? "a match of " : "") + go_quote(field.text)));
    }
    return found;
}

std::string texts_text(const Texts& texts) {
    std::vector<std::string> parts;
    for (const ExpectedText& text : texts) {
        parts.push_back(fmt::format("{}{}{}", text.name, text.regex ? "=~" : "=", go_quote(text.text)));
    }
    return "{" + join(parts, ", ") + "}";
}

std::string expectation_text(const ExpectedNotification& expected) {
    std::string text = expected.at ? to_string(*expected.at) : "at any time";
    text += "  " + (expected.status.empty() ? std::string("any status") : expected.status);
    if (expected.group_labels) text += " " + texts_text(*expected.group_labels);
    if (!expected.alerts) return text;
    text += ":";
    for (const auto& alert : *expected.alerts) {
        text += alert.status.empty() ? " " : " " + alert.status + " ";
        text += alert.labels ? texts_text(*alert.labels) : "any alert";
    }
    return text;
}

// ---- the case

class Check {
public:
    Check(const NotificationTestCase& expected, const RuleTestTimeline& timeline, const std::set<std::string>& named)
        : expected_(expected), timeline_(timeline), named_(named) {
        for (const SeenNotification& told : timeline.notifications()) {
            if (is_looked_at(told)) seen_.push_back(&told);
        }
    }

    std::optional<RuleTestFailure> judge() {
        expected_.nobody_else ? expect_nobody() : compare();
        if (lines_.empty()) return std::nullopt;
        const auto happened = timeline_.around(expected_.from - RuleTestTimeline::kBefore, expected_.until);
        lines_.push_back(happened.empty() ? "  nothing happened in this time" : "  what happened:");
        lines_.insert(lines_.end(), happened.begin(), happened.end());
        RuleTestFailure failure{expected_.where, what(), lines_, expected_.expectation, {}, {}, {}};
        if (!expected_.nobody_else) failure.notifications = as_they_were();
        return failure;
    }

private:
    Duration at(const SeenNotification& told) const { return timeline_.since_start(told.at); }

    bool is_looked_at(const SeenNotification& told) const {
        if (!told.error.empty() || at(told) < expected_.from || at(told) > expected_.until) return false;
        if (expected_.nobody_else) return !named_.contains(told.receiver);
        const auto& kinds = told.integrations;
        const bool is_kind = expected_.integration.empty() ||
                             std::find(kinds.begin(), kinds.end(), expected_.integration) != kinds.end();
        return told.receiver == expected_.receiver && is_kind;
    }

    std::string what() const {
        const std::string when =
            expected_.from == expected_.until
                ? "at " + to_string(expected_.from)
                : fmt::format("within {}..{}", to_string(expected_.from), to_string(expected_.until));
        if (expected_.nobody_else) return fmt::format("nobody else told {}", when);
        return fmt::format("notifications to {}{} {}", expected_.receiver,
                           expected_.integration.empty() ? "" : " by " + expected_.integration, when);
    }

    void expect_nobody() {
        for (const SeenNotification* told : seen_) {
            lines_.push_back(fmt::format("  + {}  {} told: {}", to_string(at(*told)), told->receiver,
                                         to_string(*told)));
        }
    }

    bool is_as_expected(std::size_t expected, std::size_t seen) const {
        return differences(expected_.notifications[expected], *seen_[seen], at(*seen_[seen]), expected_.match).empty();
    }

    // The longest sequence that is as expected stays; around it are the ones that are missing, more, or different.
    void compare() {
        const std::size_t expected = expected_.notifications.size(), seen = seen_.size();
        std::vector<std::vector<std::size_t>> best(expected + 1, std::vector<std::size_t>(seen + 1, 0));
        for (std::size_t i = expected; i-- > 0;) {
            for (std::size_t j = seen; j-- > 0;) {
                best[i][j] = is_as_expected(i, j) ? best[i + 1][j + 1] + 1 : std::max(best[i + 1][j], best[i][j + 1]);
            }
        }
        if (best[0][0] == expected && expected == seen) return;
        std::size_t i = 0, j = 0;
        while (i < expected || j < seen) {
            if (i < expected && j < seen && is_as_expected(i, j)) {
                show_good(*seen_[j]);
                ++i, ++j;
            } else if (i < expected && j < seen && best[i + 1][j + 1] == best[i][j]) {
                show_different(expected_.notifications[i++], *seen_[j++]);
            } else if (j == seen || (i < expected && best[i + 1][j] >= best[i][j + 1])) {
                lines_.push_back("  - " + expectation_text(expected_.notifications[i++]));
            } else {
                show_surplus(*seen_[j++]);
            }
        }
    }

    std::string line_of(const SeenNotification& told) const {
        return fmt::format("{}  {}", to_string(at(told)), to_string(told));
    }
    void show_good(const SeenNotification& told) { lines_.push_back("    " + line_of(told)); }
    void show_surplus(const SeenNotification& told) { lines_.push_back("  + " + line_of(told)); }
    void show_different(const ExpectedNotification& expected, const SeenNotification& told) {
        lines_.push_back("  - " + expectation_text(expected));
        lines_.push_back("  + " + line_of(told));
        for (const std::string& difference : differences(expected, told, at(told), expected_.match)) {
            lines_.push_back("      " + difference);
        }
    }

    /// With the fields of messages that were looked at before.
    std::vector<SeenNotificationText> as_they_were() const {
        std::set<std::string> paths;
        for (const ExpectedNotification& one : expected_.notifications) {
            for (const ExpectedText& field : one.message) paths.insert(field.name);
        }
        std::vector<SeenNotificationText> all;
        for (const SeenNotification* told : seen_) {
            SeenNotificationText text{at(*told), told->status, told->group_labels, {}, {}};
            for (const auto& alert : told->alerts) text.alerts.push_back({alert.firing, alert.labels});
            for (const std::string& path : paths) {
                if (const auto field = field_of(*told, path)) text.message.emplace_back(path, *field);
            }
            all.push_back(std::move(text));
        }
        return all;
    }

    const NotificationTestCase& expected_;
    const RuleTestTimeline& timeline_;
    const std::set<std::string>& named_;
    std::vector<const SeenNotification*> seen_;
    std::vector<std::string> lines_;
};

}  // namespace

std::optional<std::string> field_of(const SeenNotification& notification, std::string_view path) {
    for (const SeenNotification::Message& message : notification.messages) {
        if (auto field = json_field(message.body, path)) return field;
        if (path == "subject") {
            if (auto subject = subject_of(message.body)) return subject;
        }
        if (path == "url") return message.url;
        if (path == "body") return message.body;
    }
    return std::nullopt;
}

std::optional<RuleTestFailure> check_notifications(const NotificationTestCase& expected,
                                                   const RuleTestTimeline& timeline,
                                                   const std::set<std::string>& named) {
    return Check(expected, timeline, named).judge();
}

}  // namespace tocsin
