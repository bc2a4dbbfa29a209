#include "engine/store/series_table.h"

#include <algorithm>
#include <set>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/assert.h"
#include "engine/store/selector_index.h"

namespace tocsin {
namespace {

struct SeriesHash {
    using is_transparent = void;
    using is_avalanching = void;
    const std::vector<SeriesTable::Series>* series;
    std::size_t operator()(SeriesNumber number) const { return (*series)[number].labels.hash(); }
    std::size_t operator()(const LabelSet& labels) const { return labels.hash(); }
};

struct SeriesEqual {
    using is_transparent = void;
    const std::vector<SeriesTable::Series>* series;
    const LabelSet& labels(SeriesNumber number) const { return (*series)[number].labels; }
    const LabelSet& labels(const LabelSet& set) const { return set; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
        return labels(a) == labels(b);
    }
};

}  // namespace

struct SeriesTable::Identity {
    explicit Identity(const std::vector<Series>& series) : numbers(0, SeriesHash{&series}, SeriesEqual{&series}) {}
    boost::unordered_flat_set<SeriesNumber, SeriesHash, SeriesEqual> numbers;
};

SeriesTable::SeriesTable() : identity_(std::make_unique<Identity>(series_)) {}
SeriesTable::~SeriesTable() = default;

TimelineId SeriesTable::add_home(Duration retention) {
    auto home = std::make_unique<Home>(retention, ++homes_made_);
    if (free_homes_.empty()) {
        homes_.push_back(std::move(home));
        return static_cast<TimelineId>(homes_.size() - 1);
    }
    const TimelineId id = free_homes_.back();
    free_homes_.pop_back();
    homes_[id] = std::move(home);
    return id;
}

void SeriesTable::remove_home(TimelineId id) {
    TOCSIN_ASSERT(has_home(id));
    homes_[id].reset();
    free_homes_.push_back(id);
}

std::optional<SeriesNumber> SeriesTable::find(const LabelSet& labels) const {
    const auto it = identity_->numbers.find(labels);
    if (it == identity_->numbers.end()) return std::nullopt;
    return *it;
}

SeriesNumber SeriesTable::add(TimelineId id, const LabelSet& labels) {
    SeriesNumber number = static_cast<SeriesNumber>(series_.size());
    if (free_series_.empty()) {
        // Doubling would leave half of a large table empty.
        if (series_.size() == series_.capacity()) series_.reserve(series_.size() + series_.size() / 4 + 16);
        series_.emplace_back();
    } else {
        std::ranges::pop_heap(free_series_, std::greater<>());
        number = free_series_.back();
        free_series_.pop_back();
    }
    const ColumnIndex column = add_column(home(id), number);
    series_[number] = {labels, id, column};
    label_bytes_ += labels.packed_bytes();
    identity_->numbers.insert(number);
    const std::string_view name = labels.metric_name();
    auto named = by_name_.find(name);
    if (named == by_name_.end()) named = by_name_.emplace(name, std::vector<SeriesNumber>{}).first;
    named->second.push_back(number);
    return number;
}

std::size_t SeriesTable::size() const {
    return identity_->numbers.size();
}

void SeriesTable::rehome(SeriesNumber number, TimelineId to) {
    Series& series = series_[number];
    Home& from = home(series.timeline);
    from.timeline.release_column(series.column);
    from.series[series.column] = kNoSeries;
    ++from.released;
    ++from.moved;
    series.column = add_column(home(to), number);
    series.timeline = to;
}

void SeriesTable::squeeze(TimelineId id) {
    Home& squeezed = home(id);
    const std::vector<ColumnIndex> moved = squeezed.timeline.squeeze();
    std::vector<SeriesNumber> series(squeezed.timeline.columns(), kNoSeries);
    for (std::size_t column = 0; column < moved.size(); ++column) {
        if (moved[column] == kNoColumn) continue;
        series[moved[column]] = squeezed.series[column];
        series_[squeezed.series[column]].column = moved[column];
    }
    squeezed.series = std::move(series);
    ++squeezed.moved;
}

void SeriesTable::release(SeriesNumber number) {
    Series& series = series_[number];
    Home& from = home(series.timeline);
    from.timeline.release_column(series.column);
    from.series[series.column] = kNoSeries;
    ++from.released;
    series.timeline = kNoTimeline;
}

void SeriesTable::erase_released(const std::vector<SeriesNumber>& numbers) {
    std::set<std::string_view> names;
    for (const SeriesNumber number : numbers) names.insert(series_[number].labels.metric_name());
    for (const std::string_view name : names) {
        const auto named = by_name_.find(name);
        std::erase_if(named->second, [&](SeriesNumber n) { return series_[n].timeline == kNoTimeline; });
        if (named->second.empty()) by_name_.erase(named);
    }
    for (const SeriesNumber number : numbers) {
        identity_->numbers.erase(number);
        label_bytes_ -= series_[number].labels.packed_bytes();
        series_[number].labels = {};
        free_series_.push_back(number);
        std::ranges::push_heap(free_series_, std::greater<>());
    }
}

void SeriesTable::shrink() {
    if (free_series_.size() < 1024 || free_series_.size() * 2 < series_.size()) return;
    while (!series_.empty() && series_.back().timeline == kNoTimeline) series_.pop_back();
    std::erase_if(free_series_, [&](SeriesNumber number) { return number >= series_.size(); });
    std::ranges::make_heap(free_series_, std::greater<>());
    free_series_.shrink_to_fit();
    series_.shrink_to_fit();
    identity_->numbers.rehash(0);
    for (auto& [_, numbers] : by_name_) numbers.shrink_to_fit();
}

void SeriesTable::for_each(const Matchers& matchers, const std::function<bool(SeriesNumber)>& visit) const {
    const auto visit_all = [&](const std::vector<SeriesNumber>& numbers) {
        return std::ranges::all_of(numbers,
                                   [&](SeriesNumber n) { return !all_match(matchers, series_[n].labels) || visit(n); });
    };
    const std::string_view name = metric_name_of(matchers);
    if (!name.empty()) {
        const auto named = by_name_.find(name);
        if (named != by_name_.end()) visit_all(named->second);
        return;
    }
    for (const auto& [_, numbers] : by_name_) {
        if (!visit_all(numbers)) return;
    }
}

std::vector<SeriesNumber> SeriesTable::candidates(const Matchers& matchers) const {
    const std::string_view name = metric_name_of(matchers);
    if (!name.empty()) {
        const auto named = by_name_.find(name);
        return named == by_name_.end() ? std::vector<SeriesNumber>{} : named->second;
    }
    std::vector<SeriesNumber> all;
    all.reserve(size());
    for (const auto& [_, numbers] : by_name_) all.insert(all.end(), numbers.begin(), numbers.end());
    return all;
}

const SeriesTable::Series* SeriesTable::find(SeriesNumber number) const {
    if (number >= series_.size() || series_[number].timeline == kNoTimeline) return nullptr;
    return &series_[number];
}

std::size_t SeriesTable::bytes() const {
    std::size_t bytes = label_bytes_ + series_.capacity() * sizeof(Series) +
                        identity_->numbers.bucket_count() * (sizeof(SeriesNumber) + 1);
    for (const auto& home : homes_) {
        if (home) bytes += sizeof(Home) + home->timeline.bytes() + home->series.capacity() * sizeof(SeriesNumber);
    }
    for (const auto& [name, numbers] : by_name_) bytes += name.size() + numbers.capacity() * sizeof(SeriesNumber);
    return bytes;
}

ColumnIndex SeriesTable::add_column(Home& home, SeriesNumber number) {
    const ColumnIndex column = home.timeline.add_column();
    if (column == home.series.size()) home.series.push_back(kNoSeries);
    home.series[column] = number;
    return column;
}

}  // namespace tocsin
