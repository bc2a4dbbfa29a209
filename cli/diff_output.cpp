#include "cli/diff_output.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/text.h"

namespace tocsin::cli {
namespace {

// A comment has a limit; the counts say it all.
constexpr std::size_t kMarkdownLinesMax = 100;

std::string_view kind_word(const RuleChange& change) {
    if (change.kind == RuleChange::Kind::Added) return "added";
    return change.kind == RuleChange::Kind::Removed ? "removed" : "changed";
}

char kind_mark(const RuleChange& change) {
    if (change.kind == RuleChange::Kind::Added) return '+';
    return change.kind == RuleChange::Kind::Removed ? '-' : '~';
}

std::string rule_line(const RuleChange& change) {
    return fmt::format("{} {} of group {}", change.is_alert ? "alert" : "record", change.name, change.group);
}

std::string_view event_word(const EventChange& change) {
    if (!change.before) return "appears";
    if (!change.after) return "vanishes";
    return *change.after < *change.before ? "earlier" : "later";
}

char event_mark(const EventChange& change) {
    if (!change.before) return '+';
    return change.after ? '~' : '-';
}

std::string event_line(const EventChange& change) {
    std::string text = to_rfc3339(change.before ? *change.before : *change.after);
    if (change.before && change.after) {
        const Duration by = *change.after - *change.before;
        text += fmt::format(" -> {} ({} {})", to_rfc3339(*change.after), to_string(by < Duration{0} ? -by : by),
                            event_word(change));
    }
    return text + "  " + (change.who.empty() ? "" : change.who + " ") + change.what;
}

std::string counts_line(const std::string& receiver, const VersionDiff::Counts& counts) {
    return fmt::format("{}: {} -> {}", receiver, counts.before, counts.after);
}

std::vector<std::string> lines_of(const std::vector<EventChange>& changes) {
    std::vector<std::string> lines;
    for (const EventChange& change : changes)
        lines.push_back(fmt::format("{} {}", event_mark(change), event_line(change)));
    return lines;
}

std::vector<std::string> rule_lines(const VersionDiff& diff) {
    std::vector<std::string> lines;
    for (const RuleChange& change : diff.rules) {
        lines.push_back(fmt::format("{} {}", kind_mark(change), rule_line(change)));
        for (const std::string& what : change.what) lines.push_back("      " + what);
        if (change.pages_again) lines.push_back("      its alerts have other labels: what fires is told again as new");
    }
    return lines;
}

std::vector<std::string> route_lines(const VersionDiff& diff) {
    std::vector<std::string> lines;
    for (const std::string& name : diff.receivers_added) lines.push_back("+ receiver " + name);
    for (const std::string& name : diff.receivers_removed) lines.push_back("- receiver " + name);
    for (const RouteChange& change : diff.routes) {
        lines.push_back("~ alert " + change.alert);
        lines.push_back("      " + change.before + " ->");
        lines.push_back("      " + change.after);
    }
    return lines;
}

std::string section(std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    std::string text = std::string(title) + "\n";
    for (const std::string& line : lines) text += "  " + escape_control_characters(line) + "\n";
    return text;
}

/// A code block, which shows everything as it is: fences of the text itself are taken apart.
std::string code_block(std::vector<std::string> lines) {
    const std::size_t more = lines.size() - std::min(lines.size(), kMarkdownLinesMax);
    lines.resize(lines.size() - more);
    std::string text = "```diff\n";
    for (const std::string& line : lines) {
        std::string safe = escape_control_characters(line);
        for (auto at = safe.find("```"); at != std::string::npos; at = safe.find("```", at)) safe.replace(at, 3, "'''");
        text += safe + "\n";
    }
    if (more > 0) text += fmt::format("  … {} more\n", more);
    return text + "```\n";
}

std::string folded(std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    return fmt::format("<details><summary>{}</summary>\n\n{}\n</details>\n\n", title, code_block(lines));
}

std::string markdown_name(std::string_view name) {
    constexpr std::string_view kMeansSomething = "|\\`*_<>@[]!";
    std::string out;
    for (const char c : escape_control_characters(name)) {
        if (kMeansSomething.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

Json json_of(const EventChange& change) {
    Json json = Json::object();
    json.add("change", event_word(change));
    if (!change.who.empty()) json.add("receiver", change.who);
    json.add("what", change.what);
    if (change.before) json.add("before", to_rfc3339_ms(*change.before));
    if (change.after) json.add("after", to_rfc3339_ms(*change.after));
    return json;
}

Json json_of(const RuleChange& change) {
    Json what = Json::array();
    for (const std::string& line : change.what) what.push(line);
    Json json = Json::object();
    json.add("change", kind_word(change)).add("kind", change.is_alert ? "alert" : "record");
    json.add("name", change.name).add("group", change.group).add("what", std::move(what));
    json.add("pagesAgain", change.pages_again);
    return json;
}

Json json_of(const RouteChange& change) {
    Json json = Json::object();
    json.add("alert", change.alert).add("before", change.before).add("after", change.after);
    return json;
}

Json json_of(const std::string& text) {
    return text;
}

template <class Item>
Json list_json(const std::vector<Item>& items) {
    Json json = Json::array();
    for (const Item& item : items) json.push(json_of(item));
    return json;
}

Json counts_json(const VersionDiff& diff) {
    Json counts = Json::object();
    for (const auto& [receiver, count] : diff.by_receiver) {
        Json one = Json::object();
        one.add("before", static_cast<std::uint64_t>(count.before))
            .add("after", static_cast<std::uint64_t>(count.after));
        counts.add(receiver, std::move(one));
    }
    return counts;
}

}  // namespace

std::string diff_text(const VersionDiff& diff) {
    std::string text = section("Rules", rule_lines(diff)) + section("Routing", route_lines(diff));
    if (diff.has_replay) {
        std::vector<std::string> counts;
        for (const auto& [receiver, count] : diff.by_receiver) counts.push_back(counts_line(receiver, count));
        text += section(
            fmt::format("Notifications from {} to {}", to_rfc3339(diff.window.start), to_rfc3339(diff.window.end)),
            counts);
        text += section("Notifications that are different", lines_of(diff.notifications));
        text += section("Alerts that are different", lines_of(diff.alerts));
    }
    return diff.is_empty() ? text + "no difference\n" : text;
}

std::string diff_markdown(const VersionDiff& diff) {
    std::string text = "### tocsin diff\n\n";
    if (diff.is_empty()) text += "Nothing is different.\n\n";
    if (diff.has_replay && !diff.by_receiver.empty()) {
        text += fmt::format("Notifications from {} to {}:\n\n| receiver | before | after |\n| --- | ---: | ---: |\n",
                            to_rfc3339(diff.window.start), to_rfc3339(diff.window.end));
        for (const auto& [receiver, count] : diff.by_receiver) {
            text += fmt::format("| {} | {} | {} |\n", markdown_name(receiver), count.before, count.after);
        }
        text += "\n";
    }
    text += folded(fmt::format("{} rules", diff.rules.size()), rule_lines(diff));
    text += folded("Routing", route_lines(diff));
    text += folded(fmt::format("{} notifications", diff.notifications.size()), lines_of(diff.notifications));
    return text + folded(fmt::format("{} changes of alerts", diff.alerts.size()), lines_of(diff.alerts));
}

std::string diff_json(const VersionDiff& diff) {
    Json json = Json::object();
    json.add("rules", list_json(diff.rules)).add("routes", list_json(diff.routes));
    json.add("receiversAdded", list_json(diff.receivers_added))
        .add("receiversRemoved", list_json(diff.receivers_removed));
    if (!diff.has_replay) return dump(json, JsonStyle::Pretty) + "\n";
    json.add("start", to_rfc3339_ms(diff.window.start)).add("end", to_rfc3339_ms(diff.window.end));
    if (diff.has_routing) {
        json.add("receivers", counts_json(diff)).add("notifications", list_json(diff.notifications));
    }
    json.add("alerts", list_json(diff.alerts));
    return dump(json, JsonStyle::Pretty) + "\n";
}

}  // namespace tocsin::cli
