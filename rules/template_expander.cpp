#include "rules/template_expander.h"

#include <algorithm>

namespace tocsin {
namespace {

bool are_stable(const std::vector<RuleText>& texts) {
    return std::all_of(texts.begin(), texts.end(), [](const RuleText& text) {
        if (!text.expansion || text.expansion->is_plain()) return true;
        const auto& facts = text.expansion->facts();
        return !facts.uses_value && !facts.uses_query;
    });
}

}  // namespace

TemplateExpander::TemplateExpander(const RuleDefinition& definition)
    : definition_(definition),
      labels_are_stable_(are_stable(definition.labels)),
      annotations_are_stable_(are_stable(definition.annotations)) {}

templates::RuleTemplateData TemplateExpander::data_for(const LabelSet& result, double value, Timestamp active_at,
                                                       const ExpansionContext& context) const {
    templates::RuleTemplateData data;
    data.labels = templates::TextMap(result);
    data.external_labels = templates::TextMap(context.external_labels);
    data.external_url = context.external_url;
    data.value = value;
    data.active_at = active_at;
    data.for_duration = definition_.for_duration;
    data.expr = definition_.expr_text;
    data.evaluated_at = context.at;
    data.query = &context.query;
    return data;
}

std::string TemplateExpander::expand(const RuleText& text, const templates::RuleTemplateData& data) {
    ++expansions_;
    if (!text.expansion || text.expansion->is_plain()) return text.text;
    if (auto expanded = text.expansion->expand(data)) return *std::move(expanded);
    ++failures_;
    return text.expansion->expand_or_error(data);
}

LabelSet TemplateExpander::labels(const LabelSet& result, double value, const ExpansionContext& context) {
    const auto data = data_for(result, value, Timestamp{}, context);
    LabelBuilder builder(result);
    builder.remove(kMetricNameLabel);
    for (const RuleText& label : definition_.labels) builder.set(label.name, expand(label, data));
    builder.set(kAlertNameLabel, definition_.name);
    return builder.build();
}

LabelSet TemplateExpander::annotations(const LabelSet& result, double value, Timestamp active_at,
                                       const ExpansionContext& context) {
    const auto data = data_for(result, value, active_at, context);
    LabelBuilder builder;
    for (const RuleText& annotation : definition_.annotations) builder.set(annotation.name, expand(annotation, data));
    return builder.build();
}

}  // namespace tocsin
