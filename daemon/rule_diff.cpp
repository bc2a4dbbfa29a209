#include "daemon/rule_diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "notifiers/route.h"
#include "parser/printer.h"
#include "rules/possible_labels.h"

namespace tocsin {
namespace {

/// A rule with what its group says.
struct PlacedRule {
    const RuleDefinition* rule;
    const RuleGroupDefinition* group;
    Duration interval;
};

using RuleName = std::pair<bool, std::string>;  // whether it is an alert, and its name
using RulesByName = std::map<RuleName, std::vector<PlacedRule>>;

RulesByName rules_by_name(const RuleVersion& version) {
    RulesByName rules;
    for (const RuleFile& file : version.files) {
        for (const RuleGroupDefinition& group : file.groups) {
            for (const RuleDefinition& rule : group.rules) {
                rules[{rule.kind == RuleDefinition::Kind::Alerting, rule.name}].push_back(
                    {&rule, &group, group.interval.value_or(version.evaluation_interval)});
            }
        }
    }
    return rules;
}

std::string texts_of_rule(const std::vector<RuleText>& texts) {
    std::vector<std::string> parts;
    for (const RuleText& text : texts) parts.push_back(text.name + ": " + go_quote(text.text));
    return "{" + join(parts, ", ") + "}";
}

std::string labels_of_result(const Expr& expr) {
    const PossibleLabels labels = possible_labels(expr);
    if (const auto* names = labels.listed()) return join({names->begin(), names->end()}, ", ");
    const PossibleLabels missing = labels.complement();
    return "all but " + join({missing.listed()->begin(), missing.listed()->end()}, ", ");
}

class Comparison {
public:
    Comparison(const PlacedRule& base, const PlacedRule& head) : base_(base), head_(head) {
        note("expr", to_string(*base.rule->expr), to_string(*head.rule->expr));
        note("for", to_string(base.rule->for_duration), to_string(head.rule->for_duration));
        note("keep_firing_for", to_string(base.rule->keep_firing_for), to_string(head.rule->keep_firing_for));
        note("labels", texts_of_rule(base.rule->labels), texts_of_rule(head.rule->labels));
        note("annotations", texts_of_rule(base.rule->annotations), texts_of_rule(head.rule->annotations));
        note("interval", to_string(base.interval), to_string(head.interval));
        note("limit", std::to_string(base.group->limit), std::to_string(head.group->limit));
        note("group", base.group->name, head.group->name);
    }

    const std::vector<std::string>& what() const { return what_; }

    bool changes_identity() const {
        if (head_.rule->kind != RuleDefinition::Kind::Alerting) return false;
        return base_.rule->labels != head_.rule->labels ||
               labels_of_result(*base_.rule->expr) != labels_of_result(*head_.rule->expr);
    }

private:
    void note(std::string_view field, const std::string& before, const std::string& after) {
        if (before != after) what_.push_back(fmt::format("{}: {} -> {}", field, before, after));
    }

    const PlacedRule& base_;
    const PlacedRule& head_;
    std::vector<std::string> what_;
};

void take_equal_ones(std::vector<PlacedRule>& base, std::vector<PlacedRule>& head) {
    for (auto rule = base.begin(); rule != base.end();) {
        const auto same = std::find_if(head.begin(), head.end(),
                                       [&](const auto& other) { return Comparison(*rule, other).what().empty(); });
        if (same == head.end()) {
            ++rule;
            continue;
        }
        head.erase(same);
        rule = base.erase(rule);
    }
}

RuleChange change_of(RuleChange::Kind kind, const RuleName& name, const PlacedRule& rule) {
    return {kind, name.first, name.second, rule.group->name, {}, false};
}

void compare_of_name(const RuleName& name, std::vector<PlacedRule> base, std::vector<PlacedRule> head,
                     std::vector<RuleChange>& changes) {
    take_equal_ones(base, head);
    const std::size_t both = std::min(base.size(), head.size());
    for (std::size_t i = 0; i < both; ++i) {
        const Comparison comparison(base[i], head[i]);
        RuleChange change = change_of(RuleChange::Kind::Changed, name, head[i]);
        change.what = comparison.what();
        change.pages_again = comparison.changes_identity();
        changes.push_back(std::move(change));
    }
    for (std::size_t i = both; i < base.size(); ++i)
        changes.push_back(change_of(RuleChange::Kind::Removed, name, base[i]));
    for (std::size_t i = both; i < head.size(); ++i)
        changes.push_back(change_of(RuleChange::Kind::Added, name, head[i]));
}

// ---- routes

/// As far as it is known before the rule has fired.
LabelSet known_labels(const RuleDefinition& rule, const LabelSet& external_labels) {
    LabelBuilder labels(external_labels);
    for (const RuleText& text : rule.labels) {
        if (text.text.find("{{") == std::string::npos) labels.set(text.name, text.text);
    }
    labels.set(kAlertNameLabel, rule.name);
    return labels.build();
}

std::string route_text(const RouteOptions& options) {
    const std::string by = options.group_by_all ? "all labels" : join(options.group_by, ", ");
    std::string text = fmt::format("{} (by {}, after {}, every {}, again after {}", options.receiver,
                                   by.empty() ? "nothing" : by, to_string(options.group_wait),
                                   to_string(options.group_interval), to_string(options.repeat_interval));
    if (!options.mute_time_intervals.empty()) text += ", muted in " + join(options.mute_time_intervals, ", ");
    if (!options.active_time_intervals.empty()) text += ", active in " + join(options.active_time_intervals, ", ");
    return text + ")";
}

std::string routes_text(const RouteTree& tree, const LabelSet& labels) {
    std::vector<std::string> texts;
    for (const Route* route : tree.match(labels)) texts.push_back(route_text(route->options));
    return join(texts, "; ");
}

}  // namespace

std::vector<RuleChange> compare_rules(const RuleVersion& base, const RuleVersion& head) {
    const RulesByName before = rules_by_name(base), after = rules_by_name(head);
    std::set<RuleName> names;
    for (const auto* rules : {&before, &after}) {
        for (const auto& [name, _] : *rules) names.insert(name);
    }
    const auto of = [](const RulesByName& rules, const RuleName& name) {
        const auto found = rules.find(name);
        return found == rules.end() ? std::vector<PlacedRule>{} : found->second;
    };
    std::vector<RuleChange> changes;
    for (const RuleName& name : names) compare_of_name(name, of(before, name), of(after, name), changes);
    return changes;
}

std::vector<RouteChange> compare_routes(const RuleVersion& base, const RuleVersion& head) {
    std::vector<RouteChange> changes;
    if (base.routing == nullptr || head.routing == nullptr) return changes;
    const RouteTree before(base.routing->route), after(head.routing->route);
    const RulesByName old_rules = rules_by_name(base);
    for (const auto& [name, rules] : rules_by_name(head)) {
        const auto old = old_rules.find(name);
        if (!name.first || old == old_rules.end()) continue;
        for (std::size_t i = 0; i < std::min(rules.size(), old->second.size()); ++i) {
            RouteChange change{name.second,
                               routes_text(before, known_labels(*old->second[i].rule, base.external_labels)),
                               routes_text(after, known_labels(*rules[i].rule, head.external_labels))};
            if (change.before != change.after) changes.push_back(std::move(change));
        }
    }
    return changes;
}

}  // namespace tocsin
