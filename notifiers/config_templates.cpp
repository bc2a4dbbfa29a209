#include "notifiers/config_templates.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

constexpr std::uint64_t kTemplateBytesMax = 16 * 1024 * 1024;

using Nodes = std::vector<const YamlNode*>;

void collect(const YamlNode& node, Nodes& into) {
    if (node.is_scalar() && node.text.find("{{") != std::string::npos) into.push_back(&node);
    for (const YamlNode& item : node.items) collect(item, into);
    for (const auto& entry : node.entries) {
        // Names of files and how to reach a server are taken as they are.
        if (entry.key != "http_config" && !entry.key.ends_with("_file")) collect(entry.value, into);
    }
}

void collect_from_route(const YamlNode& route, Nodes& into) {
    if (const YamlNode* labels = route.find("labels")) collect(*labels, into);
    const YamlNode* routes = route.find("routes");
    if (routes == nullptr) return;
    for (const YamlNode& child : routes->items) collect_from_route(child, into);
}

Nodes templates_of(const YamlNode& root) {
    Nodes found;
    if (const YamlNode* route = root.find("route")) collect_from_route(*route, found);
    if (const YamlNode* receivers = root.find("receivers")) collect(*receivers, found);
    return found;
}

bool is_secret(const YamlNode* node, const ConfigReading& reading) {
    return std::ranges::find(reading.secrets, node) != reading.secrets.end();
}

/// A template that a file may define is no failure.
bool fails(const YamlNode& node, const templates::NotificationTemplates& templates) {
    const auto parsed = templates.parse_text(node.text);
    if (!parsed) return true;
    const auto problems = parsed->facts().problems;
    return std::ranges::any_of(problems,
                               [](const auto& p) { return p.reason.find("not defined") == std::string::npos; });
}

/// Where a template problem of a file stands in it.
Diagnostic template_diagnostic(const templates::TemplateProblem& problem,
                               const std::vector<templates::TemplateFile>& files) {
    Diagnostic diagnostic;
    diagnostic.file = problem.name;
    diagnostic.message = "failed to parse templates: " + problem.message;
    for (const templates::TemplateFile& file : files) {
        if (file.name != problem.name) continue;
        diagnostic.where = range_at(file.text, problem.where);
    }
    return diagnostic;
}

tl::unexpected<Diagnostics> refuse_template(const std::string& file, std::string message) {
    Diagnostic diagnostic;
    diagnostic.file = file;
    diagnostic.message = std::move(message);
    return tl::unexpected(Diagnostics{std::move(diagnostic)});
}

Parsed<std::vector<templates::TemplateFile>> read_files(Disk& disk, const std::vector<std::string>& globs) {
    std::vector<templates::TemplateFile> files;
    for (const std::string& glob : globs) {
        const auto paths = disk.glob(glob);
        if (!paths) return refuse_template(glob, paths.error().message);
        for (const std::string& path : *paths) {
            // A pattern without magic names itself; Go's Glob gives nothing when there is no such file.
            if (!disk.exists(path)) continue;
            auto text = read_file(disk, path, kTemplateBytesMax);
            if (!text) return refuse_template(path, text.error().message);
            files.push_back({path, *std::move(text)});
        }
    }
    return files;
}

}  // namespace

std::vector<YamlNode> find_config_templates(const YamlNode& root, const ConfigReading& reading) {
    std::vector<YamlNode> found;
    for (const YamlNode* node : templates_of(root)) {
        if (!is_secret(node, reading)) found.push_back(*node);
    }
    return found;
}

void warn_of_secret_templates(const YamlNode& root, ConfigReading& reading) {
    const templates::NotificationTemplates defaults;
    for (const YamlNode* node : templates_of(root)) {
        if (!is_secret(node, reading) || !fails(*node, defaults)) continue;
        reading.warn(node->where, "this secret is a template that cannot be executed; it is not shown");
    }
}

Parsed<templates::NotificationTemplates> load_templates(Disk& disk, const std::vector<std::string>& globs) {
    const auto files = read_files(disk, globs);
    if (!files) return tl::unexpected(files.error());
    auto parsed = templates::NotificationTemplates::create(*files);
    if (parsed) return *std::move(parsed);
    Diagnostics diagnostics;
    for (const auto& problem : parsed.error()) diagnostics.push_back(template_diagnostic(problem, *files));
    return tl::unexpected(std::move(diagnostics));
}

}  // namespace tocsin
