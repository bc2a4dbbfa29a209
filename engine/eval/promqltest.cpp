#include "engine/eval/promqltest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/diagnostic.h"
#include "base/regex.h"
#include "base/sample.h"
#include "base/text.h"
#include "engine/eval/promqltest_data.h"
#include "engine/eval/promqltest_script.h"

namespace tocsin {
namespace {

using promqltest::Eval;
using promqltest::Expectation;
using promqltest::Kind;

// Prometheus' own runner compares this closely (util/almost).
bool almost_equal(double a, double b) {
    constexpr double kEpsilon = 1e-6;
    if (is_stale(a) || is_stale(b)) return is_stale(a) && is_stale(b);
    if (std::isnan(a) && std::isnan(b)) return true;
    if (a == b) return true;
    const double sum = std::abs(a) + std::abs(b);
    const double difference = std::abs(a - b);
    constexpr double kMinNormal = std::numeric_limits<double>::min();
    if (a == 0 || b == 0 || sum < kMinNormal) return difference < kEpsilon * kMinNormal;
    return difference / std::min(sum, std::numeric_limits<double>::max()) < kEpsilon;
}

struct Mismatch {
    std::string expected, got;
};
using Verdict = std::optional<Mismatch>;

// ---- text of both sides

std::string text_of(const std::vector<std::pair<LabelSet, double>>& vector) {
    std::string text;
    for (const auto& [labels, value] : vector) text += fmt::format("{} {}\n", to_string(labels), format_value(value));
    return text.empty() ? "nothing" : text;
}

std::string text_of(const std::vector<RangeSeries>& matrix) {
    std::string text;
    for (const RangeSeries& series : matrix) {
        text += to_string(series.labels);
        for (const auto& [time, value] : series.points) {
            text += fmt::format(" {}@{}", format_value(value), static_cast<double>(to_unix_ms(time)) / 1000);
        }
        text += '\n';
    }
    return text.empty() ? "nothing" : text;
}

std::string text_of(const std::vector<SeriesDescription>& expected) {
    std::string text;
    for (const SeriesDescription& series : expected) {
        text += to_string(series.labels);
        for (const SequenceValue& value : series.values) text += value.omitted ? " _" : " " + format_value(value.value);
        text += '\n';
    }
    return text.empty() ? "nothing" : text;
}

// ---- comparing

Verdict compare_vector(const Eval& eval, const std::vector<std::pair<LabelSet, double>>& got) {
    const Mismatch mismatch{text_of(eval.series), text_of(got)};
    if (eval.series.size() != got.size()) return mismatch;
    std::vector<bool> used(got.size(), false);
    for (std::size_t i = 0; i < eval.series.size(); ++i) {
        const SeriesDescription& want = eval.series[i];
        if (want.values.empty()) return mismatch;
        std::size_t at = i;
        if (!eval.expects(Kind::Ordered)) {
            for (at = 0; at < got.size() && (used[at] || got[at].first != want.labels);) ++at;
        }
        if (at == got.size() || got[at].first != want.labels) return mismatch;
        if (!almost_equal(want.values.front().value, got[at].second)) return mismatch;
        used[at] = true;
    }
    return std::nullopt;
}

Verdict compare_matrix(const Eval& eval, const std::vector<RangeSeries>& got, Timestamp start, Duration step) {
    const Mismatch mismatch{text_of(eval.series), text_of(got)};
    if (eval.series.size() != got.size()) return mismatch;
    for (const SeriesDescription& want : eval.series) {
        const auto series = std::ranges::find(got, want.labels, &RangeSeries::labels);
        if (series == got.end()) return mismatch;
        std::vector<std::pair<Timestamp, double>> points;
        for (std::size_t i = 0; i < want.values.size(); ++i) {
            if (!want.values[i].omitted) points.emplace_back(start + step * static_cast<int>(i), want.values[i].value);
        }
        const bool same = std::ranges::equal(points, series->points, [](const auto& a, const auto& b) {
            return a.first == b.first && almost_equal(a.second, b.second);
        });
        if (!same) return mismatch;
    }
    return std::nullopt;
}

bool matches(const Expectation& expectation, std::string_view text) {
    if (!expectation.message.empty()) return text == expectation.message;
    if (expectation.pattern.empty()) return true;
    const auto regex = Regex::compile("(?s:.*)(?:" + expectation.pattern + ")(?s:.*)");
    return regex && regex->matches(text);
}

Verdict check_annotations(const Eval& eval, const Annotations& annotations) {
    for (const Expectation& expectation : eval.expectations) {
        const bool about_warnings = expectation.kind == Kind::Warn || expectation.kind == Kind::NoWarn;
        const bool about_infos = expectation.kind == Kind::Info || expectation.kind == Kind::NoInfo;
        if (!about_warnings && !about_infos) continue;
        const std::vector<std::string>& texts = about_warnings ? annotations.warnings : annotations.infos;
        const std::string_view what = about_warnings ? "warning" : "info";
        const std::string got = texts.empty() ? fmt::format("no {}", what) : join(texts, "\n");
        const bool none_expected = expectation.kind == Kind::NoWarn || expectation.kind == Kind::NoInfo;
        if (none_expected && !texts.empty()) return Mismatch{fmt::format("no {}", what), got};
        if (none_expected) continue;
        const bool found = std::ranges::any_of(texts, [&](const std::string& text) { return matches(expectation, text); });
        if (!found) return Mismatch{fmt::format("{} {}{}", what, expectation.message, expectation.pattern), got};
    }
    return std::nullopt;
}

Verdict check_failure(const Eval& eval, std::string_view error) {
    for (const Expectation& expectation : eval.expectations) {
        if (expectation.kind != Kind::Fail || matches(expectation, error)) continue;
        return Mismatch{"error " + expectation.message + expectation.pattern, fmt::format("error {}", error)};
    }
    return std::nullopt;
}

// ---- running

class Runner {
public:
    explicit Runner(QueryOptions options) : options_(std::move(options)) {}

    void run(const promqltest::Clear&) { data_.clear(); }
    void run(const promqltest::Load& load) { data_.load(load, options_.features.start_timestamps); }

    void run(const Eval& eval) {
        const Verdict verdict = judge(eval);
        PromqlTestCase result{eval.id, eval.line, eval.query, !verdict, {}, {}};
        if (verdict) {
            result.expected = verdict->expected;
            result.got = verdict->got;
        }
        ++(verdict ? report_.failed : report_.passed);
        report_.cases.push_back(std::move(result));
    }

    PromqlTestReport take() { return std::move(report_); }

private:
    Verdict judge(const Eval& eval) {
        const auto expr = parse_promql(eval.query);
        if (!expr) return judge_error(eval, expr.error().front().message);
        const Diagnostics findings = check_expression(**expr, eval.query, options_);
        if (!findings.empty()) return judge_error(eval, findings.front().message);
        if (eval.is_range) return judge_range(eval, **expr);
        if (Verdict verdict = judge_instant(eval, **expr)) return verdict;
        return runs_as_range(eval) ? judge_instant_as_range(eval, **expr) : std::nullopt;
    }

    static Verdict judge_error(const Eval& eval, const std::string& error) {
        if (!eval.expects(Kind::Fail)) return Mismatch{text_of(eval.series), "error " + error};
        return check_failure(eval, error);
    }

    Verdict judge_range(const Eval& eval, const Expr& expr) {
        const auto result = run_range_query(expr, eval.query, data_.store(), options_, eval.start, eval.end, eval.step);
        if (!result) return judge_error(eval, result.error().message);
        if (eval.expects(Kind::Fail)) return Mismatch{"an error", text_of(result->matrix)};
        if (Verdict verdict = check_annotations(eval, result->annotations)) return verdict;
        return compare_matrix(eval, result->matrix, eval.start, eval.step);
    }

    Verdict judge_instant(const Eval& eval, const Expr& expr) {
        const auto result = run_instant_query(expr, eval.query, data_.store(), options_, eval.start);
        if (!result) return judge_error(eval, result.error().message);
        if (eval.expects(Kind::Fail)) return Mismatch{"an error", "a result"};
        if (Verdict verdict = check_annotations(eval, result->annotations)) return verdict;
        switch (result->type) {
            case ValueType::String:
                if (eval.string && *eval.string == result->string) return std::nullopt;
                return Mismatch{"string " + eval.string.value_or("(none)"), "string " + result->string};
            case ValueType::Scalar: return compare_scalar(eval, result->scalar);
            case ValueType::Matrix: return compare_matrix(eval, result->matrix, eval.vector_start, eval.vector_step);
            case ValueType::Vector: return compare_vector(eval, result->vector);
        }
        return std::nullopt;
    }

    static Verdict compare_scalar(const Eval& eval, double got) {
        if (eval.scalar && almost_equal(*eval.scalar, got)) return std::nullopt;
        return Mismatch{eval.scalar ? format_value(*eval.scalar) : text_of(eval.series), format_value(got)};
    }

    static bool runs_as_range(const Eval& eval) {
        if (eval.expects(Kind::Ordered) || eval.expects(Kind::Fail) || eval.string || eval.is_range_vector) return false;
        // What start(), end(), step() and range() say of a range query is something else.
        const std::string query = to_lower(eval.query);
        return std::ranges::none_of(std::initializer_list<std::string_view>{"start()", "end()", "step()", "range()"},
                                    [&](std::string_view call) { return query.find(call) != std::string::npos; });
    }

    // Prometheus' runner looks at one minute before and after.
    Verdict judge_instant_as_range(const Eval& eval, const Expr& expr) {
        constexpr std::chrono::minutes kAround{1};
        const auto result = run_range_query(expr, eval.query, data_.store(), options_, eval.start - kAround, eval.start + kAround,
                                            kAround);
        if (!result) return Mismatch{"the same as a range query", "error " + result.error().message};
        std::vector<std::pair<LabelSet, double>> vector;
        for (const RangeSeries& series : result->matrix) {
            const auto point = std::ranges::find(series.points, eval.start, &std::pair<Timestamp, double>::first);
            if (point != series.points.end()) vector.emplace_back(series.labels, point->second);
        }
        Verdict verdict = eval.scalar ? (vector.size() == 1 ? compare_scalar(eval, vector.front().second)
                                                            : Verdict(Mismatch{"a scalar", text_of(vector)}))
                                      : compare_vector(eval, vector);
        if (verdict) verdict->expected += " (as a range query)";
        return verdict;
    }

    QueryOptions options_;
    promqltest::Data data_;
    PromqlTestReport report_;
};

}  // namespace

Result<PromqlTestReport> run_promql_test(std::string_view script, QueryOptions options) {
    TOCSIN_TRY(const auto commands, promqltest::parse_script(script));
    Runner runner(std::move(options));
    for (const promqltest::Command& command : commands) {
        std::visit([&](const auto& known) { runner.run(known); }, command);
    }
    return runner.take();
}

}  // namespace tocsin
