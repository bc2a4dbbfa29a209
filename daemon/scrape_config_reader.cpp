#include "daemon/scrape_config_reader.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/http_access.h"
#include "base/text.h"
#include "daemon/byte_size.h"

namespace tocsin {
namespace {

constexpr std::array<std::pair<std::string_view, ScrapeProtocol>, 4> kProtocols{{
    {"OpenMetricsText0.0.1", ScrapeProtocol::OpenMetricsText0_0_1},
    {"OpenMetricsText1.0.0", ScrapeProtocol::OpenMetricsText1_0_0},
    {"PrometheusText0.0.4", ScrapeProtocol::PrometheusText0_0_4},
    {"PrometheusText1.0.0", ScrapeProtocol::PrometheusText1_0_0},
}};

// Discovery that Prometheus has and tocsin does not: a file that relies on it would silently watch nothing.
constexpr std::array kOtherDiscoveries{
    "aws_sd_configs",      "azure_sd_configs",       "consul_sd_configs",    "digitalocean_sd_configs",
    "docker_sd_configs",   "dockerswarm_sd_configs", "ec2_sd_configs",       "eureka_sd_configs",
    "gce_sd_configs",      "hetzner_sd_configs",     "ionos_sd_configs",     "kubernetes_sd_configs",
    "kuma_sd_configs",     "lightsail_sd_configs",   "linode_sd_configs",    "marathon_sd_configs",
    "nerve_sd_configs",    "nomad_sd_configs",       "openstack_sd_configs", "ovhcloud_sd_configs",
    "outscale_sd_configs", "puppetdb_sd_configs",    "scaleway_sd_configs",  "serverset_sd_configs",
    "stackit_sd_configs",  "triton_sd_configs",      "uyuni_sd_configs",     "vultr_sd_configs",
};

void check_protocols(YamlFields& fields, const std::vector<std::string>& names) {
    const SourceRange& where = fields.get("scrape_protocols")->where;
    if (names.empty()) fields.report(where, "scrape_protocols cannot be empty");
    const std::set<std::string> different(names.begin(), names.end());
    if (different.size() == names.size()) return;
    fields.report(where, fmt::format("duplicated protocol in scrape_protocols, got [{}]", fmt::join(names, " ")));
}

void read_protocols(YamlFields& fields, std::vector<ScrapeProtocol>& into) {
    std::vector<std::string> names;
    if (!fields.read("scrape_protocols", names)) return;
    check_protocols(fields, names);
    into.clear();
    for (const std::string& name : names) {
        if (name == "PrometheusProto")
            continue;  // asked for by preference only; the text formats are always understood
        const auto known =
            std::find_if(kProtocols.begin(), kProtocols.end(), [&](const auto& p) { return p.first == name; });
        if (known == kProtocols.end()) {
            fields.report(fields.get("scrape_protocols")->where, fmt::format("unknown scrape protocol {}", name));
        } else {
            into.push_back(known->second);
        }
    }
}

// Which action it is decides about the other keys: of an unknown one, only what holds for all of them is looked at.
bool read_relabel_action(YamlFields& step, RelabelAction& into) {
    std::string action;
    if (!step.read("action", action)) return true;
    const auto parsed = parse_relabel_action(action);
    if (parsed) {
        into = *parsed;
        return true;
    }
    step.report(step.get("action")->where, parsed.error().message);
    return false;
}

void report_relabel_problems(YamlFields& step, const RelabelFields& relabel, bool is_known) {
    for (RelabelProblem& problem : RelabelConfig::problems_with(relabel)) {
        if (!is_known && problem.key != "regex") continue;
        const YamlNode* node = step.get(problem.key);
        step.report(node == nullptr || node->is_null() ? step.node().where : node->where, std::move(problem.message));
    }
}

void read_relabel_config(const YamlNode& item, RelabelConfigs& into, ConfigSource& source) {
    YamlFields step(item, "relabel config", source.file, source.problems);
    RelabelFields relabel;
    step.read("source_labels", relabel.source_labels);
    step.read("separator", relabel.separator);
    step.read("regex", relabel.regex);
    step.read("modulus", relabel.modulus);
    step.read("target_label", relabel.target_label);
    step.read("replacement", relabel.replacement);
    const bool is_known = read_relabel_action(step, relabel.action);
    step.finish();
    report_relabel_problems(step, relabel, is_known);
    if (!is_known) return;
    if (auto config = RelabelConfig::create(std::move(relabel))) into.push_back(std::move(*config));
}

void read_relabel_configs(YamlFields& fields, std::string_view key, RelabelConfigs& into, ConfigSource& source) {
    const YamlNode* list = fields.get(key);
    if (list == nullptr || list->is_null()) return;
    if (!list->is_sequence()) return fields.report(list->where, fmt::format("{} is not a list", key));
    for (const YamlNode& item : list->items) read_relabel_config(item, into, source);
}

void read_params(YamlFields& fields, ScrapeConfig& config, ConfigSource& source) {
    const YamlNode* node = fields.get("params");
    if (node == nullptr || node->is_null()) return;
    YamlFields params(*node, "params", source.file, source.problems);
    for (const YamlNode::Entry& entry : node->entries) {
        std::vector<std::string> values;
        params.read(entry.key, values);
        config.params.emplace_back(entry.key, std::move(values));
    }
    params.finish();
}

void read_discoveries(YamlFields& fields, ScrapeConfig& config, ConfigSource& source) {
    for (const DiscoveryType* type : discovery_types()) {
        const YamlNode* list = fields.get(type->config_key);
        if (list == nullptr || list->is_null()) continue;
        if (!list->is_sequence()) {
            fields.report(list->where, fmt::format("{} is not a list", type->config_key));
            continue;
        }
        for (std::size_t i = 0; i < list->items.size(); ++i) {
            if (auto discovery = type->parse({list->items[i], source.file, source.directory, i, source.problems})) {
                config.discoveries.push_back(std::move(discovery));
            }
        }
    }
    for (const std::string_view key : kOtherDiscoveries) {
        if (const YamlNode* node = fields.get(key)) {
            fields.report(node->where, fmt::format("{} is not supported, and its targets would not be watched", key),
                          "one of the kinds listed in docs/configuration.md");
        }
    }
}

// Prometheus (config.go, checkStaticTargets) looks for URLs among addresses as they are written where nothing is
// relabelled: with relabelling, as for a blackbox exporter, they may become something else.
void check_static_addresses(YamlFields& fields) {
    const YamlNode* steps = fields.get("relabel_configs");
    const YamlNode* groups = fields.get("static_configs");
    if (groups == nullptr || (steps != nullptr && !steps->items.empty())) return;
    for (const YamlNode& group : groups->items) {
        const YamlNode* targets = group.find("targets");
        if (targets == nullptr) continue;
        for (const YamlNode& target : targets->items) {
            if (target.text.find('/') == std::string::npos) continue;
            fields.report(target.where, go_quote(target.text) + " is not a valid hostname", "host or host:port");
        }
    }
}

// Zero means for Prometheus that the key is not set, and the global value counts.
std::optional<Duration> read_unless_zero(YamlFields& fields, std::string_view key) {
    Duration duration{0};
    return fields.read(key, duration) && duration > Duration{0} ? std::optional(duration) : std::nullopt;
}

void read_timing(YamlFields& fields, const ScrapeDefaults& defaults, ScrapeConfig& config) {
    config.scrape_interval = read_unless_zero(fields, "scrape_interval");
    if (!config.scrape_interval) config.scrape_interval = defaults.scrape_interval;
    const auto timeout = read_unless_zero(fields, "scrape_timeout");
    config.scrape_timeout = timeout.value_or(defaults.scrape_timeout);
    if (!config.scrape_interval || config.scrape_timeout <= *config.scrape_interval) return;
    if (!timeout) {
        config.scrape_timeout = *config.scrape_interval;
    } else {
        fields.report(fields.get("scrape_timeout")->where,
                      fmt::format("scrape timeout greater than scrape interval for scrape config with job name \"{}\"",
                                  config.job_name));
    }
}

}  // namespace

void warn_of_ignored(YamlFields& fields, std::initializer_list<std::string_view> keys, std::string_view because,
                     ConfigSource& source) {
    for (const std::string_view key : keys) {
        const YamlNode* node = fields.get(key);
        if (node == nullptr || node->is_null()) continue;
        source.warnings.push_back({.severity = Severity::Warning,
                                   .check = "config/ignored",
                                   .file = source.file,
                                   .where = node->where,
                                   .message = fmt::format("{} has no effect: {}", key, because)});
    }
}

void read_scrape_limits(YamlFields& fields, ConfigSource&, ScrapeDefaults& into) {
    read_protocols(fields, into.scrape_protocols);
    std::string bytes;
    if (fields.read("body_size_limit", bytes)) {
        if (const auto limit = parse_byte_size(bytes)) {
            // Less than nothing is no limit, as nothing is.
            into.body_size_limit = static_cast<std::uint64_t>(std::max<std::int64_t>(*limit, 0));
        } else {
            fields.report(fields.get("body_size_limit")->where, fmt::format("\"{}\" is not a size", bytes),
                          "a size as 10MB");
        }
    }
    fields.read("sample_limit", into.sample_limit);
    fields.read("target_limit", into.target_limit);
    fields.read("label_limit", into.label_limit);
    fields.read("label_name_length_limit", into.label_name_length_limit);
    fields.read("label_value_length_limit", into.label_value_length_limit);
    fields.read("keep_dropped_targets", into.keep_dropped_targets);
    fields.read("extra_scrape_metrics", into.extra_scrape_metrics);
}

ScrapeConfig read_scrape_config(const YamlNode& node, const ScrapeDefaults& defaults, ConfigSource& source,
                                const char* what) {
    ScrapeConfig config;
    YamlFields fields(node, what, source.file, source.problems);
    fields.read("job_name", config.job_name);
    if (config.job_name.empty()) fields.report(node.where, "job_name is empty");
    read_timing(fields, defaults, config);
    fields.read("metrics_path", config.metrics_path);
    fields.read("scheme", config.scheme);
    if (config.scheme != "http" && config.scheme != "https") {
        fields.report(fields.get("scheme")->where, fmt::format("unsupported scheme \"{}\"", config.scheme),
                      "http or https");
    }
    read_params(fields, config, source);
    fields.read("honor_labels", config.honor_labels);
    fields.read("honor_timestamps", config.honor_timestamps);
    fields.read("track_timestamps_staleness", config.track_timestamps_staleness);
    fields.read("enable_compression", config.enable_compression);
    ScrapeDefaults limits = defaults;
    read_scrape_limits(fields, source, limits);
    config.scrape_protocols = limits.scrape_protocols;
    config.body_size_limit = limits.body_size_limit;
    config.sample_limit = limits.sample_limit;
    config.target_limit = limits.target_limit;
    config.label_limit = limits.label_limit;
    config.label_name_length_limit = limits.label_name_length_limit;
    config.label_value_length_limit = limits.label_value_length_limit;
    config.keep_dropped_targets = limits.keep_dropped_targets;
    config.extra_scrape_metrics = limits.extra_scrape_metrics;
    if (std::string fallback; fields.read("fallback_scrape_protocol", fallback)) {
        const auto known =
            std::find_if(kProtocols.begin(), kProtocols.end(), [&](const auto& p) { return p.first == fallback; });
        if (known != kProtocols.end()) {
            config.fallback_scrape_protocol = known->second;
        } else {
            fields.report(fields.get("fallback_scrape_protocol")->where,
                          fmt::format("unknown scrape protocol {}", fallback));
        }
    }
    config.access = read_http_access(fields, source.directory, source.problems);
    read_relabel_configs(fields, "relabel_configs", config.relabel_configs, source);
    read_relabel_configs(fields, "metric_relabel_configs", config.metric_relabel_configs, source);
    read_discoveries(fields, config, source);
    check_static_addresses(fields);
    warn_of_ignored(
        fields,
        {"native_histogram_bucket_limit", "native_histogram_min_bucket_factor", "scrape_native_histograms",
         "scrape_classic_histograms", "always_scrape_classic_histograms", "convert_classic_histograms_to_nhcb"},
        "there are no native histograms", source);
    warn_of_ignored(fields, {"enable_http2"}, "scrapes speak HTTP/1.1", source);
    warn_of_ignored(fields, {"scrape_failure_log_file", "metric_name_validation_scheme", "metric_name_escaping_scheme"},
                    "tocsin does not act on it", source);
    fields.finish();
    return config;
}

std::vector<ScrapeConfig> read_scrape_configs(YamlFields& fields, const ScrapeDefaults& defaults, ConfigSource& source,
                                              ScrapeJobs& jobs) {
    std::vector<ScrapeConfig> configs;
    const YamlNode* list = fields.get("scrape_configs");
    if (list == nullptr || list->is_null()) return configs;
    if (!list->is_sequence()) {
        fields.report(list->where, "scrape_configs is not a list");
        return configs;
    }
    for (const YamlNode& item : list->items) {
        ScrapeConfig job = read_scrape_config(item, defaults, source);
        const auto [first, is_new] = jobs.emplace(job.job_name, source.file);
        if (!job.job_name.empty() && !is_new) {
            const std::string where =
                first->second == source.file ? "" : fmt::format(", first found in {}", first->second);
            fields.report(item.where,
                          fmt::format("found multiple scrape configs with job name \"{}\"{}", job.job_name, where));
        }
        configs.push_back(std::move(job));
    }
    return configs;
}

}  // namespace tocsin
