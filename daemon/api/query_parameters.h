#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/diagnostic.h"
#include "base/matcher.h"
#include "base/time.h"
#include "daemon/router.h"

/// The parameters that the endpoints of the query API have in common, read as Prometheus reads them
/// (web/api/v1/api.go).
namespace tocsin::api {

/// A parameter, or the answer that refuses it.
template <class T>
using Read = tl::expected<T, ServerResponse>;

/// What `start` and `end` are where they are not given: before and after every sample. No time that is read lies beyond
/// them.
inline constexpr Timestamp kTimeMin{std::chrono::milliseconds(-4'000'000'000'000'000'000)};
inline constexpr Timestamp kTimeMax{std::chrono::milliseconds(4'000'000'000'000'000'000)};

/// 400 `bad_data`: `invalid parameter "NAME": MESSAGE`.
ServerResponse invalid_parameter(std::string_view name, std::string_view message);

/// Seconds of Unix time with a fraction, or RFC 3339. It must be there.
Read<Timestamp> read_time(const Parameters& parameters, std::string_view name);
Read<Timestamp> read_time_or(const Parameters& parameters, std::string_view name, Timestamp otherwise);

/// Seconds with a fraction, or a duration as `5m`. It must be there.
Read<std::chrono::nanoseconds> read_duration(const Parameters& parameters, std::string_view name);

/// The text of such a duration.
Result<std::chrono::nanoseconds> parse_step(const std::string& text);

/// `limit`; 0 when it is not given: no limit.
Read<std::size_t> read_limit(const Parameters& parameters);

/// `LINE:COLUMN: parse error: MESSAGE`.
std::string parse_error(const Diagnostic& problem);

/// A whole number as Go's strconv.Atoi reads it; the message of a failure is that function's.
Result<std::int64_t> parse_go_int(const std::string& text);

/// The selectors of all `match[]`, as text that says what is wrong with the first bad one; none when there are none.
Result<std::vector<Matchers>> parse_match_parameters(const Parameters& parameters);

}  // namespace tocsin::api
