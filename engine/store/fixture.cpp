#include "engine/store/fixture.h"

#include <algorithm>
#include <utility>

#include "base/sample.h"
#include "engine/store/fixture_reader.h"
#include "engine/store/sequential_file.h"

namespace tocsin {
namespace {

template <class Pick>
std::optional<Timestamp> furthest(const std::vector<Fixture::Table>& tables, Pick pick) {
    std::optional<Timestamp> found;
    for (const Fixture::Table& table : tables) {
        if (!table.times.empty()) found = pick(found, table.times);
    }
    return found;
}

Status read_whole(Disk& disk, const std::string& path, FixtureReader& reader) {
    TOCSIN_TRY(SequentialFile file, SequentialFile::open(disk, path));
    for (;;) {
        TOCSIN_TRY(const std::string_view piece, file.next());
        if (piece.empty()) return {};
        if (Status status = reader.put(piece); !status) return status;
    }
}

}  // namespace

Result<Fixture> Fixture::read(Disk& disk, const std::string& path, const Limits& limits) {
    FixtureReader reader(path, limits, FixtureText::CutOff::IsError);
    if (Status status = read_whole(disk, path, reader); !status) return tl::unexpected(status.error());
    Fixture fixture;
    TOCSIN_TRY(fixture.tables_, reader.finish());
    return fixture;
}

Result<Fixture> Fixture::read_what_is_there(Disk& disk, const std::string& path, std::optional<std::string>& cut_off) {
    FixtureReader reader(path, {}, FixtureText::CutOff::IsEnd);
    if (Status status = read_whole(disk, path, reader); !status) return tl::unexpected(status.error());
    Fixture fixture;
    TOCSIN_TRY(fixture.tables_, reader.finish());
    cut_off = reader.cut_off();
    return fixture;
}

std::optional<Timestamp> Fixture::begin() const {
    return furthest(tables_, [](std::optional<Timestamp> found, const std::vector<Timestamp>& times) {
        return std::min(found.value_or(times.front()), times.front());
    });
}

std::optional<Timestamp> Fixture::end() const {
    return furthest(tables_, [](std::optional<Timestamp> found, const std::vector<Timestamp>& times) {
        return std::max(found.value_or(times.back()), times.back());
    });
}

FixturePlayer::FixturePlayer(const Fixture& fixture, Store& store) : store_(store) {
    for (const Fixture::Table& table : fixture.tables()) {
        Track track;
        track.table = &table;
        track.timeline = store.create_timeline();
        tracks_.push_back(std::move(track));
    }
}

std::optional<Timestamp> FixturePlayer::next() const {
    std::optional<Timestamp> soonest;
    for (const Track& track : tracks_) {
        if (track.row == track.table->times.size()) continue;
        const Timestamp time = track.table->times[track.row];
        soonest = std::min(soonest.value_or(time), time);
    }
    return soonest;
}

void FixturePlayer::play(Timestamp until) {
    for (auto at = next(); at && *at <= until; at = next()) {
        for (Track& track : tracks_) {
            if (track.row < track.table->times.size() && track.table->times[track.row] == *at) append_row(track);
        }
    }
}

// Which series are wanted changes with the rules, and columns change when series end.
void FixturePlayer::find_columns(Track& track) {
    if (track.wanted == store_.wanted_generation() && track.layout == store_.layout_generation(track.timeline)) return;
    const double* cells = track.table->row(track.row);
    track.columns.assign(track.table->series.size(), kNoColumn);
    bool all_found = true;
    for (std::size_t i = 0; i < track.columns.size(); ++i) {
        const LabelSet& labels = track.table->series[i];
        if (!store_.series_wanted(labels)) continue;
        // A series has no column before its first sample.
        const auto column = is_missing(cells[i]) ? store_.find_column(track.timeline, labels)
                                                 : store_.column_for(track.timeline, labels);
        track.columns[i] = column.value_or(kNoColumn);
        all_found = all_found && column;
    }
    track.wanted = all_found ? store_.wanted_generation() : 0;
    track.layout = store_.layout_generation(track.timeline);
}

void FixturePlayer::append_row(Track& track) {
    find_columns(track);
    const double* cells = track.table->row(track.row);
    cells_.assign(store_.timeline(track.timeline).columns(), kAbsentMarker);
    for (std::size_t i = 0; i < track.columns.size(); ++i) {
        if (track.columns[i] != kNoColumn) cells_[track.columns[i]] = cells[i];
    }
    store_.append(track.timeline, track.table->times[track.row], cells_);
    ++track.row;
}

}  // namespace tocsin
