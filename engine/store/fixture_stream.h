#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/store/fixture_feed.h"
#include "engine/store/fixture_text.h"
#include "engine/store/sequential_file.h"

namespace tocsin {

/// A fixture in the order of time, played while it is read.
///
/// The samples of one target at one time are a row. With `up` among them they are a scrape: a series of the target that
/// was there before and is missing now is stale. A series with samples at other times than the scrapes is never stale.
class FixtureStream final : public FixtureFeed, private FixtureSink {
public:
    static Result<std::unique_ptr<FixtureFeed>> open(Disk& disk, const std::string& path,
                                                     std::shared_ptr<FixtureColumns> columns);

    Result<std::optional<Timestamp>> next() override;
    Status play(Timestamp until) override;
    Facts facts() const override;

private:
    struct Pending {
        std::size_t series;
        std::int64_t time_ms;
        double value;
    };
    struct Series {
        std::size_t track = 0;
        ColumnIndex column = kNoColumn;
        std::uint64_t asked = 0;  // the generation of `is_wanted`
        bool is_wanted = false;
        bool was_wanted = false;  // at any time
        bool was_here = false;    // had a column, at any time
        bool is_up = false;
        bool has_own_times = false;
        std::int64_t last_ms = INT64_MIN;    // that was read
        std::int64_t in_row_ms = INT64_MIN;  // that was played
    };
    // One target.
    struct Track {
        TimelineId timeline{};
        LayoutGeneration layout;
        std::vector<std::size_t> members;
        std::vector<std::size_t> present;  // in the last scrape
        std::vector<std::pair<std::size_t, double>> row;
        bool is_scraped = false;  // in this row
    };

    FixtureStream(std::string path, SequentialFile file, std::shared_ptr<FixtureColumns> columns);

    Status take(std::size_t series, std::int64_t time_ms, double value) override;
    Status read_ahead(Timestamp past);
    Status play_moment(std::int64_t time_ms);
    void meet(std::size_t series);
    void refresh(Track& track);
    bool wants(std::size_t series);
    Status find_column(const Track& track, std::size_t series, std::int64_t time_ms);
    Status append_row(Track& track, std::int64_t time_ms);
    void mark_ended(const Track& track, std::int64_t time_ms);

    std::string path_;
    SequentialFile file_;
    std::shared_ptr<FixtureColumns> columns_;
    Store& store_;
    FixtureText text_;
    bool is_at_end_ = false;

    std::vector<Pending> pending_;
    std::size_t played_ = 0;  // of them
    std::int64_t last_ms_ = INT64_MIN;
    std::vector<Series> series_;
    std::vector<Track> tracks_;
    std::map<LabelSet, std::size_t> track_of_;  // by what says which target it is
    std::vector<std::size_t> touched_;          // tracks with a row at this moment
    std::vector<double> cells_;
};

}  // namespace tocsin
