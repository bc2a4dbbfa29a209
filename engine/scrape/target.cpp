#include "engine/scrape/target.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "base/url.h"

namespace tocsin {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kScheme = "__scheme__";
constexpr std::string_view kMetricsPath = "__metrics_path__";
constexpr std::string_view kInterval = "__scrape_interval__";
constexpr std::string_view kTimeout = "__scrape_timeout__";
constexpr std::string_view kParam = "__param_";

void set_default(LabelBuilder& labels, std::string_view name, std::string_view value) {
    if (!labels.has(name)) labels.set(name, value);
}

LabelBuilder before_relabelling(const LabelSet& target, const LabelSet& group, const ScrapeConfig& config) {
    LabelBuilder labels(target);
    for (const Label& label : group) {
        if (!target.has(label.name)) labels.set(label.name, label.value);
    }
    set_default(labels, "job", config.job_name);
    if (config.scrape_interval) set_default(labels, kInterval, to_string(*config.scrape_interval));
    set_default(labels, kTimeout, to_string(config.scrape_timeout));
    set_default(labels, kMetricsPath, config.metrics_path);
    set_default(labels, kScheme, config.scheme);
    for (const auto& [name, values] : config.params) {
        if (!values.empty()) labels.set(fmt::format("{}{}", kParam, name), values.front());
    }
    return labels;
}

Result<Duration> duration_label(const LabelBuilder& labels, std::string_view name, std::string_view what) {
    auto duration = parse_duration(labels.get(name));
    if (!duration) return fail_with_context(fmt::format("error parsing {}", what), duration.error());
    if (duration->count() == 0) return fail(Error::Kind::InvalidInput, fmt::format("{} cannot be 0", what));
    return *duration;
}

// Keys sorted, as Go's url.Values.Encode has them. A label of relabelling changes the first value of its parameter.
std::string query_of(const LabelBuilder& labels, const ScrapeConfig& config) {
    std::map<std::string, std::vector<std::string>> params(config.params.begin(), config.params.end());
    for (const auto& [name, value] : labels.labels()) {
        if (!name.starts_with(kParam)) continue;
        auto& values = params[name.substr(kParam.size())];
        if (values.empty()) values.emplace_back();
        values.front() = value;
    }
    std::string query;
    for (const auto& [name, values] : params) {
        for (const std::string& value : values) {
            query += query.empty() ? '?' : '&';
            query += query_escape(name) + "=" + query_escape(value);
        }
    }
    return query;
}

// As Go's URL.EscapedPath writes it; what looks like a query in it is none.
std::string path_of(std::string_view path) {
    std::string escaped = path.starts_with('/') ? "" : "/";
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-_.~$&+,/:;=@").find(c) != std::string_view::npos;
        escaped += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return escaped;
}

LabelSet public_labels(const LabelBuilder& labels) {
    LabelBuilder kept;
    for (const auto& [name, value] : labels.labels()) {
        if (!name.starts_with("__")) kept.set(name, value);
    }
    return kept.build();
}

Status check_target_labels(const LabelBuilder& labels) {
    const std::string_view address = labels.get(kAddress);
    if (address.empty()) return fail(Error::Kind::InvalidInput, "no address");
    if (address.find('/') != std::string_view::npos) {
        return fail(Error::Kind::InvalidInput, fmt::format("{} is not a valid hostname", go_quote(address)));
    }
    for (const auto& [name, value] : labels.labels()) {
        if (is_valid_utf8(value)) continue;
        return fail(Error::Kind::InvalidInput,
                    fmt::format("invalid label value for {}: {}", go_quote(name), go_quote(value)));
    }
    return {};
}

Result<Target> target_from(LabelBuilder labels, LabelSet discovered, const ScrapeConfig& config) {
    if (auto problem = check_target_labels(labels); !problem) return tl::unexpected(problem.error());
    Target target;
    TOCSIN_TRY(target.timeout, duration_label(labels, kTimeout, "scrape timeout"));
    if (labels.has(kInterval)) {
        TOCSIN_TRY(target.interval, duration_label(labels, kInterval, "scrape interval"));
        if (target.timeout > *target.interval) {
            return fail(Error::Kind::InvalidInput,
                        fmt::format("scrape timeout cannot be greater than scrape interval ({} > {})",
                                    go_quote(labels.get(kTimeout)), go_quote(labels.get(kInterval))));
        }
    }
    set_default(labels, "instance", std::string(labels.get(kAddress)));
    target.url = fmt::format("{}://{}{}{}", labels.get(kScheme), labels.get(kAddress),
                             path_of(labels.get(kMetricsPath)), query_of(labels, config));
    target.labels = public_labels(labels);
    target.discovered_labels = std::move(discovered);
    return target;
}

}  // namespace

PopulatedTargets populate_targets(const TargetGroup& group, const ScrapeConfig& config) {
    PopulatedTargets populated;
    for (std::size_t i = 0; i < group.targets.size(); ++i) {
        LabelBuilder labels = before_relabelling(group.targets[i], group.labels, config);
        LabelSet discovered = labels.build();
        if (!relabel(labels, config.relabel_configs)) {
            populated.dropped.push_back(std::move(discovered));
            continue;
        }
        auto target = target_from(std::move(labels), std::move(discovered), config);
        if (target) {
            populated.targets.push_back(std::move(*target));
        } else {
            populated.failures.push_back(
                fmt::format("instance {} in group {}: {}", i, group.source, target.error().message));
        }
    }
    return populated;
}

}  // namespace tocsin
