#include "engine/store/store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <set>

#include "base/assert.h"
#include "engine/store/series_table.h"

namespace tocsin {
namespace {

// How many series are asked about after selections changed, at each collection of garbage: a pause of some
// milliseconds.
constexpr std::size_t kSeriesCheckedAtOnce = 20'000;

// An evaluation that was due so long ago still finds its samples, even of a target that is polled no more.
constexpr Duration kLatestEvaluation{std::chrono::minutes(1)};

// Squeezing makes everybody ask for his columns again, so it must be worth it.
constexpr std::size_t kFreeColumnsMin = 64;

std::string selection_key(const Matchers& matchers) {
    std::string key;
    for (const Matcher& matcher : matchers) {
        for (const std::string_view part :
             {std::string_view(matcher.name()), to_string(matcher.op()), std::string_view(matcher.value())}) {
            key += std::to_string(part.size());
            key += ':';
            key += part;
        }
    }
    return key;
}

// Nothing in the last row, and nothing in the one before: a row that is still being filled in may lack what is alive.
bool has_ended(const Timeline& timeline, ColumnIndex column) {
    if (timeline.empty()) return true;
    const double last = timeline.at(timeline.rows() - 1, column);
    if (!is_absent(last)) return is_stale(last);
    return timeline.rows() < 2 || is_missing(timeline.at(timeline.rows() - 2, column));
}

bool is_all_missing(const Timeline& timeline, ColumnIndex column) {
    for (std::size_t row = timeline.rows(); row-- > 0;) {
        if (!is_missing(timeline.at(row, column))) return false;
    }
    return true;
}

}  // namespace

struct Store::Impl {
    SeriesTable table;
    std::map<std::string, std::unique_ptr<Selection>> selections;  // by their matchers
    SelectorIndex<Selection*> index;
    std::shared_ptr<const Wanted> wanted;  // null: to be made anew
    TimelineId next_check = 0;
    Stats stats;
    std::mutex refreshing;
};

// ---- selections

Store::SelectionHandle::SelectionHandle(SelectionHandle&& other) noexcept
    : store_(std::exchange(other.store_, nullptr)),
      selection_(std::exchange(other.selection_, nullptr)),
      own_(std::move(other.own_)) {}

Store::SelectionHandle& Store::SelectionHandle::operator=(SelectionHandle&& other) noexcept {
    if (this != &other) {
        release();
        store_ = std::exchange(other.store_, nullptr);
        selection_ = std::exchange(other.selection_, nullptr);
        own_ = std::move(other.own_);
    }
    return *this;
}

Store::SelectionHandle::~SelectionHandle() {
    release();
}

void Store::SelectionHandle::release() {
    if (store_ != nullptr) store_->drop_holder(*selection_);
    store_ = nullptr;
    selection_ = nullptr;
    own_.reset();
}

const Selection& Store::SelectionHandle::get() const {
    TOCSIN_ASSERT(selection_ != nullptr);
    if (store_ == nullptr || !selection_->dirty_.load(std::memory_order_acquire)) return *selection_;
    const std::lock_guard lock(store_->impl_->refreshing);
    if (selection_->dirty_.load(std::memory_order_relaxed)) {
        selection_->refresh(store_->impl_->table);
        selection_->dirty_.store(false, std::memory_order_release);
    }
    return *selection_;
}

Store::SelectionHandle Store::select(Matchers matchers, Duration reach) {
    std::unique_ptr<Selection>& shared = impl_->selections[selection_key(matchers)];
    const bool is_new = shared == nullptr;
    if (is_new) {
        shared = std::make_unique<Selection>();
        shared->matchers_ = std::make_shared<const Matchers>(std::move(matchers));
        impl_->index.add(shared->matchers(), shared.get());
    }
    if (is_new || reach > shared->reach_) {
        shared->reach_ = reach;
        impl_->table.for_each(shared->matchers(), [&](SeriesNumber number) {
            Timeline& timeline = impl_->table.home(impl_->table[number].timeline).timeline;
            timeline.set_retention(std::max(timeline.retention(), reach));
            if (is_new) shared->members_.push_back(number);
            return true;
        });
        impl_->wanted.reset();
        ++wanted_generation_;
    }
    ++shared->holders_;
    SelectionHandle handle;
    handle.store_ = this;
    handle.selection_ = shared.get();
    return handle;
}

Store::SelectionHandle Store::select_once(Matchers matchers) const {
    SelectionHandle handle;
    handle.own_ = std::make_unique<Selection>();
    handle.selection_ = handle.own_.get();
    handle.selection_->matchers_ = std::make_shared<const Matchers>(std::move(matchers));
    impl_->table.for_each(handle.selection_->matchers(), [&](SeriesNumber number) {
        handle.selection_->members_.push_back(number);
        return true;
    });
    handle.selection_->refresh(impl_->table);
    return handle;
}

// A shorter reach of those that remain is found out at the next change only; until then more is kept than needed.
void Store::drop_holder(Selection& selection) {
    if (--selection.holders_ > 0) return;
    impl_->index.remove(selection.matchers(), &selection);
    impl_->selections.erase(selection_key(selection.matchers()));
    impl_->wanted.reset();
    ++wanted_generation_;
}

std::shared_ptr<const Wanted> Store::wanted() const {
    if (!impl_->wanted) {
        std::vector<Wanted::Selector> selectors;
        selectors.reserve(impl_->selections.size());
        for (const auto& [_, selection] : impl_->selections) {
            selectors.push_back({selection->matchers_, selection->reach_});
        }
        impl_->wanted = std::make_shared<const Wanted>(selectors, options_.keep_all, options_.retention);
    }
    return impl_->wanted;
}

std::vector<Store::Kept> Store::kept() const {
    std::vector<Kept> kept;
    for (const auto& [_, selection] : impl_->selections) kept.push_back({selection->matchers(), selection->reach_});
    return kept;
}

bool Store::name_wanted(std::string_view metric_name) const {
    return wanted()->name(metric_name);
}

bool Store::series_wanted(const LabelSet& labels) const {
    return wanted()->reach(labels).has_value();
}

// ---- writing

Store::Store(StoreOptions options) : options_(options), impl_(std::make_unique<Impl>()) {}
Store::~Store() = default;

TimelineId Store::create_timeline() {
    const TimelineId id = impl_->table.add_home(options_.retention);
    impl_->table.home(id).checked = wanted_generation_;
    ++impl_->stats.timelines;
    return id;
}

void Store::remove_timeline(TimelineId id) {
    TOCSIN_ASSERT(!frozen());
    std::vector<SeriesNumber> all = impl_->table.home(id).series;
    std::erase(all, kNoSeries);
    forget(all);
    impl_->table.remove_home(id);
    --impl_->stats.timelines;
}

Timeline& Store::timeline(TimelineId id) {
    return impl_->table.home(id).timeline;
}
const Timeline& Store::timeline(TimelineId id) const {
    return impl_->table.home(id).timeline;
}

std::optional<ColumnIndex> Store::column_for(TimelineId id, const LabelSet& labels) {
    if (const auto known = impl_->table.find(labels)) {
        const SeriesTable::Series& series = impl_->table[*known];
        if (series.timeline == id) return series.column;
        if (!has_ended(timeline(series.timeline), series.column)) {
            ++impl_->stats.series_refused;
            return std::nullopt;
        }
        forget({*known});
    }
    if (impl_->table.size() >= options_.series_max) {
        ++impl_->stats.series_refused;
        return std::nullopt;
    }
    TOCSIN_ASSERT(!frozen());
    const SeriesNumber number = impl_->table.add(id, labels);
    Duration reach = std::max(options_.retention, timeline(id).retention());
    bool taken = false;
    impl_->index.for_each_candidate(labels, [&](Selection* selection) {
        if (!all_match(selection->matchers(), labels)) return;
        selection->members_.push_back(number);
        selection->dirty_ = true;
        reach = std::max(reach, selection->reach_);
        taken = true;
    });
    // What nobody asked for (yet) can be looked at nevertheless.
    if (!taken) reach = std::max(reach, options_.lookback_delta);
    timeline(id).set_retention(reach);
    ++impl_->stats.series_created;
    return impl_->table[number].column;
}

std::optional<ColumnIndex> Store::find_column(TimelineId id, const LabelSet& labels) const {
    const auto known = impl_->table.find(labels);
    if (!known || impl_->table[*known].timeline != id) return std::nullopt;
    return impl_->table[*known].column;
}

std::optional<Store::Location> Store::find_series(const LabelSet& labels) const {
    const auto known = impl_->table.find(labels);
    if (!known) return std::nullopt;
    return Location{impl_->table[*known].timeline, impl_->table[*known].column};
}

// Of a column without a series: no labels.
const LabelSet& Store::labels_of(TimelineId id, ColumnIndex column) const {
    static const LabelSet none;
    const SeriesNumber number = impl_->table.home(id).series[column];
    return number == kNoSeries ? none : impl_->table[number].labels;
}

ColumnIndex Store::move_series(TimelineId from, ColumnIndex column, TimelineId to) {
    TOCSIN_ASSERT(!frozen() && from != to);
    const Timeline& source = timeline(from);
    Timeline& target = timeline(to);
    if (target.empty()) {
        for (std::size_t row = 0; row < source.rows(); ++row) target.append_row(source.time(row));
    }
    std::vector<double> cells(source.rows());
    for (std::size_t row = 0; row < cells.size(); ++row) cells[row] = source.at(row, column);
    const SeriesNumber number = impl_->table.home(from).series[column];
    TOCSIN_ASSERT(number != kNoSeries);
    impl_->table.rehome(number, to);
    const SeriesTable::Series& series = impl_->table[number];
    for (std::size_t row = 0; row < cells.size(); ++row) {
        const std::size_t there = target.first_after(source.time(row) - Duration{1});
        if (there < target.rows() && target.time(there) == source.time(row)) {
            target.write(there, series.column, cells[row]);
        }
    }
    const Duration reach = wanted()->reach(series.labels).value_or(options_.lookback_delta);
    target.set_retention(std::max(target.retention(), reach));
    impl_->index.for_each_candidate(series.labels, [&](Selection* selection) {
        if (all_match(selection->matchers(), series.labels)) selection->disordered_ = selection->dirty_ = true;
    });
    return series.column;
}

LayoutGeneration Store::layout_generation(TimelineId id) const {
    const SeriesTable::Home& home = impl_->table.home(id);
    return {home.made, home.released, home.moved};
}

bool Store::append(TimelineId id, Timestamp time, std::span<const double> values) {
    TOCSIN_ASSERT(!frozen());
    Timeline& to = timeline(id);
    TOCSIN_ASSERT(values.size() <= to.columns());
    if (!to.empty()) {
        const Timestamp last = to.time(to.rows() - 1);
        if (time <= last) return false;
        // Measured from the row before, for an evaluation that was due then and is late.
        to.drop_before(last - to.retention());
    }
    std::ranges::copy(values, to.append_row(time).begin());
    impl_->stats.samples_appended +=
        static_cast<std::uint64_t>(std::ranges::count_if(values, [](double value) { return !is_absent(value); }));
    return true;
}

// ---- garbage

// The labels stay until everybody who lists the series has dropped it.
void Store::forget(const std::vector<std::uint32_t>& series) {
    if (series.empty()) return;
    TOCSIN_ASSERT(!frozen());
    std::set<std::string_view> names;
    for (const SeriesNumber number : series) {
        names.insert(impl_->table[number].labels.metric_name());
        impl_->table.release(number);
    }
    names.insert(std::string_view{});  // selections that fix no name
    for (const std::string_view name : names) {
        impl_->index.for_each_of_name(name, [&](Selection* selection) { selection->drop_forgotten(impl_->table); });
    }
    impl_->table.erase_released(series);
    impl_->stats.series_removed += series.size();
}

void Store::find_ended(TimelineId id, Timestamp now, std::vector<std::uint32_t>& found) {
    SeriesTable::Home& home = impl_->table.home(id);
    home.timeline.drop_before(now - home.timeline.retention() - kLatestEvaluation);
    const double* last = home.timeline.empty() ? nullptr : home.timeline.row(home.timeline.rows() - 1);
    for (ColumnIndex column = 0; column < home.series.size(); ++column) {
        if (last != nullptr && !is_missing(last[column])) continue;
        if (home.series[column] != kNoSeries && is_all_missing(home.timeline, column)) {
            found.push_back(home.series[column]);
        }
    }
}

// A timeline at a time, where the last one left off; what it keeps follows from the series that remain.
void Store::find_unwanted(std::vector<std::uint32_t>& found) {
    std::size_t checked = 0;
    const TimelineId end = impl_->table.homes_end();
    for (TimelineId i = 0; i < end && checked < kSeriesCheckedAtOnce; ++i) {
        impl_->next_check = impl_->next_check + 1 < end ? impl_->next_check + 1 : 0;
        if (!impl_->table.has_home(impl_->next_check)) continue;
        SeriesTable::Home& home = impl_->table.home(impl_->next_check);
        if (home.checked == wanted_generation_) continue;
        home.checked = wanted_generation_;
        checked += home.series.size();
        Duration retention = options_.retention;
        for (const SeriesNumber number : home.series) {
            if (number == kNoSeries) continue;
            const auto reach = wanted()->reach(impl_->table[number].labels);
            if (!reach) {
                found.push_back(number);
                ++home.moved;
            }
            retention = std::max(retention, reach.value_or(Duration{0}));
        }
        home.timeline.set_retention(retention);
    }
}

void Store::squeeze_where_worthwhile() {
    for (TimelineId id = 0; id < impl_->table.homes_end(); ++id) {
        if (!impl_->table.has_home(id)) continue;
        const Timeline& timeline = impl_->table.home(id).timeline;
        if (timeline.free_columns() < kFreeColumnsMin || timeline.free_columns() * 2 < timeline.columns()) continue;
        impl_->table.squeeze(id);
        for (const auto& [_, selection] : impl_->selections) selection->renumbered(impl_->table, id);
    }
}

void Store::collect_garbage(Timestamp now) {
    TOCSIN_ASSERT(!frozen());
    std::vector<SeriesNumber> found;
    for (TimelineId id = 0; id < impl_->table.homes_end(); ++id) {
        if (impl_->table.has_home(id)) find_ended(id, now, found);
    }
    forget(found);
    found.clear();
    find_unwanted(found);
    forget(found);
    squeeze_where_worthwhile();
    impl_->table.shrink();
}

// ---- reading for the API

void Store::for_each_series(const Matchers& matchers,
                            const std::function<bool(const LabelSet&, const Timeline&, ColumnIndex)>& visit) const {
    impl_->table.for_each(matchers, [&](SeriesNumber number) {
        const SeriesTable::Series& series = impl_->table[number];
        return visit(series.labels, timeline(series.timeline), series.column);
    });
}

// ---- reading in pieces

std::vector<std::uint32_t> Store::candidates(const Matchers& matchers) const {
    return impl_->table.candidates(matchers);
}

std::optional<Store::SeriesView> Store::series(std::uint32_t number) const {
    const SeriesTable::Series* series = impl_->table.find(number);
    if (series == nullptr) return std::nullopt;
    return SeriesView{series->labels, {series->timeline, series->column}};
}

std::vector<std::optional<Store::TimelineView>> Store::timelines() const {
    std::vector<std::optional<TimelineView>> views(impl_->table.homes_end());
    for (TimelineId id = 0; id < views.size(); ++id) {
        if (!has_timeline(id) || timeline(id).empty()) continue;
        views[id] = TimelineView{timeline(id).time(timeline(id).rows() - 1), layout_generation(id)};
    }
    return views;
}

std::uint64_t Store::series_removed() const {
    return impl_->stats.series_removed;
}

bool Store::has_timeline(TimelineId id) const {
    return impl_->table.has_home(id);
}

Store::Stats Store::stats() const {
    Stats stats = impl_->stats;
    stats.series = impl_->table.size();
    stats.bytes = impl_->table.bytes();
    for (const auto& [key, selection] : impl_->selections) stats.bytes += key.size() + selection->bytes();
    for (TimelineId id = 0; id < impl_->table.homes_end(); ++id) {
        if (!impl_->table.has_home(id) || timeline(id).empty()) continue;
        const Timeline& rows = timeline(id);
        const std::size_t first_row = 0;
        const Timestamp first = rows.time(first_row), last = rows.time(rows.rows() - 1);
        stats.oldest = std::min(stats.oldest.value_or(first), first);
        stats.newest = std::max(stats.newest.value_or(last), last);
    }
    return stats;
}

// ---- freezing

void Store::thaw() {
    TOCSIN_ASSERT(frozen_ > 0);
    if (--frozen_ > 0 || thawing_) return;
    thawing_ = true;
    // A change may freeze the store again; the rest waits for the next thaw.
    while (frozen_ == 0 && !waiting_.empty()) {
        const auto change = std::move(waiting_.front());
        waiting_.pop_front();
        change();
    }
    thawing_ = false;
}

void Store::when_thawed(std::function<void()> change) {
    if (frozen_ == 0 && waiting_.empty()) {
        change();
    } else {
        waiting_.push_back(std::move(change));
    }
}

}  // namespace tocsin
