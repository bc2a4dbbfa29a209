#include "engine/store/fixture.h"

#include <algorithm>
#include <utility>

#include "base/sample.h"
#include "engine/store/fixture_reader.h"

namespace tocsin {
namespace {

// What a read of the file may hold at a time.
constexpr std::size_t kReadBytes = 1024 * 1024;

template <class Pick>
std::optional<Timestamp> furthest(const std::vector<Fixture::Table>& tables, Pick pick) {
    std::optional<Timestamp> found;
    for (const Fixture::Table& table : tables) {
        if (!table.times.empty()) found = pick(found, table.times);
    }
    return found;
}

}  // namespace

Result<Fixture> Fixture::read(Disk& disk, const std::string& path, const Limits& limits) {
    TOCSIN_TRY(const std::unique_ptr<DiskFile> file, disk.open(path, Disk::Open::ReadOnly));
    FixtureReader reader(path, limits);
    std::string piece(kReadBytes, '\0');
    for (std::uint64_t offset = 0;; offset += piece.size()) {
        TOCSIN_TRY(const std::size_t count, file->read_at(offset, piece.data(), piece.size()));
        if (Status status = reader.put(std::string_view(piece).substr(0, count)); !status)
            return tl::unexpected(status.error());
        if (count < piece.size()) break;
    }
    Fixture fixture;
    TOCSIN_TRY(fixture.tables_, reader.finish());
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
