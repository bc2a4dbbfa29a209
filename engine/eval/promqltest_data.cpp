#include "engine/eval/promqltest_data.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/sample.h"
#include "engine/eval/start_times.h"

namespace tocsin::promqltest {
namespace {

constexpr Duration kForEver = std::chrono::hours(24 * 365 * 200);

}  // namespace

Data::Samples& Data::samples_of(const LabelSet& labels, TimelineData& fresh) {
    for (TimelineData& timeline : timelines_) {
        if (const auto known = timeline.find(labels); known != timeline.end()) return known->second;
    }
    return fresh[labels];
}

void Data::clear() {
    timelines_.clear();
    store_.reset();
}

void Data::load(const Load& load, bool start_times) {
    TimelineData fresh;
    for (const SeriesDescription& series : load.series) {
        Samples& samples = samples_of(series.labels, fresh);
        std::int64_t time_ms = 0;
        for (const SequenceValue& value : series.values) {
            if (!value.omitted && !value.histogram) samples[time_ms] = value.value;
            time_ms += load.step.count();
        }
    }
    if (start_times) load_start_times(load, fresh);
    timelines_.push_back(std::move(fresh));
    store_.reset();
}

// They are written in seconds from their sample.
void Data::load_start_times(const Load& load, TimelineData& fresh) {
    for (const SeriesDescription& series : load.start_times) {
        Samples& starts = fresh[start_time_labels(series.labels)];
        std::int64_t time_ms = 0;
        for (const SequenceValue& value : series.values) {
            if (!value.omitted) starts[time_ms] = static_cast<double>(time_ms) + std::round(value.value * 1000);
            time_ms += load.step.count();
        }
    }
}

Store& Data::store() {
    if (!store_) {
        store_ = std::make_unique<Store>(StoreOptions{.keep_all = true, .retention = kForEver});
        for (const TimelineData& timeline : timelines_) fill(*store_, timeline);
    }
    return *store_;
}

void Data::fill(Store& store, const TimelineData& data) {
    const TimelineId id = store.create_timeline();
    std::map<std::int64_t, std::vector<double>> rows;
    for (const auto& [labels, samples] : data) {
        if (samples.empty()) continue;
        const auto column = store.column_for(id, labels);
        TOCSIN_ASSERT(column.has_value());
        for (const auto& [time_ms, value] : samples) {
            std::vector<double>& row = rows[time_ms];
            row.resize(std::max<std::size_t>(row.size(), *column + 1), kAbsentMarker);
            row[*column] = value;
        }
    }
    for (const auto& [time_ms, row] : rows) TOCSIN_ASSERT(store.append(id, from_unix_ms(time_ms), row));
}

}  // namespace tocsin::promqltest
