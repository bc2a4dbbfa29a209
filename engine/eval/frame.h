#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/labels.h"

namespace tocsin {

/// The label sets of an instant vector, apart from its numbers. Immutable and shared: the same object comes out of evaluation after
/// evaluation until a series appears or vanishes, so whatever was computed from the labels may be kept as long as the pointer is
/// the same.
struct Frame {
    std::vector<LabelSet> labels;
};

/// What one evaluation of an expression gave: row i of `values` belongs to label set i of `frame`, and counts only where
/// `present[i]` is not 0. A scalar is a frame of one empty label set.
struct InstantVector {
    std::shared_ptr<const Frame> frame;
    std::vector<double> values;
    std::vector<std::uint8_t> present;
    bool is_scalar = false;

    std::size_t size() const { return values.size(); }
};

/// What PromQL has to say beside the value: `PromQL warning: …`, `PromQL info: …`.
struct Annotations {
    std::vector<std::string> warnings;
    std::vector<std::string> infos;
};

}  // namespace tocsin
