#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/sample.h"
#include "engine/eval/query.h"
#include "engine/store/store.h"
#include "parser/promql_parser.h"

// The first line is a PromQL expression, each of the others a series in promtool's notation. Whatever passes the checks
// is evaluated within limits, and gives the same as an instant query and as a rule, the first time and the second.

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kRowsMax = 200;
constexpr Timestamp kAt{20min};

QueryOptions options() {
    QueryOptions options;
    options.samples_max = 20'000;
    options.features = {.experimental_functions = true,
                        .duration_expressions = true,
                        .extended_range_selectors = true,
                        .delayed_name_removal = false,
                        .binop_fill_modifiers = true,
                        .type_and_unit_labels = false,
                        .start_timestamps = false};
    return options;
}

// Lines that are no series are left out; every second series lies in another timeline.
class Series {
public:
    explicit Series(std::string_view lines) : store(StoreOptions{.keep_all = true, .retention = 24h}) {
        Rows rows[2];
        const TimelineId timelines[2] = {store.create_timeline(), store.create_timeline()};
        std::size_t number = 0;
        while (!lines.empty() && number < 40) {
            const std::size_t end = std::min(lines.find('\n'), lines.size());
            if (add(lines.substr(0, end), timelines[number % 2], rows[number % 2])) ++number;
            lines.remove_prefix(std::min(end + 1, lines.size()));
        }
        for (std::size_t i = 0; i < 2; ++i) write(rows[i], timelines[i], i == 0 ? 30s : 47s);
    }

    Store store;

private:
    using Rows = std::vector<std::vector<double>>;

    bool add(std::string_view line, TimelineId timeline, Rows& rows) {
        const auto series = parse_series_description(line, kRowsMax);
        if (!series) return false;
        const auto column = store.column_for(timeline, series->labels);
        if (!column) return false;
        rows.resize(std::max(rows.size(), series->values.size()));
        for (std::size_t i = 0; i < series->values.size(); ++i) {
            const SequenceValue& value = series->values[i];
            if (value.omitted || value.histogram) continue;
            rows[i].resize(std::max<std::size_t>(rows[i].size(), *column + 1), kAbsentMarker);
            rows[i][*column] = normalise_nan(value.value);
        }
        return true;
    }

    void write(Rows& rows, TimelineId timeline, Duration step) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i].resize(store.timeline(timeline).columns(), kAbsentMarker);
            TOCSIN_ASSERT(store.append(timeline, Timestamp{step * static_cast<int>(i)}, rows[i]));
        }
    }
};

bool same(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
}

void compare(const Result<QueryResult>& once, const Result<const InstantVector*>& standing) {
    TOCSIN_ASSERT(once.has_value() == standing.has_value());
    if (!once) return;
    std::vector<std::pair<LabelSet, double>> rows;
    for (std::size_t i = 0; i < (*standing)->size(); ++i) {
        if ((*standing)->present[i] != 0) rows.emplace_back((*standing)->frame->labels[i], (*standing)->values[i]);
    }
    if (once->type == ValueType::Scalar) {
        TOCSIN_ASSERT(rows.size() == 1 && same(rows[0].second, once->scalar));
        return;
    }
    auto expected = once->vector;
    const auto by_labels = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::ranges::sort(rows, by_labels);
    std::ranges::sort(expected, by_labels);
    TOCSIN_ASSERT(std::ranges::equal(
        rows, expected, [](const auto& a, const auto& b) { return a.first == b.first && same(a.second, b.second); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view text = input.substr(0, end);
    const auto expr = parse_promql(text);
    ValueType type{};
    if (!expr || !check_expression(**expr, text, options(), &type).empty()) return 0;

    Series series(input.substr(std::min(end + 1, input.size())));
    const auto once = run_instant_query(**expr, text, series.store, options(), kAt);
    static_cast<void>(run_range_query(**expr, text, series.store, options(), kAt - 3min, kAt + 5min, 47s));
    if (type != ValueType::Scalar && type != ValueType::Vector) return 0;

    const auto query = StandingQuery::create(**expr, text, series.store, options());
    TOCSIN_ASSERT(query.has_value());
    compare(once, (*query)->evaluate(kAt));
    static_cast<void>((*query)->evaluate(kAt + 1min));
    compare(once, (*query)->evaluate(kAt));
    return 0;
}
