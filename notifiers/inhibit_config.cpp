#include "notifiers/inhibit_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

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
        for (const std::string& name : rule.equal) {
            if (is_label_name(name, reading.matchers_syntax)) continue;
            fields.report("equal", fmt::format("invalid label name {} in equal list", go_quote(name)));
        }
        std::sort(rule.equal.begin(), rule.equal.end());
        rule.equal.erase(std::unique(rule.equal.begin(), rule.equal.end()), rule.equal.end());
    }
    fields.finish();
    return rule;
}

}  // namespace tocsin
