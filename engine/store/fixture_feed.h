#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/store/fixture_columns.h"
#include "engine/store/fixture_survey.h"
#include "engine/store/store.h"

namespace tocsin {

/// The samples of a fixture on their way into a store, in the order of time, as if its targets were scraped there.
class FixtureFeed {
public:
    virtual ~FixtureFeed() = default;

    /// When the next samples come; nothing at the end. Errors are those of the file.
    virtual Result<std::optional<Timestamp>> next() = 0;
    /// Appends all that come up to and at `until`, those of series that are wanted. The store must not be frozen.
    virtual Status play(Timestamp until) = 0;

    struct Facts {
        std::size_t series = 0;                // seen so far
        std::vector<LabelSet> unused;          // of them, those that nobody wanted
        std::optional<std::string> cut_off;    // how the file ended too early; known at its end
        std::optional<std::string> went_back;  // where a series goes back in time first; it was sorted
        std::uint64_t bytes_read = 0;          // of the file
    };
    virtual Facts facts() const = 0;
};

/// A file in the order of time is read as it is needed, and what is in memory is a piece of it; any other one is read
/// whole, within the limits of Fixture and up to a hundred million samples. One that ends too early is played to its
/// last whole line. The store outlives the feed.
Result<std::unique_ptr<FixtureFeed>> open_fixture_feed(Disk& disk, const std::string& path, const FixtureSurvey& survey,
                                                       Store& store);
/// Feeds that are played together into one store share the columns.
Result<std::unique_ptr<FixtureFeed>> open_fixture_feed(Disk& disk, const std::string& path, const FixtureSurvey& survey,
                                                       std::shared_ptr<FixtureColumns> columns);

/// Plays all of them as if they were one, whatever comes first. They fail where two have a series at the same time.
Status play_together(const std::vector<FixtureFeed*>& feeds, Timestamp until);

}  // namespace tocsin
