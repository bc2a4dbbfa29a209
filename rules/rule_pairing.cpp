#include "rules/rule_pairing.h"

#include <deque>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace tocsin {
namespace {

using KeyOfRule = std::string (*)(const RuleDefinition&);

std::string by_name(const RuleDefinition& rule) {
    return rule.name;
}

std::string by_expression(const RuleDefinition& rule) {
    return fmt::format("{}\n{}\n{}", rule.name, static_cast<int>(rule.kind), rule.expr_text);
}

std::string texts_of(const std::vector<RuleText>& texts) {
    std::string all;
    for (const RuleText& text : texts) all += fmt::format("\n{}:{}\t{}", text.name, text.text.size(), text.text);
    return all;
}

std::string by_labels(const RuleDefinition& rule) {
    return fmt::format("{}\n{}{}", rule.name, static_cast<int>(rule.kind), texts_of(rule.labels));
}

std::string by_everything(const RuleDefinition& rule) {
    return fmt::format("{}\n\n{}\n{}\n{}\n{}", by_labels(rule), texts_of(rule.annotations), rule.expr_text,
                       rule.for_duration.count(), rule.keep_firing_for.count());
}

/// A rule that may have no partner yet.
struct Candidate {
    const RuleDefinition* rule;
    std::size_t nth;
    bool paired = false;
};

std::vector<Candidate> candidates_of(const RuleGroupDefinition* group) {
    std::vector<Candidate> candidates;
    if (group == nullptr) return candidates;
    std::map<std::string_view, std::size_t> seen;
    for (const RuleDefinition& rule : group->rules) candidates.push_back({&rule, seen[rule.name]++});
    return candidates;
}

void pair_equal(std::vector<Candidate>& before, std::vector<Candidate>& after, KeyOfRule key,
                std::vector<PairedRule>& pairs) {
    std::map<std::string, std::deque<Candidate*>> waiting;
    for (Candidate& old : before) {
        if (!old.paired) waiting[key(*old.rule)].push_back(&old);
    }
    for (Candidate& fresh : after) {
        if (waiting.empty()) return;
        if (fresh.paired) continue;
        const auto found = waiting.find(key(*fresh.rule));
        if (found == waiting.end() || found->second.empty()) continue;
        Candidate& old = *found->second.front();
        found->second.pop_front();
        old.paired = fresh.paired = true;
        pairs.push_back({old.rule, fresh.rule, old.nth, fresh.nth});
    }
}

}  // namespace

bool same_rule(const RuleDefinition& a, const RuleDefinition& b) {
    return a.kind == b.kind && a.name == b.name && a.expr_text == b.expr_text && a.for_duration == b.for_duration &&
           a.keep_firing_for == b.keep_firing_for && a.labels == b.labels && a.annotations == b.annotations;
}

std::vector<PairedRule> pair_rules(const RuleGroupDefinition* before, const RuleGroupDefinition* after) {
    std::vector<Candidate> old = candidates_of(before), fresh = candidates_of(after);
    std::vector<PairedRule> pairs;
    for (const KeyOfRule key : {by_everything, by_labels, by_expression, by_name}) pair_equal(old, fresh, key, pairs);
    for (const Candidate& gone : old) {
        if (!gone.paired) pairs.push_back({gone.rule, nullptr, gone.nth, 0});
    }
    for (const Candidate& added : fresh) {
        if (!added.paired) pairs.push_back({nullptr, added.rule, 0, added.nth});
    }
    return pairs;
}

std::string key_of_rule(const RuleGroupDefinition& group, const RuleDefinition& rule, std::size_t nth) {
    std::string key = group.file + ";" + group.name + ";" + rule.name;
    if (nth > 0) key += fmt::format("#{}", nth + 1);
    return key;
}

}  // namespace tocsin
