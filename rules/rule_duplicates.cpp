#include "rules/rule_duplicates.h"

#include <map>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tocsin {
namespace {

std::string name_and_labels(const RuleDefinition& rule) {
    std::string identity = rule.name;
    for (const RuleText& label : rule.labels) identity += fmt::format("\n{}\t{}", label.name, label.text);
    return identity;
}

Diagnostic duplicate(const std::string& file, const RuleDefinition& rule, std::string_view first) {
    return {
        .severity = Severity::Warning,
        .check = "rule/duplicate",
        .file = file,
        .where = rule.where,
        .message = fmt::format("{} is defined again with the same labels; the first one is in {}", rule.name, first)};
}

struct FirstRule {
    const std::string* file;
    std::size_t line;
};

}  // namespace

Diagnostics find_duplicates_within(const std::string& file, const std::vector<RuleGroupDefinition>& groups) {
    Diagnostics found;
    std::map<std::string, const RuleDefinition*> seen;
    for (const RuleGroupDefinition& group : groups) {
        for (const RuleDefinition& rule : group.rules) {
            const auto [first, is_new] = seen.emplace(name_and_labels(rule), &rule);
            if (is_new) continue;
            found.push_back(duplicate(file, rule, fmt::format("line {}", first->second->where.line)));
        }
    }
    return found;
}

Diagnostics find_duplicates_between(std::span<const RuleFile> files) {
    Diagnostics found;
    if (files.size() < 2) return found;
    std::map<std::string, FirstRule> seen;
    std::set<std::string_view> read;
    for (const RuleFile& file : files) {
        if (!read.insert(file.path).second) continue;
        for (const RuleGroupDefinition& group : file.groups) {
            for (const RuleDefinition& rule : group.rules) {
                const auto [first, is_new] =
                    seen.emplace(name_and_labels(rule), FirstRule{&file.path, rule.where.line});
                if (is_new || *first->second.file == file.path) continue;
                const std::string where = fmt::format("{}, line {}", *first->second.file, first->second.line);
                found.push_back(duplicate(file.path, rule, where));
            }
        }
    }
    return found;
}

}  // namespace tocsin
