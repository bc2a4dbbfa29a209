#include "engine/scrape/series_labels.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

bool is_name(std::string_view text) {
    int seen = 0;
    for (const char c : text) seen |= c;
    return !text.empty() && (seen >= 0 || is_valid_utf8(text));
}

// The first 50 bytes, as the original quotes them.
std::string_view shortened(std::string_view text) {
    return text.substr(0, 50);
}

// For messages.
std::string_view metric_of(const std::vector<Label>& labels) {
    const auto name = std::ranges::find(labels, kMetricNameLabel, &Label::name);
    return name == labels.end() ? std::string_view{} : name->value;
}

}  // namespace

SeriesLabels::SeriesLabels(const ScrapeConfig& config, const Target& target, const ScrapeLimits& limits)
    : config_(config), target_(target), limits_(limits) {
    target_size_ = target.labels.size();
    target_fits_ = std::ranges::all_of(target.labels, [&](const Label& l) { return check_size(l) == Verdict::Keep; });
}

SeriesLabels::Verdict SeriesLabels::judge(const std::vector<Label>& exposed) {
    const auto twice = std::ranges::adjacent_find(exposed, {}, &Label::name);
    if (twice != exposed.end()) {
        return refuse(fmt::format("label name {} is not unique: invalid sample", go_quote(twice->name)));
    }
    if (config_.metric_relabel_configs.empty() && merge(exposed)) {
        return target_fits_ ? check(exposed, target_size_) : check(labels_, 0);
    }
    return relabel_all(exposed) ? check(labels_, 0) : Verdict::Drop;
}

// The usual case, without a copy of any text. False when both have a label of one name.
bool SeriesLabels::merge(const std::vector<Label>& exposed) {
    labels_.resize(exposed.size() + target_size_);
    auto into = labels_.begin();
    auto from = exposed.begin();
    for (const Label& label : target_.labels) {
        while (from != exposed.end() && from->name < label.name) *into++ = *from++;
        if (from != exposed.end() && from->name == label.name) return false;
        *into++ = label;
    }
    std::copy(from, exposed.end(), into);
    return true;
}

// False when nothing is left.
bool SeriesLabels::relabel_all(const std::vector<Label>& exposed) {
    relabelled_ = with_target_labels(exposed, target_.labels, config_.honor_labels);
    if (!relabel(relabelled_, config_.metric_relabel_configs)) return false;
    labels_.clear();
    for (const auto& [name, value] : relabelled_.labels()) labels_.push_back({name, value});
    return !labels_.empty();
}

SeriesLabels::Verdict SeriesLabels::check(std::span<const Label> labels, std::size_t checked_before) {
    std::size_t count = checked_before;
    bool has_name = false;
    for (const Label& label : labels) {
        if (label.value.empty()) continue;
        ++count;
        if (check_size(label) == Verdict::Invalid) return Verdict::Invalid;
        has_name = has_name || label.name == kMetricNameLabel;
    }
    if (!has_name) return refuse("missing metric name (__name__ label)");
    if (limits_.labels > 0 && count > limits_.labels) {
        return refuse(fmt::format("label_limit exceeded (metric: {}, number of labels: {}, limit: {})",
                                  shortened(metric_of(labels_)), count, limits_.labels));
    }
    return Verdict::Keep;
}

SeriesLabels::Verdict SeriesLabels::check_size(const Label& label) {
    if (!is_name(label.name)) {
        return refuse(fmt::format("invalid metric name or label names: {}", to_string(LabelSet::from(labels_))));
    }
    if (limits_.label_name_bytes > 0 && label.name.size() > limits_.label_name_bytes) {
        return refuse(fmt::format(
            "label_name_length_limit exceeded (metric: {}, label name: {}, length: {}, limit: {})",
            shortened(metric_of(labels_)), shortened(label.name), label.name.size(), limits_.label_name_bytes));
    }
    if (limits_.label_value_bytes > 0 && label.value.size() > limits_.label_value_bytes) {
        return refuse(fmt::format(
            "label_value_length_limit exceeded (metric: {}, label name: {}, value: {}, length: {}, limit: {})",
            shortened(metric_of(labels_)), shortened(label.name), go_quote(shortened(label.value)), label.value.size(),
            limits_.label_value_bytes));
    }
    return Verdict::Keep;
}

SeriesLabels::Verdict SeriesLabels::refuse(std::string problem) {
    problem_ = std::move(problem);
    return Verdict::Invalid;
}

LabelBuilder with_target_labels(const std::vector<Label>& exposed, const LabelSet& target, bool honor_labels) {
    LabelBuilder labels;
    for (const Label& label : exposed) labels.set(label.name, label.value);
    const auto is_exposed = [&](std::string_view name) {
        return std::ranges::binary_search(exposed, name, {}, &Label::name);
    };
    std::vector<Label> conflicts;
    for (const Label& label : target) {
        if (honor_labels && is_exposed(label.name)) continue;
        if (const auto it = std::ranges::lower_bound(exposed, label.name, {}, &Label::name);
            it != exposed.end() && it->name == label.name && !it->value.empty()) {
            conflicts.push_back(*it);
        }
        labels.set(label.name, label.value);
    }
    // Short names first, as in the original: it decides who gets which name when one is taken.
    std::ranges::stable_sort(conflicts, {}, [](const Label& label) { return label.name.size(); });
    for (const Label& label : conflicts) {
        std::string name = "exported_" + std::string(label.name);
        while (labels.has(name)) name.insert(0, "exported_");
        labels.set(name, label.value);
    }
    return labels;
}

}  // namespace tocsin
