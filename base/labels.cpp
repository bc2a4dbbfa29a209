#include "base/labels.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/text.h"

namespace tocsin {

namespace {

/// A text of up to 254 bytes has its length in one byte in front; a longer one has this byte and four bytes of length.
constexpr unsigned char kLongText = 255;
/// So many are sorted in place.
constexpr std::size_t kFewLabels = 16;

/// Names and values are short, and a call of memcpy for each is felt: two overlapping moves instead.
char* copy_text(char* out, std::string_view text) {
    const std::size_t bytes = text.size();
    const auto move_ends = [&](auto piece) {
        auto first = piece, last = piece;
        std::memcpy(&first, text.data(), sizeof piece);
        std::memcpy(&last, text.data() + bytes - sizeof piece, sizeof piece);
        std::memcpy(out, &first, sizeof piece);
        std::memcpy(out + bytes - sizeof piece, &last, sizeof piece);
    };
    struct Sixteen {
        std::uint64_t halves[2];
    };
    if (bytes > 2 * sizeof(Sixteen)) {
        std::memcpy(out, text.data(), bytes);
    } else if (bytes >= sizeof(Sixteen)) {
        move_ends(Sixteen{});
    } else if (bytes >= sizeof(std::uint64_t)) {
        move_ends(std::uint64_t{});
    } else if (bytes >= sizeof(std::uint32_t)) {
        move_ends(std::uint32_t{});
    } else {
        for (std::size_t i = 0; i < bytes; ++i) out[i] = text[i];
    }
    return out + bytes;
}

void write_packed(char*& out, std::string_view text) {
    if (text.size() < kLongText) {
        *out++ = static_cast<char>(text.size());
    } else {
        const auto length = static_cast<std::uint32_t>(text.size());
        *out++ = static_cast<char>(kLongText);
        std::memcpy(out, &length, sizeof length);
        out += sizeof length;
    }
    out = copy_text(out, text);
}

std::string_view take_packed(const char*& at) {
    std::size_t length = static_cast<unsigned char>(*at++);
    if (length == kLongText) {
        std::uint32_t bytes = 0;
        std::memcpy(&bytes, at, sizeof bytes);
        at += sizeof bytes;
        length = bytes;
    }
    const std::string_view text(at, length);
    at += length;
    return text;
}

std::size_t packed_size(std::string_view text) {
    return text.size() + (text.size() < kLongText ? 1 : 1 + sizeof(std::uint32_t));
}

/// Those labels for which `keep` holds, asked twice for each in their order.
template <class Labels, class Keep>
SharedText pack_if(const Labels& labels, Keep keep) {
    std::size_t bytes = 0;
    for (const Label label : labels) {
        if (keep(label)) bytes += packed_size(label.name) + packed_size(label.value);
    }
    TOCSIN_ASSERT(bytes <= std::numeric_limits<std::uint32_t>::max());
    return SharedText::make(static_cast<std::uint32_t>(bytes), [&](char* out) {
        for (const Label label : labels) {
            if (!keep(label)) continue;
            write_packed(out, label.name);
            write_packed(out, label.value);
        }
    });
}

/// Stable, without an allocation; for few elements, or sorted ones.
template <class Less>
void insertion_sort(std::vector<Label>& labels, const Less& less) {
    for (auto at = labels.begin(); at != labels.end(); ++at) {
        std::rotate(std::upper_bound(labels.begin(), at, *at, less), at, at + 1);
    }
}

/// Of labels that are sorted by name those that count: of equal names the last one.
void keep_last_of_equal_names(std::vector<Label>& labels) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const bool overridden = i + 1 < labels.size() && labels[i + 1].name == labels[i].name;
        if (!overridden) labels[kept++] = labels[i];
    }
    labels.resize(kept);
}

bool is_among(const std::vector<std::string>& sorted, std::string_view name) {
    return std::binary_search(sorted.begin(), sorted.end(), name, std::less<>());
}

std::vector<Label> views_of(const std::vector<std::pair<std::string, std::string>>& labels) {
    std::vector<Label> views;
    views.reserve(labels.size());
    for (const auto& [name, value] : labels) views.push_back({name, value});
    return views;
}

std::string quoted_unless_legacy(std::string_view name) {
    return is_legacy_label_name(name) ? std::string(name) : go_quote(name);
}

/// FNV-1a, 64 bits.
class Fnv {
public:
    void add(std::string_view bytes) {
        for (const char byte : bytes) add(static_cast<unsigned char>(byte));
    }
    void add(unsigned char byte) { hash_ = (hash_ ^ byte) * 1'099'511'628'211U; }
    std::uint64_t hash() const { return hash_; }

private:
    std::uint64_t hash_ = 14'695'981'039'346'656'037U;
};

}  // namespace

LabelSet::LabelSet(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
    std::vector<Label> views;
    views.reserve(labels.size());
    for (const auto& [name, value] : labels) views.push_back({name, value});
    *this = from(std::move(views));
}

LabelSet LabelSet::from(std::vector<std::pair<std::string, std::string>> labels) {
    return from(views_of(labels));
}

LabelSet LabelSet::from(std::vector<Label> labels) {
    const auto by_name = [](const Label& a, const Label& b) { return a.name < b.name; };
    // Mostly sorted already, and stable_sort allocates.
    if (labels.size() <= kFewLabels) {
        insertion_sort(labels, by_name);
    } else if (!std::is_sorted(labels.begin(), labels.end(), by_name)) {
        std::stable_sort(labels.begin(), labels.end(), by_name);
    }
    keep_last_of_equal_names(labels);
    return from_sorted(labels);
}

LabelSet LabelSet::from_sorted(std::span<const Label> labels) {
    LabelSet set;
    set.packed_ = pack_if(labels, [](const Label& label) { return !label.value.empty(); });
    return set;
}

std::string_view LabelSet::get(std::string_view name) const {
    for (const Label label : *this) {
        if (label.name == name) return label.value;
    }
    return {};
}

bool LabelSet::has(std::string_view name) const {
    return !get(name).empty();
}

std::size_t LabelSet::size() const {
    std::size_t count = 0;
    for (Iterator at = begin(); at != end(); ++at) ++count;
    return count;
}

LabelSet::Iterator LabelSet::begin() const {
    return Iterator(packed_.view().data());
}

LabelSet::Iterator LabelSet::end() const {
    const std::string_view packed = packed_.view();
    return Iterator(packed.data() + packed.size());
}

LabelSet LabelSet::without(const std::vector<std::string>& names) const {
    LabelSet rest;
    rest.packed_ = pack_if(*this, [&](const Label& label) { return !is_among(names, label.name); });
    return rest;
}

LabelSet LabelSet::only(const std::vector<std::string>& names) const {
    LabelSet kept;
    kept.packed_ = pack_if(*this, [&](const Label& label) { return is_among(names, label.name); });
    return kept;
}

LabelSet LabelSet::without_metric_name() const {
    LabelSet rest;
    rest.packed_ = pack_if(*this, [](const Label& label) { return label.name != kMetricNameLabel; });
    return rest;
}

std::uint64_t LabelSet::hash() const {
    return hash_bytes(packed_.view());
}

std::strong_ordering LabelSet::operator<=>(const LabelSet& other) const {
    const std::string_view my_bytes = packed_.view(), their_bytes = other.packed_.view();
    const char* mine = my_bytes.data();
    const char* theirs = their_bytes.data();
    const char* const mine_end = mine + my_bytes.size();
    const char* const theirs_end = theirs + their_bytes.size();
    // Names and values take turns, so texts are compared one after the other.
    while (mine != mine_end && theirs != theirs_end) {
        const auto order = take_packed(mine) <=> take_packed(theirs);
        if (order != 0) return order;
    }
    return (mine != mine_end) <=> (theirs != theirs_end);
}

Label LabelSet::Iterator::operator*() const {
    const char* at = at_;
    const std::string_view name = take_packed(at);
    return {name, take_packed(at)};
}

LabelSet::Iterator& LabelSet::Iterator::operator++() {
    take_packed(at_);
    take_packed(at_);
    return *this;
}

LabelBuilder::LabelBuilder(const LabelSet& base) {
    for (const Label label : base) labels_.emplace_back(label.name, label.value);
}

LabelBuilder& LabelBuilder::set(std::string_view name, std::string_view value) {
    if (value.empty()) return remove(name);
    const auto at = std::lower_bound(labels_.begin(), labels_.end(), name,
                                     [](const auto& label, std::string_view wanted) { return label.first < wanted; });
    if (at != labels_.end() && at->first == name) {
        at->second = value;
    } else {
        labels_.emplace(at, name, value);
    }
    return *this;
}

LabelBuilder& LabelBuilder::remove(std::string_view name) {
    std::erase_if(labels_, [name](const auto& label) { return label.first == name; });
    return *this;
}

std::string_view LabelBuilder::get(std::string_view name) const {
    for (const auto& label : labels_) {
        if (label.first == name) return label.second;
    }
    return {};
}

LabelSet LabelBuilder::build() const {
    return LabelSet::from_sorted(views_of(labels_));
}

Fingerprint fingerprint(const LabelSet& labels) {
    constexpr unsigned char kSeparator = 0xFF;
    Fnv fnv;
    for (const Label label : labels) {
        fnv.add(label.name);
        fnv.add(kSeparator);
        fnv.add(label.value);
        fnv.add(kSeparator);
    }
    return fnv.hash();
}

std::string to_string_fingerprint(Fingerprint fingerprint) {
    std::string text(16, '0');
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, fingerprint >>= 4U) {
        *digit = "0123456789abcdef"[fingerprint & 0xFU];
    }
    return text;
}

std::string to_string(const LabelSet& labels) {
    const std::string_view metric = labels.metric_name();
    // A name that is not the traditional kind stands among the labels, in quotes and without `__name__=`.
    const bool name_in_front = is_legacy_metric_name(metric);
    std::vector<std::string> parts;
    if (!metric.empty() && !name_in_front) parts.push_back(go_quote(metric));
    for (const Label label : labels) {
        if (label.name == kMetricNameLabel) continue;
        parts.push_back(quoted_unless_legacy(label.name) + "=" + go_quote(label.value));
    }
    if (name_in_front && parts.empty()) return std::string(metric);
    return fmt::format("{}{{{}}}", name_in_front ? metric : "", join(parts, ", "));
}

std::string to_string_of_labels(const LabelSet& labels) {
    std::vector<std::string> parts;
    for (const Label label : labels) parts.push_back(quoted_unless_legacy(label.name) + "=" + go_quote(label.value));
    return fmt::format("{{{}}}", join(parts, ", "));
}

}  // namespace tocsin
