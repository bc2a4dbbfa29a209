#include "base/duration.h"

#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "base/time_zone.h"

namespace tocsin {

namespace {

constexpr std::int64_t kNanosecondsMax = std::numeric_limits<std::int64_t>::max();

struct Unit {
    std::string_view name;
    std::int64_t ms;
};

/// In the order in which they must be written.
constexpr std::array<Unit, 7> kUnits{{{"y", 365LL * 24 * 3600 * 1000},
                                      {"w", 7LL * 24 * 3600 * 1000},
                                      {"d", 24LL * 3600 * 1000},
                                      {"h", 3600LL * 1000},
                                      {"m", 60LL * 1000},
                                      {"s", 1000},
                                      {"ms", 1}}};

/// Takes the longest prefix whose characters satisfy `belongs`.
template <class Belongs>
std::string_view take_while(std::string_view& text, Belongs belongs) {
    std::size_t length = 0;
    while (length < text.size() && belongs(text[length])) ++length;
    const std::string_view taken = text.substr(0, length);
    text.remove_prefix(length);
    return taken;
}

std::optional<std::uint64_t> parse_digits(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

tl::unexpected<Error> invalid_duration(std::string_view text) {
    return fail(Error::Kind::InvalidInput, "not a valid duration string: " + go_quote(text));
}

tl::unexpected<Error> unknown_unit(std::string_view name, std::string_view text) {
    return fail(Error::Kind::InvalidInput,
                fmt::format("unknown unit {} in duration {}", go_quote(name), go_quote(text)));
}

struct Term {
    std::uint64_t count = 0;
    std::size_t unit = 0;  // in kUnits
};

/// One number with its unit out of `rest`. `text` is all of it, for messages.
Result<Term> take_term(std::string_view& rest, std::string_view text) {
    const std::optional<std::uint64_t> count = parse_digits(take_while(rest, is_digit));
    const std::string_view name = take_while(rest, [](char c) { return !is_digit(c); });
    if (!count || name.empty()) return invalid_duration(text);
    for (std::size_t unit = 0; unit < kUnits.size(); ++unit) {
        if (kUnits[unit].name == name) return Term{*count, unit};
    }
    return unknown_unit(name, text);
}

tl::unexpected<Error> invalid_go_duration(std::string_view text) {
    return fail(Error::Kind::InvalidInput, "time: invalid duration " + go_quote(text));
}

std::optional<std::int64_t> go_unit_nanoseconds(std::string_view name) {
    if (name == "ns") return 1;
    if (name == "us" || name == "µs" || name == "μs") return 1'000;  // micro sign, Greek mu
    if (name == "ms") return 1'000'000;
    if (name == "s") return 1'000'000'000;
    if (name == "m") return 60'000'000'000;
    if (name == "h") return 3'600'000'000'000;
    return std::nullopt;
}

/// The digits behind a decimal point as value / scale; digits beyond what 63 bits hold are dropped, as Go does.
struct Fraction {
    std::uint64_t value = 0;
    double scale = 1;
};

Fraction fraction_of(std::string_view digits) {
    Fraction fraction;
    for (const char digit : digits) {
        if (fraction.value > static_cast<std::uint64_t>(kNanosecondsMax - 9) / 10) break;
        fraction.value = fraction.value * 10 + static_cast<std::uint64_t>(digit - '0');
        fraction.scale *= 10;
    }
    return fraction;
}

/// One number with its unit out of `rest`, in nanoseconds. `text` is all of it, for messages.
Result<std::uint64_t> take_go_term(std::string_view& rest, std::string_view text) {
    const std::string_view whole = take_while(rest, is_digit);
    std::string_view digits;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        digits = take_while(rest, is_digit);
    }
    if (whole.empty() && digits.empty()) return invalid_go_duration(text);
    const std::string_view name = take_while(rest, [](char c) { return c != '.' && !is_digit(c); });
    if (name.empty()) return fail(Error::Kind::InvalidInput, "time: missing unit in duration " + go_quote(text));
    const std::optional<std::int64_t> unit = go_unit_nanoseconds(name);
    if (!unit) return fail_with_context("time", unknown_unit(name, text).value());
    const std::optional<std::uint64_t> count = whole.empty() ? 0 : parse_digits(whole);
    const auto scale = static_cast<std::uint64_t>(*unit);
    if (!count || *count > static_cast<std::uint64_t>(kNanosecondsMax) / scale) return invalid_go_duration(text);
    const Fraction fraction = fraction_of(digits);
    const double part = static_cast<double>(fraction.value) * (static_cast<double>(*unit) / fraction.scale);
    return *count * scale + static_cast<std::uint64_t>(part);
}

/// `value` / 10^digits without trailing zeros.
std::string decimal(std::uint64_t value, int digits) {
    std::string out = fmt::format("{:0{}}", value, digits + 1);
    out.insert(out.size() - static_cast<std::size_t>(digits), 1, '.');
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
    return out;
}

std::string civil_text(const CivilTime& t) {
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute, t.second);
}

/// Reads fields of a fixed number of digits, one after the other; remembers that one was not there.
class FieldReader {
public:
    explicit FieldReader(std::string_view text) : rest_(text) {}

    std::optional<Timestamp> date() {
        const int year = number(4);
        expect('-');
        const int month = number(2);
        expect('-');
        const int day = number(2);
        const std::chrono::year_month_day date{std::chrono::year{year},
                                               std::chrono::month{static_cast<unsigned>(month)},
                                               std::chrono::day{static_cast<unsigned>(day)}};
        if (!date.ok()) return std::nullopt;
        return Timestamp{std::chrono::sys_days{date}};
    }

    Duration time_of_day() {
        const int hour = number(2);
        expect(':');
        const int minute = number(2);
        expect(':');
        const int second = number(2);
        good_ = good_ && hour < 24 && minute < 60 && second < 60;
        return std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second} + fraction();
    }

    std::chrono::minutes offset() {
        if (accept('Z')) return std::chrono::minutes{0};
        const int sign = accept('-') ? -1 : 1;
        if (sign > 0) expect('+');
        const int hours = number(2);
        expect(':');
        const int minutes = number(2);
        good_ = good_ && hours <= 24 && minutes < 60;
        return std::chrono::minutes{sign * (60 * hours + minutes)};
    }

    void expect(char c) { good_ = accept(c) && good_; }

    bool all_read() const { return good_ && rest_.empty(); }

private:
    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (i >= rest_.size() || !is_digit(rest_[i])) {
                good_ = false;
                return 0;
            }
            value = value * 10 + (rest_[i] - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }

    bool accept(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    Duration fraction() {
        if (!accept('.') && !accept(',')) return Duration{0};
        const std::string_view digits = take_while(rest_, is_digit);
        good_ = good_ && !digits.empty();
        int ms = 0;
        for (std::size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < digits.size() ? digits[i] - '0' : 0);
        return Duration{ms};
    }

    std::string_view rest_;
    bool good_ = true;
};

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    if (text == "0") return Duration{0};
    if (text.empty()) return fail(Error::Kind::InvalidInput, "empty duration string");
    constexpr std::uint64_t kMillisecondsMax = kNanosecondsMax / 1'000'000;
    std::uint64_t total = 0;
    std::size_t units_used = 0;
    for (std::string_view rest = text; !rest.empty();) {
        TOCSIN_TRY(const Term term, take_term(rest, text));
        if (term.unit < units_used) return invalid_duration(text);
        units_used = term.unit + 1;
        const auto ms = static_cast<std::uint64_t>(kUnits[term.unit].ms);
        if (term.count > (kMillisecondsMax - total) / ms) {
            return fail(Error::Kind::InvalidInput, "duration out of range");
        }
        total += term.count * ms;
    }
    return Duration{static_cast<std::int64_t>(total)};
}

std::string to_string(Duration duration) {
    std::int64_t left = duration.count();
    if (left == 0) return "0s";
    std::string out = left < 0 ? "-" : "";
    for (const Unit& unit : kUnits) {
        // Years and weeks only when nothing is left over: 90d reads easier than 12w6d.
        const bool only_exact = unit.name == "y" || unit.name == "w";
        const std::int64_t count = left / unit.ms;
        if (count == 0 || (only_exact && left % unit.ms != 0)) continue;
        out += fmt::format("{}{}", count < 0 ? -count : count, unit.name);
        left %= unit.ms;
    }
    return out;
}

Result<std::chrono::nanoseconds> parse_go_duration(std::string_view text) {
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest == "0") return std::chrono::nanoseconds{0};
    if (rest.empty()) return invalid_go_duration(text);
    std::uint64_t total = 0;
    while (!rest.empty()) {
        TOCSIN_TRY(const std::uint64_t term, take_go_term(rest, text));
        if (term > static_cast<std::uint64_t>(kNanosecondsMax) - total) return invalid_go_duration(text);
        total += term;
    }
    const auto nanoseconds = static_cast<std::int64_t>(total);
    return std::chrono::nanoseconds{negative ? -nanoseconds : nanoseconds};
}

std::string to_go_string(std::chrono::nanoseconds duration) {
    const std::int64_t count = duration.count();
    if (count == 0) return "0s";
    // Not -count: the smallest number has no positive twin.
    const std::uint64_t ns = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    const std::string sign = count < 0 ? "-" : "";
    if (ns < 1'000) return fmt::format("{}{}ns", sign, ns);
    if (ns < 1'000'000) return sign + decimal(ns, 3) + "µs";
    if (ns < 1'000'000'000) return sign + decimal(ns, 6) + "ms";
    const std::uint64_t minutes = ns / 60'000'000'000;
    const std::string seconds = decimal(ns % 60'000'000'000, 9) + "s";
    if (minutes == 0) return sign + seconds;
    if (minutes < 60) return fmt::format("{}{}m{}", sign, minutes, seconds);
    return fmt::format("{}{}h{}m{}", sign, minutes / 60, minutes % 60, seconds);
}

std::string to_rfc3339(Timestamp t) {
    const CivilTime civil = TimeZone().civil(t);
    const std::string fraction = decimal(static_cast<std::uint64_t>(civil.millisecond), 3);
    return civil_text(civil) + fraction.substr(1) + "Z";
}

std::string to_rfc3339_ms(Timestamp t) {
    const CivilTime civil = TimeZone().civil(t);
    return civil_text(civil) + fmt::format(".{:03}Z", civil.millisecond);
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
    FieldReader fields(text);
    const std::optional<Timestamp> day = fields.date();
    fields.expect('T');
    const Duration time_of_day = fields.time_of_day();
    const std::chrono::minutes offset = fields.offset();
    if (!day || !fields.all_read()) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("parsing time {}: expected a time like 2006-01-02T15:04:05Z", go_quote(text)));
    }
    return *day + time_of_day - offset;
}

}  // namespace tocsin
