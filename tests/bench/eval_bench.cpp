#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/sample.h"
#include "engine/eval/query.h"
#include "engine/store/store.h"
#include "parser/promql_parser.h"

// What an evaluation costs in the steady state, each beside the plain loop over the same doubles.
//
//     g++ -O2 -std=c++20 -I. tests/bench/eval_bench.cpp -o eval_bench <libraries of engine, parser, base> -lbenchmark

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

    Store store;

private:
    void add_target(int target) {
        const TimelineId id = store.create_timeline();
        const std::string job = "j" + std::to_string(target % kJobs);
        const std::string instance = "i" + std::to_string(target);
        for (int i = 0; i < kSeriesPerTarget; ++i) add_series(id, {"m_total", "path"}, job, instance, std::to_string(i));
        for (int i = 0; i < kSeriesPerTarget; ++i) {
            const std::string path = "p" + std::to_string(i / kBounds);
            LabelSet labels{{"__name__", "b_bucket"}, {"instance", instance}, {"job", job}, {"path", path}, {"le", bound(i % kBounds)}};
            (void)store.column_for(id, labels);
        }
        for (int i = 0; i < kTargets; ++i) {
            add_series(id, {"left", "path"}, job, instance, std::to_string(i));
            add_series(id, {"right", "path"}, job, instance, std::to_string(i));
        }
        fill(id);
    }

    void add_series(TimelineId id, std::pair<std::string, std::string> names, const std::string& job, const std::string& instance,
                    const std::string& path) {
        LabelSet labels{{"__name__", names.first}, {"instance", instance}, {"job", job}, {names.second, path}};
        (void)store.column_for(id, labels);
    }

    static std::string bound(int i) { return i == kBounds - 1 ? "+Inf" : std::to_string(0.1 * (i + 1)); }

    void fill(TimelineId id) {
        const std::size_t columns = store.timeline(id).columns();
        std::vector<double> cells(columns);
        for (int row = 1; row <= kRows; ++row) {
            for (std::size_t i = 0; i < columns; ++i) cells[i] = row * (1.0 + static_cast<double>(i % 97)) + static_cast<double>(i % kBounds);
            (void)store.append(id, Timestamp{kInterval * row}, cells);
        }
    }
};

Fleet& fleet() {
    static Fleet one;
    return one;
}

void evaluate(benchmark::State& state, std::string_view text) {
    const auto expr = parse_promql(text);
    auto query = StandingQuery::create(**expr, text, fleet().store, {});
    (void)(*query)->evaluate(kNow);
    for (auto _ : state) {
        auto result = (*query)->evaluate(kNow);
        if (!result) return state.SkipWithError(result.error().message.c_str());
        benchmark::DoNotOptimize((*result)->values.data());
    }
}

// ---- the plain loops

struct Plain {
    Plain() {
        values.resize(static_cast<std::size_t>(kRows) * series);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 1000) + static_cast<double>(i / series);
        group.resize(series);
        for (std::size_t i = 0; i < series; ++i) group[i] = static_cast<std::uint32_t>(i / kSeriesPerTarget % kJobs);
    }
    const double* row(int i) const { return values.data() + static_cast<std::size_t>(i) * series; }

    std::size_t series = kTargets * kSeriesPerTarget;
    std::vector<double> values;  // row by row
    std::vector<std::uint32_t> group;
};

Plain& plain() {
    static Plain one;
    return one;
}

void sum_rate_plain(benchmark::State& state) {
    const Plain& data = plain();
    std::vector<double> increase(data.series), sums(kJobs);
    for (auto _ : state) {
        for (std::size_t i = 0; i < data.series; ++i) increase[i] = data.row(kRows - 1)[i] - data.row(0)[i];
        for (int row = 1; row < kRows; ++row) {
            const double* before = data.row(row - 1);
            const double* now = data.row(row);
            for (std::size_t i = 0; i < data.series; ++i) increase[i] += now[i] < before[i] ? before[i] : 0.0;
        }
        std::fill(sums.begin(), sums.end(), 0.0);
        for (std::size_t i = 0; i < data.series; ++i) sums[data.group[i]] += increase[i] / 300;
        benchmark::DoNotOptimize(sums.data());
    }
}

void greater_plain(benchmark::State& state) {
    const Plain& data = plain();
    std::vector<double> out(data.series);
    std::vector<std::uint8_t> keep(data.series);
    for (auto _ : state) {
        for (std::size_t i = 0; i < data.series; ++i) {
            out[i] = data.row(kRows - 1)[i];
            keep[i] = out[i] > 0.5;
        }
        benchmark::DoNotOptimize(out.data());
        benchmark::DoNotOptimize(keep.data());
    }
}

void quantile_plain(benchmark::State& state) {
    const Plain& data = plain();
    const std::size_t sums_count = kJobs * kBounds;
    std::vector<double> increase(data.series), sums(sums_count), out(kJobs);
    for (auto _ : state) {
        for (std::size_t i = 0; i < data.series; ++i) increase[i] = data.row(kRows - 1)[i] - data.row(0)[i];
        for (int row = 1; row < kRows; ++row) {
            for (std::size_t i = 0; i < data.series; ++i) {
                increase[i] += data.row(row)[i] < data.row(row - 1)[i] ? data.row(row - 1)[i] : 0.0;
            }
        }
        std::fill(sums.begin(), sums.end(), 0.0);
        for (std::size_t i = 0; i < data.series; ++i) sums[data.group[i] * kBounds + i % kBounds] += increase[i];
        for (int job = 0; job < kJobs; ++job) {
            const double* counts = &sums[static_cast<std::size_t>(job) * kBounds];
            const double rank = 0.99 * counts[kBounds - 1];
            int b = 0;
            while (b < kBounds - 1 && counts[b] < rank) ++b;
            out[static_cast<std::size_t>(job)] = b * 0.1;
        }
        benchmark::DoNotOptimize(out.data());
    }
}

void matching_plain(benchmark::State& state) {
    const Plain& data = plain();
    const std::size_t count = kTargets * kTargets;
    std::vector<double> out(count);
    std::vector<std::uint32_t> left(count), right(count);
    for (std::size_t i = 0; i < count; ++i) {
        left[i] = static_cast<std::uint32_t>(i * 2);
        right[i] = static_cast<std::uint32_t>(i * 2 + 1);
    }
    for (auto _ : state) {
        for (std::size_t i = 0; i < count; ++i) out[i] = data.values[left[i]] / data.values[right[i]];
        benchmark::DoNotOptimize(out.data());
    }
}

#define TOCSIN_EXPRESSION_BENCH(name, text)                                      \
    void name(benchmark::State& state) { evaluate(state, text); }                \
    BENCHMARK(name)->Unit(benchmark::kMicrosecond)

TOCSIN_EXPRESSION_BENCH(sum_rate, "sum by (job) (rate(m_total[5m]))");
BENCHMARK(sum_rate_plain)->Unit(benchmark::kMicrosecond);
TOCSIN_EXPRESSION_BENCH(rate_alone, "rate(m_total[5m]) < 0");
TOCSIN_EXPRESSION_BENCH(greater, "m_total > 0.5");
BENCHMARK(greater_plain)->Unit(benchmark::kMicrosecond);
TOCSIN_EXPRESSION_BENCH(quantile, "histogram_quantile(0.99, sum by (le, job) (rate(b_bucket[5m])))");
BENCHMARK(quantile_plain)->Unit(benchmark::kMicrosecond);
TOCSIN_EXPRESSION_BENCH(matching, "left / right");
BENCHMARK(matching_plain)->Unit(benchmark::kMicrosecond);
TOCSIN_EXPRESSION_BENCH(matching_on, "left / on (instance, path) right");
TOCSIN_EXPRESSION_BENCH(avg, "avg_over_time(m_total[5m]) < 0");
TOCSIN_EXPRESSION_BENCH(max, "max_over_time(m_total[5m]) < 0");
TOCSIN_EXPRESSION_BENCH(deriv, "deriv(m_total[5m]) < 0");
TOCSIN_EXPRESSION_BENCH(sum, "sum(m_total)");
TOCSIN_EXPRESSION_BENCH(subquery, "max_over_time(rate(left[1m])[3m:10s]) < 0");
TOCSIN_EXPRESSION_BENCH(small, "up == 0");

}  // namespace
}  // namespace tocsin

