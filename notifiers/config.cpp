#include "notifiers/config.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/file_patterns.h"
#include "base/text.h"
#include "notifiers/config_templates.h"
#include "notifiers/masked_yaml.h"

namespace tocsin {
namespace {

constexpr std::uint64_t kFileBytesMax = 16 * 1024 * 1024;

void read_time_intervals(ConfigFields& fields, std::string_view key, std::string_view what,
                         AlertmanagerConfig& config) {
    fields.read_each(key, [&](const YamlNode& item) {
        TimeInterval interval = read_time_interval(item, what, fields.reading());
        if (!interval.name.empty() && config.find_time_interval(interval.name) != nullptr) {
            fields.reading().problem(item.where, fmt::format("{} {} is not unique", what, go_quote(interval.name)));
            return;
        }
        config.time_intervals.push_back(std::move(interval));
    });
}

void read_receivers(ConfigFields& fields, AlertmanagerConfig& config, const std::string& directory) {
    fields.read_each("receivers", [&](const YamlNode& item) {
        ReceiverConfig receiver = read_receiver_config(item, fields.reading(), config.global, directory);
        if (!receiver.name.empty() && config.find_receiver(receiver.name) != nullptr) {
            fields.reading().problem(item.where,
                                     fmt::format("notification config name {} is not unique", go_quote(receiver.name)));
            return;
        }
        config.receivers.push_back(std::move(receiver));
    });
}

void check_root(const RouteConfig& root, ConfigReading& reading) {
    const auto report = [&](bool wrong, const char* message) {
        if (wrong) reading.problem(root.where, message);
    };
    report(root.receiver.empty(), "root route must specify a default receiver");
    report(!root.matchers.empty(), "root route must not have any matchers");
    report(!root.mute_time_intervals.empty(), "root route must not have any mute time intervals");
    report(!root.active_time_intervals.empty(), "root route must not have any active time intervals");
    report(root.continue_matching, "cannot have continue in root route");
}

void check_names(const RouteConfig& route, const AlertmanagerConfig& config, ConfigReading& reading) {
    if (!route.receiver.empty() && config.find_receiver(route.receiver) == nullptr) {
        reading.problem(route.where, fmt::format("undefined receiver {} used in route", go_quote(route.receiver)));
    }
    for (const auto* names : {&route.active_time_intervals, &route.mute_time_intervals}) {
        for (const std::string& name : *names) {
            if (config.find_time_interval(name) != nullptr) continue;
            reading.problem(route.where, fmt::format("undefined time interval {} used in route", go_quote(name)));
        }
    }
    for (const RouteConfig& child : route.routes) check_names(child, config, reading);
}

/// A sibling that takes every alert and does not continue leaves nothing for those behind it.
void warn_of_unreachable_routes(const RouteConfig& route, ConfigReading& reading) {
    bool everything_taken = false;
    for (const RouteConfig& child : route.routes) {
        if (everything_taken) {
            reading.warn(child.where, "route is never reached: an earlier one without matchers takes every alert",
                         "set `continue: true` on the earlier route, or give it matchers");
        }
        everything_taken = everything_taken || (child.matchers.empty() && !child.continue_matching);
        warn_of_unreachable_routes(child, reading);
    }
}

void collect_receivers(const RouteConfig& route, const std::string& inherited, std::set<std::string>& names) {
    const std::string& receiver = route.receiver.empty() ? inherited : route.receiver;
    names.insert(receiver);
    for (const RouteConfig& child : route.routes) collect_receivers(child, receiver, names);
}

void warn_of_unused_receivers(const AlertmanagerConfig& config, ConfigReading& reading) {
    std::set<std::string> used;
    collect_receivers(config.route, {}, used);
    for (const ReceiverConfig& receiver : config.receivers) {
        if (used.count(receiver.name) == 0) {
            reading.warn(receiver.where, fmt::format("receiver {} is used by no route", go_quote(receiver.name)));
        }
    }
}

void read_templates(ConfigFields& fields, AlertmanagerConfig& config, const std::string& directory) {
    if (!fields.read("templates", config.template_globs)) return;
    const auto& nodes = fields.get("templates")->items;
    for (std::size_t i = 0; i < config.template_globs.size(); ++i) {
        std::string& glob = config.template_globs[i];
        if (is_malformed_pattern(glob)) {
            fields.reading().problem(i < nodes.size() ? nodes[i].where : fields.node().where,
                                     fmt::format("syntax error in pattern {}", go_quote(glob)));
        }
        glob = resolve_path(directory, glob);
    }
}

void read_root(const YamlNode& root, ConfigReading& reading, AlertmanagerConfig& config, const std::string& directory) {
    ConfigFields fields(root, "configuration", reading);
    config.global = read_global_config(fields.get("global"), reading, directory);
    read_templates(fields, config, directory);
    read_time_intervals(fields, "mute_time_intervals", "mute time interval", config);
    read_time_intervals(fields, "time_intervals", "time interval", config);
    read_receivers(fields, config, directory);
    fields.read_each("inhibit_rules",
                     [&](const YamlNode& item) { config.inhibit_rules.push_back(read_inhibit_rule(item, reading)); });
    for (const auto* key : {"tracing", "event_recorder"}) {
        if (fields.has(key))
            reading.warn(fields.get(key)->where, fmt::format("{} is not supported and has no effect", key));
    }
    const YamlNode* route = fields.get("route");
    if (route == nullptr || route->is_null()) {
        fields.report({}, root.is_null() ? "no route provided in config" : "no routes provided");
    } else {
        config.route = read_route_config(*route, reading);
        check_root(config.route, reading);
        check_names(config.route, config, reading);
    }
    fields.finish();
}

void sort_by_position(Diagnostics& diagnostics) {
    std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
    });
}

tl::unexpected<Diagnostics> refuse_config(const std::string& file, std::string message) {
    Diagnostic diagnostic;
    diagnostic.file = file;
    diagnostic.message = std::move(message);
    return tl::unexpected(Diagnostics{std::move(diagnostic)});
}

void find_unsendable_in(const AlertmanagerConfig& config, const ReceiverConfig& receiver, Diagnostics& found) {
    const auto report = [&](const SourceRange& where, std::string message, std::string hint) {
        Diagnostic diagnostic;
        diagnostic.file = config.file;
        diagnostic.where = where;
        diagnostic.message = std::move(message);
        diagnostic.hint = std::move(hint);
        found.push_back(std::move(diagnostic));
    };
    for (const auto& unsendable : receiver.unsendable) {
        report(unsendable.where,
               fmt::format("receiver {} is used by a route, but tocsin cannot send with {}_configs",
                           go_quote(receiver.name), unsendable.kind),
               "use one of the kinds that docs/configuration.md lists, or keep Alertmanager for this receiver");
    }
    for (const auto& integration : receiver.integrations) {
        for (const auto& unsupported : integration.config->http.unsupported) {
            report(unsupported.where,
                   fmt::format("receiver {} is used by a route, but tocsin does not support {} here",
                               go_quote(receiver.name), unsupported.key),
                   {});
        }
    }
}

}  // namespace

const ReceiverConfig* AlertmanagerConfig::find_receiver(std::string_view name) const {
    const auto found = std::find_if(receivers.begin(), receivers.end(), [&](const auto& r) { return r.name == name; });
    return found == receivers.end() ? nullptr : &*found;
}

const TimeInterval* AlertmanagerConfig::find_time_interval(std::string_view name) const {
    const auto found =
        std::find_if(time_intervals.begin(), time_intervals.end(), [&](const auto& t) { return t.name == name; });
    return found == time_intervals.end() ? nullptr : &*found;
}

namespace {

/// `globs` are there also when the file is refused.
Parsed<AlertmanagerConfig> parse_config(std::string_view text, const std::string& file, const ConfigOptions& options,
                                        std::vector<std::string>& globs) {
    ConfigReading reading;
    reading.file = file;
    reading.matchers_syntax = options.matchers_syntax;
    auto root = parse_yaml(text, file, {}, &reading.warnings);
    if (!root) return tl::unexpected(std::move(root).error());

    AlertmanagerConfig config;
    config.file = file;
    read_root(*root, reading, config, directory_of(file));
    globs = config.template_globs;
    if (!reading.problems.empty()) {
        sort_by_position(reading.problems);
        return tl::unexpected(std::move(reading.problems));
    }
    warn_of_unreachable_routes(config.route, reading);
    warn_of_unused_receivers(config, reading);
    warn_of_secret_templates(*root, reading);
    sort_by_position(reading.warnings);
    config.warnings = std::move(reading.warnings);
    config.template_texts = find_config_templates(*root, reading);
    config.masked_text = masked_yaml(*root, std::move(reading.secrets));
    return config;
}

}  // namespace

Parsed<AlertmanagerConfig> parse_alertmanager_config(std::string_view text, const std::string& file,
                                                     const ConfigOptions& options) {
    std::vector<std::string> globs;
    return parse_config(text, file, options, globs);
}

Parsed<AlertmanagerConfig> load_alertmanager_config(Disk& disk, const std::string& file, const ConfigOptions& options) {
    const auto text = read_file(disk, file, kFileBytesMax);
    if (!text) return refuse_config(file, text.error().message);
    std::vector<std::string> globs;
    auto config = parse_config(*text, file, options, globs);
    auto loaded = load_templates(disk, globs);
    if (!config || !loaded) {
        Diagnostics problems = config ? Diagnostics{} : std::move(config).error();
        if (!loaded) problems.insert(problems.end(), loaded.error().begin(), loaded.error().end());
        return tl::unexpected(std::move(problems));
    }
    config->templates = *std::move(loaded);
    const Diagnostics found = check_templates(*config);
    config->warnings.insert(config->warnings.end(), found.begin(), found.end());
    sort_by_position(config->warnings);
    return config;
}

Diagnostics check_templates(const AlertmanagerConfig& config) {
    Diagnostics found;
    for (const YamlNode& node : config.template_texts) {
        const auto parsed = config.templates.parse_text(node.text);
        for (const auto& problem : parsed ? parsed->facts().problems : parsed.error()) {
            found.push_back({.severity = Severity::Warning,
                             .check = {},
                             .file = config.file,
                             .where = node.position_of(problem.where.begin),
                             .message = problem.reason,
                             .expected = {},
                             .hint = "the message will be sent with plain facts instead"});
        }
    }
    return found;
}

Diagnostics find_unsendable(const AlertmanagerConfig& config) {
    std::set<std::string> used;
    collect_receivers(config.route, {}, used);
    Diagnostics found;
    for (const ReceiverConfig& receiver : config.receivers) {
        if (used.count(receiver.name) > 0) find_unsendable_in(config, receiver, found);
    }
    return found;
}

}  // namespace tocsin
