#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "parser/exposition_lexer.h"

namespace tocsin {

/// Advice about the metrics of a body that can be read, as warnings: promtool's, word for word
/// (prometheus/client_golang prometheus/testutil/promlint), by metric, then by text. Each stands where its metric is
/// mentioned first.
Diagnostics lint_metrics(std::string_view body, ExpositionFormat format, const std::string& file);

}  // namespace tocsin
