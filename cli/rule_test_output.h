#pragma once

#include <string_view>
#include <vector>

#include "rules/rule_test_report.h"

namespace tocsin::cli {

/// Prints reports as `text` (problems to stderr, failures and the tally to stdout), `junit` (a suite a file, a case a
/// test) or `json`.
void print_rule_tests(const std::vector<RuleTestReport>& reports, std::string_view format, bool coverage);

}  // namespace tocsin::cli
