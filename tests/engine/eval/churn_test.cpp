#include <map>
#include <random>
#include <sstream>

#include "tests/engine/eval/eval_fixture.h"

// Everything a standing query remembers about labels must be right however series come and go: it gives what a query gives that was
// compiled just now.

namespace tocsin {
namespace {

class Fleet {
public:
    Fleet() : store(StoreOptions{}) {
        for (int i = 0; i < kTargets; ++i) targets_.push_back({store.create_timeline(), i, {}, {}});
    }

    void step(Timestamp now) {
        for (Target& target : targets_) {
            if (chance(5)) continue;  // not scraped
            if (chance(10)) target.alive.clear();
            for (int i = 0; i < 6; ++i) {
                if (chance(30)) target.alive[i] = true;
                if (chance(15)) target.alive[i] = false;
            }
            write(target, now);
        }
        store.collect_garbage(now);
    }

    Store store;

private:
    static constexpr int kTargets = 6;
    struct Target {
        TimelineId id;
        int number;
        std::map<int, bool> alive;
        std::map<std::string, double> counters;
    };

    bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

    void write(Target& target, Timestamp now) {
        std::map<ColumnIndex, double> cells;
        const auto put = [&](const LabelSet& labels, double value) {
            if (!store.series_wanted(labels)) return;
            if (const auto column = store.column_for(target.id, labels)) cells[*column] = value;
        };
        const std::string instance = "i" + std::to_string(target.number);
        const std::string job = "j" + std::to_string(target.number % 2);
        for (const auto& [i, alive] : target.alive) {
            const std::string path = "p" + std::to_string(i);
            const double value = alive ? target.counters[path] += static_cast<double>(random_() % 5) : kStaleMarker;
            put({{"__name__", "requests_total"}, {"instance", instance}, {"job", job}, {"path", path}}, value);
            put({{"__name__", "load"}, {"instance", instance}, {"job", job}, {"path", path}},
                alive ? static_cast<double>(random_() % 7) : kStaleMarker);
            for (const std::string_view bound : {"1", "+Inf"}) {
                put({{"__name__", "latency_bucket"}, {"instance", instance}, {"job", job}, {"le", bound}, {"path", path}}, value);
            }
        }
        put({{"__name__", "target_info"}, {"instance", instance}, {"job", job}, {"version", std::to_string(random_() % 2)}}, 1);
        std::vector<double> row(store.timeline(target.id).columns(), kAbsentMarker);
        for (const auto& [column, value] : cells) row[column] = value;
        REQUIRE(store.append(target.id, now, row));
    }

    std::mt19937 random_{7};
    std::vector<Target> targets_;
};

struct Query {
    std::string text;
    ExprPtr expr;
    std::unique_ptr<StandingQuery> standing;
};

std::string outcome(const Result<const InstantVector*>& result) {
    if (!result) return result.error().message;
    std::string text;
    for (const std::string& line : HandFilledStore::present(**result)) text += line + "\n";
    return text;
}

std::string outcome(const Result<QueryResult>& result) {
    if (!result) return result.error().message;
    std::map<LabelSet, double> sorted;
    for (const auto& [labels, value] : result->vector) sorted[labels] = value;
    std::ostringstream text;
    for (const auto& [labels, value] : sorted) text << to_string(labels) << ' ' << value << '\n';
    return text.str();
}

TEST_CASE("a standing query stays right while series come and go", "[engine][eval]") {
    Fleet fleet;
    QueryOptions options;
    options.lookback_delta = 1min;
    options.features.experimental_functions = true;
    options.features.binop_fill_modifiers = true;
    options.features.delayed_name_removal = GENERATE(false, true);
    const auto shared = GENERATE(false, true) ? SharedQueries::create() : nullptr;

    std::vector<Query> queries;
    for (const std::string_view text :
         {"load", "load > 3", "3 < load", "rate(requests_total[1m])", "sum by (job) (rate(requests_total[1m]))",
          "sum without (path) (load)", "count by (path) (load)", "avg(load)", "max by (job) (load) - min by (job) (load)",
          "quantile by (instance) (0.5, load)", "stddev by (job) (load)", "topk by (job) (2, load)", "bottomk(3, load)",
          "limitk(4, load)", "count_values(\"value\", load)", "count_values by (job) (\"value\", load)",
          "load / on (instance, job, path) requests_total", "load * ignoring (path) group_left (version) target_info",
          "target_info * on (instance, job) group_right load", "load + fill(0) requests_total",
          "load and requests_total > 5", "load unless requests_total > 5", "load or requests_total",
          "load or on (instance) target_info", "{__name__=~\"load|requests_total\"} * 2",
          "max_over_time({__name__=~\"load|requests_total\"}[1m])", "-{path=\"p1\"}", "absent(load{path=\"p1\"})",
          "absent_over_time(load{path=\"p2\"}[20s])", "label_replace(load, \"path\", \"all\", \"path\", \"p[0-3]\")",
          "label_join(load, \"both\", \"-\", \"job\", \"path\")",
          "histogram_quantile(0.5, sum by (le, job) (rate(latency_bucket[1m])))", "histogram_quantile(0.9, latency_bucket)",
          "scalar(load{instance=\"i1\",path=\"p1\"}) + load", "info(load)", "timestamp(load)", "sum_over_time(load[1m:10s])",
          "max_over_time(count_values(\"value\", load)[40s:10s])", "sum(count by (path) (load) > 2)",
          "load == bool 3", "load offset 20s", "changes(load[1m]) > 0", "group by (path) (load) * 2"}) {
        auto expr = parse_promql(text);
        CAPTURE(text);
        REQUIRE(expr);
        auto standing = StandingQuery::create(**expr, text, fleet.store, options, shared);
        if (!standing) FAIL(standing.error().message);
        queries.push_back({std::string(text), std::move(*expr), std::move(*standing)});
    }
    std::size_t not_empty = 0;
    for (int step = 1; step <= 120; ++step) {
        const Timestamp now{10s * step};
        fleet.step(now);
        if (shared) shared->forget_values();
        for (const Query& query : queries) {
            CAPTURE(query.text, step);
            const std::string got = outcome(query.standing->evaluate(now));
            const std::string want = outcome(run_instant_query(*query.expr, query.text, fleet.store, options, now));
            if (got != want) FAIL("expected:\n" << want << "got:\n" << got);
            if (!got.empty()) ++not_empty;
        }
    }
    CHECK(not_empty > 2000);
}

}  // namespace
}  // namespace tocsin
