#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/labels.h"
#include "parser/ast.h"

namespace tocsin {

/// What no honest expression reaches. Whatever stays within these can be walked by recursion.
struct PromqlLimits {
    std::size_t bytes = 64 * 1024;
    std::size_t depth = 200;     // parentheses and calls within each other
    std::size_t height = 1'000;  // of the tree: a chain of n operators, `a or b or c …`, has the height n
    std::size_t matchers = 100;  // of one selector
};

/// Reads one PromQL expression, the whole language of Prometheus 3. Positions in the diagnostics count within `text`
/// (line and column from 1); whoever holds a file moves them there. Names of functions are not looked up. Messages are
/// those of Prometheus' parser, complete: `expected` stays empty.
Parsed<ExprPtr> parse_promql(std::string_view text, const PromqlLimits& limits = {});

/// Reads `name{a="b"}` as a series is written in test files, and in `match[]` parameters.
Parsed<Matchers> parse_metric_selector(std::string_view text);

struct NativeHistogram;

/// One value of a series in the notation of promtool's tests.
struct SequenceValue {
    double value = 0;      // a stale marker when `stale`
    bool omitted = false;  // `_`
    std::shared_ptr<const NativeHistogram> histogram;  // `{{…}}`; then `value` means nothing
};

struct SeriesDescription {
    LabelSet labels;
    std::vector<SequenceValue> values;
    /// `name{…}@st -1m -2m`: the values are no samples. They say, in seconds, how long before the samples of the series
    /// its counters were started.
    bool start_timestamps = false;
};

/// Reads `name{a="b"} 1 2+1x5 _ stale` (promtool's series notation), at most `values_max` values.
Parsed<SeriesDescription> parse_series_description(std::string_view text, std::size_t values_max = 1'000'000);

/// The values alone: `1 2+1x5 _ stale`.
Parsed<std::vector<SequenceValue>> parse_series_values(std::string_view text, std::size_t values_max = 1'000'000);

}  // namespace tocsin
