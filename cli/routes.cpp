#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/posix_disk.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "notifiers/config.h"
#include "notifiers/route_walk.h"
#include "parser/matchers_parser.h"

namespace tocsin::cli {
namespace {

struct RoutesFlags {
    std::string config_file = "alertmanager.yml";
    std::vector<std::string> labels;
    std::string receivers;  // that are expected
    std::string format = "text";
};

Parsed<AlertmanagerConfig> load(const RoutesFlags& flags) {
    PosixDisk disk;
    auto config = flags.config_file == "-" ? parse_alertmanager_config(read_stdin(), flags.config_file)
                                           : load_alertmanager_config(disk, flags.config_file);
    if (!config) print_diagnostics(config.error());
    return config;
}

/// `team=a`, as amtool reads it: a matcher that says what a label is.
Result<LabelSet> read_labels(const std::vector<std::string>& texts) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (const std::string& text : texts) {
        TOCSIN_TRY(const Matcher matcher, parse_matcher(text));
        if (matcher.op() != MatchOp::Equal) {
            return fail(Error::Kind::InvalidInput, text + ": a label is given as name=value");
        }
        labels.emplace_back(matcher.name(), matcher.value());
    }
    return LabelSet::from(std::move(labels));
}

std::string own_matchers(const Route& route) {
    std::vector<std::string> texts;
    for (const Matcher& matcher : route.matchers) texts.push_back(to_string(matcher));
    return "{" + join(texts, ", ") + "}";
}

/// In the order of the file.
std::vector<std::string> receivers_of(const std::vector<RouteVisit>& visits) {
    std::vector<std::string> names;
    for (const RouteVisit& visit : visits) {
        if (visit.verdict == RouteVisit::Verdict::Taken) names.push_back(visit.route->options.receiver);
    }
    return names;
}

// ---- as JSON

Json list_of(const std::vector<std::string>& texts) {
    Json list = Json::array();
    for (const std::string& text : texts) list.push(text);
    return list;
}

Json matchers_json(const Route& route) {
    Json list = Json::array();
    for (const Matcher& matcher : route.matchers) list.push(to_string(matcher));
    return list;
}

Json route_json(const Route& route) {
    const RouteOptions& options = route.options;
    Json json = Json::object();
    json.add("id", route.id).add("receiver", options.receiver).add("matchers", matchers_json(route));
    json.add("continue", route.continue_matching);
    json.add("groupBy", list_of(options.group_by_all ? std::vector<std::string>{"..."} : options.group_by));
    json.add("groupWait", to_string(options.group_wait)).add("groupInterval", to_string(options.group_interval));
    json.add("repeatInterval", to_string(options.repeat_interval));
    json.add("muteTimeIntervals", list_of(options.mute_time_intervals));
    json.add("activeTimeIntervals", list_of(options.active_time_intervals));
    return json;
}

Json tree_json(const Route& route) {
    Json json = route_json(route);
    Json children = Json::array();
    for (const auto& child : route.children) children.push(tree_json(*child));
    return std::move(json.add("routes", std::move(children)));
}

const char* verdict_name(RouteVisit::Verdict verdict) {
    switch (verdict) {
        case RouteVisit::Verdict::Taken:
            return "taken";
        case RouteVisit::Verdict::HandedOn:
            return "handed on";
        case RouteVisit::Verdict::Refused:
            return "refused";
        case RouteVisit::Verdict::NotReached:
            break;
    }
    return "not reached";
}

Json visit_json(const RouteVisit& visit, const LabelSet& labels) {
    Json json = Json::object();
    json.add("id", visit.route->id).add("receiver", visit.route->options.receiver);
    json.add("verdict", verdict_name(visit.verdict));
    if (visit.stopped_by != nullptr) json.add("stoppedBy", visit.stopped_by->id);
    if (visit.failed.empty()) return json;
    Json failed = Json::array();
    for (const Matcher* matcher : visit.failed) {
        failed.push(
            Json::Object{{"matcher", to_string(*matcher)}, {"value", std::string(labels.get(matcher->name()))}});
    }
    return std::move(json.add("failed", std::move(failed)));
}

Json test_json(const std::vector<RouteVisit>& visits, const std::vector<std::string>& receivers,
               const LabelSet& labels) {
    Json routes = Json::array();
    Json all = Json::array();
    for (const RouteVisit& visit : visits) {
        all.push(visit_json(visit, labels));
        if (visit.verdict != RouteVisit::Verdict::Taken) continue;
        Json route = route_json(*visit.route);
        route.add("groupKey", group_key(*visit.route, visit.route->group_labels(labels)));
        routes.push(std::move(route));
    }
    return Json::Object{{"receivers", list_of(receivers)}, {"routes", std::move(routes)}, {"visits", std::move(all)}};
}

// ---- for people

std::string timers_text(const RouteOptions& options) {
    std::string text =
        fmt::format("group_wait {}, group_interval {}, repeat_interval {}", to_string(options.group_wait),
                    to_string(options.group_interval), to_string(options.repeat_interval));
    if (!options.mute_time_intervals.empty()) text += ", muted during " + join(options.mute_time_intervals, ", ");
    if (!options.active_time_intervals.empty()) text += ", active during " + join(options.active_time_intervals, ", ");
    return text;
}

std::string group_by_text(const RouteOptions& options) {
    return "group_by [" + (options.group_by_all ? "..." : join(options.group_by, ", ")) + "]";
}

std::string line_text(std::size_t depth, const std::string& text) {
    return std::string(2 * depth, ' ') + escape_control_characters(text) + "\n";
}

std::string tree_text(const Route& route, std::size_t depth = 0) {
    std::string text = line_text(
        depth, fmt::format("{}{} -> {}  ({}, {})", own_matchers(route), route.continue_matching ? " continue" : "",
                           route.options.receiver, group_by_text(route.options), timers_text(route.options)));
    for (const auto& child : route.children) text += tree_text(*child, depth + 1);
    return text;
}

std::string reason_of(const RouteVisit& visit, const LabelSet& labels) {
    if (visit.stopped_by != nullptr) {
        return fmt::format("not reached: {} before it took the alert and does not continue",
                           own_matchers(*visit.stopped_by));
    }
    std::vector<std::string> reasons;
    for (const Matcher* matcher : visit.failed) {
        const bool has = labels.has(matcher->name());
        reasons.push_back(fmt::format("{} does not hold, {} is {}", to_string(*matcher), matcher->name(),
                                      has ? go_quote(labels.get(matcher->name())) : "not there"));
    }
    return join(reasons, "; ");
}

std::string visit_text(const RouteVisit& visit, const LabelSet& labels) {
    const Route& route = *visit.route;
    const std::string matchers = own_matchers(route);
    switch (visit.verdict) {
        case RouteVisit::Verdict::Taken:
            return line_text(visit.depth, fmt::format("{} -> {}", matchers, route.options.receiver)) +
                   line_text(visit.depth + 1, "group " + group_key(route, route.group_labels(labels))) +
                   line_text(visit.depth + 1, timers_text(route.options));
        case RouteVisit::Verdict::HandedOn:
            return line_text(visit.depth, matchers);
        case RouteVisit::Verdict::Refused:
        case RouteVisit::Verdict::NotReached:
            break;
    }
    return line_text(visit.depth,
                     fmt::format("{} not {}: {}", matchers, route.options.receiver, reason_of(visit, labels)));
}

// ---- the commands

int show_routes(const RoutesFlags& flags) {
    const auto config = load(flags);
    if (!config) return kBad;
    const RouteTree tree(config->route);
    print(flags.format == "json" ? dump(tree_json(tree.root()), JsonStyle::Pretty) + "\n" : tree_text(tree.root()));
    return kGood;
}

int test(const RoutesFlags& flags) {
    const auto labels = read_labels(flags.labels);
    if (!labels) {
        print_error("tocsin routes test: " + escape_control_characters(labels.error().message) + "\n");
        return kUsage;
    }
    const auto config = load(flags);
    if (!config) return kBad;
    const RouteTree tree(config->route);
    const auto visits = walk_routes(tree, *labels);
    const std::vector<std::string> names = receivers_of(visits);
    const std::string receivers = join(names, ",");
    if (flags.format == "json") {
        print(dump(test_json(visits, names, *labels), JsonStyle::Pretty) + "\n");
    } else {
        std::string text = escape_control_characters(receivers) + "\n";
        if (flags.format == "text") text += "\n";
        for (const RouteVisit& visit : visits) {
            if (flags.format == "text") text += visit_text(visit, *labels);
        }
        print(text);
    }
    if (flags.receivers.empty() || flags.receivers == receivers) return kGood;
    print_error("tocsin routes test: expected receivers " + escape_control_characters(flags.receivers) + ", it is " +
                escape_control_characters(receivers) + "\n");
    return kBad;
}

void add_route_flags(CLI::App& command, RoutesFlags& flags, const std::vector<std::string>& formats) {
    command.add_option("--config.file", flags.config_file, "An alertmanager.yml, - for standard input")
        ->type_name("FILE")
        ->capture_default_str();
    command.add_option("--format", flags.format, join(formats, ", "))
        ->check(CLI::IsMember(formats))
        ->capture_default_str();
}

}  // namespace

void add_routes(CLI::App& app, Action& run) {
    CLI::App* command = app.add_subcommand("routes", "Where alerts go by an alertmanager.yml, and why.");
    command->require_subcommand(1);
    const auto flags = std::make_shared<RoutesFlags>();
    CLI::App* shown = command->add_subcommand("show", "The routing tree, with what each route has from its parents.");
    add_route_flags(*shown, *flags, {"text", "json"});
    shown->callback([flags, &run] { run = [flags] { return show_routes(*flags); }; });

    CLI::App* tested = command->add_subcommand(
        "test",
        "The receivers of an alert, and why it takes which route: group key, timers, matchers that do not hold.");
    tested->add_option("labels", flags->labels, "The alert's labels, name=value")->type_name("LABEL");
    tested
        ->add_option("--verify.receivers", flags->receivers, "Exit with 1 unless it goes to these, separated by commas")
        ->type_name("NAMES");
    add_route_flags(*tested, *flags, {"text", "json", "receivers"});
    tested->footer(
        "The first line is that of amtool config routes test; --format=receivers prints nothing else.\n"
        "Examples:\n  tocsin routes test alertname=DiskFull severity=critical --config.file=alertmanager.yml\n"
        "  tocsin routes test team=db --verify.receivers=db-pager,chat");
    tested->callback([flags, &run] { run = [flags] { return test(*flags); }; });
}

}  // namespace tocsin::cli
