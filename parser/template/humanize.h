#pragma once

#include <string>

#include "base/result.h"
#include "parser/template/value.h"

/// Numbers for people, as prometheus/common/helpers/templates and Prometheus' template functions write them.
namespace tocsin::templates {

/// A number, a duration (in seconds) or a text that is a number.
Result<double> to_float(const Value& value);

/// With the prefixes k M G … and m u n …: `123.5k`.
std::string humanize(double value);
/// With ki Mi Gi …
std::string humanize1024(double value);
/// Seconds: `1d 3h 46m 40s`, `120ms`.
std::string humanize_duration(double seconds);
/// `0.5` is `50%`.
std::string humanize_percentage(double ratio);

/// Seconds since 1970 as a moment in UTC, to the millisecond.
Result<GoTime> to_go_time(double seconds);

}  // namespace tocsin::templates
