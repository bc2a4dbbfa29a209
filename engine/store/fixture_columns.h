#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/store/store.h"

namespace tocsin {

/// Columns of a store for the fixtures that are played into it. Where one fixture is over and another one goes on with
/// the same series, the series goes over to the other one with its samples, so that windows reach across.
class FixtureColumns {
public:
    /// The store outlives it.
    explicit FixtureColumns(Store& store) : store_(store) {}

    /// For samples of the fixture `path`.
    TimelineId create_timeline(const std::string& path);
    /// Where a sample at `at` belongs, the next one of this timeline. Nothing when rules write the series themselves,
    /// or the store is full. Fails when another fixture has the series at the same time; `was_here`: the timeline had
    /// it, so it is the other one that came in between.
    Result<std::optional<ColumnIndex>> column_for(TimelineId id, const LabelSet& labels, Timestamp at, bool was_here);

    Store& store() const { return store_; }

private:
    tl::unexpected<Error> fail_for_two(const LabelSet& labels, TimelineId one, TimelineId other, Timestamp at) const;

    Store& store_;
    std::map<TimelineId, std::string> paths_;
};

}  // namespace tocsin
