#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/eval/query.h"

namespace tocsin {

/// One `eval` of a script.
struct PromqlTestCase {
    std::string id;  // of the comment `# case: ID` before it, otherwise `line N`
    std::size_t line = 0;
    std::string query;
    bool passed = false;
    std::string expected, got;  // where they differ; empty when it passed
};

struct PromqlTestReport {
    std::vector<PromqlTestCase> cases;
    std::size_t passed = 0;
    std::size_t failed = 0;
};

/// Runs a script in Prometheus' promqltest language against a store of its own. Every instant eval is also run as a range query around
/// its time, where that must give the same.
///
/// Fails when the script itself cannot be read: `line N: what is wrong`. Native histograms in `load` blocks are skipped.
Result<PromqlTestReport> run_promql_test(std::string_view script, QueryOptions options);

}  // namespace tocsin
