#include "notifiers/inhibit_config.h"

#include <algorithm>

namespace tocsin {

InhibitRuleConfig read_inhibit_rule(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "inhibit rule", reading);
    InhibitRuleConfig rule;
    fields.read("name", rule.name);
    read_match_map(fields, "source_match", MatchOp::Equal, rule.source_matchers);
    read_match_map(fields, "source_match_re", MatchOp::Regex, rule.source_matchers);
    read_matcher_list(fields, "source_matchers", rule.source_matchers);
    read_match_map(fields, "target_match", MatchOp::Equal, rule.target_matchers);
    read_match_map(fields, "target_match_re", MatchOp::Regex, rule.target_matchers);
    read_matcher_list(fields, "target_matchers", rule.target_matchers);
    sort_matchers(rule.source_matchers);
    sort_matchers(rule.target_matchers);
    if (fields.read("equal", rule.equal)) {
        const bool has_empty = std::find(rule.equal.begin(), rule.equal.end(), "") != rule.equal.end();
        if (has_empty) fields.report("equal", "invalid label name \"\" in equal list");
        std::sort(rule.equal.begin(), rule.equal.end());
        rule.equal.erase(std::unique(rule.equal.begin(), rule.equal.end()), rule.equal.end());
    }
    fields.finish();
    return rule;
}

}  // namespace tocsin
