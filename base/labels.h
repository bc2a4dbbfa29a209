#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/shared_text.h"

namespace tocsin {

inline constexpr std::string_view kMetricNameLabel = "__name__";
inline constexpr std::string_view kAlertNameLabel = "alertname";
inline constexpr std::string_view kBucketLabel = "le";

/// A name with its value; both views point into the LabelSet they came from.
struct Label {
    std::string_view name;
    std::string_view value;

    auto operator<=>(const Label&) const = default;
};

/// The labels of a series or an alert: sorted by name (bytes), each name once, no empty value. Immutable.
///
/// One allocation whatever the number of labels and copies: pairs lie one after the other, each text behind its length,
/// and copies share them. Equal sets have equal bytes, so equality is memcmp and the hash runs over one block.
class LabelSet {
public:
    class Iterator;

    LabelSet() = default;
    LabelSet(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);

    /// Sorts; of a name given twice the last one counts; an empty value leaves the label out.
    static LabelSet from(std::vector<std::pair<std::string, std::string>> labels);
    /// Views must outlive the call only.
    static LabelSet from(std::vector<Label> labels);
    /// Of labels that are sorted by name already, each name once; empty values are left out. Views must outlive the
    /// call only.
    static LabelSet from_sorted(std::span<const Label> labels);

    /// The value, or an empty view: an absent label and an empty one are the same in PromQL and in Alertmanager.
    std::string_view get(std::string_view name) const;
    bool has(std::string_view name) const;
    std::string_view metric_name() const { return get(kMetricNameLabel); }

    bool empty() const { return packed_.empty(); }
    std::size_t size() const;
    /// Bytes held together with all copies, for accounting.
    std::size_t packed_bytes() const { return packed_.empty() ? 0 : packed_.view().size() + SharedText::kOverhead; }

    Iterator begin() const;
    Iterator end() const;

    /// The set without some of its names, or with only some of them. `names` must be sorted.
    LabelSet without(const std::vector<std::string>& names) const;
    LabelSet only(const std::vector<std::string>& names) const;
    LabelSet without_metric_name() const;

    /// For hash maps of this process; differs between versions.
    std::uint64_t hash() const;

    bool operator==(const LabelSet& other) const { return packed_ == other.packed_; }
    /// Name by name, then value by value: the order in which Prometheus sorts label sets.
    std::strong_ordering operator<=>(const LabelSet& other) const;

private:
    SharedText packed_;
};

/// Walks the labels in the order of their names. Invalid once the set is gone.
class LabelSet::Iterator {
public:
    using value_type = Label;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}
    Label operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
        const Iterator old = *this;
        ++*this;
        return old;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

private:
    const char* at_ = nullptr;
};

/// Changes a label set step by step; build() as often as wanted.
class LabelBuilder {
public:
    LabelBuilder() = default;
    explicit LabelBuilder(const LabelSet& base);

    /// An empty value removes the label.
    LabelBuilder& set(std::string_view name, std::string_view value);
    LabelBuilder& remove(std::string_view name);
    std::string_view get(std::string_view name) const;
    bool has(std::string_view name) const { return !get(name).empty(); }
    const std::vector<std::pair<std::string, std::string>>& labels() const { return labels_; }
    void clear() { labels_.clear(); }
    LabelSet build() const;

private:
    std::vector<std::pair<std::string, std::string>> labels_;  // sorted by name
};

/// Alertmanager's identity of a label set: FNV-1a over `name 0xFF value 0xFF` (prometheus/common LabelSet.Fingerprint).
/// Shown as 16 hexadecimal digits. Fingerprints collide; where it matters the label sets decide.
using Fingerprint = std::uint64_t;
Fingerprint fingerprint(const LabelSet& labels);
std::string to_string_fingerprint(Fingerprint fingerprint);

/// `{a="b", c="d"}` with values in Go's quotes, and `name{…}` in front when there is a metric name.
std::string to_string(const LabelSet& labels);
/// `{__name__="up", a="b"}`: the metric name is a label like any other, as messages of Prometheus' engine have it.
std::string to_string_of_labels(const LabelSet& labels);

struct LabelSetHash {
    using is_avalanching = void;  // boost's flat maps need not mix it once more
    std::size_t operator()(const LabelSet& labels) const { return labels.hash(); }
};

}  // namespace tocsin
