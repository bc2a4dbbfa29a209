#include "daemon/alerting_config.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace tocsin {
namespace {

// What a target is given and an Alertmanager is not.
constexpr std::array kOfTargetsOnly{"job_name",
                                    "scrape_interval",
                                    "scrape_timeout",
                                    "scrape_protocols",
                                    "fallback_scrape_protocol",
                                    "metrics_path",
                                    "params",
                                    "honor_labels",
                                    "honor_timestamps",
                                    "track_timestamps_staleness",
                                    "enable_compression",
                                    "extra_scrape_metrics",
                                    "body_size_limit",
                                    "sample_limit",
                                    "target_limit",
                                    "label_limit",
                                    "label_name_length_limit",
                                    "label_value_length_limit",
                                    "keep_dropped_targets",
                                    "metric_relabel_configs"};

constexpr const char* kAlertmanagerConfig = "alertmanager config";

constexpr std::array kOfAlertmanagersOnly{"path_prefix", "timeout", "api_version", "alert_relabel_configs"};

bool is_one_of(const auto& names, std::string_view key) {
    return std::find(names.begin(), names.end(), key) != names.end();
}

YamlNode text_node(std::string text, const SourceRange& where) {
    YamlNode node;
    node.kind = YamlNode::Kind::Scalar;
    node.text = std::move(text);
    node.quoted = true;
    node.where = where;
    return node;
}

/// The entry as a scrape config, so that what both have is read in one place: addresses, authentication, TLS and
/// relabelling.
YamlNode as_scrape_config(const YamlNode& entry, std::size_t index) {
    YamlNode node = entry;
    node.kind = YamlNode::Kind::Map;
    node.entries.clear();
    node.entries.push_back({"job_name", entry.where, text_node(fmt::format("config-{}", index), entry.where)});
    for (const YamlNode::Entry& field : entry.entries) {
        if (field.key == "alert_relabel_configs") {
            node.entries.push_back({"metric_relabel_configs", field.key_where, field.value});
        } else if (!is_one_of(kOfAlertmanagersOnly, field.key) && !is_one_of(kOfTargetsOnly, field.key)) {
            node.entries.push_back(field);
        }
    }
    return node;
}

void report_foreign_keys(const YamlNode& entry, ConfigSource& source) {
    for (const YamlNode::Entry& field : entry.entries) {
        if (!is_one_of(kOfTargetsOnly, field.key)) continue;
        source.problems.push_back({.file = source.file,
                                   .where = field.key_where,
                                   .message = fmt::format("field {} not found in {}", field.key, kAlertmanagerConfig)});
    }
}

void read_own_fields(const YamlNode& entry, AlertmanagersConfig& config, ConfigSource& source) {
    YamlFields fields(entry, kAlertmanagerConfig, source.file, source.problems);
    fields.read("path_prefix", config.path_prefix);
    fields.read("timeout", config.timeout);
    if (config.timeout <= Duration{0}) fields.report(fields.get("timeout")->where, "timeout must be greater than zero");
    if (std::string version; fields.read("api_version", version) && version != "v2") {
        fields.report(fields.get("api_version")->where,
                      fmt::format("expected Alertmanager api version to be one of [v2] but got {}", version));
    }
}

AlertmanagersConfig read_alertmanagers(const YamlNode& entry, std::size_t index, ConfigSource& source) {
    AlertmanagersConfig config;
    read_own_fields(entry, config, source);
    report_foreign_keys(entry, source);
    ScrapeConfig reach = read_scrape_config(as_scrape_config(entry, index), {}, source, kAlertmanagerConfig);
    YamlFields fields(entry, kAlertmanagerConfig, source.file, source.problems);
    config.alert_relabel_configs = std::move(reach.metric_relabel_configs);
    config.reach = std::make_shared<const ScrapeConfig>(std::move(reach));
    return config;
}

RelabelConfigs read_relabelling(const YamlNode& list, ConfigSource& source) {
    YamlNode node;
    node.where = list.where;
    node.entries.push_back({"alert_relabel_configs", list.where, list});
    return read_scrape_config(as_scrape_config(node, 0), {}, source).metric_relabel_configs;
}

}  // namespace

AlertingConfig read_alerting(const YamlNode* node, ConfigSource& source) {
    AlertingConfig config;
    if (node == nullptr || node->is_null()) return config;
    YamlFields fields(*node, "alerting", source.file, source.problems);
    if (const YamlNode* list = fields.get("alert_relabel_configs"); list != nullptr && !list->is_null()) {
        config.alert_relabel_configs = read_relabelling(*list, source);
    }
    if (const YamlNode* list = fields.get("alertmanagers"); list != nullptr && !list->is_null()) {
        if (!list->is_sequence()) fields.report(list->where, "alertmanagers is not a list");
        for (std::size_t i = 0; i < list->items.size(); ++i) {
            config.alertmanagers.push_back(read_alertmanagers(list->items[i], i, source));
        }
    }
    fields.finish();
    return config;
}

}  // namespace tocsin
