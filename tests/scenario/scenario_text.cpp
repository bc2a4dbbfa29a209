#include "tests/scenario/scenario_text.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "parser/promql_parser.h"

namespace tocsin::tests {
namespace {

constexpr std::string_view kNotification = "notification to ";
constexpr std::string_view kSent = "sent to ";

/// Where a name with its labels ends.
std::size_t title_end(std::string_view text) {
    std::size_t at = text.find_first_of(" {,;");
    if (at == text.npos || text[at] != '{') return std::min(at, text.size());
    bool quoted = false;
    for (; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            quoted = !quoted;
        } else if (text[at] == '}' && !quoted) {
            return at + 1;
        }
    }
    return text.size();
}

Result<std::string> canonical_title(std::string_view text) {
    auto series = parse_series_description(text);
    if (!series) return fail(Error::Kind::InvalidInput, "not an alert: " + std::string(text));
    return alert_title(LabelBuilder(series->labels)
                           .set(kAlertNameLabel, series->labels.get(kMetricNameLabel))
                           .remove(kMetricNameLabel)
                           .build());
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (const std::string_view word : split(text, ' ')) {
        if (!word.empty()) words.emplace_back(word);
    }
    return words;
}

/// Titles by status, and back.
using Titles = std::map<std::string, std::vector<std::string>>;

std::string titles_text(std::string_view what, std::string_view receiver, Titles titles) {
    std::string text = fmt::format("{}{}:", what, receiver);
    std::string_view separator = " ";
    for (auto& [status, names] : titles) {
        std::sort(names.begin(), names.end());
        text += fmt::format("{}{} {}", separator, status, fmt::join(names, ", "));
        separator = "; ";
    }
    return text;
}

Result<Titles> read_titles(std::string_view rest) {
    Titles titles;
    std::string status;
    while (!(rest = trim(rest)).empty()) {
        if (rest.front() == ',' || rest.front() == ';') {
            rest.remove_prefix(1);
            continue;
        }
        const std::string_view word = rest.substr(0, title_end(rest));
        rest.remove_prefix(word.size());
        if (word == "firing" || word == "resolved") {
            status = word;
        } else if (status.empty()) {
            return fail(Error::Kind::InvalidInput, "a notification names firing or resolved alerts");
        } else if (word.find("..") != word.npos && !titles[status].empty()) {
            titles[status].back().append(" ").append(word);
        } else {
            TOCSIN_TRY(auto title, canonical_title(word));
            titles[status].push_back(std::move(title));
        }
    }
    return titles;
}

}  // namespace

std::string alert_title(const LabelSet& labels) {
    const std::string name(labels.get(kAlertNameLabel));
    const LabelSet rest = LabelBuilder(labels).remove(kAlertNameLabel).build();
    return rest.empty() ? name : name + to_string(rest);
}

Result<ScenarioAlert> read_scenario_alert(std::string_view text) {
    const std::size_t end = title_end(text);
    ScenarioAlert alert;
    TOCSIN_TRY(alert.name, canonical_title(text.substr(0, end)));
    const auto words = words_of(text.substr(end));
    if (words.empty() || words.size() % 2 == 0) {
        return fail(Error::Kind::InvalidInput, "expected `NAME{labels}  STATE  since TIME  value NUMBER`");
    }
    alert.state = words.front();
    for (std::size_t i = 1; i < words.size(); i += 2) alert.facts.emplace_back(words[i], words[i + 1]);
    return alert;
}

std::string alert_text(const ScenarioAlert& alert, const ScenarioAlert* only) {
    std::string text = alert.name + "  " + alert.state;
    for (const auto& [name, value] : alert.facts) {
        const auto same_name = [&name = name](const auto& fact) { return fact.first == name; };
        if (only != nullptr && std::none_of(only->facts.begin(), only->facts.end(), same_name)) continue;
        text += fmt::format("  {} {}", name, value);
    }
    return text;
}

std::string notification_text(const std::string& receiver, const Json& webhook) {
    Titles titles;
    for (const Json& alert : webhook.at("alerts").items()) {
        LabelBuilder labels;
        for (const auto& [name, value] : alert.at("labels").members()) labels.set(name, value.as_string());
        titles[alert.at("status").as_string()].push_back(alert_title(labels.build()));
    }
    return titles_text(kNotification, receiver, std::move(titles));
}

std::string sent_text(const std::string& alertmanager, const Json& alerts, Timestamp start, Timestamp now) {
    Titles titles;
    for (const Json& alert : alerts.items()) {
        LabelBuilder labels;
        for (const auto& [name, value] : alert.at("labels").members()) labels.set(name, value.as_string());
        const Timestamp starts_at = *parse_rfc3339(alert.at("startsAt").as_string());
        const Timestamp ends_at = *parse_rfc3339(alert.at("endsAt").as_string());
        titles[ends_at > now ? "firing" : "resolved"].push_back(fmt::format(
            "{} {}..{}", alert_title(labels.build()), to_string(starts_at - start), to_string(ends_at - start)));
    }
    return titles_text(kSent, alertmanager, std::move(titles));
}

Result<std::string> canonical_notification(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view what = text.starts_with(kSent) ? kSent : kNotification;
    if (!text.starts_with(what) || colon == text.npos) {
        return fail(Error::Kind::InvalidInput, "expected `notification to RECEIVER: firing …; resolved …`");
    }
    const std::string_view receiver = trim(text.substr(what.size(), colon - what.size()));
    TOCSIN_TRY(auto titles, read_titles(text.substr(colon + 1)));
    return titles_text(what, receiver, std::move(titles));
}

}  // namespace tocsin::tests
