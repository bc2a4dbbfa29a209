#include <array>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/sample.h"
#include "engine/eval/query.h"
#include "engine/eval/stepped_query.h"
#include "engine/store/store.h"
#include "parser/promql_parser.h"

// What an evaluation costs in the steady state, each beside the plain loop over the same doubles: what somebody would
// write who knows where they lie, as the compiler makes it without further advice.

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr int kTargets = 100;
constexpr int kSeriesPerTarget = 1000;  // a target
constexpr int kRows = 30;
constexpr int kJobs = 10;
constexpr int kBounds = 10;
constexpr Duration kInterval = 10s;
constexpr Timestamp kNow{kInterval * kRows};

// 100 targets of 1,000 series, 30 scrapes each.
class Fleet {
public:
    Fleet() : store(StoreOptions{.keep_all = true, .retention = 1h}) {
        for (int target = 0; target < kTargets; ++target) add_target(target);
    }

    /// The cells of a scrape of a target, from the first series of a metric on.
    const double* row(int target, int number, std::size_t first_column) const {
        return store.timeline(timelines_[static_cast<std::size_t>(target)]).row(static_cast<std::size_t>(number)) +
               first_column;
    }

    Store store;

private:
    void add_target(int target) {
        const TimelineId id = store.create_timeline();
        timelines_.push_back(id);
        const std::string job = "j" + std::to_string(target % kJobs);
        const std::string instance = "i" + std::to_string(target);
        for (int i = 0; i < kSeriesPerTarget; ++i)
            add_series(id, {"m_total", "path"}, job, instance, std::to_string(i));
        for (int i = 0; i < kSeriesPerTarget; ++i) {
            const std::string path = "p" + std::to_string(i / kBounds);
            LabelSet labels{{"__name__", "b_bucket"},
                            {"instance", instance},
                            {"job", job},
                            {"path", path},
                            {"le", bound(i % kBounds)}};
            (void)store.column_for(id, labels);
        }
        for (int i = 0; i < kTargets; ++i) {
            add_series(id, {"left", "path"}, job, instance, std::to_string(i));
            add_series(id, {"right", "path"}, job, instance, std::to_string(i));
        }
        fill(id);
    }

    void add_series(TimelineId id, std::pair<std::string, std::string> names, const std::string& job,
                    const std::string& instance, const std::string& path) {
        LabelSet labels{{"__name__", names.first}, {"instance", instance}, {"job", job}, {names.second, path}};
        (void)store.column_for(id, labels);
    }

    static std::string bound(int i) { return i == kBounds - 1 ? "+Inf" : std::to_string(0.1 * (i + 1)); }

    void fill(TimelineId id) {
        const std::size_t columns = store.timeline(id).columns();
        std::vector<double> cells(columns);
        for (int row = 1; row <= kRows; ++row) {
            for (std::size_t i = 0; i < columns; ++i)
                cells[i] = row * (1.0 + static_cast<double>(i % 97)) + static_cast<double>(i % kBounds);
            (void)store.append(id, Timestamp{kInterval * row}, cells);
        }
    }

    std::vector<TimelineId> timelines_;
};

Fleet& fleet() {
    static Fleet one;
    return one;
}

// Nanoseconds for each series of the operand, and for each sample that is read.
void count_items(benchmark::State& state, double series, double samples_of_series) {
    const auto time_per_item = benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert;
    state.counters["per_series"] = benchmark::Counter(series, time_per_item);
    state.counters["per_sample"] = benchmark::Counter(series * samples_of_series, time_per_item);
}

void evaluate(benchmark::State& state, std::string_view text, double series, double samples_of_series) {
    const auto expr = parse_promql(text);
    auto query = StandingQuery::create(**expr, text, fleet().store, {});
    (void)(*query)->evaluate(kNow);
    for (auto _ : state) {
        auto result = (*query)->evaluate(kNow);
        if (!result) return state.SkipWithError(result.error().message.c_str());
        benchmark::DoNotOptimize((*result)->values.data());
    }
    count_items(state, series, samples_of_series);
}

// A range query that nobody has asked before, over all that there is: parsed, planned, selected, every step evaluated, the result taken.
void ask_once(benchmark::State& state, std::string_view text) {
    const QueryTimes times{Timestamp{}, kNow, kInterval};
    for (auto _ : state) {
        const auto expr = parse_promql(text);
        auto query = SteppedQuery::create(**expr, text, {}, times);
        (*query)->open(fleet().store);
        if (const Status done = (*query)->evaluate(times.start, times.end); !done)
            return state.SkipWithError(done.error().message.c_str());
        benchmark::DoNotOptimize((*query)->take().matrix.size());
    }
}

// ---- the plain loops

constexpr std::size_t kColumns = kSeriesPerTarget;
constexpr std::size_t kFirstBucket = kColumns;
constexpr std::size_t kFirstPair = 2 * kColumns;  // left and right take turns
constexpr double kSeries = kTargets * kSeriesPerTarget;
constexpr double kPairs = kTargets * kTargets;

using Increases = std::array<double, kColumns>;

// How much the counters of one target went up, resets accounted for.
void add_up(int target, std::size_t first_column, Increases& increases) {
    const double* first = fleet().row(target, 0, first_column);
    const double* last = fleet().row(target, kRows - 1, first_column);
    for (std::size_t i = 0; i < kColumns; ++i) increases[i] = last[i] - first[i];
    for (int row = 1; row < kRows; ++row) {
        const double* before = fleet().row(target, row - 1, first_column);
        const double* now = fleet().row(target, row, first_column);
        for (std::size_t i = 0; i < kColumns; ++i) increases[i] += now[i] < before[i] ? before[i] : 0.0;
    }
}

void sum_rate_plain(benchmark::State& state) {
    Increases increases;
    for (auto _ : state) {
        std::array<double, kJobs> sums{};
        for (int target = 0; target < kTargets; ++target) {
            add_up(target, 0, increases);
            for (const double increase : increases) sums[static_cast<std::size_t>(target % kJobs)] += increase / 300;
        }
        benchmark::DoNotOptimize(sums.data());
    }
    count_items(state, kSeries, kRows);
}

void greater_plain(benchmark::State& state) {
    std::vector<double> out(kTargets * kColumns);
    std::vector<std::uint8_t> keep(out.size());
    for (auto _ : state) {
        for (int target = 0; target < kTargets; ++target) {
            const double* cells = fleet().row(target, kRows - 1, 0);
            const std::size_t begin = static_cast<std::size_t>(target) * kColumns;
            for (std::size_t i = 0; i < kColumns; ++i) {
                out[begin + i] = cells[i];
                keep[begin + i] = cells[i] > 0.5;
            }
        }
        benchmark::DoNotOptimize(out.data());
        benchmark::DoNotOptimize(keep.data());
    }
    count_items(state, kSeries, 1);
}

double upper_bound(const double* counts) {
    const double rank = 0.99 * counts[kBounds - 1];
    int b = 0;
    while (b < kBounds - 1 && counts[b] < rank) ++b;
    return b * 0.1;
}

void quantile_plain(benchmark::State& state) {
    Increases increases;
    for (auto _ : state) {
        std::array<double, kJobs * kBounds> sums{};
        std::array<double, kJobs> out{};
        for (int target = 0; target < kTargets; ++target) {
            add_up(target, kFirstBucket, increases);
            double* counts = &sums[static_cast<std::size_t>(target % kJobs * kBounds)];
            for (std::size_t i = 0; i < kColumns; ++i) counts[i % kBounds] += increases[i];
        }
        for (std::size_t job = 0; job < kJobs; ++job) out[job] = upper_bound(&sums[job * kBounds]);
        benchmark::DoNotOptimize(out.data());
    }
    count_items(state, kSeries, kRows);
}

void matching_plain(benchmark::State& state) {
    std::vector<double> out(kTargets * kTargets);
    for (auto _ : state) {
        std::size_t next = 0;
        for (int target = 0; target < kTargets; ++target) {
            const double* cells = fleet().row(target, kRows - 1, kFirstPair);
            for (std::size_t i = 0; i < kTargets; ++i) out[next++] = cells[2 * i] / cells[2 * i + 1];
        }
        benchmark::DoNotOptimize(out.data());
    }
    count_items(state, kPairs, 2);
}

#define TOCSIN_EXPRESSION_BENCH(name, text, series, samples_of_series) \
    void name(benchmark::State& state) {                               \
        evaluate(state, text, series, samples_of_series);              \
    }                                                                  \
    BENCHMARK(name)->Unit(benchmark::kMicrosecond)

TOCSIN_EXPRESSION_BENCH(sum_rate, "sum by (job) (rate(m_total[5m]))", kSeries, kRows);
BENCHMARK(sum_rate_plain)->Unit(benchmark::kMicrosecond);
TOCSIN_EXPRESSION_BENCH(rate_alone, "rate(m_total[5m]) < 0", kSeries, kRows);
TOCSIN_EXPRESSION_BENCH(greater, "m_total > 0.5", kSeries, 1);
BENCHMARK(greater_plain)->Unit(benchmark::kMicrosecond);
TOCSIN_EXPRESSION_BENCH(quantile, "histogram_quantile(0.99, sum by (le, job) (rate(b_bucket[5m])))", kSeries, kRows);
BENCHMARK(quantile_plain)->Unit(benchmark::kMicrosecond);
TOCSIN_EXPRESSION_BENCH(matching, "left / right", kPairs, 2);
BENCHMARK(matching_plain)->Unit(benchmark::kMicrosecond);
TOCSIN_EXPRESSION_BENCH(matching_on, "left / on (instance, path) right", kPairs, 2);
TOCSIN_EXPRESSION_BENCH(avg, "avg_over_time(m_total[5m]) < 0", kSeries, kRows);
TOCSIN_EXPRESSION_BENCH(max, "max_over_time(m_total[5m]) < 0", kSeries, kRows);
TOCSIN_EXPRESSION_BENCH(deriv, "deriv(m_total[5m]) < 0", kSeries, kRows);
TOCSIN_EXPRESSION_BENCH(sum, "sum(m_total)", kSeries, 1);
TOCSIN_EXPRESSION_BENCH(subquery, "max_over_time(rate(left[1m])[3m:10s]) < 0", kPairs, kRows);
TOCSIN_EXPRESSION_BENCH(small, "up == 0", 1, 1);

#define TOCSIN_COLD_BENCH(name, text)    \
    void name(benchmark::State& state) { \
        ask_once(state, text);           \
    }                                    \
    BENCHMARK(name)->Unit(benchmark::kMicrosecond)

TOCSIN_COLD_BENCH(cold_sum_rate, "sum by (job) (rate(m_total[5m]))");
TOCSIN_COLD_BENCH(cold_greater, "m_total > 0.5");
TOCSIN_COLD_BENCH(cold_quantile, "histogram_quantile(0.99, sum by (le, job) (rate(b_bucket[5m])))");
TOCSIN_COLD_BENCH(cold_matching, "left / right");

}  // namespace
}  // namespace tocsin
