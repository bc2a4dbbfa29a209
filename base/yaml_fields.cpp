#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "base/yaml.h"

namespace tocsin {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::size_t kKeysOfMost = 8;  // that most mappings know

/// An unquoted scalar without the `_` between digits.
std::string without_underscores(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '_');
    return digits;
}

/// Digits as Go's strconv.ParseInt(…, 0, 64) reads them: 0x, 0o, 0b and a leading 0 for octal. Without a sign.
std::optional<std::uint64_t> parse_magnitude(std::string_view digits) {
    int base = 10;
    const auto prefixed = [&](std::string_view prefix, int of) {
        if (base == 10 && digits.size() > prefix.size() && digits.starts_with(prefix)) {
            digits.remove_prefix(prefix.size());
            base = of;
        }
    };
    prefixed("0x", 16);
    prefixed("0b", 2);
    prefixed("0o", 8);
    prefixed("0", 8);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

struct Integer {
    bool negative;
    std::uint64_t magnitude;
};

std::optional<double> yaml_float(const YamlNode& node);

/// Whether it may be a number, as far as its first character tells.
bool may_be_number(const YamlNode& node) {
    return node.is_scalar() && !node.quoted && !node.text.empty() && node.text.front() != '_';
}

std::optional<Integer> yaml_integer(const YamlNode& node) {
    if (!may_be_number(node)) return std::nullopt;
    const std::string text = without_underscores(node.text);
    std::string_view digits = text;
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    if (const auto magnitude = parse_magnitude(digits)) return Integer{negative, *magnitude};
    // `5.0` and `1e3` are whole numbers too.
    const auto number = yaml_float(node);
    if (!number || std::trunc(*number) != *number || std::abs(*number) >= 0x1p64) return std::nullopt;
    return Integer{*number < 0, static_cast<std::uint64_t>(std::abs(*number))};
}

/// For a field that holds integers: as in Go's YAML reader, a fraction is cut off.
std::optional<Integer> yaml_truncated(const YamlNode& node) {
    if (const auto integer = yaml_integer(node)) return integer;
    const auto number = yaml_float(node);
    if (!number || !(std::abs(*number) < 0x1p64)) return std::nullopt;
    return Integer{*number < 0, static_cast<std::uint64_t>(std::abs(*number))};
}

std::optional<double> yaml_float(const YamlNode& node) {
    if (!may_be_number(node)) return std::nullopt;
    std::string text = to_lower(without_underscores(node.text));
    std::string_view number = text;
    if (number.starts_with('+')) number.remove_prefix(1);
    if (number == ".inf") return std::numeric_limits<double>::infinity();
    if (number == "-.inf") return -std::numeric_limits<double>::infinity();
    if (number == ".nan") return std::numeric_limits<double>::quiet_NaN();
    // What else reads as a number somewhere (`inf`, `nan`, `0x1p4`) is a text in YAML.
    if (number.find_first_of(kDigits) == std::string_view::npos) return std::nullopt;
    if (number.find_first_not_of("0123456789.e+-") != std::string_view::npos) return std::nullopt;
    return parse_float(number);
}

/// The tag that YAML gives a node, as the messages of Go's YAML reader name it.
std::string_view tag_of(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::Null:
            return "!!null";
        case YamlNode::Kind::Sequence:
            return "!!seq";
        case YamlNode::Kind::Map:
            return "!!map";
        case YamlNode::Kind::Scalar:
            break;
    }
    if (yaml_bool(node)) return "!!bool";
    const auto number = yaml_float(node);
    if (yaml_integer(node)) return number && node.text.find_first_of(".eE") != std::string::npos ? "!!float" : "!!int";
    return number ? "!!float" : "!!str";
}

/// A scalar as messages show it. A longer one is cut to its beginning, since it may be a secret in the wrong place.
std::string shown_node(const YamlNode& node) {
    constexpr std::size_t kLongest = 10;
    constexpr std::size_t kBeginning = 7;
    if (!node.is_scalar()) return std::string(tag_of(node));
    const bool cut = node.text.size() > kLongest;
    const std::string text = replace_invalid_utf8(node.text.substr(0, cut ? kBeginning : kLongest));
    return fmt::format("{} `{}{}`", tag_of(node), escape_control_characters(text), cut ? "..." : "");
}

}  // namespace

std::optional<bool> yaml_bool(const YamlNode& node) {
    if (!node.is_scalar() || node.quoted) return std::nullopt;
    const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
        return std::find(words.begin(), words.end(), node.text) != words.end();
    };
    if (is_one_of({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"})) return true;
    if (is_one_of({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"})) return false;
    return std::nullopt;
}

YamlFields::YamlFields(const YamlNode& node, std::string what, std::string_view file, Diagnostics& diagnostics)
    : node_(node), what_(std::move(what)), file_(file), diagnostics_(diagnostics) {
    known_.reserve(kKeysOfMost);
    if (!node.is_map() && !node.is_null())
        report(node.where, fmt::format("cannot read {} as {}", shown_node(node), what_));
}

const YamlNode* YamlFields::get(std::string_view key) {
    ignore(key);
    return node_.find(key);
}

bool YamlFields::read(std::string_view key, std::string& into) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->is_null()) return false;
    if (!value->is_scalar()) {
        report(value->where, fmt::format("cannot read {} as a string", shown_node(*value)));
        return false;
    }
    into = value->text;
    return true;
}

bool YamlFields::read(std::string_view key, bool& into) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->is_null()) return false;
    const auto flag = yaml_bool(*value);
    if (!flag) {
        report(value->where, fmt::format("cannot read {} as a boolean", shown_node(*value)), "true or false");
        return false;
    }
    into = *flag;
    return true;
}

bool YamlFields::read(std::string_view key, std::int64_t& into) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->is_null()) return false;
    const auto number = yaml_truncated(*value);
    constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
    if (!number || number->magnitude > kLargest + (number->negative ? 1U : 0U)) {
        report(value->where, fmt::format("cannot read {} as an integer", shown_node(*value)));
        return false;
    }
    into = static_cast<std::int64_t>(number->negative ? -number->magnitude : number->magnitude);
    return true;
}

bool YamlFields::read(std::string_view key, std::uint64_t& into) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->is_null()) return false;
    const auto number = yaml_truncated(*value);
    if (!number || (number->negative && number->magnitude > 0)) {
        report(value->where, fmt::format("cannot read {} as an integer of at least 0", shown_node(*value)));
        return false;
    }
    into = number->magnitude;
    return true;
}

bool YamlFields::read(std::string_view key, double& into) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->is_null()) return false;
    // Integers first: `010` is eight.
    auto number = yaml_float(*value);
    if (const auto integer = yaml_integer(*value)) {
        number = static_cast<double>(integer->magnitude) * (integer->negative ? -1 : 1);
    }
    if (!number) {
        report(value->where, fmt::format("cannot read {} as a number", shown_node(*value)));
        return false;
    }
    into = *number;
    return true;
}

bool YamlFields::read(std::string_view key, Duration& into) {
    std::string text;
    if (!read(key, text)) return false;
    const auto duration = parse_duration(text);
    if (!duration) {
        report(node_.find(key)->where, duration.error().message);
        return false;
    }
    into = *duration;
    return true;
}

bool YamlFields::read(std::string_view key, std::vector<std::string>& into) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->is_null()) return false;
    if (!value->is_sequence()) {
        report(value->where, fmt::format("cannot read {} as a list of strings", shown_node(*value)));
        return false;
    }
    std::vector<std::string> items;
    bool good = true;
    for (const auto& item : value->items) {
        if (!item.is_scalar() && !item.is_null()) {
            report(item.where, fmt::format("cannot read {} as a string", shown_node(item)));
            good = false;
        }
        items.push_back(item.is_scalar() ? item.text : std::string());
    }
    if (good) into = std::move(items);
    return good;
}

bool YamlFields::read(std::string_view key, std::vector<std::pair<std::string, std::string>>& into) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->is_null()) return false;
    if (!value->is_map()) {
        report(value->where, fmt::format("cannot read {} as a map of strings", shown_node(*value)));
        return false;
    }
    std::vector<std::pair<std::string, std::string>> pairs;
    bool good = true;
    for (const auto& entry : value->entries) {
        if (!entry.value.is_scalar() && !entry.value.is_null()) {
            report(entry.value.where, fmt::format("cannot read {} as a string", shown_node(entry.value)));
            good = false;
        }
        pairs.emplace_back(entry.key, entry.value.is_scalar() ? entry.value.text : std::string());
    }
    if (good) into = std::move(pairs);
    return good;
}

void YamlFields::ignore(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
}

void YamlFields::finish() {
    const std::vector<std::string_view> candidates(known_.begin(), known_.end());
    for (const auto& entry : node_.entries) {
        if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
        const std::string_view close = nearest(entry.key, candidates);
        report(entry.key_where, fmt::format("field {} not found in {}", escape_control_characters(entry.key), what_));
        if (!close.empty()) diagnostics_.back().hint = fmt::format("did you mean `{}`?", close);
    }
}

void YamlFields::report(const SourceRange& where, std::string message, std::string expected) {
    diagnostics_.push_back({.severity = Severity::Error,
                            .check = {},
                            .file = file_,
                            .where = where,
                            .message = std::move(message),
                            .expected = std::move(expected),
                            .hint = {}});
}

}  // namespace tocsin
