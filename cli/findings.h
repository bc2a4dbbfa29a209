#pragma once

#include <string_view>

#include "base/diagnostic.h"

namespace tocsin::cli {

/// Prints findings as `text` (to stderr), as `json` (one array, to stdout), as `sarif` (SARIF 2.1.0, to
/// stdout), or as `github` (workflow commands that annotate the files of a pull request, to stdout).
void print_findings(const Diagnostics& findings, std::string_view format);

}  // namespace tocsin::cli
