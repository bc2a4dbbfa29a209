#include "engine/eval/stepped_query.h"

#include <algorithm>

#include "base/sample.h"
#include "engine/eval/lookback.h"
#include "engine/eval/told.h"

namespace tocsin {
namespace {

// Points of one range query: beyond this it is refused, as everywhere in the field.
constexpr std::int64_t kStepsMax = 10'000'000;
// A series has room for so many points before it has to grow; more would be wasted on those that come and go.
constexpr std::size_t kPointsExpected = 64;

class PassingAccess final : public SeriesAccess {
public:
    explicit PassingAccess(const Store& store) : store_(store) {}
    Store::SelectionHandle select(const Matchers& matchers, Duration) override { return store_.select_once(matchers); }

private:
    const Store& store_;
};

// Only writes down what is looked for.
class NoSeries final : public SeriesAccess {
public:
    Store::SelectionHandle select(const Matchers& matchers, Duration) override {
        if (std::ranges::find(asked_for, matchers) == asked_for.end()) asked_for.push_back(matchers);
        return empty_.select_once(matchers);
    }

    std::vector<Matchers> asked_for;

private:
    Store empty_{StoreOptions{}};
};

void take_vector(const Operator& root, QueryResult& result) {
    std::vector<std::uint32_t> order;
    const bool ordered = root.result_order(order);
    if (!ordered) {
        for (std::uint32_t row = 0; row < root.size(); ++row) order.push_back(row);
    }
    for (const std::uint32_t row : order) {
        if (root.is_present(row)) result.vector.emplace_back(root.labels(row), root.values()[row]);
    }
    if (!ordered) std::ranges::sort(result.vector, {}, &std::pair<LabelSet, double>::first);
}

void take_matrix(RangeSource& range, QueryResult& result) {
    std::vector<double> values;
    std::vector<std::int64_t> times_ms;
    RangeSource::Block block;
    while (range.next(block)) {
        for (std::size_t column = 0; column < block.columns; ++column) {
            gather(block, column, values, times_ms);
            if (values.empty()) continue;
            RangeSeries series{range.labels(block.first_row + column), {}};
            for (std::size_t i = 0; i < values.size(); ++i)
                series.points.emplace_back(from_unix_ms(times_ms[i]), values[i]);
            result.matrix.push_back(std::move(series));
        }
    }
    std::ranges::sort(result.matrix, {}, &RangeSeries::labels);
}

std::size_t present_count(const Operator& root) {
    return static_cast<std::size_t>(
        std::count_if(root.present(), root.present() + root.size(), [](std::uint8_t present) { return present != 0; }));
}

std::size_t steps_of(const QueryTimes& times) {
    return times.step > Duration{0} ? static_cast<std::size_t>((times.end - times.start) / times.step) + 1 : 1;
}

Status check_times(const PlanNode& plan, const QueryTimes& times) {
    if (times.step == Duration{0}) return {};
    if ((times.end - times.start) / times.step > kStepsMax)
        return fail(Error::Kind::LimitExceeded, "the query has too many steps");
    if (plan.type == ValueType::Scalar || plan.type == ValueType::Vector) return {};
    return fail(Error::Kind::InvalidInput, "invalid expression type \"" + std::string(to_string(plan.type)) +
                                               "\" for range query, must be Scalar or instant Vector");
}

}  // namespace

// ---- steps to series

void SteppedQuery::RangeCollector::add(const Operator& root, std::int64_t at_ms) {
    if (rows_ != root.rows()) find_series(root);
    for (std::size_t row = 0; row < root.size(); ++row) {
        if (root.is_present(row))
            series_[series_of_row_[row]].points.emplace_back(from_unix_ms(at_ms), root.values()[row]);
    }
}

std::vector<RangeSeries> SteppedQuery::RangeCollector::take() {
    std::erase_if(series_, [](const RangeSeries& series) { return series.points.empty(); });
    std::ranges::sort(series_, {}, &RangeSeries::labels);
    return std::move(series_);
}

// Two rows can be one series: where names were dropped, and never at the same step.
std::size_t SteppedQuery::RangeCollector::series_of(LabelSet labels) {
    const std::uint64_t hash = labels.hash();
    const auto [first, last] = index_.equal_range(hash);
    for (auto at = first; at != last; ++at) {
        if (series_[at->second].labels == labels) return at->second;
    }
    index_.emplace(hash, series_.size());
    series_.push_back({std::move(labels), {}});
    series_.back().points.reserve(std::min(steps_, kPointsExpected));
    return series_.size() - 1;
}

void SteppedQuery::RangeCollector::find_series(const Operator& root) {
    rows_ = root.rows();
    series_of_row_.clear();
    index_.reserve(root.size());
    for (std::size_t row = 0; row < root.size(); ++row) series_of_row_.push_back(series_of(root.labels(row)));
}

// ---- the query

Result<std::unique_ptr<SteppedQuery>> SteppedQuery::create(const Expr& expr, std::string_view text,
                                                           const QueryOptions& options, const QueryTimes& times) {
    auto plan = make_plan(expr, text, options, QueryRange{times.step, times.end - times.start});
    if (!plan) return fail(Error::Kind::InvalidInput, to_string(plan.error().front()));
    if (const Status status = check_times(**plan, times); !status) return tl::unexpected(status.error());
    return std::unique_ptr<SteppedQuery>(new SteppedQuery(*std::move(plan), text, options, times));
}

SteppedQuery::SteppedQuery(PlanPtr plan, std::string_view text, const QueryOptions& options, const QueryTimes& times)
    : plan_(std::move(plan)),
      text_(text),
      options_(options),
      times_(times),
      evaluation_(options_),
      collector_(steps_of(times)) {
    result_.type = times.step > Duration{0} ? ValueType::Matrix : plan_->type;
    NoSeries none;
    OperatorPool pool;
    compile(plan_, text_, none, options_, pool);
    selectors_ = std::move(none.asked_for);
}

std::vector<TimeSpan> SteppedQuery::looks_at(Timestamp first, Timestamp last) const {
    return tocsin::looks_at(*plan_, options_, {first, last, times_.start, times_.end});
}

void SteppedQuery::open(Store& store) {
    PassingAccess access(store);
    compiled_ = compile(plan_, text_, access, options_, pool_);
    evaluation_.begin(pool_.run(), to_unix_ms(times_.start), to_unix_ms(times_.end), times_.step.count());
}

Status SteppedQuery::evaluate(Timestamp first, Timestamp last) {
    if (times_.step == Duration{0}) return evaluate_once();
    for (Timestamp at = first; at <= last; at += times_.step) {
        if (Status status = evaluate_step(at); !status) return status;
    }
    return {};
}

Status SteppedQuery::evaluate_step(Timestamp at) {
    Operator& root = *compiled_.root;
    const std::size_t held = evaluation_.samples();
    if (Status status = root.evaluate(evaluation_, to_unix_ms(at)); !status) return status;
    collector_.add(root, to_unix_ms(at));
    // What the step needed is gone; its result stays.
    evaluation_.release_to(held);
    return evaluation_.hold_samples(present_count(root));
}

Status SteppedQuery::evaluate_once() {
    if (const auto* string = plan_->as<PlanString>()) {
        result_.string = string->value;
        return {};
    }
    const std::int64_t at_ms = to_unix_ms(times_.start);
    Status status =
        compiled_.range ? compiled_.range->open(evaluation_, at_ms) : compiled_.root->evaluate(evaluation_, at_ms);
    if (!status) return status;
    if (compiled_.range) {
        take_matrix(*compiled_.range, result_);
    } else if (plan_->type == ValueType::Scalar) {
        result_.scalar = compiled_.root->scalar();
    } else {
        take_vector(*compiled_.root, result_);
    }
    return {};
}

QueryResult SteppedQuery::take() {
    if (times_.step > Duration{0}) result_.matrix = collector_.take();
    result_.annotations = Told(compiled_.speakers).annotations(pool_.run());
    return std::move(result_);
}

}  // namespace tocsin
