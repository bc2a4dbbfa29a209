#pragma once

#include <cstdint>
#include <vector>

#include "base/labels.h"

/// A second PromQL, written to be obviously right and nothing else: one row after the other, one moment after the
/// other, nothing remembered, nothing shared with engine/. Tests compare the engine with it.
namespace tocsin::reference {

struct Point {
    std::int64_t time_ms = 0;
    double value = 0;
};

/// Points by time, each time once; stale markers are among them.
struct Series {
    LabelSet labels;
    std::vector<Point> points;
};

struct Row {
    LabelSet labels;
    double value = 0;
};

using Rows = std::vector<Row>;

}  // namespace tocsin::reference
