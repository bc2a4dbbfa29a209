#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/labels.h"
#include "parser/template/rule_template.h"
#include "rules/rule_file.h"

namespace tocsin {

/// What an evaluation gives to the templates of its rules.
struct ExpansionContext {
    Timestamp at;  // when the group was due
    const LabelSet& external_labels;
    const std::string& external_url;  // without a slash at the end
    const templates::RuleTemplateQuery& query;
};

/// The labels and annotations of an alerting rule's alerts. A template that fails gives `<error expanding template:
/// …>`, as in Prometheus, and is counted.
class TemplateExpander {
public:
    explicit TemplateExpander(const RuleDefinition& definition);

    /// What an alert is identified by: the labels of the result without the metric name, those of the rule over them,
    /// and `alertname`. An empty text removes a label. $activeAt is 1970 here, since a label that told would be another
    /// one each time.
    LabelSet labels(const LabelSet& result, double value, const ExpansionContext& context);
    LabelSet annotations(const LabelSet& result, double value, Timestamp active_at, const ExpansionContext& context);

    /// Whether they follow from the labels of the result alone.
    bool labels_are_stable() const { return labels_are_stable_; }
    bool annotations_are_stable() const { return annotations_are_stable_; }

    /// How many texts were expanded so far, those without a template included.
    std::uint64_t expansions() const { return expansions_; }
    /// How many templates failed so far.
    std::uint64_t failures() const { return failures_; }

private:
    templates::RuleTemplateData data_for(const LabelSet& result, double value, Timestamp active_at,
                                         const ExpansionContext& context) const;
    std::string expand(const RuleText& text, const templates::RuleTemplateData& data);

    const RuleDefinition& definition_;
    bool labels_are_stable_;
    bool annotations_are_stable_;
    std::uint64_t expansions_ = 0;
    std::uint64_t failures_ = 0;
};

}  // namespace tocsin
