#pragma once

#include <memory>
#include <vector>

#include "base/diagnostic.h"
#include "engine/eval/query.h"
#include "engine/store/store.h"
#include "rules/rule_file.h"

namespace tocsin {

/// The compiled expressions of a group's rules, in order. What is equal in them is one operator and computed once.
struct GroupQueries {
    std::shared_ptr<SharedQueries> shared = SharedQueries::create();
    std::vector<std::unique_ptr<StandingQuery>> queries;
};

/// A finding about a group or one of its rules.
Diagnostic problem_at(const RuleGroupDefinition& group, const SourceRange& where, std::string message);

/// What cannot be compiled goes to `problems` and is missing from the result.
GroupQueries compile_rules(const RuleGroupDefinition& group, Store& store, const QueryOptions& options,
                           Diagnostics& problems);

}  // namespace tocsin
