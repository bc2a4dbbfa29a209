#include "base/moment.h"

#include <cmath>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin {

Result<Timestamp> parse_moment(std::string_view text) {
    constexpr double kSecondsMax = 9e15;
    if (const auto seconds = parse_float(text); seconds && std::abs(*seconds) < kSecondsMax) {
        return from_unix_ms(std::llround(*seconds * 1000));
    }
    if (auto time = parse_rfc3339(text)) return time;
    return fail(Error::Kind::InvalidInput, fmt::format("cannot parse {} to a valid timestamp", go_quote(text)));
}

}  // namespace tocsin
