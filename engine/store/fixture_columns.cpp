#include "engine/store/fixture_columns.h"

#include <fmt/format.h>

#include "base/duration.h"

namespace tocsin {

TimelineId FixtureColumns::create_timeline(const std::string& path) {
    const TimelineId id = store_.create_timeline();
    paths_[id] = path;
    return id;
}

Result<std::optional<ColumnIndex>> FixtureColumns::column_for(TimelineId id, const LabelSet& labels, Timestamp at,
                                                              bool was_here) {
    const auto known = store_.find_series(labels);
    if (!known || known->timeline == id || !paths_.contains(known->timeline)) return store_.column_for(id, labels);
    if (was_here) return fail_for_two(labels, id, known->timeline, at);
    const Timeline& other = store_.timeline(known->timeline);
    if (!other.empty() && other.time(other.rows() - 1) < at) {
        return store_.move_series(known->timeline, known->column, id);
    }
    // It has a row at this very time; the series may have ended there.
    const auto column = store_.column_for(id, labels);
    if (!column) return fail_for_two(labels, known->timeline, id, at);
    return column;
}

tl::unexpected<Error> FixtureColumns::fail_for_two(const LabelSet& labels, TimelineId one, TimelineId other,
                                                   Timestamp at) const {
    return fail(Error::Kind::InvalidInput,
                fmt::format("{} is in {} and in {} at the same time, {}; of a series that several fixtures have each "
                            "must be over when the next one begins",
                            to_string(labels), paths_.at(one), paths_.at(other), to_rfc3339_ms(at)));
}

}  // namespace tocsin
