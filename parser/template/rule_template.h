#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "parser/template/template_problem.h"
#include "parser/template/text_map.h"

namespace tocsin::templates {

/// One element of what `query` answers.
struct RuleTemplateSample {
    LabelSet labels;
    double value = 0;
};

/// Evaluates an expression at the instant of the rule's evaluation. The message of a failure ends up in the text.
using RuleTemplateQuery = std::function<Result<std::vector<RuleTemplateSample>>(std::string_view expr)>;

/// What the templates of a rule's labels and annotations see. All views; they must outlive the call of expand() only.
struct RuleTemplateData {
    TextMap labels;                 // .Labels and $labels: those of the query's result
    TextMap external_labels;        // .ExternalLabels and $externalLabels
    std::string_view external_url;  // .ExternalURL and $externalURL
    double value = 0;               // .Value and $value
    Timestamp active_at{};          // .ActiveAt and $activeAt: since when the alert is pending or firing
    Duration for_duration{};        // .For and $for
    std::string_view expr;          // .Expr and $expr
    Timestamp evaluated_at{};       // what the function `now` answers
    /// Null where queries cannot be answered; then `query` fails.
    const RuleTemplateQuery* query = nullptr;
};

/// The text of a label or annotation of an alerting rule: Go's text/template with the functions and variables of
/// Prometheus, and with $activeAt, $for and $expr.
///
/// Parsed once, immutable, cheap to copy, to be used from any thread at once. A text without actions costs a copy.
class RuleTemplate {
public:
    /// `alert` is the name of the rule; the template is called `__alert_NAME` in messages. Columns in messages about
    /// execution count the variable definitions which Prometheus puts in front of the text, so that they are the same
    /// as there; spans of problems do not.
    static TemplateParsed<RuleTemplate> parse(std::string_view alert, std::string_view text,
                                              const TemplateLimits& limits = {});

    /// The message of a failure is Prometheus': `error executing template __alert_X: template: __alert_X:1:114:
    /// executing …`.
    Result<std::string> expand(const RuleTemplateData& data) const;

    /// What Prometheus uses for the text: the expanded one, or `<error expanding template: …>`.
    std::string expand_or_error(const RuleTemplateData& data) const;

    /// Has no actions: expands to itself.
    bool is_plain() const;

    /// Fields that do not exist (`.Valeu`), label names that are used, queries.
    const TemplateFacts& facts() const;

private:
    struct Content;
    explicit RuleTemplate(std::shared_ptr<const Content> content) : content_(std::move(content)) {}
    std::shared_ptr<const Content> content_;
};

}  // namespace tocsin::templates
