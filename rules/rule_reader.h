#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/yaml.h"
#include "parser/template/rule_template.h"
#include "rules/rule_file.h"

namespace tocsin {

/// What is found while a rule file is read. Reading goes on after each finding.
struct RuleFindings {
    std::string file;
    Diagnostics problems;  // errors
    Diagnostics warnings;

    void report(const SourceRange& where, std::string message, std::string expected = {});
    void warn(const SourceRange& where, std::string check, std::string message);
};

/// Good templates of a file by the name of their alert and their text: files of thousands of rules say the same over
/// and over.
struct RuleTemplateOrder {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const {
        const int names = std::string_view(a.first).compare(b.first);
        return names != 0 ? names < 0 : std::string_view(a.second) < std::string_view(b.second);
    }
};
using RuleTemplates = std::map<std::pair<std::string, std::string>, templates::RuleTemplate, RuleTemplateOrder>;

/// Reads the rules of one group out of its YAML.
class RuleReader {
public:
    /// All of them outlive this.
    RuleReader(RuleFindings& findings, RuleTemplates& known, const QueryOptions& options)
        : findings_(findings), known_(known), options_(options) {}

    /// `labels:` of the group, for all rules that are read after it.
    void read_group_labels(YamlFields& group);
    /// Nothing when it cannot even be said what kind of rule it is. If anything was reported the rule is good for no
    /// more than its name.
    std::optional<RuleDefinition> read_rule(const YamlNode& node);

private:
    /// One of the labels or annotations of a rule or a group.
    struct Text {
        std::string name;
        std::string text;
        const YamlNode* node;
        SourceRange name_where;
        bool of_group = false;
    };
    using Texts = std::vector<Text>;

    Texts read_texts(YamlFields& fields, std::string_view key);
    Texts read_labels(YamlFields& fields);
    Texts read_annotations(YamlFields& fields);
    /// A rule of both kinds is an error, and looked through as both: as an alerting one that may not have what a
    /// recording one may not.
    bool read_kind(YamlFields& fields, RuleDefinition& rule);
    void check_recording_name(const std::string& name, const SourceRange& where);
    void check_recording_fields(YamlFields& fields, const RuleDefinition& rule);
    void read_expression(YamlFields& fields, RuleDefinition& rule);
    void take_labels(Texts own, RuleDefinition& rule);
    RuleText compile(Text text, std::string_view what, const RuleDefinition& rule);
    std::optional<templates::RuleTemplate> expansion_of(const Text& text, std::string_view what,
                                                        const RuleDefinition& rule);
    templates::TemplateParsed<templates::RuleTemplate> parse_template(const RuleDefinition& rule,
                                                                      const std::string& text);
    void doubt(const Text& text, std::string_view what, const templates::TemplateFacts& facts,
               const RuleDefinition& rule, bool is_news);

    RuleFindings& findings_;
    RuleTemplates& known_;
    const QueryOptions& options_;
    Texts group_labels_;
    std::set<const YamlNode*> told_;  // labels of the group whose mistakes were told: they are those of many rules
};

}  // namespace tocsin
