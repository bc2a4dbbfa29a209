#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/sample.h"
#include "engine/eval/query.h"
#include "engine/store/store.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"

namespace tocsin {

using namespace std::chrono_literals;

/// A store filled by hand: one timeline, a row each `step` from 1970 on.
class HandFilledStore {
public:
    HandFilledStore() : store(StoreOptions{.keep_all = true, .retention = 24h}), timeline(store.create_timeline()) {}

    /// One value a row, in promtool's notation; rows that are there already are not written again.
    void load(Duration step, const std::vector<std::string>& lines) {
        std::vector<ColumnIndex> columns;
        std::vector<std::vector<SequenceValue>> values;
        std::size_t rows = 0;
        for (const std::string& line : lines) {
            const auto series = parse_series_description(line);
            REQUIRE(series);
            columns.push_back(store.column_for(timeline, series->labels).value());
            values.push_back(series->values);
            rows = std::max(rows, series->values.size());
        }
        for (std::size_t row = 0; row < rows; ++row) {
            std::vector<double> cells(store.timeline(timeline).columns(), kAbsentMarker);
            for (std::size_t i = 0; i < columns.size(); ++i) {
                if (row < values[i].size() && !values[i][row].omitted) cells[columns[i]] = values[i][row].value;
            }
            REQUIRE(store.append(timeline, Timestamp{step * static_cast<int>(row)}, cells));
        }
    }

    std::unique_ptr<StandingQuery> query(std::string_view text, const QueryOptions& options = {}) {
        const auto expr = parse_promql(text);
        REQUIRE(expr);
        auto made = StandingQuery::create(**expr, text, store, options);
        CAPTURE(text);
        if (!made) FAIL(made.error().message);
        return std::move(*made);
    }

    /// `{labels} value` of everything that is present, sorted.
    static std::vector<std::string> present(const InstantVector& vector);

    Store store;
    TimelineId timeline;
};

inline std::vector<std::string> HandFilledStore::present(const InstantVector& vector) {
    std::map<LabelSet, double> found;
    for (std::size_t i = 0; i < vector.size(); ++i) {
        if (vector.present[i] != 0) found[vector.frame->labels[i]] = vector.values[i];
    }
    std::vector<std::string> lines;
    for (const auto& [labels, value] : found) {
        std::ostringstream line;
        line << to_string(labels) << ' ' << value;
        lines.push_back(line.str());
    }
    return lines;
}

}  // namespace tocsin
