#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "parser/template/execution.h"
#include "parser/template/regex_table.h"
#include "parser/template/template_problem.h"
#include "parser/template/tree_parser.h"
#include "parser/template/value.h"

namespace tocsin::templates {

/// Templates by name that others can call. Filled once, then shared and never changed.
class TemplateSet {
public:
    TemplateSet(const FunctionTable& functions, const TemplateLimits& limits)
        : functions_(&functions), limits_(limits) {}

    /// Takes over what the text defines, and its own content as `name`. Later definitions replace earlier ones unless
    /// they are empty. Returns what is wrong; then nothing is taken over.
    TemplateProblems add(std::string_view name, std::string_view text);

    const TreeMap& trees() const { return trees_; }
    const RegexTable& regexes() const { return regexes_; }
    const FunctionTable& functions() const { return *functions_; }
    const TemplateLimits& limits() const { return limits_; }

private:
    const FunctionTable* functions_;
    TemplateLimits limits_;
    TreeMap trees_;
    RegexTable regexes_;
};

/// A text that was parsed together with the templates which it may call, ready to be executed. Immutable: any number of
/// threads may execute it at once.
class Template {
public:
    enum class Output {
        Text,
        Html,  // values are escaped for where they stand
    };
    struct Options {
        Output output = Output::Text;
        /// Variables that are set before the text begins, with their `$`.
        std::vector<std::string> variables;
        std::size_t column_offset = 0;
    };

    /// The set must outlive the call only. A text which html/template could not escape is no mistake yet: executing it
    /// fails.
    static TemplateParsed<std::shared_ptr<const Template>> parse(std::string_view name, std::string_view text,
                                                                 const TemplateSet& set, const Options& options);

    /// The output whatever the data are, if there are no actions.
    const std::optional<std::string>& plain() const { return plain_; }

    /// `presets` are the values of Options::variables; `environment.regexes` and `limits` are those of the template.
    Result<std::string> execute(const Value& data, Environment environment, Arena& arena,
                                const std::vector<PresetVariable>& presets = {}) const;

    const Tree& root() const { return *root_; }
    const TreeMap& trees() const { return trees_; }
    const TemplateLimits& limits() const { return limits_; }
    /// Why a template for HTML cannot be escaped; empty when it can.
    const std::string& escape_problem() const { return escape_problem_; }

private:
    Template() = default;
    void escape(const std::string& name);

    std::shared_ptr<const Tree> root_;
    TreeMap trees_;
    RegexTable regexes_;
    TemplateLimits limits_;
    std::optional<std::string> plain_;
    std::string escape_problem_;
};

}  // namespace tocsin::templates
