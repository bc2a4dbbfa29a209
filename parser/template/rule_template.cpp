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

}  // namespace

TemplateParsed<RuleTemplate> RuleTemplate::parse(std::string_view alert, std::string_view text,
                                                 const TemplateLimits& limits) {
    auto compiled =
        Template::parse(fmt::format("__alert_{}", alert), text, TemplateSet(rule_functions(), limits), options());
    if (!compiled) return tl::unexpected<TemplateProblems>(std::move(compiled).error());
    return RuleTemplate(*std::move(compiled));
}

Result<std::string> RuleTemplate::expand(const RuleTemplateData& data) const {
    if (compiled_->plain()) return *compiled_->plain();
    Arena arena;
    Environment environment;
    environment.rule = &data;
    environment.now = data.evaluated_at;
    auto text = compiled_->execute(Value::object(&data, types::rule_data), environment, arena, values_of(data, arena));
    if (!text) {
        return fail_with_context(fmt::format("error executing template {}", compiled_->root().name),
                                 std::move(text).error());
    }
    return text;
}

std::string RuleTemplate::expand_or_error(const RuleTemplateData& data) const {
    auto text = expand(data);
    return text ? *std::move(text) : fmt::format("<error expanding template: {}>", text.error().message);
}

bool RuleTemplate::is_plain() const {
    return compiled_->plain().has_value();
}

TemplateFacts RuleTemplate::facts() const {
    std::vector<PresetType> variables;
    for (std::size_t i = 0; i < kShorthands.size(); ++i) {
        variables.push_back({kShorthands[i].variable, &types::rule_data.fields[i]});
    }
    return find_facts(*compiled_, types::rule_data, variables);
}

}  // namespace tocsin::templates
