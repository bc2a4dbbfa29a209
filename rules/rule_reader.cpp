#include "rules/rule_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/promql_parser.h"
#include "rules/possible_labels.h"
#include "rules/text_place.h"

namespace tocsin {
namespace {

constexpr std::size_t kNamesShown = 10;

/// `namespace, pod`; of many only the first.
std::string listing(const std::set<std::string, std::less<>>& names) {
    std::vector<std::string_view> shown;
    for (const std::string& name : names) {
        if (name != kMetricNameLabel && shown.size() < kNamesShown) shown.push_back(name);
    }
    return fmt::format("{}{}", fmt::join(shown, ", "), names.size() > kNamesShown + 1 ? ", …" : "");
}

std::string missing_label(const std::string& name, const PossibleLabels& possible) {
    const std::string gives = possible.listed() ? listing(*possible.listed()) : "";
    return fmt::format("the expression can never give the label {}{}", go_quote(name),
                       gives.empty() ? "" : "; it gives only " + gives);
}

/// Whether it was told already that the field is no text.
bool is_unreadable(const YamlNode* field) {
    return field != nullptr && !field->is_scalar() && !field->is_null();
}

/// Whether the field says no more than its absence would.
bool says_nothing(const YamlNode& field, Duration value) {
    return field.is_null() || (field.is_scalar() && value == Duration{0}) || (field.is_map() && field.entries.empty());
}

}  // namespace

void RuleFindings::report(const SourceRange& where, std::string message, std::string expected) {
    problems.push_back({.severity = Severity::Error,
                        .check = {},
                        .file = file,
                        .where = where,
                        .message = std::move(message),
                        .expected = std::move(expected),
                        .hint = {}});
}

void RuleFindings::warn(const SourceRange& where, std::string check, std::string message) {
    warnings.push_back({.severity = Severity::Warning,
                        .check = std::move(check),
                        .file = file,
                        .where = where,
                        .message = std::move(message),
                        .expected = {},
                        .hint = {}});
}

RuleReader::Texts RuleReader::read_texts(YamlFields& fields, std::string_view key) {
    Texts texts;
    const YamlNode* node = fields.get(key);
    if (node == nullptr || node->is_null()) return texts;
    if (!node->is_map()) {
        findings_.report(node->where, fmt::format("{} is not a map", key), "names with texts");
        return texts;
    }
    texts.reserve(node->entries.size());
    for (const YamlNode::Entry& entry : node->entries) {
        if (!entry.value.is_scalar() && !entry.value.is_null()) {
            findings_.report(entry.value.where, fmt::format("{} '{}' is not a text", key, entry.key), "a text");
            continue;
        }
        texts.push_back({entry.key, entry.value.text, &entry.value, entry.key_where, false});
    }
    return texts;
}

RuleReader::Texts RuleReader::read_labels(YamlFields& fields) {
    Texts labels = read_texts(fields, "labels");
    for (const Text& label : labels) {
        if (label.name.empty() || !is_valid_utf8(label.name) || label.name == kMetricNameLabel) {
            findings_.report(label.name_where, fmt::format("invalid label name: {}", label.name));
        }
    }
    return labels;
}

RuleReader::Texts RuleReader::read_annotations(YamlFields& fields) {
    Texts annotations = read_texts(fields, "annotations");
    for (const Text& annotation : annotations) {
        if (annotation.name.empty() || !is_valid_utf8(annotation.name)) {
            findings_.report(annotation.name_where, fmt::format("invalid annotation name: {}", annotation.name));
        }
    }
    return annotations;
}

void RuleReader::read_group_labels(YamlFields& group) {
    group_labels_ = read_labels(group);
    for (Text& label : group_labels_) label.of_group = true;
}

std::optional<RuleDefinition> RuleReader::read_rule(const YamlNode& node) {
    RuleDefinition rule;
    rule.where = node.where;
    YamlFields fields(node, "rule", findings_.file, findings_.problems);
    if (!node.is_map()) return std::nullopt;
    const bool kind_known = read_kind(fields, rule);
    read_expression(fields, rule);
    fields.read("for", rule.for_duration);
    fields.read("keep_firing_for", rule.keep_firing_for);
    Texts labels = read_labels(fields);
    Texts annotations = read_annotations(fields);
    fields.finish();
    if (!kind_known) return std::nullopt;

    check_recording_fields(fields, rule);
    take_labels(std::move(labels), rule);
    rule.annotations.reserve(annotations.size());
    for (Text& annotation : annotations) rule.annotations.push_back(compile(std::move(annotation), "annotation", rule));
    std::sort(rule.annotations.begin(), rule.annotations.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return rule;
}

bool RuleReader::read_kind(YamlFields& fields, RuleDefinition& rule) {
    std::string record, alert;
    fields.read("record", record);
    fields.read("alert", alert);
    if (is_unreadable(fields.get("record")) || is_unreadable(fields.get("alert"))) return false;
    if (record.empty() && alert.empty()) {
        findings_.report(rule.where, "one of 'record' or 'alert' must be set");
        return false;
    }
    rule.kind = alert.empty() ? RuleDefinition::Kind::Recording : RuleDefinition::Kind::Alerting;
    rule.name = alert.empty() ? record : alert;
    if (record.empty()) return true;
    const SourceRange& where = fields.get("record")->where;
    if (!alert.empty()) findings_.report(where, "only one of 'record' and 'alert' must be set");
    check_recording_name(record, where);
    return true;
}

void RuleReader::check_recording_name(const std::string& name, const SourceRange& where) {
    if (name.find_first_of("{}") != std::string::npos) {
        findings_.report(where,
                         fmt::format("braces present in the recording rule name; should it be in expr?: {}", name));
    } else if (!is_valid_utf8(name)) {
        findings_.report(where, fmt::format("invalid recording rule name: {}", replace_invalid_utf8(name)));
    }
}

void RuleReader::check_recording_fields(YamlFields& fields, const RuleDefinition& rule) {
    const YamlNode* record = fields.get("record");
    if (record == nullptr || !record->is_scalar() || record->text.empty()) return;
    const auto refuse = [&](std::string_view key, Duration value) {
        const YamlNode* field = fields.get(key);
        if (field == nullptr || says_nothing(*field, value)) return;
        findings_.report(field->where, fmt::format("invalid field '{}' in recording rule", key));
    };
    refuse("for", rule.for_duration);
    refuse("keep_firing_for", rule.keep_firing_for);
    refuse("annotations", Duration{0});
}

void RuleReader::read_expression(YamlFields& fields, RuleDefinition& rule) {
    const YamlNode* node = fields.get("expr");
    fields.read("expr", rule.expr_text);
    if (is_unreadable(node)) return;
    rule.expr_where = node != nullptr ? node->where : rule.where;
    if (rule.expr_text.empty()) return findings_.report(rule.expr_where, "field 'expr' must be set in rule");

    auto expr = parse_promql(rule.expr_text);
    ValueType type = ValueType::Vector;
    Diagnostics found = expr ? check_expression(**expr, rule.expr_text, options_, &type) : std::move(expr.error());
    const bool good = expr.has_value() && !has_errors(found);
    for (Diagnostic& finding : found) {
        const bool is_error = finding.severity == Severity::Error;
        if (is_error) finding.message = "could not parse expression: " + finding.message;
        auto& list = is_error ? findings_.problems : findings_.warnings;
        list.push_back(moved_to_file(std::move(finding), *node, findings_.file));
    }
    if (!good) return;
    if (type != ValueType::Vector && type != ValueType::Scalar) {
        findings_.report(place_of(*node, 0, rule.expr_text.size()),
                         fmt::format("rule result is of type {}", to_string(type)), "an instant vector or a scalar");
    }
    rule.expr = std::shared_ptr<const Expr>(std::move(*expr));
}

// Those of the group that the rule has none of its own for come with it.
void RuleReader::take_labels(Texts own, RuleDefinition& rule) {
    for (const Text& label : group_labels_) {
        const bool is_own = std::any_of(own.begin(), own.end(), [&](const Text& l) { return l.name == label.name; });
        if (!is_own) own.push_back(label);
    }
    rule.labels.reserve(own.size());
    for (Text& label : own) rule.labels.push_back(compile(std::move(label), "label", rule));
    std::sort(rule.labels.begin(), rule.labels.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

RuleText RuleReader::compile(Text text, std::string_view what, const RuleDefinition& rule) {
    RuleText result;
    if (rule.kind == RuleDefinition::Kind::Alerting) result.expansion = expansion_of(text, what, rule);
    result.name = std::move(text.name);
    result.text = std::move(text.text);
    return result;
}

std::optional<templates::RuleTemplate> RuleReader::expansion_of(const Text& text, std::string_view what,
                                                                const RuleDefinition& rule) {
    auto compiled = parse_template(rule, text.text);
    const bool is_news = !text.of_group || told_.insert(text.node).second;
    if (compiled) {
        if (!compiled->is_plain()) doubt(text, what, compiled->facts(), rule, is_news);
        return *std::move(compiled);
    }
    for (const auto& problem : compiled.error()) {
        if (!is_news) continue;
        findings_.report(place_of(*text.node, problem.where.begin, problem.where.end),
                         fmt::format("{} \"{}\": {}", what, text.name, problem.message));
    }
    return std::nullopt;
}

templates::TemplateParsed<templates::RuleTemplate> RuleReader::parse_template(const RuleDefinition& rule,
                                                                              const std::string& text) {
    const auto known = known_.find(std::pair<std::string_view, std::string_view>(rule.name, text));
    if (known != known_.end()) return known->second;
    auto parsed = templates::RuleTemplate::parse(rule.name, text);
    if (parsed) known_.emplace(std::pair(rule.name, text), *parsed);
    return parsed;
}

// What Prometheus finds out when the alert fires, and its receiver with it. The text of a group's label may be right
// for one rule and wrong for the next; all else is told once.
void RuleReader::doubt(const Text& text, std::string_view what, const templates::TemplateFacts& facts,
                       const RuleDefinition& rule, bool is_news) {
    const auto warn = [&](const TextSpan& span, std::string check, const std::string& reason) {
        findings_.warn(place_of(*text.node, span.begin, span.end), std::move(check),
                       fmt::format("{} \"{}\" of {}: {}", what, text.name, rule.name, reason));
    };
    if (rule.expr && !facts.keys.empty()) {
        const PossibleLabels possible = possible_labels(*rule.expr);
        for (const auto& use : facts.keys) {
            if (use.map != "Labels" || possible.has(use.key)) continue;
            warn(use.where, "template/label", missing_label(use.key, possible));
        }
    }
    if (!is_news) return;
    for (const auto& problem : facts.problems) warn(problem.where, "template/field", problem.reason);
    for (const auto& query : facts.queries) {
        const auto expr = parse_promql(query.expr);
        const auto found = expr ? check_expression(**expr, query.expr, options_) : expr.error();
        if (has_errors(found)) warn(query.where, "template/query", "query: " + found.front().message);
    }
}

}  // namespace tocsin
