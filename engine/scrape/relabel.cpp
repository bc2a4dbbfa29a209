#include "engine/scrape/relabel.h"

#include <algorithm>
#include <array>
#include <clocale>
#include <cwctype>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::array<std::pair<RelabelAction, std::string_view>, 11> kActions{{
    {RelabelAction::DropEqual, "dropequal"},
    {RelabelAction::Drop, "drop"},
    {RelabelAction::HashMod, "hashmod"},
    {RelabelAction::KeepEqual, "keepequal"},
    {RelabelAction::Keep, "keep"},
    {RelabelAction::LabelDrop, "labeldrop"},
    {RelabelAction::LabelKeep, "labelkeep"},
    {RelabelAction::LabelMap, "labelmap"},
    {RelabelAction::Lowercase, "lowercase"},
    {RelabelAction::Replace, "replace"},
    {RelabelAction::Uppercase, "uppercase"},
}};

bool is_case_action(RelabelAction action) {
    return action == RelabelAction::Lowercase || action == RelabelAction::Uppercase;
}
bool is_equal_action(RelabelAction action) {
    return action == RelabelAction::KeepEqual || action == RelabelAction::DropEqual;
}
bool is_name_action(RelabelAction action) {
    return action == RelabelAction::LabelDrop || action == RelabelAction::LabelKeep;
}
bool needs_target(RelabelAction action) {
    return action == RelabelAction::Replace || action == RelabelAction::HashMod || is_case_action(action) ||
           is_equal_action(action);
}

// Any UTF-8 will do, `$1` included.
bool is_label_name(std::string_view name) {
    return !name.empty() && is_valid_utf8(name);
}

// The case rules of Unicode do not depend on where the program runs.
locale_t unicode() {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
}

char32_t take_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at);
    const std::size_t more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    char32_t code = more == 0 ? first : first & (0x3fU >> more);
    for (std::size_t i = 1; i <= more; ++i) code = code << 6 | (byte(at + i) & 0x3fU);
    at += more + 1;
    return code;
}

void append_code_point(std::string& text, char32_t code) {
    const auto put = [&](char32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) {
        put(code);
        return;
    }
    const unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    put((0xff00U >> (more + 1) & 0xffU) | code >> (6 * more));
    for (unsigned i = more; i-- > 0;) put(0x80U | (code >> (6 * i) & 0x3fU));
}

std::string with_case(std::string_view text, bool upper) {
    std::string changed;
    changed.reserve(text.size());
    const bool plain = unicode() == nullptr || !is_valid_utf8(text);
    for (std::size_t at = 0; at < text.size();) {
        if (plain || static_cast<unsigned char>(text[at]) < 0x80) {
            const char c = text[at++];
            const bool letter = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
            changed += letter ? static_cast<char>(c ^ 0x20) : c;
        } else {
            const auto code = static_cast<wint_t>(take_code_point(text, at));
            append_code_point(changed, upper ? towupper_l(code, unicode()) : towlower_l(code, unicode()));
        }
    }
    return changed;
}

std::uint64_t last_eight_bytes(const std::array<unsigned char, 16>& digest) {
    std::uint64_t number = 0;
    for (std::size_t i = 8; i < 16; ++i) number = number << 8 | digest[i];
    return number;
}

using Problems = std::vector<RelabelProblem>;

void check_target_label(const RelabelFields& fields, Problems& found) {
    if (!needs_target(fields.action) || is_label_name(fields.target_label)) return;
    const std::string_view action = to_string(fields.action);
    if (fields.target_label.empty()) {
        found.push_back(
            {"target_label", fmt::format("relabel configuration for {} action requires 'target_label' value", action)});
    } else {
        found.push_back({"target_label", fmt::format("{} is invalid 'target_label' for {} action",
                                                     go_quote(fields.target_label), action)});
    }
}

void check_replacement(const RelabelFields& fields, Problems& found) {
    const std::string_view action = to_string(fields.action);
    if ((is_case_action(fields.action) || is_equal_action(fields.action)) &&
        fields.replacement != RelabelFields().replacement) {
        found.push_back({"replacement", fmt::format("'replacement' can not be set for {} action", action)});
    }
    if (fields.action == RelabelAction::LabelMap && !is_label_name(fields.replacement)) {
        found.push_back({"replacement", fmt::format("{} is invalid 'replacement' for {} action",
                                                    go_quote(fields.replacement), action)});
    }
}

// What an action that needs little has besides.
void check_other_fields(const RelabelFields& fields, Problems& found) {
    const RelabelFields defaults;
    const std::string_view action = to_string(fields.action);
    const bool plain = fields.modulus == 0 && fields.separator == defaults.separator;
    // That of an equal action was told already.
    if (is_equal_action(fields.action) && (!plain || fields.regex != defaults.regex)) {
        found.push_back(
            {"action",
             fmt::format("{} action requires only 'source_labels' and `target_label`, and no other fields", action)});
    }
    if (is_name_action(fields.action) && (!plain || fields.replacement != defaults.replacement ||
                                          !fields.source_labels.empty() || !fields.target_label.empty())) {
        found.push_back({"action", fmt::format("{} action requires only 'regex', and no other fields", action)});
    }
}

}  // namespace

std::string_view to_string(RelabelAction action) {
    return std::ranges::find(kActions, action, [](const auto& entry) { return entry.first; })->second;
}

Result<RelabelAction> parse_relabel_action(std::string_view text) {
    const std::string lower = to_lower(text);
    for (const auto& [action, name] : kActions) {
        if (name == lower) return action;
    }
    return fail(Error::Kind::InvalidInput, fmt::format("unknown relabel action {}", go_quote(lower)));
}

std::vector<RelabelProblem> RelabelConfig::problems_with(const RelabelFields& fields) {
    Problems found;
    if (fields.modulus == 0 && fields.action == RelabelAction::HashMod) {
        found.push_back({"modulus", "relabel configuration for hashmod requires non-zero modulus"});
    }
    check_target_label(fields, found);
    check_replacement(fields, found);
    check_other_fields(fields, found);
    if (auto regex = Regex::compile(fields.regex); !regex) found.push_back({"regex", regex.error().message});
    return found;
}

Result<RelabelConfig> RelabelConfig::create(RelabelFields fields) {
    if (Problems found = problems_with(fields); !found.empty()) {
        return fail(Error::Kind::InvalidInput, std::move(found.front().message));
    }
    TOCSIN_TRY(Regex regex, Regex::compile(fields.regex));
    return RelabelConfig(std::move(fields), std::move(regex));
}

bool RelabelConfig::apply(LabelBuilder& labels) const {
    const std::string value = joined(labels);
    switch (fields_.action) {
        case RelabelAction::Drop:
            return !regex_.matches(value);
        case RelabelAction::Keep:
            return regex_.matches(value);
        case RelabelAction::DropEqual:
            return labels.get(fields_.target_label) != value;
        case RelabelAction::KeepEqual:
            return labels.get(fields_.target_label) == value;
        case RelabelAction::Replace:
            replace(labels, value);
            return true;
        case RelabelAction::Lowercase:
            labels.set(fields_.target_label, with_case(value, false));
            return true;
        case RelabelAction::Uppercase:
            labels.set(fields_.target_label, with_case(value, true));
            return true;
        case RelabelAction::HashMod:
            labels.set(fields_.target_label, std::to_string(last_eight_bytes(md5(value)) % fields_.modulus));
            return true;
        case RelabelAction::LabelMap:
            map_names(labels);
            return true;
        case RelabelAction::LabelDrop:
            keep_names(labels, false);
            return true;
        case RelabelAction::LabelKeep:
            keep_names(labels, true);
            return true;
    }
    return true;
}

bool RelabelConfig::may_change_metric_name() const {
    switch (fields_.action) {
        case RelabelAction::Replace:
            return fields_.target_label == kMetricNameLabel || fields_.target_label.find('$') != std::string::npos;
        case RelabelAction::HashMod:
        case RelabelAction::Lowercase:
        case RelabelAction::Uppercase:
            return fields_.target_label == kMetricNameLabel;
        case RelabelAction::LabelMap:
            return fields_.replacement == kMetricNameLabel || fields_.replacement.find('$') != std::string::npos;
        case RelabelAction::LabelDrop:
            return regex_.matches(kMetricNameLabel);
        case RelabelAction::LabelKeep:
            return !regex_.matches(kMetricNameLabel);
        default:
            return false;
    }
}

std::string RelabelConfig::joined(const LabelBuilder& labels) const {
    std::string value;
    for (std::size_t i = 0; i < fields_.source_labels.size(); ++i) {
        if (i > 0) value += fields_.separator;
        value += labels.get(fields_.source_labels[i]);
    }
    return value;
}

// Groups are expanded in the name of the target, too. An empty result takes the label away.
void RelabelConfig::replace(LabelBuilder& labels, const std::string& joined) const {
    std::string target;
    std::string value;
    if (!regex_.expand(joined, fields_.target_label, target) || !is_label_name(target)) return;
    regex_.expand(joined, fields_.replacement, value);
    labels.set(target, value);
}

void RelabelConfig::map_names(LabelBuilder& labels) const {
    const auto before = labels.labels();
    for (const auto& [name, value] : before) {
        std::string mapped;
        if (regex_.expand(name, fields_.replacement, mapped) && !mapped.empty()) labels.set(mapped, value);
    }
}

void RelabelConfig::keep_names(LabelBuilder& labels, bool matching) const {
    const auto before = labels.labels();
    for (const auto& [name, _] : before) {
        if (regex_.matches(name) != matching) labels.remove(name);
    }
}

bool relabel(LabelBuilder& labels, const RelabelConfigs& configs) {
    return std::ranges::all_of(configs, [&](const RelabelConfig& config) { return config.apply(labels); });
}

}  // namespace tocsin
