#include "notifiers/integrations/templated_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::size_t kAlertsInPlainFacts = 20;
constexpr YamlLimits kInlineLimits{1024 * 1024, 100'000, 32, 1000};

std::optional<Json> yaml_integer(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '_');
    std::string_view rest = digits;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    int base = 10;
    if (rest.starts_with("0x")) base = 16;
    if (rest.starts_with("0b")) base = 2;
    if (rest.starts_with("0o")) base = 8;
    if (base != 10) {
        rest.remove_prefix(2);
    } else if (rest.size() > 1 && rest.front() == '0') {
        base = 8;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
    if (error != std::errc{} || end != rest.data() + rest.size() || rest.starts_with('-')) return std::nullopt;
    return Json(negative ? -value : value);
}

std::optional<Json> yaml_float(std::string_view text) {
    if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
    if (text.find_first_not_of("0123456789.eE+-_") != std::string_view::npos) return std::nullopt;
    std::string digits(text);
    std::erase(digits, '_');
    const auto value = parse_float(digits);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    // Go writes a whole number without a point.
    if (std::trunc(*value) == *value && std::abs(*value) < 1e15) return Json(static_cast<std::int64_t>(*value));
    return Json(*value);
}

/// Null when the scalar is a text.
std::optional<Json> typed_scalar(const YamlNode& node) {
    if (node.quoted) return std::nullopt;
    if (node.text.empty() || node.text == "~" || node.text == "null" || node.text == "Null" || node.text == "NULL") {
        return Json();
    }
    if (const auto flag = yaml_bool(node)) return Json(*flag);
    if (auto integer = yaml_integer(node.text)) return integer;
    return yaml_float(node.text);
}

/// A key in quotes is a text whatever it looks like; it takes more of the line than its characters.
bool is_text_key(const YamlNode::Entry& entry) {
    YamlNode scalar;
    scalar.kind = YamlNode::Kind::Scalar;
    scalar.text = entry.key;
    const SourceRange& where = entry.key_where;
    scalar.quoted = where.line != where.end_line || where.end_column - where.column != entry.key.size();
    return !typed_scalar(scalar);
}

void sort_members(Json::Object& members) {
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

/// What an expanded text means; the text itself when it is not YAML, or YAML of a text.
Json read_inline(std::string text) {
    if (!is_valid_utf8(text)) return Json(std::move(text));
    const auto parsed = parse_yaml(text, "", kInlineLimits);
    if (!parsed || (parsed->is_scalar() && !typed_scalar(*parsed))) return Json(std::move(text));
    return yaml_to_json(*parsed);
}

std::size_t count_firing(const templates::NotificationData& data) {
    return static_cast<std::size_t>(std::count_if(data.alerts.begin(), data.alerts.end(),
                                                  [](const auto& alert) { return alert.status == "firing"; }));
}

void append_labels(std::string& out, const LabelSet& labels) {
    for (const Label label : labels) out += fmt::format(" - {} = {}\n", label.name, label.value);
}

}  // namespace

TemplatedText::TemplatedText(const templates::NotificationTemplates& templates, std::string_view text, Kind kind)
    : parsed_(tl::unexpected(std::string())) {
    auto parsed = kind == Kind::Html ? templates.parse_html(text) : templates.parse_text(text);
    if (parsed) {
        parsed_ = *std::move(parsed);
    } else {
        parsed_ = tl::unexpected(parsed.error().front().message);
    }
}

Result<std::string> TemplatedText::expand(const templates::NotificationData& data, Timestamp now) const {
    if (!parsed_) return fail(Error::Kind::InvalidInput, parsed_.error());
    return parsed_->expand(data, now);
}

const TemplatedText& FieldTemplates::of(const std::string& text, TemplatedText::Kind kind) const {
    std::pair key(kind, text);
    const auto known = parsed_.find(key);
    if (known != parsed_.end()) return known->second;
    return parsed_.emplace(std::move(key), TemplatedText(templates_, text, kind)).first->second;
}

std::string FieldExpander::operator()(const TemplatedText& field) {
    return expand_or(field, {});
}

std::string FieldExpander::expand_or(const TemplatedText& field, std::string_view replacement) {
    auto text = field.expand(data_, now_);
    if (text) return *std::move(text);
    if (error_.empty()) error_ = text.error().message;
    return std::string(replacement);
}

FreeForm FreeForm::from_text(const templates::NotificationTemplates& templates, std::string_view text) {
    FreeForm form;
    form.value_ = TemplatedText(templates, text);
    return form;
}

FreeForm FreeForm::from_yaml(const templates::NotificationTemplates& templates, const YamlNode& node) {
    FreeForm form;
    if (node.is_sequence()) {
        std::vector<FreeForm> items;
        for (const YamlNode& item : node.items) items.push_back(from_yaml(templates, item));
        form.value_ = std::move(items);
    } else if (node.is_map()) {
        std::vector<Member> members;
        for (const auto& entry : node.entries) {
            if (!is_text_key(entry)) continue;
            members.push_back({TemplatedText(templates, entry.key), from_yaml(templates, entry.value)});
        }
        form.value_ = std::move(members);
    } else if (node.is_null()) {
        form.value_ = Json();
    } else if (auto typed = typed_scalar(node)) {
        form.value_ = *std::move(typed);
    } else {
        form.value_ = TemplatedText(templates, node.text);
    }
    return form;
}

Json FreeForm::expand(FieldExpander& expand) const {
    if (const auto* constant = std::get_if<Json>(&value_)) return *constant;
    if (const auto* text = std::get_if<TemplatedText>(&value_)) return read_inline(expand(*text));
    if (const auto* items = std::get_if<std::vector<FreeForm>>(&value_)) {
        Json::Array array;
        for (const FreeForm& item : *items) array.push_back(item.expand(expand));
        return Json(std::move(array));
    }
    Json::Object object;
    for (const Member& member : std::get<std::vector<Member>>(value_)) {
        std::string name = expand(member.name);
        object.emplace_back(std::move(name), member.value.expand(expand));
    }
    sort_members(object);
    return Json(std::move(object));
}

Json yaml_to_json(const YamlNode& node) {
    if (node.is_null()) return {};
    if (node.is_scalar()) {
        auto typed = typed_scalar(node);
        return typed ? *std::move(typed) : Json(node.text);
    }
    if (node.is_sequence()) {
        Json::Array items;
        for (const YamlNode& item : node.items) items.push_back(yaml_to_json(item));
        return Json(std::move(items));
    }
    Json::Object members;
    for (const auto& entry : node.entries) {
        if (is_text_key(entry)) members.emplace_back(entry.key, yaml_to_json(entry.value));
    }
    sort_members(members);
    return Json(std::move(members));
}

std::string truncate_in_runes(std::string text, std::size_t runes_max) {
    std::size_t runes = 0;
    std::size_t cut = text.size();
    for (std::size_t at = 0; at < text.size(); ++at) {
        if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;
        if (runes + 1 == runes_max) cut = at;
        if (++runes > runes_max) return text.substr(0, cut) + "…";
    }
    return text;
}

std::string plain_subject(const templates::NotificationData& data) {
    const std::size_t firing = count_firing(data);
    std::string subject = data.status == "firing" ? fmt::format("[FIRING:{}]", firing) : "[RESOLVED]";
    for (const Label label : data.group_labels) subject += fmt::format(" {}={}", label.name, label.value);
    if (data.group_labels.empty()) {
        for (const Label label : data.common_labels) subject += fmt::format(" {}={}", label.name, label.value);
    }
    return subject;
}

std::string plain_facts(const templates::NotificationData& data) {
    std::string out;
    std::size_t shown = 0;
    for (const auto& alert : data.alerts) {
        if (shown++ == kAlertsInPlainFacts) {
            out += fmt::format("and {} more\n", data.alerts.size() - kAlertsInPlainFacts);
            break;
        }
        out += alert.status + "\n";
        append_labels(out, alert.labels);
        append_labels(out, alert.annotations);
    }
    return out;
}

std::string with_plain_facts(std::string text, const templates::NotificationData& data, std::string_view error) {
    if (!text.empty()) text += '\n';
    return text + fmt::format("{}\ntemplate error: {}", plain_facts(data), error);
}

}  // namespace tocsin
