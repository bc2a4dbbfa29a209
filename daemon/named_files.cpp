#include "daemon/named_files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/file_patterns.h"
#include "base/text.h"
#include "base/yaml.h"
#include "engine/discovery/target_groups.h"
#include "engine/scrape/target.h"

namespace tocsin {
namespace {

constexpr std::uint64_t kNamedFileBytesMax = 1024 * 1024;

constexpr std::array<std::string_view, 7> kFileKeys{"username_file", "password_file", "credentials_file",  "ca_file",
                                                    "cert_file",     "key_file",      "client_secret_file"};

// Where such keys stand, within a job or within each other.
constexpr std::array<std::string_view, 5> kMapsWithFiles{"authorization", "basic_auth", "oauth2", "tls_config",
                                                         "http_sd_configs"};

// Of a job: what promtool refuses when it is not there.
constexpr std::array<std::string_view, 4> kNeeded{"bearer_token_file", "authorization.credentials_file",
                                                  "tls_config.cert_file", "tls_config.key_file"};

bool contains(const auto& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

/// A list, or one without entries where there is none.
const std::vector<YamlNode>& items_of(const YamlNode& node, std::string_view key) {
    static const std::vector<YamlNode> kNone;
    const YamlNode* list = node.find(key);
    return list == nullptr ? kNone : list->items;
}

class NamedFilesCheck {
public:
    NamedFilesCheck(Disk& disk, const std::string& path) : disk_(disk), path_(path), directory_(directory_of(path)) {}

    /// `needed`: what promtool demands of jobs counts here.
    void look_at_access(const YamlNode& node, const std::string& above, bool needed) {
        for (const YamlNode& item : node.items) look_at_access(item, above, needed);
        for (const YamlNode::Entry& entry : node.entries) {
            const std::string place = above + entry.key;
            if (place == "http_headers") {
                for (const YamlNode::Entry& header : entry.value.entries) look_at_header(header);
            } else if (contains(kFileKeys, entry.key) || place == "bearer_token_file") {
                look_at_file(entry.value, place, needed && contains(kNeeded, place));
            } else if (contains(kMapsWithFiles, entry.key)) {
                look_at_access(entry.value, place + ".", needed);
            }
        }
    }

    /// The files of `file_sd_configs`; `reach` is what their targets are read with, or null.
    void look_at_target_files(const YamlNode& job, const ScrapeConfig* reach) {
        for (const YamlNode& discovery : items_of(job, "file_sd_configs")) {
            for (const YamlNode& pattern : items_of(discovery, "files")) look_at_target_pattern(pattern, reach);
        }
    }

    Diagnostics found;

private:
    void look_at_header(const YamlNode::Entry& header) {
        for (const YamlNode& file : items_of(header.value, "files")) look_at_file(file, "files", false);
    }

    void look_at_file(const YamlNode& node, const std::string& key, bool needed) {
        if (!node.is_scalar() || node.text.empty()) return;
        const std::string file = resolve_path(directory_, node.text);
        const auto text = read_file(disk_, file, kNamedFileBytesMax);
        if (text) return;
        const bool is_error = needed && !disk_.exists(file);
        tell(node.where, is_error ? Severity::Error : Severity::Warning,
             fmt::format("{} cannot be read: {}", key, text.error().message));
    }

    void look_at_target_pattern(const YamlNode& node, const ScrapeConfig* reach) {
        const std::string pattern = resolve_pattern(directory_, node.text);
        if (is_malformed_pattern(pattern)) {
            return tell(node.where, Severity::Error, "syntax error in pattern " + pattern);
        }
        auto files = disk_.glob(pattern);
        if (!files) return tell(node.where, Severity::Error, files.error().message);
        std::erase_if(*files, [&](const std::string& file) { return !disk_.exists(file); });
        if (files->empty()) tell(node.where, Severity::Warning, fmt::format("no file matches {}", pattern));
        for (const std::string& file : *files) look_at_target_file(node.where, file, reach);
    }

    void look_at_target_file(const SourceRange& where, const std::string& file, const ScrapeConfig* reach) {
        auto groups = read_target_groups(disk_, file);
        if (!groups) {
            const std::string& why = groups.error().message;
            return tell(where, Severity::Error, why.find(file) == why.npos ? file + ": " + why : why);
        }
        for (std::size_t i = 0; reach != nullptr && i < groups->size(); ++i) {
            (*groups)[i].source = fmt::format("{}:{}", file, i);
            for (const std::string& failure : populate_targets((*groups)[i], *reach).failures) {
                tell(where, Severity::Error, failure);
            }
        }
    }

    void tell(const SourceRange& where, Severity severity, std::string message) {
        found.push_back({.severity = severity,
                         .check = severity == Severity::Error ? "" : "config/named-files",
                         .file = path_,
                         .where = where,
                         .message = std::move(message)});
    }

    Disk& disk_;
    const std::string& path_;
    const std::string directory_;
};

void check_static_groups(const std::vector<YamlNode>& groups, const ScrapeConfig& job, const std::string& path,
                         Diagnostics& found) {
    Diagnostics told;  // when they were read first
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const TargetGroup group = read_static_group(groups[i], i, path, told);
        for (std::string& failure : populate_targets(group, job).failures) {
            found.push_back({.file = path, .where = groups[i].where, .message = std::move(failure)});
        }
    }
}

}  // namespace

Diagnostics check_static_targets(std::string_view text, const std::string& path, ScrapeConfigs jobs,
                                 const AlertingConfig* alerting) {
    Diagnostics found;
    const auto root = parse_yaml(text, path);
    if (!root) return found;
    const std::vector<YamlNode>& nodes = items_of(*root, "scrape_configs");
    for (std::size_t i = 0; i < std::min(nodes.size(), jobs.size()); ++i) {
        check_static_groups(items_of(nodes[i], "static_configs"), *jobs[i], path, found);
    }
    const YamlNode* alerts = root->find("alerting");
    if (alerts == nullptr || alerting == nullptr) return found;
    const std::vector<YamlNode>& alertmanagers = items_of(*alerts, "alertmanagers");
    for (std::size_t i = 0; i < alertmanagers.size(); ++i) {
        check_static_groups(items_of(alertmanagers[i], "static_configs"), *alerting->alertmanagers[i].reach, path,
                            found);
    }
    return found;
}

Diagnostics check_named_files(Disk& disk, std::string_view text, const std::string& path, ScrapeConfigs jobs,
                              const AlertingConfig* alerting) {
    NamedFilesCheck check(disk, path);
    const auto root = parse_yaml(text, path);
    if (!root) return {};
    const std::vector<YamlNode>& nodes = items_of(*root, "scrape_configs");
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        check.look_at_access(nodes[i], "", true);
        check.look_at_target_files(nodes[i], i < jobs.size() ? jobs[i].get() : nullptr);
    }
    const YamlNode* alerts = root->find("alerting");
    if (alerts == nullptr) return std::move(check.found);
    const std::vector<YamlNode>& alertmanagers = items_of(*alerts, "alertmanagers");
    for (std::size_t i = 0; i < alertmanagers.size(); ++i) {
        check.look_at_access(alertmanagers[i], "", false);
        check.look_at_target_files(alertmanagers[i],
                                   alerting == nullptr ? nullptr : alerting->alertmanagers[i].reach.get());
    }
    return std::move(check.found);
}

}  // namespace tocsin
