#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/assert.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/virtual_scheduler.h"
#include "engine/scrape/scrape_manager.h"
#include "engine/store/store.h"
#include "rules/rule_file.h"
#include "rules/rule_manager.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/recording_log.h"
#include "tests/fakes/recording_sink.h"

// What rules cost as a whole: to load 10,000 of them (the budget is 1 s), and a tick of 5,000 over 100,000 series in the
// steady state (100 ms). 100 targets of 10 jobs serve requests on 18 paths: counters by path, method and status,
// histograms by path and method, gauges; the rules are the burn rates, latencies and error counts of each path, as
// generators of service level objectives write them.

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr int kJobs = 10;
constexpr int kTargets = 100;
constexpr int kPaths = 18;
constexpr Duration kInterval = 10s;
constexpr int kRows = 36;  // more than the widest window holds
constexpr const char* kMethods[] = {"GET", "POST"};
constexpr const char* kStatuses[] = {"200", "404", "500", "503"};
constexpr const char* kBounds[] = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"};
constexpr int kGauges = 352;  // a target: whatever else it says

std::string path_of(int number) {
    return fmt::format("/api/v1/resource-{:02}", number);
}

// ---- the rules

struct RuleLine {
    std::string kind, name, expr, hold;
};

/// 28 rules about one path of one job.
std::vector<RuleLine> rules_of_path(int job, int path) {
    const std::string own = fmt::format(R"(job="j{}",path="{}")", job, path_of(path));
    const std::string suffix = fmt::format(":j{}:p{:02}", job, path);
    std::vector<RuleLine> rules;
    const auto record = [&](const std::string& name, const std::string& expr) {
        rules.push_back({"record", name + suffix, expr, ""});
    };
    const auto alert = [&](const std::string& name, const std::string& expr, const std::string& hold) {
        rules.push_back({"alert", name, expr, hold});
    };
    for (const char* window : {"1m", "2m", "5m"}) {
        record(fmt::format("slo:errors:ratio_rate{}", window),
               fmt::format(R"(sum(rate(requests_total{{{0},status=~"5.."}}[{1}])) / sum(rate(requests_total{{{0}}}[{1}])))",
                           own, window));
    }
    const auto ratio = [&](const char* window) { return fmt::format("slo:errors:ratio_rate{}{}", window, suffix); };
    alert("BurnsFast", fmt::format("{} > 0.144 and {} > 0.144", ratio("1m"), ratio("5m")), "30s");
    alert("BurnsSlowly", fmt::format("{} > 0.06 and {} > 0.06", ratio("2m"), ratio("5m")), "2m");
    for (const char* method : kMethods) {
        const std::string of = fmt::format(R"({},method="{}")", own, method);
        const std::string buckets = fmt::format("sum by (le) (rate(duration_seconds_bucket{{{}}}[5m]))", of);
        record(fmt::format("slo:duration_bucket:rate5m:{}", method), buckets);
        for (const auto& [quantile, limit] : {std::pair{"0.5", "1"}, {"0.9", "1.5"}, {"0.99", "2"}}) {
            alert("Slow", fmt::format("histogram_quantile({}, {}) > {}", quantile, buckets, limit), "1m");
        }
        alert("Unhappy",
              fmt::format(R"(sum(rate(duration_seconds_bucket{{{0},le="0.5"}}[5m])) )"
                          R"(/ sum(rate(duration_seconds_count{{{0}}}[5m])) < 0.3)",
                          of),
              "2m");
        alert("Errors", fmt::format(R"(sum by (instance) (increase(requests_total{{{},status="500"}}[5m])) > 1e6)", of), "");
        alert("NoTraffic", fmt::format("sum(rate(requests_total{{{}}}[5m])) == 0", of), "5m");
        alert("MeanIsHigh",
              fmt::format("rate(duration_seconds_sum{{{0}}}[5m]) / rate(duration_seconds_count{{{0}}}[5m]) > 1e6", of),
              "1m");
        alert("TrafficDrops",
              fmt::format("sum(rate(requests_total{{{0}}}[1m])) < 0.1 * sum(rate(requests_total{{{0}}}[1m] offset 2m))", of),
              "1m");
    }
    alert("Absent", fmt::format("absent(requests_total{{{}}})", own), "1m");
    alert("Refused", fmt::format(R"(sum(rate(requests_total{{{},status=~"4.."}}[5m])) > 1e6)", own), "5m");
    record("slo:requests:rate5m", fmt::format("sum by (instance) (rate(requests_total{{{}}}[5m]))", own));
    alert("Uneven", fmt::format("max(slo:requests:rate5m{0}) > 1e6 * min(slo:requests:rate5m{0})", suffix), "5m");
    record("slo:requests:total", fmt::format("sum(requests_total{{{}}})", own));
    return rules;
}

std::string rule_text(const RuleLine& rule) {
    std::string text = fmt::format("  - {}: '{}'\n    expr: '{}'\n", rule.kind, rule.name, rule.expr);
    if (rule.kind == "record") return text;
    if (!rule.hold.empty()) text += fmt::format("    for: {}\n", rule.hold);
    return text + fmt::format("    labels: {{severity: warning}}\n    annotations:\n"
                              "      summary: '{0} on {{{{ $labels.instance }}}} of {{{{ $labels.job }}}}'\n"
                              "      description: 'The value is {{{{ $value }}}} (job {{{{ $labels.job }}}}).'\n"
                              "      runbook_url: https://runbooks.example.com/{0}\n",
                              rule.name);
}

/// A rule file with so many rules, in groups of ten; there are more of them than paths are served when need be.
std::string rule_file_text(std::size_t count) {
    std::string text = "groups:\n";
    std::size_t written = 0;
    for (int path = 0; written < count; ++path) {
        for (int job = 0; job < kJobs && written < count; ++job) {
            std::size_t in_path = 0;
            for (const RuleLine& rule : rules_of_path(job, path)) {
                if (written++ == count) break;
                if (in_path++ % 10 == 0) text += fmt::format("- name: j{}-p{:02}-{}\n  rules:\n", job, path, in_path / 10);
                text += rule_text(rule);
            }
        }
    }
    return text;
}

// ---- the world

/// All that rules stand on, on one thread and virtual time.
struct BenchWorld {
    RuleManagerContext context() { return {scheduler, executor, store, scrapes, log, metrics, sink}; }

    RuleManager::Prepared prepare(const std::string& text) {
        std::vector<RuleFile> files;
        files.push_back(good(parse_rule_file(text, "rules.yml", {})));
        RuleSettings settings;
        settings.evaluation_interval = kInterval;
        return good(manager.prepare(std::move(files), settings));
    }
    template <class T>
    static T good(Parsed<T> parsed) {
        TOCSIN_ASSERT(parsed.has_value());
        return *std::move(parsed);
    }

    VirtualScheduler scheduler{Timestamp{kInterval}};
    VirtualExecutor executor{scheduler, 0};
    fakes::RecordingLog log;
    SelfMetrics metrics;
    fakes::RecordingSink sink{&scheduler};
    Store store{StoreOptions{}};
    fakes::FakeHttpClient http{scheduler};
    fakes::FakeResolver resolver{scheduler};
    fakes::FakeDisk disk;
    SeededRandom random{1};
    ScrapeManager scrapes{{scheduler, executor, http, resolver, disk, store, random, metrics, log}, {}};
    RuleManager manager{context()};
};

/// The fleet, which says something new at each tick.
class Served {
public:
    explicit Served(Store& store) : store_(store) {
        for (int target = 0; target < kTargets; ++target) add_target(target);
    }
    std::size_t series() const { return series_; }

    void serve(Timestamp at) {
        ++row_;
        for (const TimelineId id : timelines_) {
            cells_.resize(store_.timeline(id).columns());
            for (std::size_t i = 0; i < cells_.size(); ++i) {
                cells_[i] = row_ * (1.0 + static_cast<double>(i % 97)) + static_cast<double>(i % 12);
            }
            (void)store_.append(id, at, cells_);
        }
    }

private:
    void add_target(int target) {
        const TimelineId id = store_.create_timeline();
        timelines_.push_back(id);
        LabelBuilder labels(LabelSet{{"job", fmt::format("j{}", target % kJobs)},
                                     {"instance", fmt::format("10.0.0.{}:8080", target)}});
        for (int path = 0; path < kPaths; ++path) {
            labels.set("path", path_of(path));
            for (const char* method : kMethods) add_path(id, labels.set("method", method));
        }
        labels.remove("path").remove("method");
        for (int i = 0; i < kGauges; ++i) add(id, labels, fmt::format("gauge_{}", i));
    }
    void add_path(TimelineId id, LabelBuilder labels) {
        for (const char* status : kStatuses) {
            labels.set("status", status);
            add(id, labels, "requests_total");
        }
        labels.remove("status");
        add(id, labels, "duration_seconds_sum");
        add(id, labels, "duration_seconds_count");
        for (const char* bound : kBounds) {
            labels.set("le", bound);
            add(id, labels, "duration_seconds_bucket");
        }
    }
    // What no rule reads is served and not kept, as the daemon does it.
    void add(TimelineId id, LabelBuilder labels, const std::string& name) {
        ++series_;
        if (store_.name_wanted(name)) (void)store_.column_for(id, labels.set(kMetricNameLabel, name).build());
    }

    Store& store_;
    std::vector<TimelineId> timelines_;
    std::vector<double> cells_;
    std::size_t series_ = 0;
    double row_ = 0;
};

void load_rules(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const std::string text = rule_file_text(count);
    for (auto _ : state) {
        const HeapGrowth growth;  // as the daemon does
        auto world = std::make_unique<BenchWorld>();
        world->manager.apply(world->prepare(text));
        state.PauseTiming();  // what an end costs is not loading
        if (world->manager.rule_count() != count) return state.SkipWithError("not all of them");
        world.reset();
        state.ResumeTiming();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(load_rules)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void read_rule_file(benchmark::State& state) {
    const std::string text = rule_file_text(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(parse_rule_file(text, "rules.yml", {}));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(read_rule_file)->Arg(10'000)->Unit(benchmark::kMillisecond);

// The rows of a tick are appended apart from the time that is measured: that is polling, see scrape_bench.
void tick(benchmark::State& state) {
    BenchWorld world;
    const auto count = static_cast<std::size_t>(state.range(0));
    world.manager.apply(world.prepare(rule_file_text(count)));
    Served fleet(world.store);
    world.manager.start();
    const auto next = [&] {
        const Timestamp due = world.scheduler.now() + kInterval;
        world.scheduler.advance_to(due - Duration{1});
        fleet.serve(due);
    };
    for (int row = 0; row < kRows; ++row) {
        next();
        world.scheduler.advance(Duration{1});
    }
    if (world.manager.failing_rule_count() > 0) return state.SkipWithError("rules fail");
    for (auto _ : state) {
        state.PauseTiming();
        next();
        world.sink.clear();
        state.ResumeTiming();
        world.scheduler.advance(Duration{1});
    }
    state.counters["series"] = static_cast<double>(fleet.series());
    state.counters["per_rule"] = benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate |
                                                                                    benchmark::Counter::kInvert);
}
BENCHMARK(tick)->Arg(500)->Arg(5'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin
