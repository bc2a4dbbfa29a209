#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/time.h"
#include "rules/rule_file.h"

namespace tocsin {

class RuleTestRouting;

/// Something that happens to the daemon in the course of a test, after everything else that is due at that moment.
/// Times count from the start of the test.
struct RuleTestStep {
    enum class Kind {
        ScrapesFail,  // of some targets, from `at` on, until `until`, which succeeds again
        Restart,      // nothing runs and nothing is scraped until `until`
        Reload,       // some files have another content from now on
    };
    /// A file of the test, and whose content it has then; empty: it is gone.
    struct Change {
        std::string file, content;
        SourceRange where;
    };
    Kind kind = Kind::Reload;
    Duration at{0}, until{0};
    std::vector<std::pair<std::string, std::string>> target;  // labels that all of its series have
    std::vector<Change> changes;
    SourceRange where;

    // What a reload puts in force, once its files were read.
    std::vector<RuleGroupDefinition> groups;
    std::shared_ptr<const RuleTestRouting> routing;

    /// Whether a series is one of the target whose scrapes fail.
    bool concerns(const LabelSet& labels) const;
};

}  // namespace tocsin
