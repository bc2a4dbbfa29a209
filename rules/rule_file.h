#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/time.h"
#include "engine/eval/query.h"
#include "parser/ast.h"
#include "parser/template/rule_template.h"

namespace tocsin {

/// A label or annotation of a rule. `expansion` is set for those of alerting rules; labels of recording rules are taken
/// as they are.
struct RuleText {
    std::string name;
    std::string text;
    std::optional<templates::RuleTemplate> expansion;

    bool operator==(const RuleText& other) const { return name == other.name && text == other.text; }
};

/// A rule as its file has it, checked: the expression parses and can be a rule's result, names and templates are good.
struct RuleDefinition {
    enum class Kind { Alerting, Recording };

    Kind kind = Kind::Alerting;
    std::string name;  // `alert` or `record`
    std::string expr_text;
    std::shared_ptr<const Expr> expr;
    Duration for_duration{0};
    Duration keep_firing_for{0};
    std::vector<RuleText> labels;       // by name; group labels merged in, the rule's own win
    std::vector<RuleText> annotations;  // by name
    SourceRange where;                  // of the rule
    SourceRange expr_where;
};

struct RuleGroupDefinition {
    std::string name;
    std::string file;
    std::optional<Duration> interval;  // none: the global evaluation_interval; never 0
    std::optional<Duration> query_offset;
    std::size_t limit = 0;  // 0: none
    std::vector<RuleDefinition> rules;
    SourceRange where;
};

/// What a rule file says, and what is doubtful about it (warnings only).
struct RuleFile {
    std::string path;
    std::vector<RuleGroupDefinition> groups;
    Diagnostics warnings;
};

/// Reads a rule file: everything that is wrong with it at once, each with file, line and column, also inside block
/// scalars. Fields and texts are Prometheus' (model/rulefmt/rulefmt.go); what tocsin refuses beyond it is listed in
/// docs/differences.md.
Parsed<RuleFile> parse_rule_file(std::string_view text, const std::string& path, const QueryOptions& options);

/// The same; `doubts` gets the warnings of a file that has errors, too.
Parsed<RuleFile> parse_rule_file(std::string_view text, const std::string& path, const QueryOptions& options,
                                 Diagnostics& doubts);

}  // namespace tocsin
