#include "notifiers/silence_log.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr Duration kLong = std::chrono::days(30);

std::vector<LogField> fields_of(const Silence& silence) {
    std::vector<std::string> matchers;
    for (const Matcher& matcher : silence.matchers) matchers.push_back(to_string(matcher));
    return {{"id", silence.id},
            {"matchers", fmt::format("{{{}}}", join(matchers, ", "))},
            {"starts_at", to_rfc3339(silence.starts_at)},
            {"ends_at", to_rfc3339(silence.ends_at)},
            {"created_by", silence.created_by},
            {"comment", silence.comment}};
}

}  // namespace

void log_silence(Log& log, std::string_view what, const Silence& silence) {
    log.info("notifiers::silence", fmt::format("silence {}", what), fields_of(silence));
}

void warn_of_long_silence(Log& log, const Silence& silence, Timestamp now) {
    if (silence.ends_at - std::max(silence.starts_at, now) <= kLong) return;
    log.warn("notifiers::silence", "a silence is in force for more than 30 days", fields_of(silence));
}

}  // namespace tocsin
