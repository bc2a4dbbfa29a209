#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace tocsin {

/// Reads a duration as Prometheus' files write it: `1h30m`, `5m`, `500ms`, `0`; units descend (y w d h m s ms), each at
/// most once, whole numbers. Anything else is `not a valid duration string: "…"`, as the original says
/// (prometheus/common model.ParseDuration).
Result<Duration> parse_duration(std::string_view text);

/// `1h30m`, `5m`, `1d`; `0s` for nothing. The inverse of parse_duration (model.Duration.String).
std::string to_string(Duration duration);

/// Reads a duration as Go writes it: `1.5h`, `300ms`, `-2m`, `0`. Some fields of Alertmanager's files use this form.
Result<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

/// `1h0m0s`, `1.5s`, `300ms`, `0s`: time.Duration.String of Go.
std::string to_go_string(std::chrono::nanoseconds duration);

/// `2026-01-02T03:04:05.678Z`, without trailing zeros of the fraction: RFC3339Nano in UTC.
std::string to_rfc3339(Timestamp t);

/// `2026-01-02T03:04:05.678Z` with exactly three digits, as Alertmanager's API and our logs write it.
std::string to_rfc3339_ms(Timestamp t);

/// Reads RFC 3339 with any offset; digits beyond milliseconds are cut.
Result<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace tocsin
