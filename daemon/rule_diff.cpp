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
    Duration interval, query_offset;
};

using RuleName = std::pair<bool, std::string>;  // whether it is an alert, and its name
using RulesByName = std::map<RuleName, std::vector<PlacedRule>>;

RulesByName rules_by_name(const RuleVersion& version) {
    RulesByName rules;
    for (const RuleFile& file : version.files) {
        for (const RuleGroupDefinition& group : file.groups) {
            for (const RuleDefinition& rule : group.rules) {
                rules[{rule.kind == RuleDefinition::Kind::Alerting, rule.name}].push_back(
                    {&rule, &group, group.interval.value_or(version.evaluation_interval),
                     group.query_offset.value_or(version.query_offset)});
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
        note("query_offset", to_string(base.query_offset), to_string(head.query_offset));
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

/// The rule of both versions; one of them is not there when it was added or removed.
struct RulePair {
    RuleName name;
    std::optional<PlacedRule> base, head;
};

// Those that are the same, with the same labels, in the order in which they are.
template <class AreOne>
void take_pairs(const RuleName& name, std::vector<PlacedRule>& base, std::vector<PlacedRule>& head, AreOne are_one,
                std::vector<RulePair>& pairs) {
    std::erase_if(base, [&](const PlacedRule& rule) {
        const auto other = std::ranges::find_if(head, [&](const PlacedRule& one) { return are_one(rule, one); });
        if (other == head.end()) return false;
        pairs.push_back({name, rule, *other});
        head.erase(other);
        return true;
    });
}

void pair_of_name(const RuleName& name, std::vector<PlacedRule> base, std::vector<PlacedRule> head,
                  std::vector<RulePair>& pairs) {
    const auto are_same = [](const PlacedRule& a, const PlacedRule& b) { return Comparison(a, b).what().empty(); };
    take_pairs(name, base, head, are_same, pairs);
    const auto have_same_labels = [](const PlacedRule& a, const PlacedRule& b) {
        return a.rule->labels == b.rule->labels;
    };
    take_pairs(name, base, head, have_same_labels, pairs);
    const auto are_next = [](const PlacedRule&, const PlacedRule&) { return true; };
    take_pairs(name, base, head, are_next, pairs);
    for (const PlacedRule& rule : base) pairs.push_back({name, rule, std::nullopt});
    for (const PlacedRule& rule : head) pairs.push_back({name, std::nullopt, rule});
}

std::vector<RulePair> pair_rules(const RuleVersion& base, const RuleVersion& head) {
    RulesByName before = rules_by_name(base), after = rules_by_name(head);
    std::set<RuleName> names;
    for (const auto* rules : {&before, &after}) {
        for (const auto& [name, _] : *rules) names.insert(name);
    }
    std::vector<RulePair> pairs;
    for (const RuleName& name : names) pair_of_name(name, std::move(before[name]), std::move(after[name]), pairs);
    return pairs;
}

std::optional<RuleChange> change_of(const RulePair& pair) {
    const PlacedRule& rule = pair.head ? *pair.head : *pair.base;
    RuleChange change{RuleChange::Kind::Changed, pair.name.first, pair.name.second, rule.group->name, {}, false};
    if (!pair.base) {
        change.kind = RuleChange::Kind::Added;
    } else if (!pair.head) {
        change.kind = RuleChange::Kind::Removed;
    } else {
        const Comparison comparison(*pair.base, *pair.head);
        if (comparison.what().empty()) return std::nullopt;
        change.what = comparison.what();
        change.pages_again = comparison.changes_identity();
    }
    return change;
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
    std::vector<RuleChange> changes;
    for (const RulePair& pair : pair_rules(base, head)) {
        if (auto change = change_of(pair)) changes.push_back(*std::move(change));
    }
    return changes;
}

std::vector<RouteChange> compare_routes(const RuleVersion& base, const RuleVersion& head) {
    std::vector<RouteChange> changes;
    if (base.routing == nullptr || head.routing == nullptr) return changes;
    const RouteTree before(base.routing->route), after(head.routing->route);
    for (const RulePair& pair : pair_rules(base, head)) {
        if (!pair.name.first || !pair.base || !pair.head) continue;
        RouteChange change{pair.name.second, routes_text(before, known_labels(*pair.base->rule, base.external_labels)),
                           routes_text(after, known_labels(*pair.head->rule, head.external_labels))};
        if (change.before != change.after) changes.push_back(std::move(change));
    }
    return changes;
}

}  // namespace tocsin
