#include "rules/rule_group_metrics.h"

namespace tocsin {
namespace {

constexpr std::string_view kEvaluations = "prometheus_rule_evaluations_total";
constexpr std::string_view kFailures = "prometheus_rule_evaluation_failures_total";
constexpr std::string_view kFailingRules = "tocsin_rule_group_failing_rules";
constexpr std::string_view kIterations = "prometheus_rule_group_iterations_total";
constexpr std::string_view kMissed = "prometheus_rule_group_iterations_missed_total";
constexpr std::string_view kInterval = "prometheus_rule_group_interval_seconds";
constexpr std::string_view kLastDuration = "prometheus_rule_group_last_duration_seconds";
constexpr std::string_view kLastRestoreDuration = "prometheus_rule_group_last_restore_duration_seconds";
constexpr std::string_view kLastRuleDurations = "prometheus_rule_group_last_rule_duration_sum_seconds";
constexpr std::string_view kLastTimestamp = "prometheus_rule_group_last_evaluation_timestamp_seconds";
constexpr std::string_view kLastSamples = "prometheus_rule_group_last_evaluation_samples";
constexpr std::string_view kRules = "prometheus_rule_group_rules";
constexpr std::string_view kRuleFailures = "tocsin_rule_evaluation_failures_total";
constexpr std::string_view kRuleSamples = "tocsin_rule_last_evaluation_samples";
constexpr std::string_view kRuleDuration = "tocsin_rule_last_evaluation_duration_seconds";
constexpr std::string_view kRuleTemplateFailures = "tocsin_rule_template_failures_total";

constexpr std::string_view kSelectorSeries = "tocsin_rule_selector_series";

}  // namespace

RuleGroupMetrics::RuleGroupMetrics(SelfMetrics& metrics, const std::string& key)
    : metrics_(metrics),
      labels_{{"rule_group", key}},
      evaluations(metrics.counter(kEvaluations, "The total number of rule evaluations.", labels_)),
      failures(metrics.counter(kFailures, "The total number of rule evaluation failures.", labels_)),
      failing_rules(metrics.gauge(kFailingRules, "Rules whose last evaluation failed.", labels_)),
      iterations(metrics.counter(
          kIterations, "The total number of scheduled rule group evaluations, whether executed or missed.", labels_)),
      missed(metrics.counter(
          kMissed, "The total number of rule group evaluations missed due to slow rule group evaluation.", labels_)),
      interval(metrics.gauge(kInterval, "The interval of a rule group.", labels_)),
      last_duration(metrics.gauge(kLastDuration, "The duration of the last rule group evaluation.", labels_)),
      last_restore_duration(
          metrics.gauge(kLastRestoreDuration,
                        "How long it took to give the rules the alerts that were kept of the last run.", labels_)),
      last_rule_durations(metrics.gauge(
          kLastRuleDurations, "The sum of time in seconds it took to evaluate each rule in the group.", labels_)),
      last_timestamp(
          metrics.gauge(kLastTimestamp, "The timestamp of the last rule group evaluation in seconds.", labels_)),
      last_samples(metrics.gauge(kLastSamples, "The number of samples returned during the last rule group evaluation.",
                                 labels_)),
      rules(metrics.gauge(kRules, "The number of rules.", labels_)),
      rule_duration(
          metrics.summary("prometheus_rule_evaluation_duration_seconds", "The duration for a rule to execute.")),
      group_duration(
          metrics.summary("prometheus_rule_group_duration_seconds", "The duration of rule group evaluations.")),
      template_expansions(metrics.counter("prometheus_template_text_expansions_total",
                                          "The total number of template text expansions.")),
      template_failures(metrics.counter("prometheus_template_text_expansion_failures_total",
                                        "The total number of template text expansion failures.")) {}

RuleGroupMetrics::~RuleGroupMetrics() {
    for (const std::string_view name :
         {kEvaluations, kFailures, kFailingRules, kIterations, kMissed, kInterval, kLastDuration, kLastRestoreDuration,
          kLastRuleDurations, kLastTimestamp, kLastSamples, kRules}) {
        metrics_.remove(name, labels_);
    }
    keep_rules({});
}

LabelSet RuleGroupMetrics::labels_of(const std::string& rule) const {
    return LabelBuilder(labels_).set("rule", rule).build();
}

const RuleGroupMetrics::Rule& RuleGroupMetrics::of_rule(const std::string& rule) {
    const auto known = rules_.find(rule);
    if (known != rules_.end()) return known->second;
    const LabelSet labels = labels_of(rule);
    return rules_
        .emplace(rule,
                 Rule{&metrics_.counter(kRuleFailures, "Evaluations of the rule that failed.", labels),
                      &metrics_.gauge(kRuleSamples, "Alerts or series that the rule's last evaluation gave.", labels),
                      &metrics_.gauge(kRuleDuration, "How long the rule's last evaluation took.", labels),
                      &metrics_.counter(kRuleTemplateFailures,
                                        "Labels and annotations of the rule whose template failed.", labels)})
        .first->second;
}

LabelSet RuleGroupMetrics::labels_of(const std::string& rule, const std::string& selector) const {
    return LabelBuilder(labels_).set("rule", rule).set("selector", selector).build();
}

void RuleGroupMetrics::show_selectors(const std::string& rule,
                                      const std::vector<StandingQuery::SelectorUse>& selectors) {
    auto& shown = rules_.at(rule).selector_series;
    std::set<std::string_view> texts;
    for (const auto& selector : selectors) {
        texts.insert(selector.text);
        auto& gauge = shown[selector.text];
        if (gauge == nullptr) {
            gauge = &metrics_.gauge(kSelectorSeries, "Series that a selector of the rule matches.",
                                    labels_of(rule, selector.text));
        }
        gauge->set(static_cast<double>(selector.series));
    }
    keep_selectors(rule, texts);
}

void RuleGroupMetrics::keep_selectors(const std::string& rule, const std::set<std::string_view>& texts) {
    std::erase_if(rules_.at(rule).selector_series, [&](const auto& selector) {
        if (texts.contains(selector.first)) return false;
        metrics_.remove(kSelectorSeries, labels_of(rule, selector.first));
        return true;
    });
}

void RuleGroupMetrics::keep_rules(const std::set<std::string>& names) {
    std::erase_if(rules_, [&](const auto& rule) {
        if (names.contains(rule.first)) return false;
        keep_selectors(rule.first, {});
        for (const std::string_view name : {kRuleFailures, kRuleSamples, kRuleDuration, kRuleTemplateFailures}) {
            metrics_.remove(name, labels_of(rule.first));
        }
        return true;
    });
}

}  // namespace tocsin
