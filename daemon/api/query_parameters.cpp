#include "daemon/api/query_parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "parser/promql_parser.h"

namespace tocsin::api {
namespace {

using std::chrono::nanoseconds;

// What Prometheus takes for the beginning and the end of time, as clients send it.
constexpr std::string_view kGoTimeMin = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kGoTimeMax = "292277025-08-18T07:12:54.999999999Z";
constexpr double kGoSecondsMax = 9.3e15;
constexpr double kNanosecondsMax = 9.2233720368547758e18;

Timestamp time_of_seconds(double seconds) {
    const double ms = std::round(seconds * 1000);
    if (ms <= static_cast<double>(to_unix_ms(kTimeMin))) return kTimeMin;
    if (ms >= static_cast<double>(to_unix_ms(kTimeMax))) return kTimeMax;
    return from_unix_ms(static_cast<std::int64_t>(ms));
}

Result<Timestamp> parse_time(const std::string& text) {
    if (const auto seconds = parse_float(text); seconds && std::abs(*seconds) < kGoSecondsMax)
        return time_of_seconds(*seconds);
    if (auto time = parse_rfc3339(text)) return time;
    if (text == kGoTimeMin) return kTimeMin;
    if (text == kGoTimeMax) return kTimeMax;
    return fail(Error::Kind::InvalidInput, fmt::format("cannot parse {} to a valid timestamp", go_quote(text)));
}

}  // namespace

Result<nanoseconds> parse_step(const std::string& text) {
    if (const auto seconds = parse_float(text)) {
        const double ns = *seconds * 1e9;
        if (std::isnan(ns)) return nanoseconds(std::numeric_limits<std::int64_t>::min());
        if (std::abs(ns) < kNanosecondsMax) return nanoseconds(static_cast<std::int64_t>(ns));
        return fail(Error::Kind::InvalidInput,
                    fmt::format("cannot parse {} to a valid duration. It overflows int64", go_quote(text)));
    }
    if (const auto duration = parse_duration(text)) return nanoseconds(*duration);
    return fail(Error::Kind::InvalidInput, fmt::format("cannot parse {} to a valid duration", go_quote(text)));
}

std::string parse_error(const Diagnostic& problem) {
    return fmt::format("{}:{}: parse error: {}", problem.where.line, problem.where.column, problem.message);
}

ServerResponse invalid_parameter(std::string_view name, std::string_view message) {
    return api_error("bad_data", fmt::format("invalid parameter \"{}\": {}", name, message));
}

Read<Timestamp> read_time(const Parameters& parameters, std::string_view name) {
    const auto time = parse_time(parameters.get(name));
    if (!time) return tl::unexpected(invalid_parameter(name, time.error().message));
    return *time;
}

Read<Timestamp> read_time_or(const Parameters& parameters, std::string_view name, Timestamp otherwise) {
    const std::string text = parameters.get(name);
    if (text.empty()) return otherwise;
    const auto time = parse_time(text);
    if (time) return *time;
    return tl::unexpected(
        invalid_parameter(name, fmt::format("Invalid time value for '{}': {}", name, time.error().message)));
}

Read<nanoseconds> read_duration(const Parameters& parameters, std::string_view name) {
    const auto duration = parse_step(parameters.get(name));
    if (!duration) return tl::unexpected(invalid_parameter(name, duration.error().message));
    return *duration;
}

Read<std::size_t> read_limit(const Parameters& parameters) {
    const std::string text = parameters.get("limit");
    if (text.empty()) return 0;
    const auto limit = parse_go_int(text);
    if (!limit) return tl::unexpected(invalid_parameter("limit", limit.error().message));
    if (*limit < 0) return tl::unexpected(invalid_parameter("limit", "limit must be non-negative"));
    return static_cast<std::size_t>(*limit);
}

Result<std::int64_t> parse_go_int(const std::string& text) {
    const std::string_view digits = std::string_view(text).substr(text.starts_with('+') ? 1 : 0);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool is_sign_twice = digits.size() != text.size() && digits.starts_with('-');
    if (error == std::errc{} && end == digits.data() + digits.size() && !is_sign_twice) return value;
    const bool out_of_range = error == std::errc::result_out_of_range;
    return fail(Error::Kind::InvalidInput, fmt::format("strconv.Atoi: parsing {}: {}", go_quote(text),
                                                       out_of_range ? "value out of range" : "invalid syntax"));
}

Result<std::vector<Matchers>> parse_match_parameters(const Parameters& parameters) {
    std::vector<Matchers> selectors;
    for (const std::string& text : parameters.all("match[]")) {
        auto matchers = parse_metric_selector(text);
        if (!matchers) return fail(Error::Kind::InvalidInput, parse_error(matchers.error().front()));
        selectors.push_back(*std::move(matchers));
    }
    for (const Matchers& matchers : selectors) {
        if (std::ranges::all_of(matchers, [](const Matcher& matcher) { return matcher.matches_empty(); })) {
            return fail(Error::Kind::InvalidInput, "match[] must contain at least one non-empty matcher");
        }
    }
    return selectors;
}

}  // namespace tocsin::api
