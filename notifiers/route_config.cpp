#include "notifiers/route_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::string_view kAllLabels = "...";

void read_group_by(ConfigFields& fields, RouteConfig& route) {
    std::vector<std::string> names;
    if (!fields.read("group_by", names)) return;
    const YamlNode& list = *fields.get("group_by");
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string& name = names[i];
        if (name == kAllLabels) {
            route.group_by_all = true;
        } else if (!is_label_name(name, fields.reading().matchers_syntax)) {
            fields.reading().problem(list.items[i].where,
                                     fmt::format("invalid label name {} in group_by list", go_quote(name)));
        } else if (std::find(labels.begin(), labels.end(), name) != labels.end()) {
            fields.reading().problem(list.items[i].where,
                                     fmt::format("duplicated label {} in group_by", go_quote(name)));
        } else {
            labels.push_back(name);
        }
    }
    if (route.group_by_all && !labels.empty()) {
        fields.report("group_by", "cannot have wildcard group_by (`...`) and other labels at the same time");
    }
    std::sort(labels.begin(), labels.end());
    if (!route.group_by_all) route.group_by = std::move(labels);
}

void read_interval(ConfigFields& fields, std::string_view key, std::optional<Duration>& into, bool zero_allowed) {
    Duration duration{};
    if (!fields.read(key, duration)) return;
    if (duration == Duration{} && !zero_allowed) fields.report(key, fmt::format("{} cannot be zero", key));
    into = duration;
}

void read_route_labels(ConfigFields& fields, RouteConfig& route) {
    std::vector<std::pair<std::string, std::string>> labels;
    if (!fields.read("labels", labels)) return;
    for (const auto& entry : fields.get("labels")->entries) {
        route.labels.push_back({entry.key, {entry.value.text, entry.value.where}});
    }
}

}  // namespace

void sort_matchers(Matchers& matchers) {
    std::stable_sort(matchers.begin(), matchers.end(), matcher_less);
}

void read_matcher_list(ConfigFields& fields, std::string_view key, Matchers& into) {
    std::vector<std::string> texts;
    if (!fields.read(key, texts)) return;
    const YamlNode& list = *fields.get(key);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto parsed = parse_matchers(texts[i], fields.reading().matchers_syntax);
        if (!parsed) {
            fields.reading().problem(list.items[i].where, parsed.error().message);
            continue;
        }
        if (!parsed->warning.empty()) fields.reading().warn(list.items[i].where, parsed->warning);
        into.insert(into.end(), parsed->matchers.begin(), parsed->matchers.end());
    }
}

void read_match_map(ConfigFields& fields, std::string_view key, MatchOp op, Matchers& into) {
    std::vector<std::pair<std::string, std::string>> pairs;
    if (!fields.read(key, pairs)) return;
    const YamlNode& map = *fields.get(key);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        auto& [name, value] = pairs[i];
        if (!is_legacy_label_name(name)) {
            fields.reading().problem(map.entries[i].key_where, fmt::format("invalid label name {}", go_quote(name)));
            continue;
        }
        if (op == MatchOp::Regex && map.entries[i].value.is_null()) {
            fields.reading().problem(map.entries[i].value.where,
                                     fmt::format("invalid regexp value for {}", go_quote(name)));
            continue;
        }
        if (op == MatchOp::Regex) value = "^(?:" + value + ")$";
        auto matcher = Matcher::create(std::move(name), op, std::move(value), Regex::Anchoring::FullNoDot);
        if (!matcher) {
            fields.reading().problem(map.entries[i].value.where, matcher.error().message);
            continue;
        }
        into.push_back(*std::move(matcher));
    }
}

RouteConfig read_route_config(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "route", reading);
    RouteConfig route;
    route.where = node.where;
    fields.read("receiver", route.receiver);
    read_group_by(fields, route);
    read_match_map(fields, "match", MatchOp::Equal, route.matchers);
    read_match_map(fields, "match_re", MatchOp::Regex, route.matchers);
    read_matcher_list(fields, "matchers", route.matchers);
    sort_matchers(route.matchers);
    fields.read("mute_time_intervals", route.mute_time_intervals);
    fields.read("active_time_intervals", route.active_time_intervals);
    fields.read("continue", route.continue_matching);
    read_interval(fields, "group_wait", route.group_wait, true);
    read_interval(fields, "group_interval", route.group_interval, false);
    read_interval(fields, "repeat_interval", route.repeat_interval, false);
    read_route_labels(fields, route);
    fields.read_each(
        "routes", [&](const YamlNode& child) { route.routes.push_back(read_route_config(child, reading)); },
        "missing route");
    fields.finish();
    return route;
}

}  // namespace tocsin
