#include "rules/rule_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/yaml.h"
#include "rules/rule_duplicates.h"
#include "rules/rule_reader.h"

namespace tocsin {
namespace {

/// The number that stands there, when it has a fraction.
std::optional<double> fraction_of(const YamlFields& fields, std::string_view key) {
    Diagnostics untold;
    double number = 0;
    const bool is_number = YamlFields(fields.node(), {}, fields.file(), untold).read(key, number);
    return is_number && std::trunc(number) != number ? std::optional(number) : std::nullopt;
}

// Go's YAML reader cuts a fraction off where it wants a whole number, and promtool says nothing of it.
void read_limit(YamlFields& fields, RuleFindings& findings, RuleGroupDefinition& group) {
    std::int64_t limit = 0;
    if (!fields.read("limit", limit)) return;
    if (const auto number = fraction_of(fields, "limit")) {
        findings.warn(fields.get("limit")->where, "group/limit", fmt::format("limit {} counts as {}", *number, limit));
    }
    if (limit < 0) {
        return fields.report(fields.get("limit")->where, fmt::format("limit {} is negative", limit),
                             "0 for none, or how many alerts or series");
    }
    group.limit = static_cast<std::size_t>(limit);
}

void read_rules(const YamlNode* list, RuleReader& reader, RuleFindings& findings, RuleGroupDefinition& group) {
    if (list == nullptr || list->is_null()) return;
    if (!list->is_sequence()) return findings.report(list->where, "rules is not a list", "a list of rules");
    for (const YamlNode& item : list->items) {
        if (item.is_null()) {
            findings.warn(item.where, "rule/empty", "an entry without a rule");
        } else if (auto rule = reader.read_rule(item)) {
            group.rules.push_back(*std::move(rule));
        }
    }
}

RuleGroupDefinition read_group(const YamlNode& node, RuleFindings& findings, RuleTemplates& templates,
                               const QueryOptions& options) {
    RuleGroupDefinition group;
    group.file = findings.file;
    group.where = node.where;
    YamlFields fields(node, "rule group", findings.file, findings.problems);
    if (!node.is_map()) return group;
    fields.read("name", group.name);
    if (group.name.empty()) findings.report(node.where, "Groupname must not be empty", "`name:` in the group");
    if (Duration interval{0}; fields.read("interval", interval) && interval > Duration{0}) group.interval = interval;
    if (Duration offset{0}; fields.read("query_offset", offset)) group.query_offset = offset;
    read_limit(fields, findings, group);
    RuleReader reader(findings, templates, options);
    reader.read_group_labels(fields);
    read_rules(fields.get("rules"), reader, findings, group);
    fields.finish();
    return group;
}

void check_group_names(const std::vector<RuleGroupDefinition>& groups, RuleFindings& findings) {
    std::set<std::string_view> names;
    for (const RuleGroupDefinition& group : groups) {
        if (group.name.empty() || names.insert(group.name).second) continue;
        findings.report(group.where, fmt::format("groupname: \"{}\" is repeated in the same file", group.name));
    }
}

RuleFile read_file(const YamlNode& root, RuleFindings& findings, const QueryOptions& options) {
    RuleFile file;
    file.path = findings.file;
    YamlFields fields(root, "rule file", findings.file, findings.problems);
    const YamlNode* groups = fields.get("groups");
    fields.finish();
    if (groups == nullptr || groups->is_null()) return file;
    if (!groups->is_sequence()) findings.report(groups->where, "groups is not a list", "a list of rule groups");
    RuleTemplates templates;
    for (const YamlNode& group : groups->items) {
        if (group.is_null()) {
            findings.warn(group.where, "rule/empty", "an entry without a rule group");
        } else {
            file.groups.push_back(read_group(group, findings, templates, options));
        }
    }
    check_group_names(file.groups, findings);
    for (Diagnostic& doubt : find_duplicates_within(file.path, file.groups)) {
        findings.warnings.push_back(std::move(doubt));
    }
    return file;
}

/// A second document is a mistake, but none that hides those of the first.
Parsed<YamlNode> read_first_document(std::string_view text, RuleFindings& findings) {
    auto root = parse_yaml(text, findings.file, {}, &findings.problems);
    for (Diagnostic& problem : findings.problems) problem.severity = Severity::Error;
    if (root || findings.problems.empty()) return root;
    Diagnostics problems = std::move(root.error());
    problems.insert(problems.end(), findings.problems.begin(), findings.problems.end());
    return tl::unexpected(std::move(problems));
}

// Those of a file of thousands of rules are in order, but for those about the whole file.
Diagnostics by_position(Diagnostics found) {
    const auto comes_before = [](const Diagnostic& a, const Diagnostic& b) {
        return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
    };
    const auto first_out = std::is_sorted_until(found.begin(), found.end(), comes_before);
    std::stable_sort(first_out, found.end(), comes_before);
    std::inplace_merge(found.begin(), first_out, found.end(), comes_before);
    return found;
}

}  // namespace

Parsed<RuleFile> parse_rule_file(std::string_view text, const std::string& path, const QueryOptions& options) {
    Diagnostics untold;
    return parse_rule_file(text, path, options, untold);
}

Parsed<RuleFile> parse_rule_file(std::string_view text, const std::string& path, const QueryOptions& options,
                                 Diagnostics& doubts) {
    RuleFindings findings;
    findings.file = path;
    const auto root = read_first_document(text, findings);
    if (!root) return tl::unexpected(root.error());
    RuleFile file = read_file(*root, findings, options);
    Diagnostics warnings = by_position(std::move(findings.warnings));
    if (findings.problems.empty()) {
        file.warnings = std::move(warnings);
        return file;
    }
    doubts = std::move(warnings);
    return tl::unexpected(by_position(std::move(findings.problems)));
}

}  // namespace tocsin
