#include "parser/template/humanize.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include "parser/template/literal.h"
#include "parser/template/printf.h"
#include "parser/template/types.h"

namespace tocsin::templates {
namespace {

constexpr std::array<std::string_view, 8> kLarge = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
constexpr std::array<std::string_view, 8> kSmall = {"m", "u", "n", "p", "f", "a", "z", "y"};
constexpr std::array<std::string_view, 8> kBinary = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};

std::string four_digits(double value) {
    return format_float(value, 'g', 4);
}

std::string divided(double value, double step, const std::array<std::string_view, 8>& prefixes) {
    std::string_view prefix;
    for (const std::string_view larger : prefixes) {
        if (std::abs(value) < step) break;
        prefix = larger;
        value /= step;
    }
    return four_digits(value) + std::string(prefix);
}

std::string multiplied(double value) {
    std::string_view prefix;
    for (const std::string_view smaller : kSmall) {
        if (std::abs(value) >= 1) break;
        prefix = smaller;
        value *= 1000;
    }
    return four_digits(value) + std::string(prefix);
}

}  // namespace

Result<double> to_float(const Value& value) {
    if (value.type() == &types::duration) return static_cast<double>(value.as_int()) / 1e9;
    switch (value.kind()) {
        case Kind::Float:
            return value.as_float();
        case Kind::Int:
            if (value.type() == &types::integer || value.type() == &types::integer64)
                return static_cast<double>(value.as_int());
            break;
        case Kind::String:
            if (value.type() == &types::string) return parse_go_float(value.as_text());
            break;
        default:
            break;
    }
    return fail_call(fmt::format("can't convert {} to float", value.type_name()));
}

std::string humanize(double value) {
    if (value == 0 || !std::isfinite(value)) return four_digits(value);
    return std::abs(value) >= 1 ? divided(value, 1000, kLarge) : multiplied(value);
}

std::string humanize1024(double value) {
    if (std::abs(value) <= 1 || !std::isfinite(value)) return four_digits(value);
    return divided(value, 1024, kBinary);
}

std::string humanize_duration(double seconds) {
    if (!std::isfinite(seconds)) return four_digits(seconds);
    if (seconds == 0) return four_digits(seconds) + "s";
    if (std::abs(seconds) < 1) return multiplied(seconds) + "s";
    const std::string_view sign = seconds < 0 ? "-" : "";
    const std::int64_t whole = truncate_to_int64(std::abs(seconds));
    const std::int64_t days = whole / 86'400, hours = whole / 3600 % 24, minutes = whole / 60 % 60, rest = whole % 60;
    if (days != 0) return fmt::format("{}{}d {}h {}m {}s", sign, days, hours, minutes, rest);
    if (hours != 0) return fmt::format("{}{}h {}m {}s", sign, hours, minutes, rest);
    if (minutes != 0) return fmt::format("{}{}m {}s", sign, minutes, rest);
    return fmt::format("{}{}s", sign, four_digits(std::abs(seconds)));
}

std::string humanize_percentage(double ratio) {
    return four_digits(ratio * 100) + "%";
}

Result<GoTime> to_go_time(double seconds) {
    if (!std::isfinite(seconds)) return fail_call("value is NaN or Inf");
    const double nanoseconds = seconds * 1e9;
    if (nanoseconds > static_cast<double>(std::numeric_limits<std::int64_t>::max()) ||
        nanoseconds < static_cast<double>(std::numeric_limits<std::int64_t>::min())) {
        return fail_call(fmt::format("{} cannot be represented as a nanoseconds timestamp since it overflows int64",
                                     format_float(seconds, 'g', -1)));
    }
    return GoTime::from_timestamp(from_unix_ms(truncate_to_int64(nanoseconds) / 1'000'000));
}

}  // namespace tocsin::templates
