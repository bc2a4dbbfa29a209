#include "engine/store/excerpt.h"

#include <algorithm>

#include "base/sample.h"

namespace tocsin {
namespace {

// Nothing of a copy is ever too old for it.
StoreOptions options_of_copy() {
    StoreOptions options;
    options.keep_all = true;
    options.retention = std::chrono::hours(24 * 365 * 1000);
    return options;
}

// To find a series by its labels takes about as long as copying so many cells.
constexpr std::uint64_t kCellsALookupCosts = 100;

std::uint64_t rows_in(const Timeline& timeline, const TimeSpan& span, Timestamp last) {
    const std::size_t begin = timeline.first_after(span.after);
    const std::size_t end = timeline.first_after(std::min(span.until, last));
    return end > begin ? end - begin : 0;
}

}  // namespace

std::vector<TimeSpan> merged(std::vector<TimeSpan> spans) {
    std::ranges::sort(spans, {}, &TimeSpan::after);
    std::vector<TimeSpan> apart;
    for (const TimeSpan& span : spans) {
        if (span.until <= span.after) continue;
        if (!apart.empty() && span.after <= apart.back().until) {
            apart.back().until = std::max(apart.back().until, span.until);
        } else {
            apart.push_back(span);
        }
    }
    return apart;
}

Excerpt::Excerpt(const Store& source, std::vector<Matchers> selectors)
    : source_(source),
      selectors_(std::move(selectors)),
      timelines_(source.timelines()),
      series_removed_(source.series_removed()),
      copy_(options_of_copy()) {}

// ---- series

bool Excerpt::find(std::size_t series_max) {
    for (std::size_t looked_at = 0; selector_ < selectors_.size();) {
        if (!candidates_) {
            candidates_ = source_.candidates(selectors_[selector_]);
            next_candidate_ = 0;
        }
        while (next_candidate_ < candidates_->size()) {
            if (looked_at++ == series_max) return false;
            look_at((*candidates_)[next_candidate_++]);
        }
        candidates_.reset();
        ++selector_;
    }
    return true;
}

// A number may have become another series' since the candidates were listed; that one was born later and has no rows
// here.
void Excerpt::look_at(std::uint32_t number) {
    const auto series = source_.series(number);
    if (!series || !all_match(selectors_[selector_], series->labels)) return;
    const TimelineId timeline = series->location.timeline;
    if (timeline >= timelines_.size() || !timelines_[timeline]) return;
    if (within_ && !has_sample(series->location)) return;
    if (numbers_.insert(number).second) found_.push_back({series->labels, series->location});
}

bool Excerpt::find_labels(std::size_t series_max, const TimeSpan& span) {
    within_ = span;
    return find(series_max);
}

bool Excerpt::has_sample(const Store::Location& location) const {
    const Timeline& timeline = source_.timeline(location.timeline);
    const std::size_t begin = timeline.first_after(within_->after);
    for (std::size_t row = timeline.first_after(within_->until); row-- > begin;) {
        if (!is_missing(timeline.at(row, location.column))) return true;
    }
    return false;
}

std::vector<LabelSet> Excerpt::take_labels() {
    std::vector<LabelSet> labels;
    labels.reserve(found_.size());
    for (Found& found : found_) labels.push_back(std::move(found.labels));
    std::ranges::sort(labels);
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    return labels;
}

void Excerpt::arrange() {
    std::ranges::sort(found_, [](const Found& a, const Found& b) {
        return std::pair(a.location.timeline, a.location.column) < std::pair(b.location.timeline, b.location.column);
    });
    for (const Found& found : found_) {
        if (sources_.empty() || sources_.back().id != found.location.timeline) add_source(found.location.timeline);
        Source& source = sources_.back();
        // Of two that were found under the same labels, one after the other, the first one counts.
        if (copy_.find_series(found.labels)) continue;
        const auto column = copy_.column_for(source.copy, found.labels);
        if (!column) continue;
        add_to_runs(source.runs, found.location.column, *column);
        ++source.columns;
    }
    found_ = {};
    numbers_ = {};
}

void Excerpt::add_source(TimelineId id) {
    sources_.push_back({.id = id,
                        .copy = copy_.create_timeline(),
                        .last_row = timelines_[id]->last_row,
                        .columns = 0,
                        .runs = {},
                        .series_removed = series_removed_,
                        .layout = timelines_[id]->layout});
}

void Excerpt::add_to_runs(std::vector<Run>& runs, ColumnIndex from, ColumnIndex to) {
    if (!runs.empty() && runs.back().from + runs.back().count == from && runs.back().to + runs.back().count == to) {
        ++runs.back().count;
    } else {
        runs.push_back({from, to, 1});
    }
}

bool Excerpt::is_out_of_date(const Source& source) const {
    return source_.series_removed() != source.series_removed || source_.layout_generation(source.id) != source.layout;
}

// Where the series of a source are now. One that went to another timeline meanwhile is given up.
void Excerpt::renew(Source& source) {
    source.series_removed = source_.series_removed();
    source.layout = source_.layout_generation(source.id);
    source.runs.clear();
    for (ColumnIndex column = 0; column < source.columns; ++column) {
        const auto location = source_.find_series(copy_.labels_of(source.copy, column));
        if (location && location->timeline == source.id) add_to_runs(source.runs, location->column, column);
    }
}

// ---- rows

std::uint64_t Excerpt::cells_in(const std::vector<TimeSpan>& spans) const {
    std::uint64_t cells = 0;
    for (const Source& source : sources_) {
        if (!source_.has_timeline(source.id)) continue;
        const Timeline& timeline = source_.timeline(source.id);
        for (const TimeSpan& span : spans) cells += rows_in(timeline, span, source.last_row) * source.columns;
    }
    return cells;
}

void Excerpt::begin_copy(std::vector<TimeSpan> spans) {
    spans_ = std::move(spans);
    next_source_ = 0;
    for (const Source& source : sources_) copy_.timeline(source.copy).drop_before(Timestamp::max());
}

bool Excerpt::copy(std::uint64_t cells_max) {
    std::uint64_t cells_left = cells_max;
    for (; next_source_ < sources_.size(); ++next_source_) {
        if (!copy_source(sources_[next_source_], cells_left)) return false;
    }
    return true;
}

// Goes on behind the last row that was copied. False when there is more to do.
bool Excerpt::copy_source(Source& source, std::uint64_t& cells_left) {
    if (!source_.has_timeline(source.id)) return true;
    if (is_out_of_date(source)) {
        renew(source);
        cells_left -= std::min<std::uint64_t>(cells_left, std::uint64_t{source.columns} * kCellsALookupCosts);
    }
    const Timeline& from = source_.timeline(source.id);
    Timeline& to = copy_.timeline(source.copy);
    for (const TimeSpan& span : spans_) {
        const Timestamp after = to.empty() ? span.after : std::max(span.after, to.time(to.rows() - 1));
        const std::size_t end = from.first_after(std::min(span.until, source.last_row));
        for (std::size_t row = from.first_after(after); row < end; ++row) {
            if (cells_left == 0) return false;
            cells_left -= std::min<std::uint64_t>(cells_left, source.columns + 16);
            const double* cells = from.row(row);
            double* copied = to.append_row(from.time(row)).data();
            for (const Run& run : source.runs) std::copy_n(cells + run.from, run.count, copied + run.to);
        }
    }
    return true;
}

}  // namespace tocsin
