#include "engine/scrape/target_series.h"

#include <algorithm>

#include "base/sample.h"

namespace tocsin {
namespace {

constexpr Duration kShortestReach{std::chrono::minutes(10)};

// Prometheus' maxAheadTime.
constexpr Duration kAheadMax{std::chrono::minutes(10)};

// Ten minutes, or four times as much, or sixteen times, …: series of one timeline are kept four times longer than they
// need at most.
Duration reach_class(Duration reach) {
    Duration longest = kShortestReach;
    while (longest < reach) longest *= 4;
    return longest;
}

bool has_newest_value(const Timeline& timeline, ColumnIndex column) {
    return !timeline.empty() && !is_missing(timeline.at(timeline.rows() - 1, column));
}

}  // namespace

TargetSeries::~TargetSeries() {
    for (const TimelineId id : timelines()) {
        if (log_ != nullptr) log_->removed(id);
    }
    store_.when_thawed([&store = store_, ids = timelines()] {
        for (const TimelineId id : ids) store.remove_timeline(id);
    });
}

std::vector<TimelineId> TargetSeries::timelines() const {
    std::vector<TimelineId> ids;
    for (const Row& row : rows_) ids.push_back(row.timeline);
    ids.insert(ids.end(), alone_.begin(), alone_.end());
    return ids;
}

void TargetSeries::set_report_labels(std::vector<LabelSet> labels) {
    report_labels_ = std::move(labels);
    reports_generation_ = 0;
}

TargetSeries::Known TargetSeries::known() const {
    static const auto none = std::make_shared<const ScrapeLines>();
    const std::uint64_t generation = store_.wanted_generation();
    const bool are_good = wanted_generation_ == generation && columns_are_ours();
    return {are_good ? lines_ : none, are_good ? none : lines_, store_.wanted(), generation};
}

void TargetSeries::forget_lines() {
    lines_ = std::make_shared<const ScrapeLines>();
    give_up_lines();
}

// As long as all of our series have samples, columns that were given back are none of ours.
bool TargetSeries::columns_are_ours() const {
    return std::ranges::all_of(rows_, [&](const Row& row) {
        const LayoutGeneration now = store_.layout_generation(row.timeline);
        return is_alive_ ? now.moved == row.layout.moved : now == row.layout;
    });
}

// ---- the log

void TargetSeries::log_row(TimelineId id, bool is_alone, Duration reach) {
    if (log_ != nullptr) log_->appended(owner_, id, is_alone, reach, store_, columns_changed_);
}

void TargetSeries::adopt(const std::vector<RecoveredTimeline>& timelines) {
    for (const RecoveredTimeline& past : timelines) {
        append_recovered({&past, 1}, store_, past.is_alone ? add_alone() : row_for(past.reach).timeline);
    }
    remove_empty_timelines();
}

// ---- places

TargetSeries::Row& TargetSeries::row_for(Duration reach) {
    const Duration longest = reach_class(reach);
    const auto it = std::ranges::find(rows_, longest, &Row::reach_max);
    if (it != rows_.end()) return *it;
    const TimelineId id = store_.create_timeline();
    return rows_.emplace_back(Row{id, longest, store_.layout_generation(id), {}});
}

TargetSeries::Row* TargetSeries::row_of(TimelineId timeline) {
    if (last_row_ < rows_.size() && rows_[last_row_].timeline == timeline) return &rows_[last_row_];
    for (last_row_ = 0; last_row_ < rows_.size(); ++last_row_) {
        if (rows_[last_row_].timeline == timeline) return &rows_[last_row_];
    }
    return nullptr;
}

TimelineId TargetSeries::add_alone() {
    const TimelineId id = store_.create_timeline();
    alone_.insert(std::ranges::lower_bound(alone_, id), id);
    return id;
}

bool TargetSeries::is_alone(TimelineId id) const {
    return std::ranges::binary_search(alone_, id);
}

// A series that is there already may have to move: it begins to have timestamps, or rules look further back than
// before, or less far.
TargetSeries::Place TargetSeries::place_born(const ScrapeReading::Born& born, bool timed) {
    const auto known = store_.find_series(born.labels);
    if (known && is_alone(known->timeline)) return *known;
    if (known && row_of(known->timeline) != nullptr) {
        const TimelineId home = timed ? add_alone() : row_for(born.reach).timeline;
        if (home == known->timeline) return *known;
        return {home, store_.move_series(known->timeline, known->column, home)};
    }
    const TimelineId home = timed ? add_alone() : row_for(born.reach).timeline;
    const auto column = store_.column_for(home, born.labels);
    return column ? Place{home, *column} : nowhere(born.reach);
}

void TargetSeries::take_changes(ScrapeReading& reading, Timestamp tick, Outcome& outcome) {
    std::vector<const ScrapeReading::TimedSample*> timed(reading.from.size(), nullptr);
    for (const auto& sample : reading.timed) timed[sample.slot] = &sample;
    std::vector<Place> places;
    places.reserve(reading.from.size());
    std::vector<bool> refused(reading.from.size(), false);
    auto born = reading.born.begin();
    for (SeriesSlot slot = 0; slot < reading.from.size(); ++slot) {
        if (reading.from[slot] != kNoSlot) {
            places.push_back(places_[reading.from[slot]]);
            continue;
        }
        const bool out_of_reach = timed[slot] != nullptr && timed[slot]->time < tick - born->reach;
        places.push_back(out_of_reach ? nowhere(born->reach) : place_born(*born, timed[slot] != nullptr));
        refused[slot] = !out_of_reach && places.back().column == kNoColumn;
        outcome.refused += refused[slot] ? 1 : 0;
        ++born;
    }
    if (outcome.refused > 0) drop_lines_without_place(reading.lines, refused);
    places_ = std::move(places);
    lines_ = std::make_shared<const ScrapeLines>(std::move(reading.lines));
    columns_changed_ = true;
}

// So that they are looked at again at the next scrape: there may be room then.
void TargetSeries::drop_lines_without_place(ScrapeLines& lines, const std::vector<bool>& refused) const {
    std::erase_if(lines.lines, [&](const ScrapeLine& line) {
        return line.kind() == ScrapeLine::Kind::Sample && refused[line.detail()];
    });
}

void TargetSeries::resolve_reports() {
    if (reports_generation_ == store_.wanted_generation() && columns_are_ours()) return;
    report_places_.assign(report_labels_.size(), nowhere({}));
    for (std::size_t i = 0; i < report_labels_.size(); ++i) {
        const auto reach = store_.wanted()->reach(report_labels_[i]);
        if (reach) report_places_[i] = place_born({report_labels_[i], *reach}, false);
    }
    reports_generation_ = store_.wanted_generation();
    columns_changed_ = true;
}

// ---- samples

// False when there is a sample already: of two the first one counts.
bool TargetSeries::put(Place place, double value) {
    Row* row = row_of(place.timeline);
    if (place.column >= row->cells.size()) row->cells.resize(place.column + 1, kAbsentMarker);
    double& cell = row->cells[place.column];
    if (!is_absent(cell)) return false;
    cell = value;
    return true;
}

TargetSeries::Outcome TargetSeries::take(ScrapeReading& reading, std::uint64_t wanted_generation, Timestamp tick,
                                         bool track_timestamps_staleness) {
    Outcome outcome;
    outcome.duplicates = reading.duplicates;
    resolve_reports();
    for (Row& row : rows_) row.cells.assign(store_.timeline(row.timeline).columns(), kAbsentMarker);
    // What the body itself says about `up` yields to the report.
    for (const Place& place : report_places_) {
        if (place.column != kNoColumn) put(place, 0);
    }
    wanted_generation_ = wanted_generation;
    if (reading.changed) take_changes(reading, tick, outcome);
    take_values(reading.values, tick, outcome);
    for (const auto& sample : reading.timed) take_timed(sample, tick, outcome);
    if (reading.changed) end_what_vanished(tick, track_timestamps_staleness);
    is_alive_ = true;
    return outcome;
}

void TargetSeries::take_values(const std::vector<double>& values, Timestamp tick, Outcome& outcome) {
    for (SeriesSlot slot = 0; slot < values.size(); ++slot) {
        const Place place = places_[slot];
        if (is_absent(values[slot]) || place.column == kNoColumn) continue;
        if (row_of(place.timeline) == nullptr) {
            append_alone(place, tick, values[slot], outcome);
        } else if (!put(place, values[slot])) {
            ++outcome.duplicates;
        }
    }
}

void TargetSeries::take_timed(const ScrapeReading::TimedSample& sample, Timestamp tick, Outcome& outcome) {
    if (sample.time > tick + kAheadMax) {
        ++outcome.out_of_bounds;
        return;
    }
    Place& place = places_[sample.slot];
    if (place.column == kNoColumn) {
        // It was too old when it was new. If it is not any more, its labels are needed.
        if (sample.time >= tick - std::chrono::seconds(place.timeline)) give_up_lines();
        return;
    }
    if (row_of(place.timeline) != nullptr) {
        const TimelineId home = add_alone();
        place = {home, store_.move_series(place.timeline, place.column, home)};
        columns_changed_ = true;
    }
    append_alone(place, sample.time, sample.value, outcome);
}

// The same sample again is no news: targets repeat the last one until they have another.
void TargetSeries::append_alone(Place place, Timestamp time, double value, Outcome& outcome) {
    if (!is_alone(place.timeline) || store_.layout_generation(place.timeline).released > 0) {
        give_up_lines();
        return;
    }
    appended_alone_.push_back(place.timeline);
    const bool is_new = store_.append(place.timeline, time, {&value, 1});
    const Timeline& timeline = store_.timeline(place.timeline);
    if (is_new) return log_row(place.timeline, true, timeline.retention());
    const std::size_t last = timeline.rows() - 1;
    if (timeline.time(last) != time) {
        ++outcome.out_of_order;
    } else if (timeline.at(last, place.column) != value) {
        ++outcome.duplicates;
    }
}

void TargetSeries::end_what_vanished(Timestamp tick, bool track_timestamps_staleness) {
    for (Row& row : rows_) {
        const Timeline& timeline = store_.timeline(row.timeline);
        row.cells.resize(timeline.columns(), kAbsentMarker);
        for (ColumnIndex column = 0; column < row.cells.size(); ++column) {
            if (is_absent(row.cells[column]) && has_newest_value(timeline, column)) row.cells[column] = kStaleMarker;
        }
    }
    if (!track_timestamps_staleness) return;
    std::ranges::sort(appended_alone_);
    for (const TimelineId id : alone_) {
        if (std::ranges::binary_search(appended_alone_, id) || !has_newest_value(store_.timeline(id), 0)) continue;
        const double stale = kStaleMarker;
        if (store_.append(id, tick, {&stale, 1})) log_row(id, true, store_.timeline(id).retention());
    }
}

void TargetSeries::take_nothing(Timestamp tick, bool track_timestamps_staleness) {
    resolve_reports();
    for (Row& row : rows_) row.cells.assign(store_.timeline(row.timeline).columns(), kAbsentMarker);
    end_what_vanished(tick, track_timestamps_staleness);
    is_alive_ = false;
}

bool TargetSeries::write(Timestamp tick, std::span<const double> reports) {
    for (std::size_t i = 0; i < reports.size() && i < report_places_.size(); ++i) {
        const Place place = report_places_[i];
        if (place.column == kNoColumn) continue;
        Row* row = row_of(place.timeline);
        if (place.column >= row->cells.size()) row->cells.resize(place.column + 1, kAbsentMarker);
        row->cells[place.column] = reports[i];
    }
    bool written = true;
    for (Row& row : rows_) {
        const bool has_cells = std::ranges::any_of(row.cells, [](double cell) { return !is_absent(cell); });
        if (has_cells && store_.append(row.timeline, tick, row.cells)) {
            log_row(row.timeline, false, row.reach_max);
        } else if (has_cells) {
            written = false;
        }
        row.cells = {};
        if (is_alive_) row.layout = store_.layout_generation(row.timeline);
    }
    columns_changed_ = false;
    appended_alone_.clear();
    remove_empty_timelines();
    return written;
}

// Series with timestamps of their own that vanished stay until nobody can reach their samples; then the store forgets
// them.
void TargetSeries::remove_empty_timelines() {
    std::erase_if(alone_, [&](TimelineId id) {
        const Timeline& timeline = store_.timeline(id);
        if (timeline.free_columns() < timeline.columns()) return false;
        if (log_ != nullptr) log_->removed(id);
        store_.remove_timeline(id);
        return true;
    });
}

}  // namespace tocsin
