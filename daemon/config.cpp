#include "daemon/config.h"

#include <fmt/format.h>

#include "base/disk.h"
#include "base/file_patterns.h"
#include "base/text.h"
#include "base/yaml.h"
#include "daemon/scrape_config_reader.h"

namespace tocsin {
namespace {

void read_external_labels(YamlFields& fields, Config& config) {
    std::vector<std::pair<std::string, std::string>> pairs;
    if (!fields.read("external_labels", pairs)) return;
    for (const auto& [name, value] : pairs) {
        if (name.empty() || !is_valid_utf8(name) || name == kMetricNameLabel) {
            fields.report(fields.get("external_labels")->where, fmt::format("\"{}\" is not a valid label name", name));
        }
    }
    config.external_labels = LabelSet::from(std::move(pairs));
}

ScrapeDefaults read_global(const YamlNode* node, Config& config, ConfigSource& source) {
    ScrapeDefaults defaults;
    if (node == nullptr) return defaults;
    YamlFields fields(*node, "global", source.file, source.problems);
    if (Duration interval{0}; fields.read("scrape_interval", interval) && interval > Duration{0}) {
        defaults.scrape_interval = interval;
        defaults.scrape_timeout = std::min(defaults.scrape_timeout, interval);
    }
    if (Duration timeout{0}; fields.read("scrape_timeout", timeout) && timeout > Duration{0}) {
        defaults.scrape_timeout = timeout;
        if (defaults.scrape_interval && timeout > *defaults.scrape_interval) {
            fields.report(fields.get("scrape_timeout")->where, "global scrape timeout greater than scrape interval");
        }
    }
    if (Duration interval{0}; fields.read("evaluation_interval", interval) && interval > Duration{0}) {
        config.evaluation_interval = interval;
    }
    fields.read("rule_query_offset", config.rule_query_offset);
    read_external_labels(fields, config);
    read_scrape_limits(fields, source, defaults);
    warn_of_ignored(
        fields,
        {"query_log_file", "scrape_failure_log_file", "metric_name_validation_scheme", "metric_name_escaping_scheme"},
        "tocsin does not act on it", source);
    warn_of_ignored(
        fields, {"scrape_native_histograms", "always_scrape_classic_histograms", "convert_classic_histograms_to_nhcb"},
        "there are no native histograms", source);
    fields.ignore("runtime");
    fields.finish();
    return defaults;
}

void add_jobs(std::vector<ScrapeConfig> jobs, Config& config) {
    for (ScrapeConfig& job : jobs)
        config.scrape_configs.push_back(std::make_shared<const ScrapeConfig>(std::move(job)));
}

void read_patterns(YamlFields& fields, std::string_view key, const ConfigSource& source, std::vector<std::string>& into,
                   std::vector<SourceRange>& where) {
    std::vector<std::string> patterns;
    if (!fields.read(key, patterns)) return;
    const auto& items = fields.get(key)->items;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        into.push_back(resolve_pattern(source.directory, patterns[i]));
        where.push_back(items[i].where);
    }
}

}  // namespace

Config parse_config(std::string_view text, const std::string& path, Diagnostics& problems) {
    Config config;
    config.path = path;
    const auto root = parse_yaml(text, path);
    if (!root) {
        problems.insert(problems.end(), root.error().begin(), root.error().end());
        return config;
    }
    ConfigSource source{path, directory_of(path), problems, config.warnings};
    YamlFields fields(*root, "configuration", path, problems);
    config.scrape_defaults = read_global(fields.get("global"), config, source);
    read_patterns(fields, "rule_files", source, config.rule_files, config.rule_files_where);
    read_patterns(fields, "scrape_config_files", source, config.scrape_config_files, config.scrape_config_files_where);
    add_jobs(read_scrape_configs(fields, config.scrape_defaults, source, config.jobs), config);
    config.alerting = read_alerting(fields.get("alerting"), source);
    warn_of_ignored(fields, {"remote_write", "remote_read", "storage", "tracing", "otlp", "runtime"},
                    "tocsin does not act on it", source);
    fields.finish();
    return config;
}

void read_scrape_config_file(std::string_view text, const std::string& path, Config& config, Diagnostics& problems) {
    const auto root = parse_yaml(text, path);
    if (!root) {
        problems.insert(problems.end(), root.error().begin(), root.error().end());
        return;
    }
    ConfigSource source{path, directory_of(path), problems, config.warnings};
    YamlFields fields(*root, "scrape config file", path, problems);
    add_jobs(read_scrape_configs(fields, config.scrape_defaults, source, config.jobs), config);
    fields.finish();
}

}  // namespace tocsin
