#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace tocsin::api {

/// A time in any notation that Alertmanager's API takes (strfmt.DateTime of go-openapi): RFC 3339; without a zone,
/// which means UTC, also without seconds, with a blank for the T, or the day alone; an offset without a colon behind
/// three or six digits of a fraction. Clients written in Go say their zero time, the beginning of year 1, for what they
/// leave out: that and an empty text is none, Timestamp{}.
Result<Timestamp> read_posted_time(std::string_view text);

}  // namespace tocsin::api
