#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/time.h"
#include "engine/store/selector_index.h"

namespace tocsin {

/// What the selections of one moment want to be kept. Immutable: whoever holds it may ask from any thread, while the
/// store goes on.
class Wanted {
public:
    struct Selector {
        std::shared_ptr<const Matchers> matchers;
        Duration reach;

        bool operator==(const Selector&) const = default;
    };

    Wanted() = default;
    /// With `keep_all` everything is wanted for `retention` at least.
    Wanted(const std::vector<Selector>& selectors, bool keep_all, Duration retention);

    /// Whether every series is kept, whatever the rules read.
    bool everything() const { return keep_all_; }
    /// Whether any series of this metric name could be wanted.
    bool name(std::string_view metric_name) const;

    /// How far back the selection that looks furthest needs this series; nothing when none takes it.
    std::optional<Duration> reach(const LabelSet& labels) const;

private:
    SelectorIndex<Selector> selectors_;
    std::vector<Selector> unnamed_;  // those that do not fix the metric name
    bool keep_all_ = false;
    Duration retention_{0};
};

}  // namespace tocsin
