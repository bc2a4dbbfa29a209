#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>

#include "base/sample.h"
#include "engine/eval/query.h"
#include "engine/store/store.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"
#include "tests/reference/evaluator.h"
#include "tests/reference/random_data.h"
#include "tests/reference/random_expression.h"

// The engine against the reference evaluator: random expressions over random data, each from its own seed.
//
//     TOCSIN_DIFFERENTIAL_COUNT=20000 build/release/tests/tocsin-tests-engine "[differential]"      the long run
//     TOCSIN_DIFFERENTIAL_FIRST=1234 TOCSIN_DIFFERENTIAL_COUNT=1 …                                  one of them again

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using reference::Moment;
using reference::Row;
using reference::Rows;

std::size_t number_from_environment(const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// ---- comparing

// Either rows or a failure.
struct Outcome {
    Rows rows;
    std::optional<std::string> failure;
};

using ByLabels = std::map<LabelSet, double>;

ByLabels by_labels(const Rows& rows) {
    ByLabels found;
    for (const Row& row : rows) found[row.labels] = row.value;
    return found;
}

// As the published scripts are compared.
bool is_near(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    if (a == b) return true;
    return std::fabs(a - b) / (std::fabs(a) + std::fabs(b)) < 1e-6;
}

bool are_same(const Outcome& a, const Outcome& b) {
    if (a.failure || b.failure) return a.failure && b.failure;
    const ByLabels left = by_labels(a.rows);
    const ByLabels right = by_labels(b.rows);
    return a.rows.size() == b.rows.size() && std::ranges::equal(left, right, [](const auto& x, const auto& y) {
               return x.first == y.first && is_near(x.second, y.second);
           });
}

bool in_same_order(const Rows& a, const Rows& b) {
    return std::ranges::equal(a, b, [](const Row& x, const Row& y) { return is_near(x.value, y.value); });
}

std::string text_of(const Outcome& outcome) {
    if (outcome.failure) return "\n    failure: " + *outcome.failure;
    std::ostringstream text;
    text.precision(17);
    for (const auto& [labels, value] : by_labels(outcome.rows)) text << "\n    " << to_string(labels) << ' ' << value;
    return text.str();
}

struct Tally {
    std::size_t compared = 0;
    std::size_t with_rows = 0;
    std::size_t failures = 0;
    std::size_t open = 0;      // PromQL does not say which rows these are
    std::size_t unstable = 0;  // the last digits of a number in between decide
    std::size_t wrong = 0;
    std::string report;  // what was wrong
};

// One expression and what the reference says of it.
class Judge {
public:
    Judge(std::string text, const std::vector<reference::Series>& data, Tally& tally)
        : text_(std::move(text)), data_(data), tally_(tally) {
        auto parsed = parse_promql(text_);
        if (!parsed) FAIL(text_ << ": " << to_string(parsed.error().front()));
        expr_ = std::move(*parsed);
    }

    const std::string& text() const { return text_; }
    const Expr& expr() const { return *expr_; }

    void compare(const char* how, const Moment& moment, const Outcome& got) {
        const reference::Answer answer = reference::evaluate(*expr_, data_, moment);
        const Outcome want{answer.rows, answer.failure};
        ++tally_.compared;
        if (answer.is_open) {
            ++tally_.open;
        } else if (!are_same(want, got) ||
                   (is_sorted() && how == kInstant && !want.failure && !in_same_order(want.rows, got.rows))) {
            differ(how, moment, want, got);
        } else {
            tally_.with_rows += want.rows.empty() ? 0 : 1;
            tally_.failures += want.failure ? 1 : 0;
        }
    }

    /// Whether a failure is right, or PromQL leaves open whether it is.
    bool fails(const Moment& moment) const {
        const reference::Answer answer = reference::evaluate(*expr_, data_, moment);
        return answer.failure || answer.is_open;
    }

    static constexpr const char* kInstant = "an instant query";

private:
    bool is_sorted() const {
        const auto* call = expr_->as<Call>();
        return call != nullptr && call->function.starts_with("sort");
    }

    void differ(const char* how, const Moment& moment, const Outcome& want, const Outcome& got) {
        reference::Settings nudged;
        nudged.nudged = true;
        const reference::Answer other = reference::evaluate(*expr_, data_, moment, nudged);
        if (!are_same(want, {other.rows, other.failure}) || other.is_open) {
            ++tally_.unstable;
            return;
        }
        ++tally_.wrong;
        std::ostringstream report;
        report << text_ << "\n  as " << how << " at " << moment.at_ms << " ms\n  reference:" << text_of(want)
               << "\n  engine:" << text_of(got) << '\n';
        tally_.report += report.str();
    }

    std::string text_;
    ExprPtr expr_;
    const std::vector<reference::Series>& data_;
    Tally& tally_;
};

// ---- the engine's side

QueryOptions options() {
    QueryOptions options;
    options.features.experimental_functions = true;
    options.features.binop_fill_modifiers = true;
    return options;
}

Outcome outcome_of(const Result<QueryResult>& result) {
    if (!result) return {{}, result.error().message};
    if (result->type == ValueType::Scalar) return {{{{}, result->scalar}}, {}};
    Outcome outcome;
    for (const auto& [labels, value] : result->vector) outcome.rows.push_back({labels, value});
    return outcome;
}

Outcome outcome_of(const Result<const InstantVector*>& result) {
    if (!result) return {{}, result.error().message};
    Outcome outcome;
    const InstantVector& vector = **result;
    for (std::size_t i = 0; i < vector.size(); ++i) {
        if (vector.present[i] != 0) outcome.rows.push_back({vector.frame->labels[i], vector.values[i]});
    }
    return outcome;
}

// The targets' samples on their way into a store, in the order of their times.
class Feed {
public:
    Feed(const std::vector<reference::Target>& targets, Store& store) : store_(store) {
        for (const reference::Target& target : targets) add(target);
    }

    // Writes everything that is older than `end_ms`.
    void advance_to(std::int64_t end_ms) {
        while (next_ != rows_.end() && next_->first.first < end_ms) {
            write(next_->first.first, timelines_[next_->first.second], next_->second);
            ++next_;
        }
    }

    // What the store was given so far.
    std::vector<reference::Series> given(const std::vector<reference::Series>& all, std::int64_t end_ms) const {
        std::vector<reference::Series> given = all;
        for (reference::Series& series : given) {
            std::erase_if(series.points, [&](const reference::Point& point) { return point.time_ms >= end_ms; });
        }
        return given;
    }

private:
    using Cells = std::vector<std::pair<const reference::Series*, double>>;

    void add(const reference::Target& target) {
        const std::size_t number = timelines_.size();
        timelines_.push_back(store_.create_timeline());
        for (const std::int64_t time_ms : target.times_ms) rows_[{time_ms, number}];
        for (const reference::Series& series : target.series) {
            for (const reference::Point& point : series.points)
                rows_[{point.time_ms, number}].push_back({&series, point.value});
        }
        next_ = rows_.begin();
    }

    void write(std::int64_t time_ms, TimelineId timeline, const Cells& samples) {
        std::vector<double> row;
        for (const auto& [series, value] : samples) {
            if (!store_.options().keep_all && !store_.series_wanted(series->labels)) continue;
            const auto column = store_.column_for(timeline, series->labels);
            REQUIRE(column);
            row.resize(std::max<std::size_t>(row.size(), *column + 1), kAbsentMarker);
            row[*column] = value;
        }
        row.resize(std::max(row.size(), store_.timeline(timeline).columns()), kAbsentMarker);
        REQUIRE(store_.append(timeline, from_unix_ms(time_ms), row));
    }

    Store& store_;
    std::vector<TimelineId> timelines_;
    std::map<std::pair<std::int64_t, std::size_t>, Cells> rows_;
    std::map<std::pair<std::int64_t, std::size_t>, Cells>::const_iterator next_;
};

Moment alone(std::int64_t at_ms) {
    return {at_ms, at_ms, at_ms, 0};
}

std::int64_t random_time(reference::Chance& chance) {
    const auto time_ms =
        static_cast<std::int64_t>(chance.below(static_cast<std::size_t>(reference::kDataEndMs) + 300'000));
    return chance.one_in(2) ? time_ms / 60'000 * 60'000 : time_ms;
}

Outcome outcome_at(Timestamp at, const std::vector<RangeSeries>& matrix) {
    Outcome outcome;
    for (const RangeSeries& series : matrix) {
        for (const auto& [time, value] : series.points) {
            if (time == at) outcome.rows.push_back({series.labels, value});
        }
    }
    return outcome;
}

void compare_range_query(Judge& judge, Store& store, Timestamp start, Duration step) {
    constexpr int kSteps = 4;
    const Timestamp end = start + kSteps * step;
    const auto range = run_range_query(judge.expr(), judge.text(), store, options(), start, end, step);
    bool any_failure = false;
    for (Timestamp at = start; at <= end; at += step) {
        const Moment moment{to_unix_ms(at), to_unix_ms(start), to_unix_ms(end), step.count()};
        if (range) {
            judge.compare("a range query", moment, outcome_at(at, range->matrix));
        } else {
            any_failure = any_failure || judge.fails(moment);
        }
    }
    // It fails when one of its steps does.
    if (!range) CHECK(any_failure);
}

// All data are there from the beginning: instant queries, one standing query, and a range query.
void compare_queries(Judge& judge, Store& store, reference::Chance& chance) {
    auto standing = StandingQuery::create(judge.expr(), judge.text(), store, options());
    if (!standing) FAIL(judge.text() << ": " << standing.error().message);
    for (int i = 0; i < 3; ++i) {
        const Timestamp at = from_unix_ms(random_time(chance));
        judge.compare(Judge::kInstant, alone(to_unix_ms(at)),
                      outcome_of(run_instant_query(judge.expr(), judge.text(), store, options(), at)));
        judge.compare("a standing query", alone(to_unix_ms(at)), outcome_of((*standing)->evaluate(at)));
    }
    const Timestamp start = from_unix_ms(random_time(chance));
    compare_range_query(judge, store, start, chance.one_in(2) ? 60s : 37s);
}

// As it is in a daemon: the query stands before the samples come, and only what it needs is kept.
void compare_as_it_happens(const std::string& text, const std::vector<reference::Target>& targets, Tally& tally) {
    Store store{StoreOptions{}};
    const auto expr = parse_promql(text);
    if (!expr) FAIL(text << ": " << to_string(expr.error().front()));
    auto standing = StandingQuery::create(**expr, text, store, options());
    if (!standing) FAIL(text << ": " << standing.error().message);
    Feed feed(targets, store);
    const std::vector<reference::Series> all = reference::series_of(targets);
    for (std::int64_t now_ms = 30'000; now_ms < reference::kDataEndMs + 300'000; now_ms += 97'000) {
        feed.advance_to(now_ms);
        const std::vector<reference::Series> given = feed.given(all, now_ms);
        Judge(text, given, tally)
            .compare("a standing query", alone(now_ms), outcome_of((*standing)->evaluate(from_unix_ms(now_ms))));
        store.collect_garbage(from_unix_ms(now_ms));
    }
}

// The same data serve a few expressions.
constexpr std::size_t kExpressionsOfData = 25;

struct World {
    explicit World(std::uint64_t seed) : chance(seed), targets(random_targets(chance)), data(series_of(targets)) {
        Feed(targets, store).advance_to(reference::kDataEndMs);
    }

    reference::Chance chance;
    std::vector<reference::Target> targets;
    std::vector<reference::Series> data;
    Store store{StoreOptions{.keep_all = true, .retention = 24h}};
};

void check(const Tally& tally) {
    INFO(tally.report);
    CAPTURE(tally.compared, tally.with_rows, tally.failures, tally.open, tally.unstable);
    CHECK(tally.wrong == 0);
    // What is told of few cases would be worth little.
    CHECK(tally.with_rows > tally.compared / 3);
    CHECK(tally.open + tally.unstable < tally.compared / 10);
    if (std::getenv("TOCSIN_DIFFERENTIAL_COUNT") != nullptr) {
        WARN(tally.compared << " comparisons: " << tally.with_rows << " with rows, " << tally.failures << " failures, "
                            << tally.open << " open, " << tally.unstable << " unstable, " << tally.wrong << " wrong");
    }
}

TEST_CASE("random expressions give what the reference evaluator gives", "[engine][eval][differential]") {
    const std::size_t first = number_from_environment("TOCSIN_DIFFERENTIAL_FIRST", 0);
    const std::size_t count = number_from_environment("TOCSIN_DIFFERENTIAL_COUNT", 500);
    Tally tally;
    std::unique_ptr<World> world;
    for (std::size_t i = first; i < first + count && tally.wrong < 20; ++i) {
        if (!world || i % kExpressionsOfData == 0) world = std::make_unique<World>(i / kExpressionsOfData);
        reference::Chance chance(i);
        Judge judge(random_expression(chance), world->data, tally);
        const std::size_t wrong = tally.wrong;
        compare_queries(judge, world->store, chance);
        if (tally.wrong > wrong) tally.report += "  that was number " + std::to_string(i) + '\n';
    }
    check(tally);
}

TEST_CASE("random rules give what the reference evaluator gives while samples come in",
          "[engine][eval][differential]") {
    const std::size_t first = number_from_environment("TOCSIN_DIFFERENTIAL_FIRST", 0);
    const std::size_t count = number_from_environment("TOCSIN_DIFFERENTIAL_COUNT", 500) / 5;
    Tally tally;
    for (std::size_t i = first; i < first + count && tally.wrong < 20; ++i) {
        reference::Chance data_chance(i / kExpressionsOfData);
        const std::vector<reference::Target> targets = random_targets(data_chance);
        reference::Chance chance(i);
        const std::size_t wrong = tally.wrong;
        compare_as_it_happens(random_expression(chance, true), targets, tally);
        if (tally.wrong > wrong) tally.report += "  that was number " + std::to_string(i) + '\n';
    }
    check(tally);
}

}  // namespace
}  // namespace tocsin
