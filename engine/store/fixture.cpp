#include "engine/store/fixture.h"

#include <algorithm>
#include <map>
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

struct Span {
    Timestamp first, last;
};

/// From the first to the last sample of each series.
std::map<LabelSet, Span> spans_of(const Fixture& fixture) {
    std::map<LabelSet, Span> spans;
    for (const Fixture::Table& table : fixture.tables()) {
        for (std::size_t column = 0; column < table.series.size(); ++column) {
            const auto has_sample = [&](std::size_t row) { return !is_missing(table.row(row)[column]); };
            std::size_t first = 0, behind = table.times.size();
            while (first < behind && !has_sample(first)) ++first;
            while (behind > first && !has_sample(behind - 1)) --behind;
            if (first < behind) spans[table.series[column]] = {table.times[first], table.times[behind - 1]};
        }
    }
    return spans;
}

Status read_whole(Disk& disk, const std::string& path, FixtureReader& reader) {
    TOCSIN_TRY(SequentialFile file, SequentialFile::open(disk, path));
    for (;;) {
        TOCSIN_TRY(const std::string_view piece, file.next());
        if (piece.empty()) return {};
        if (Status status = reader.put(piece); !status) return status;
    }
}

/// A series that was there a row before ends; `up` says why.
void fail_rows(Fixture::Table& table, const std::vector<std::size_t>& concerned, Timestamp from, Timestamp until) {
    const std::size_t width = table.series.size();
    for (std::size_t row = 0; row < table.times.size(); ++row) {
        if (table.times[row] < from || table.times[row] >= until) continue;
        for (const std::size_t i : concerned) {
            double& cell = table.cells[row * width + i];
            if (table.series[i].metric_name() == "up") {
                if (!is_missing(cell)) cell = 0;
                continue;
            }
            const bool ends = row > 0 && !is_missing(table.cells[(row - 1) * width + i]);
            cell = ends ? kStaleMarker : kAbsentMarker;
        }
    }
}

}  // namespace

Result<Fixture> Fixture::read(Disk& disk, const std::string& path, const Limits& limits) {
    FixtureReader reader(path, limits, FixtureText::CutOff::IsError);
    if (Status status = read_whole(disk, path, reader); !status) return tl::unexpected(status.error());
    return finished(path, reader);
}

Result<Fixture> Fixture::read_what_is_there(Disk& disk, const std::string& path, std::optional<std::string>& cut_off) {
    FixtureReader reader(path, {}, FixtureText::CutOff::IsEnd);
    if (Status status = read_whole(disk, path, reader); !status) return tl::unexpected(status.error());
    TOCSIN_TRY(Fixture fixture, finished(path, reader));
    cut_off = reader.cut_off();
    return fixture;
}

Result<Fixture> Fixture::finished(const std::string& path, FixtureReader& reader) {
    Fixture fixture;
    fixture.path_ = path;
    TOCSIN_TRY(fixture.tables_, reader.finish());
    fixture.went_back_ = reader.went_back();
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

std::optional<LabelSet> find_overlap(const Fixture& one, const Fixture& other) {
    const auto spans = spans_of(one);
    for (const auto& [labels, span] : spans_of(other)) {
        const auto same = spans.find(labels);
        if (same == spans.end()) continue;
        if (same->second.first <= span.last && span.first <= same->second.last) return labels;
    }
    return std::nullopt;
}

std::optional<Fixture> Fixture::with_failed_scrapes(const std::function<bool(const LabelSet&)>& concerns,
                                                    Timestamp from, Timestamp until) const {
    std::optional<Fixture> failed;
    for (std::size_t t = 0; t < tables_.size(); ++t) {
        std::vector<std::size_t> concerned;
        for (std::size_t i = 0; i < tables_[t].series.size(); ++i) {
            if (concerns(tables_[t].series[i])) concerned.push_back(i);
        }
        if (concerned.empty()) continue;
        if (!failed) failed = *this;
        fail_rows(failed->tables_[t], concerned, from, until);
    }
    return failed;
}

FixturePlayer::FixturePlayer(const Fixture& fixture, FixtureColumns& columns) : columns_(columns) {
    for (const Fixture::Table& table : fixture.tables()) {
        Track track;
        track.table = &table;
        track.timeline = columns.create_timeline(fixture.path());
        track.was_here.assign(table.series.size(), false);
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

void FixturePlayer::skip(Timestamp until) {
    for (Track& track : tracks_) {
        while (track.row < track.table->times.size() && track.table->times[track.row] < until) ++track.row;
    }
}

Status FixturePlayer::play(Timestamp until) {
    for (auto at = next(); at && *at <= until; at = next()) {
        for (Track& track : tracks_) {
            if (track.row == track.table->times.size() || track.table->times[track.row] != *at) continue;
            if (Status status = append_row(track); !status) return status;
        }
    }
    return {};
}

// Which series are wanted changes with the rules, and columns change when series end.
Status FixturePlayer::find_columns(Track& track) {
    const Store& store = columns_.store();
    if (track.wanted == store.wanted_generation() && track.layout == store.layout_generation(track.timeline)) return {};
    const double* cells = track.table->row(track.row);
    track.columns.assign(track.table->series.size(), kNoColumn);
    bool all_found = true;
    for (std::size_t i = 0; i < track.columns.size(); ++i) {
        const LabelSet& labels = track.table->series[i];
        if (!store.series_wanted(labels)) continue;
        // A series has no column before its first sample.
        std::optional<ColumnIndex> column;
        if (is_missing(cells[i])) {
            column = store.find_column(track.timeline, labels);
        } else {
            const Timestamp at = track.table->times[track.row];
            TOCSIN_TRY(column, columns_.column_for(track.timeline, labels, at, track.was_here[i]));
        }
        track.columns[i] = column.value_or(kNoColumn);
        if (column) track.was_here[i] = true;
        all_found = all_found && column;
    }
    track.wanted = all_found ? store.wanted_generation() : 0;
    track.layout = store.layout_generation(track.timeline);
    return {};
}

Status FixturePlayer::append_row(Track& track) {
    if (Status status = find_columns(track); !status) return status;
    Store& store = columns_.store();
    const double* cells = track.table->row(track.row);
    cells_.assign(store.timeline(track.timeline).columns(), kAbsentMarker);
    for (std::size_t i = 0; i < track.columns.size(); ++i) {
        if (track.columns[i] != kNoColumn) cells_[track.columns[i]] = cells[i];
    }
    store.append(track.timeline, track.table->times[track.row], cells_);
    ++track.row;
    return {};
}

}  // namespace tocsin
