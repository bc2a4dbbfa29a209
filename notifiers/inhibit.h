#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "notifiers/alert_store.h"
#include "notifiers/inhibit_config.h"

namespace tocsin {

/// Says which alerts are inhibited by which. Of every rule it knows all alerts that may be sources, by the values of
/// the rule's `equal` labels, so the end of one source uncovers no target that another one still covers.
class Inhibitor {
public:
    explicit Inhibitor(const std::vector<InhibitRuleConfig>& rules);

    /// News of an alert. Resolved ones are taken too; they are no sources.
    void update(const AlertPtr& alert);
    void forget(const AlertPtr& alert);

    struct Inhibition {
        AlertPtr source;   // one that fires
        std::string rule;  // its name, which it need not have
    };

    /// By the first rule that inhibits an alert with these labels.
    std::optional<Inhibition> find_inhibition(const LabelSet& target, Timestamp now) const;
    /// The fingerprint of its source.
    std::optional<Fingerprint> inhibiting(const LabelSet& target, Timestamp now) const;

    std::size_t rule_count() const { return rules_.size(); }

private:
    struct Rule {
        InhibitRuleConfig config;
        std::map<LabelSet, std::map<LabelSet, AlertPtr>> sources;  // by the `equal` labels, then by all labels
    };

    static const AlertPtr* find_source(const Rule& rule, const LabelSet& target, Timestamp now);

    std::vector<Rule> rules_;
};

}  // namespace tocsin
