#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/scrape/scrape_cache.h"
#include "engine/scrape/target_series.h"
#include "engine/store/store.h"
#include "tests/bench/exposition_body.h"

// What a scrape costs from the body on: reading it against the lines of the last one, and writing the row.
//
//     g++ -O2 -std=c++20 -I. tests/bench/scrape_bench.cpp -o scrape_bench <libraries of engine, parser, base>
//     -lbenchmark

namespace tocsin {
namespace {

using namespace std::chrono_literals;

class Scraped {
public:
    explicit Scraped(const Wanted& wanted) : wanted_(wanted) {
        target_.labels = {{"instance", "10.0.0.1:8080"}, {"job", "shop"}};
    }
    ScrapeReading read(const std::string& body) {
        ScrapeSource source;
        source.body = body;
        source.known = &lines_;
        source.wanted = &wanted_;
        source.config = &config_;
        source.target = &target_;
        source.limits = {.samples = 5'000'000,
                         .labels = 64,
                         .label_name_bytes = 1024,
                         .label_value_bytes = 65536,
                         .line_bytes = 1 << 20};
        return read_scrape(source);
    }
    void learn(const std::string& body) { lines_ = read(body).lines; }

private:
    const Wanted& wanted_;
    ScrapeConfig config_;
    Target target_;
    ScrapeLines lines_;
};

const std::vector<std::string>& bodies() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> some;
        for (unsigned i = 0; i < 16; ++i) some.push_back(bench::exposition_body(i));
        return some;
    }();
    return all;
}

void count_bytes(benchmark::State& state, std::uint64_t samples) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bodies()[0].size()));
    state.counters["ns/sample"] =
        benchmark::Counter(static_cast<double>(samples) * static_cast<double>(state.iterations()) / 1e9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void read_bodies(benchmark::State& state, const Wanted& wanted, bool known) {
    Scraped scraped(wanted);
    if (known) scraped.learn(bodies()[0]);
    std::size_t round = 0;
    std::uint64_t samples = 0;
    for (auto _ : state) {
        const ScrapeReading reading = scraped.read(bodies()[++round % bodies().size()]);
        benchmark::DoNotOptimize(reading.values.data());
        samples = reading.samples;
    }
    count_bytes(state, samples);
}

void known_lines(benchmark::State& state) {
    static const Wanted everything({}, true, 5min);
    read_bodies(state, everything, true);
}

void unknown_lines(benchmark::State& state) {
    static const Wanted everything({}, true, 5min);
    read_bodies(state, everything, false);
}

// As when rules use one metric of the target.
void unwanted_lines(benchmark::State& state) {
    static const Wanted one(
        {{std::make_shared<const Matchers>(Matchers{Matcher::equal("__name__", "process_pool_3_connections")}), 5min}},
        false, 0ms);
    read_bodies(state, one, true);
}

void unknown_unwanted_lines(benchmark::State& state) {
    static const Wanted one(
        {{std::make_shared<const Matchers>(Matchers{Matcher::equal("__name__", "process_pool_3_connections")}), 5min}},
        false, 0ms);
    read_bodies(state, one, false);
}

// A row of known series into the store.
void commit(benchmark::State& state) {
    Store store({.keep_all = true, .retention = 5min});
    TargetSeries series(store);
    ScrapeConfig config;
    Target target;
    Timestamp tick{};
    std::uint64_t samples = 0;
    for (auto _ : state) {
        state.PauseTiming();
        const TargetSeries::Known known = series.known();
        ScrapeSource source;
        source.body = bodies()[static_cast<std::size_t>(to_unix_ms(tick)) % bodies().size()];
        source.known = known.lines.get();
        source.wanted = known.wanted.get();
        source.config = &config;
        source.target = &target;
        ScrapeReading reading = read_scrape(source);
        tick += 15s;
        samples = reading.samples;
        state.ResumeTiming();
        series.take(reading, known.wanted_generation, tick, false);
        series.write(tick, {});
    }
    count_bytes(state, samples);
}

BENCHMARK(known_lines);
BENCHMARK(unknown_lines);
BENCHMARK(unwanted_lines);
BENCHMARK(unknown_unwanted_lines);
BENCHMARK(commit);

}  // namespace
}  // namespace tocsin

