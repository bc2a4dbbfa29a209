#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

// The values of PromQL's literals; the grammar has seen to their shape already. Messages are Prometheus' own.

/// A number without sign: `1.5e3`, `1_000`, `0x1F`, `inf`, `nan`; `017` is octal and `08` is not, as in Go.
Result<double> read_number(std::string_view text);

/// `1h30m` in seconds.
Result<double> read_duration_seconds(std::string_view text);

/// What stands between the quotes, with Go's escapes resolved unless the quotes are backticks. May be no valid UTF-8:
/// `"\xff"` is one byte.
Result<std::string> unquote(std::string_view quoted);

}  // namespace tocsin
