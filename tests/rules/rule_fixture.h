#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/sample.h"
#include "base/text.h"
#include "engine/eval/frame.h"
#include "engine/store/store.h"
#include "rules/rule_file.h"
#include "tests/catch.h"

namespace tocsin::fakes {

/// The groups of a rule file that is good.
inline std::vector<RuleGroupDefinition> groups_of(std::string_view text, const std::string& path = "f") {
    auto file = parse_rule_file(text, path, {});
    INFO((file ? "" : to_string(file.error().front())));
    REQUIRE(file.has_value());
    return std::move(file->groups);
}

/// The one rule of a group; `fields` are those of the rule in YAML's flow style: `alert: A, expr: up`.
inline RuleDefinition rule_of(const std::string& fields) {
    return groups_of("groups: [{name: g, rules: [{" + fields + "}]}]").front().rules.front();
}

/// A result whose frame is the same object as long as this lives; rows come and go as their values are set and taken
/// away.
class ResultFixture {
public:
    explicit ResultFixture(std::vector<LabelSet> rows) {
        auto frame = std::make_shared<Frame>();
        frame->labels = std::move(rows);
        vector_.values.assign(frame->labels.size(), 0);
        vector_.present.assign(frame->labels.size(), 0);
        vector_.frame = std::move(frame);
    }

    /// Row i has the i-th value; those beyond are absent.
    const InstantVector& with(const std::vector<double>& values) {
        for (std::size_t row = 0; row < vector_.size(); ++row) {
            vector_.present[row] = row < values.size() && !is_missing(values[row]) ? 1 : 0;
            vector_.values[row] = row < values.size() ? values[row] : 0;
        }
        return vector_;
    }
    const InstantVector& empty() { return with({}); }

private:
    InstantVector vector_;
};

/// All samples of the series of that name, each series in one line: `a{b="c"} 1@10 stale@20`, times in seconds.
inline std::string samples_of(const Store& store, std::string_view metric_name) {
    std::string shown;
    store.for_each_series({Matcher::equal(std::string(kMetricNameLabel), std::string(metric_name))},
                          [&](const LabelSet& labels, const Timeline& timeline, ColumnIndex column) {
                              std::string line = to_string(labels);
                              for (std::size_t row = 0; row < timeline.rows(); ++row) {
                                  const double value = timeline.at(row, column);
                                  if (is_absent(value)) continue;
                                  line += fmt::format(" {}@{}", is_stale(value) ? "stale" : format_value(value),
                                                      to_unix_ms(timeline.time(row)) / 1000);
                              }
                              shown += (shown.empty() ? "" : "\n") + line;
                              return true;
                          });
    return shown;
}

/// Makes the store keep series of that name for as long as the handle lives.
inline Store::SelectionHandle keep(Store& store, std::string_view metric_name) {
    return store.select({Matcher::equal(std::string(kMetricNameLabel), std::string(metric_name))},
                        std::chrono::hours(1));
}

}  // namespace tocsin::fakes
