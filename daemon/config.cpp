#include "daemon/config.h"

#include <fmt/format.h>

#include <map>

#include "base/disk.h"
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
    warn_of_ignored(fields, {"query_log_file", "scrape_failure_log_file", "metric_name_validation_scheme",
                             "metric_name_escaping_scheme", "extra_scrape_metrics"},
                    "tocsin does not act on it", source);
    warn_of_ignored(fields, {"scrape_native_histograms", "always_scrape_classic_histograms",
                             "convert_classic_histograms_to_nhcb"},
                    "there are no native histograms", source);
    fields.ignore("runtime");
    fields.finish();
    return defaults;
}

void read_scrape_configs(YamlFields& fields, const ScrapeDefaults& defaults, Config& config, ConfigSource& source) {
    const YamlNode* list = fields.get("scrape_configs");
    if (list == nullptr || list->is_null()) return;
    if (!list->is_sequence()) return fields.report(list->where, "scrape_configs is not a list");
    std::map<std::string, SourceRange> jobs;
    for (const YamlNode& item : list->items) {
        auto job = read_scrape_config(item, defaults, source);
        if (!job.job_name.empty() && !jobs.emplace(job.job_name, item.where).second) {
            fields.report(item.where, fmt::format("found multiple scrape configs with job name \"{}\"", job.job_name));
        }
        config.scrape_configs.push_back(std::make_shared<const ScrapeConfig>(std::move(job)));
    }
}

void read_rule_files(YamlFields& fields, Config& config, const ConfigSource& source) {
    std::vector<std::string> patterns;
    if (!fields.read("rule_files", patterns)) return;
    const auto& items = fields.get("rule_files")->items;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        config.rule_files.push_back(resolve_path(source.directory, patterns[i]));
        config.rule_files_where.push_back(items[i].where);
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
    const ScrapeDefaults defaults = read_global(fields.get("global"), config, source);
    read_rule_files(fields, config, source);
    read_scrape_configs(fields, defaults, config, source);
    if (const YamlNode* files = fields.get("scrape_config_files"); files != nullptr && !files->items.empty()) {
        fields.report(files->where, "scrape_config_files is not supported, and its targets would not be watched",
                      "the jobs under scrape_configs");
    }
    config.alerting = read_alerting(fields.get("alerting"), source);
    warn_of_ignored(fields, {"remote_write", "remote_read", "storage", "tracing", "otlp", "runtime"},
                    "tocsin does not act on it", source);
    fields.finish();
    return config;
}

}  // namespace tocsin
