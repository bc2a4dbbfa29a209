#include "parser/template/rule_template.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "parser/template/facts.h"
#include "parser/template/functions.h"
#include "parser/template/rule_types.h"
#include "parser/template/template.h"
#include "parser/template/types.h"

namespace tocsin::templates {
namespace {

/// A variable of rule templates with the field that is its value.
struct Shorthand {
    std::string_view variable;
    std::string_view field;
};

constexpr std::array<Shorthand, 7> kShorthands = {{{"$labels", "Labels"},
                                                   {"$externalLabels", "ExternalLabels"},
                                                   {"$externalURL", "ExternalURL"},
                                                   {"$value", "Value"},
                                                   {"$activeAt", "ActiveAt"},
                                                   {"$for", "For"},
                                                   {"$expr", "Expr"}}};

// Prometheus defines its variables by putting this in front of the text, which its messages count.
constexpr std::size_t kColumnOffset = std::string_view(
                                          "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
                                          "{{$externalURL := .ExternalURL}}{{$value := .Value}}")
                                          .size();

const Template::Options& options() {
    static const Template::Options made = [] {
        Template::Options o;
        for (const Shorthand& shorthand : kShorthands) o.variables.emplace_back(shorthand.variable);
        o.column_offset = kColumnOffset;
        return o;
    }();
    return made;
}

std::vector<PresetVariable> values_of(const RuleTemplateData& data, Arena& arena) {
    std::vector<PresetVariable> made;
    made.reserve(kShorthands.size());
    for (std::size_t i = 0; i < kShorthands.size(); ++i) {
        made.emplace_back(kShorthands[i].variable, types::rule_data.fields[i].get(&data, arena));
    }
    return made;
}

TemplateFacts facts_of(const Template& compiled) {
    std::vector<PresetType> variables;
    for (std::size_t i = 0; i < kShorthands.size(); ++i) {
        variables.push_back({kShorthands[i].variable, &types::rule_data.fields[i]});
    }
    return find_facts(compiled, types::rule_data, variables);
}

}  // namespace

// The facts are asked for by everybody who loads the rule: whoever warns, keeps what queries read, or expands.
struct RuleTemplate::Content {
    std::shared_ptr<const Template> compiled;
    TemplateFacts facts;
};

TemplateParsed<RuleTemplate> RuleTemplate::parse(std::string_view alert, std::string_view text,
                                                 const TemplateLimits& limits) {
    auto compiled =
        Template::parse(fmt::format("__alert_{}", alert), text, TemplateSet(rule_functions(), limits), options());
    if (!compiled) return tl::unexpected<TemplateProblems>(std::move(compiled).error());
    auto content = std::make_shared<Content>();
    content->compiled = *std::move(compiled);
    if (!content->compiled->plain()) content->facts = facts_of(*content->compiled);
    return RuleTemplate(std::move(content));
}

Result<std::string> RuleTemplate::expand(const RuleTemplateData& data) const {
    const Template& compiled = *content_->compiled;
    if (compiled.plain()) return *compiled.plain();
    Arena arena;
    Environment environment;
    environment.rule = &data;
    environment.now = data.evaluated_at;
    auto text = compiled.execute(Value::object(&data, types::rule_data), environment, arena, values_of(data, arena));
    if (!text) {
        return fail_with_context(fmt::format("error executing template {}", compiled.root().name),
                                 std::move(text).error());
    }
    return text;
}

std::string RuleTemplate::expand_or_error(const RuleTemplateData& data) const {
    auto text = expand(data);
    return text ? *std::move(text) : fmt::format("<error expanding template: {}>", text.error().message);
}

bool RuleTemplate::is_plain() const {
    return content_->compiled->plain().has_value();
}

const TemplateFacts& RuleTemplate::facts() const {
    return content_->facts;
}

}  // namespace tocsin::templates
