#include <cstring>
#include <string>

#include <benchmark/benchmark.h>

#include "base/hash.h"
#include "parser/exposition.h"
#include "tests/bench/exposition_body.h"

// How fast a scrape body is read, beside a pass that only looks for the ends of its lines.
//
//     g++ -O2 -std=c++20 -I. tests/bench/exposition_bench.cpp -o exposition_bench <libraries of parser, base>
//     -lbenchmark

namespace tocsin {
namespace {

const std::string& body() {
    static const std::string text = bench::exposition_body(1);
    return text;
}

void count_bytes(benchmark::State& state, std::size_t lines) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body().size()));
    state.counters["lines"] = static_cast<double>(lines);
}

void line_ends(benchmark::State& state) {
    std::size_t lines = 0;
    for (auto _ : state) {
        lines = 0;
        const char* at = body().data();
        const char* const end = at + body().size();
        while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
            at = static_cast<const char*>(found) + 1;
            ++lines;
        }
        benchmark::DoNotOptimize(lines);
    }
    count_bytes(state, lines);
}

// Syntax and values of every line.
void samples(benchmark::State& state) {
    std::size_t entries = 0;
    for (auto _ : state) {
        ExpositionParser parser(body(), ExpositionFormat::PrometheusText);
        entries = 0;
        double sum = 0;
        for (auto entry = parser.next(); entry != ExpositionParser::Entry::End; entry = parser.next(), ++entries) {
            if (entry == ExpositionParser::Entry::Sample) sum += parser.value();
        }
        benchmark::DoNotOptimize(sum);
    }
    count_bytes(state, entries);
}

// And the labels of each, sorted.
void labels(benchmark::State& state) {
    std::size_t count = 0;
    for (auto _ : state) {
        ExpositionParser parser(body(), ExpositionFormat::PrometheusText);
        count = 0;
        for (auto entry = parser.next(); entry != ExpositionParser::Entry::End; entry = parser.next()) {
            if (entry == ExpositionParser::Entry::Sample) count += parser.labels().size();
        }
        benchmark::DoNotOptimize(count);
    }
    count_bytes(state, count);
}

// And packed into label sets.
void label_sets(benchmark::State& state) {
    std::size_t bytes = 0;
    for (auto _ : state) {
        ExpositionParser parser(body(), ExpositionFormat::PrometheusText);
        bytes = 0;
        for (auto entry = parser.next(); entry != ExpositionParser::Entry::End; entry = parser.next()) {
            if (entry == ExpositionParser::Entry::Sample) bytes += LabelSet::from(parser.labels()).packed_bytes();
        }
        benchmark::DoNotOptimize(bytes);
    }
    count_bytes(state, bytes);
}

BENCHMARK(line_ends);
BENCHMARK(samples);
BENCHMARK(labels);
BENCHMARK(label_sets);

}  // namespace
}  // namespace tocsin

