#include "daemon/api/posted_time.h"

#include <chrono>
#include <string>

#include "base/duration.h"

namespace tocsin::api {
namespace {

constexpr std::size_t kDayBytes = 10;     // 2006-01-02
constexpr std::size_t kMinuteBytes = 16;  // 2006-01-02T15:04
constexpr std::size_t kSecondBytes = 19;  // 2006-01-02T15:04:05

/// Whether an offset like +0200 stands behind three or six digits of a fraction.
bool has_offset_without_colon(const std::string& time) {
    const std::size_t sign = time.find_last_of("+-");
    if (sign + 5 != time.size() || sign <= kSecondBytes) return false;
    const std::size_t digits = sign - kSecondBytes - 1;
    return digits == 3 || digits == 6;
}

/// As RFC 3339 writes it. What is no time does not become one.
std::string as_rfc3339(std::string_view text) {
    std::string time(text);
    if (time.size() == kDayBytes) return time + "T00:00:00Z";
    if (time.size() < kMinuteBytes - 1) return time;
    if (time[kDayBytes + 2] == ':') time.insert(kDayBytes + 1, 1, '0');  // Go reads hours of one digit, too
    if (time[kDayBytes] == ' ') {
        time[kDayBytes] = 'T';
        return time + "Z";
    }
    if (time.size() == kMinuteBytes) return time + ":00Z";
    if (time.size() == kMinuteBytes + 1 && time.back() == 'Z') return time.insert(kMinuteBytes, ":00");
    if (has_offset_without_colon(time)) return time.insert(time.size() - 2, 1, ':');
    const bool has_zone = time.back() == 'Z' || time.find_last_of("+-") > kDayBytes;
    return has_zone ? time : time + "Z";
}

}  // namespace

Result<Timestamp> read_posted_time(std::string_view text) {
    constexpr Timestamp kZeroOfGo{std::chrono::sys_days(std::chrono::year(1) / 1 / 1)};
    if (text.empty()) return Timestamp{};
    auto time = parse_rfc3339(text);
    if (!time) {
        const auto other = parse_rfc3339(as_rfc3339(text));
        if (!other) return time;
        time = other;
    }
    return *time == kZeroOfGo ? Timestamp{} : *time;
}

}  // namespace tocsin::api
