#include "rules/rule_test_scrapes.h"

#include <algorithm>
#include <utility>

#include "base/sample.h"

namespace tocsin {
namespace {

constexpr std::string_view kUp = "up";

bool is_sample(const SequenceValue& value) {
    return !value.omitted && !is_stale(value.value);
}

void fail_scrapes(SeriesDescription& series, Duration interval, const RuleTestStep& step) {
    const bool is_up = series.labels.metric_name() == kUp;
    for (std::size_t i = 0; i < series.values.size(); ++i) {
        const Duration at = static_cast<std::int64_t>(i) * interval;
        if (at < step.at || at >= step.until) continue;
        SequenceValue& value = series.values[i];
        if (is_up) {
            if (is_sample(value)) value.value = 0;
            continue;
        }
        const bool ends = i > 0 && is_sample(series.values[i - 1]);
        value = SequenceValue{};
        value.omitted = !ends;
        if (ends) value.value = kStaleMarker;
    }
}

}  // namespace

bool RuleTestStep::concerns(const LabelSet& labels) const {
    return std::all_of(target.begin(), target.end(),
                       [&](const auto& label) { return labels.get(label.first) == label.second; });
}

RuleTestSamples samples_of(const RuleTest& test, const std::vector<std::shared_ptr<const Fixture>>& fixtures) {
    RuleTestSamples samples{std::nullopt, fixtures};
    for (const RuleTestStep& step : test.steps) {
        if (step.kind != RuleTestStep::Kind::ScrapesFail) continue;
        if (!samples.changed_series) samples.changed_series = test.series;
        for (SeriesDescription& series : *samples.changed_series) {
            if (step.concerns(series.labels)) fail_scrapes(series, test.interval, step);
        }
        for (auto& fixture : samples.fixtures) {
            auto failed = fixture->with_failed_scrapes([&](const LabelSet& labels) { return step.concerns(labels); },
                                                       test.start + step.at, test.start + step.until);
            if (failed) fixture = std::make_shared<const Fixture>(*std::move(failed));
        }
    }
    return samples;
}

}  // namespace tocsin
