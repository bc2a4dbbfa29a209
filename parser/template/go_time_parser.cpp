#include <array>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/go_calendar.h"
#include "parser/template/go_time.h"
#include "parser/template/time_layout.h"

namespace tocsin::templates {
namespace {

using Chunk = LayoutChunk;

constexpr std::int64_t kParsedDaySeconds = 86'400;

bool is_digit_at(std::string_view text, std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
}

// What is read from a text before it is known to be a date.
struct ParsedTime {
    std::int64_t year = 0;
    std::int64_t month = -1, day = -1, year_day = -1;
    int hour = 0, minute = 0, second = 0;
    std::int32_t nanoseconds = 0;
    bool pm = false, has_pm = false;
    std::optional<int> offset;
    std::string zone;
};

/// Reads the values of a layout one after the other. Every reader takes its part off the front of `text` and returns
/// false, or sets `out_of_range`, when it is not there.
struct TimeReader {
    std::string_view text;
    ParsedTime parsed;
    std::string_view out_of_range;

    bool read_number(std::size_t digits_min, std::size_t digits_max, std::int64_t& into);
    template <std::size_t size>
    bool read_name(const std::array<std::string_view, size>& names, std::size_t letters, std::int64_t& into);
    bool read_fraction(std::size_t digits_min);
    bool read_offset(const OffsetForm& form);
    bool read_zone();
    bool read_ranged(std::size_t digits_min, std::size_t digits_max, std::int64_t least, std::int64_t most,
                     std::string_view name, std::int64_t& into);
    bool read(const LayoutPiece& piece);
};

bool TimeReader::read_number(std::size_t digits_min, std::size_t digits_max, std::int64_t& into) {
    std::size_t digits = 0;
    std::int64_t value = 0;
    while (digits < digits_max && is_digit_at(text, digits)) value = value * 10 + (text[digits++] - '0');
    if (digits < digits_min) return false;
    text.remove_prefix(digits);
    into = value;
    return true;
}

template <std::size_t size>
bool TimeReader::read_name(const std::array<std::string_view, size>& names, std::size_t letters, std::int64_t& into) {
    for (std::size_t i = 0; i < size; ++i) {
        const std::string_view name = names[i].substr(0, letters);
        if (!iequals(text.substr(0, name.size()), name)) continue;
        text.remove_prefix(name.size());
        into = static_cast<std::int64_t>(i);
        return true;
    }
    return false;
}

bool TimeReader::read_fraction(std::size_t digits_min) {
    if (text.size() < 2 || (text[0] != '.' && text[0] != ',')) return false;
    std::size_t digits = 0;
    std::int64_t value = 0;
    for (; is_digit_at(text, digits + 1); ++digits) {
        if (digits < 9) value = value * 10 + (text[digits + 1] - '0');
    }
    if (digits < digits_min || digits == 0) return false;
    for (std::size_t i = digits; i < 9; ++i) value *= 10;
    parsed.nanoseconds = static_cast<std::int32_t>(value);
    text.remove_prefix(digits + 1);
    return true;
}

bool TimeReader::read_offset(const OffsetForm& form) {
    if (form.zulu && text.starts_with('Z')) {
        text.remove_prefix(1);
        parsed.offset = 0;
        return true;
    }
    if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    std::int64_t hours = 0, minutes = 0, seconds = 0;
    const auto separated = [&](bool wanted, std::int64_t& into) {
        if (!wanted) return true;
        if (form.colons) {
            if (!text.starts_with(':')) return false;
            text.remove_prefix(1);
        }
        return read_number(2, 2, into);
    };
    if (!read_number(2, 2, hours) || !separated(form.minutes, minutes) || !separated(form.seconds, seconds))
        return false;
    if (hours > 24 || minutes > 60 || seconds > 60) out_of_range = "time zone offset";
    parsed.offset = sign * static_cast<int>(hours * 3600 + minutes * 60 + seconds);
    return true;
}

bool TimeReader::read_zone() {
    std::size_t letters = 0;
    while (letters < text.size() && letters < 6 && text[letters] >= 'A' && text[letters] <= 'Z') ++letters;
    if (letters < 3 || letters > 5) return false;
    parsed.zone = std::string(text.substr(0, letters));
    text.remove_prefix(letters);
    return true;
}

bool TimeReader::read_ranged(std::size_t digits_min, std::size_t digits_max, std::int64_t least, std::int64_t most,
                             std::string_view name, std::int64_t& into) {
    if (!read_number(digits_min, digits_max, into)) return false;
    if (into < least || into > most) out_of_range = name;
    return true;
}

bool TimeReader::read(const LayoutPiece& piece) {
    std::int64_t value = 0;
    const auto set = [&](int& field) {
        field = static_cast<int>(value);
        return true;
    };
    switch (piece.chunk) {
        case Chunk::None:
            return true;
        case Chunk::LongMonth:
            return read_name(kMonthNames, 99, parsed.month) && ++parsed.month > 0;
        case Chunk::ShortMonth:
            return read_name(kMonthNames, 3, parsed.month) && ++parsed.month > 0;
        case Chunk::Month:
            return read_ranged(1, 2, 1, 12, "month", parsed.month);
        case Chunk::ZeroMonth:
            return read_ranged(2, 2, 1, 12, "month", parsed.month);
        case Chunk::LongWeekday:
            return read_name(kWeekdayNames, 99, value);
        case Chunk::ShortWeekday:
            return read_name(kWeekdayNames, 3, value);
        case Chunk::UnderDay:
            if (text.starts_with(' ')) text.remove_prefix(1);
            return read_number(1, 2, parsed.day);
        case Chunk::Day:
            return read_number(1, 2, parsed.day);
        case Chunk::ZeroDay:
            return read_number(2, 2, parsed.day);
        case Chunk::UnderYearDay:
            while (text.starts_with(' ')) text.remove_prefix(1);
            return read_number(1, 3, parsed.year_day);
        case Chunk::ZeroYearDay:
            return read_number(3, 3, parsed.year_day);
        case Chunk::Hour24:
            return read_ranged(1, 2, 0, 23, "hour", value) && set(parsed.hour);
        case Chunk::Hour12:
            return read_ranged(1, 2, 0, 12, "hour", value) && set(parsed.hour);
        case Chunk::ZeroHour12:
            return read_ranged(2, 2, 0, 12, "hour", value) && set(parsed.hour);
        case Chunk::Minute:
            return read_ranged(1, 2, 0, 59, "minute", value) && set(parsed.minute);
        case Chunk::ZeroMinute:
            return read_ranged(2, 2, 0, 59, "minute", value) && set(parsed.minute);
        case Chunk::Second:
        case Chunk::ZeroSecond: {
            const std::size_t digits_min = piece.chunk == Chunk::Second ? 1 : 2;
            if (!read_ranged(digits_min, 2, 0, 59, "second", value) || !set(parsed.second)) return false;
            // A fraction may follow the seconds although the layout has none.
            const Chunk following = next_piece(piece.rest).chunk;
            if (following == Chunk::FractionZeros || following == Chunk::FractionNines) return true;
            const bool fraction = text.size() >= 2 && (text[0] == '.' || text[0] == ',') && is_digit_at(text, 1);
            return !fraction || read_fraction(1);
        }
        case Chunk::LongYear:
            return read_number(4, 4, parsed.year);
        case Chunk::Year:
            if (!read_number(2, 2, parsed.year)) return false;
            parsed.year += parsed.year >= 69 ? 1900 : 2000;  // Unix time starts in the last of the former
            return true;
        case Chunk::UpperPm:
        case Chunk::LowerPm: {
            const std::string_view word = text.substr(0, 2);
            const bool upper = piece.chunk == Chunk::UpperPm;
            parsed.has_pm = true;
            parsed.pm = word == (upper ? "PM" : "pm");
            if (!parsed.pm && word != (upper ? "AM" : "am")) return false;
            text.remove_prefix(2);
            return true;
        }
        case Chunk::Zone:
            return read_zone();
        case Chunk::Offset:
            return read_offset(piece.offset);
        case Chunk::FractionZeros:
            return read_fraction(piece.text.size() - 1);
        case Chunk::FractionNines:
            return text.size() < 2 || (text[0] != '.' && text[0] != ',') || !is_digit_at(text, 1) || read_fraction(1);
    }
    return false;
}

// An empty answer when month, day and day of the year do not contradict each other.
std::string_view settle_date(ParsedTime& parsed) {
    if (parsed.has_pm && parsed.pm && parsed.hour < 12) parsed.hour += 12;
    if (parsed.has_pm && !parsed.pm && parsed.hour == 12) parsed.hour = 0;
    if (parsed.year_day >= 0) {
        if (parsed.year_day < 1 || parsed.year_day > (is_leap(parsed.year) ? 366 : 365)) return "day-of-year";
        GoCivil civil;
        set_date(civil, days_from_civil(parsed.year, 1, 1) + parsed.year_day - 1);
        parsed.month = civil.month;
        parsed.day = civil.day;
    }
    if (parsed.month < 0) parsed.month = 1;
    if (parsed.day < 0) parsed.day = 1;
    if (parsed.day < 1 || parsed.day > days_in(parsed.year, static_cast<unsigned>(parsed.month))) return "day";
    return {};
}

GoTime make_time(const ParsedTime& parsed) {
    const std::int64_t days =
        days_from_civil(parsed.year, static_cast<unsigned>(parsed.month), static_cast<unsigned>(parsed.day));
    GoTime time = GoTime::from_unix(
        days * kParsedDaySeconds + parsed.hour * 3600 + parsed.minute * 60 + parsed.second - parsed.offset.value_or(0),
        parsed.nanoseconds);
    const bool utc = parsed.offset.value_or(0) == 0 && (parsed.zone.empty() || parsed.zone == "UTC");
    if (!utc) time.zone.fixed_offset_seconds = parsed.offset.value_or(0);
    if (!utc) time.zone.fixed_name = parsed.zone;
    return time;
}

}  // namespace

Result<GoTime> parse_go_time(std::string_view layout, std::string_view text) {
    TimeReader reader{text, {}, {}};
    const auto describe = [&](std::string_view what, std::string_view as) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("parsing time {} as {}: cannot parse {} as {}", go_quote(text), go_quote(layout),
                                go_quote(what), go_quote(as)));
    };
    const auto range_error = [&](std::string_view name) {
        return fail(Error::Kind::InvalidInput, fmt::format("parsing time {}: {} out of range", go_quote(text), name));
    };
    for (std::string_view left = layout;;) {
        const LayoutPiece piece = next_piece(left);
        if (!reader.text.starts_with(piece.before)) return describe(reader.text, piece.before);
        reader.text.remove_prefix(piece.before.size());
        if (piece.chunk == Chunk::None) break;
        const std::string_view at = reader.text;
        if (!reader.read(piece)) return describe(at, piece.text);
        if (!reader.out_of_range.empty()) return range_error(reader.out_of_range);
        left = piece.rest;
    }
    if (!reader.text.empty()) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("parsing time {}: extra text: {}", go_quote(text), go_quote(reader.text)));
    }
    if (const std::string_view wrong = settle_date(reader.parsed); !wrong.empty()) return range_error(wrong);
    return make_time(reader.parsed);
}

}  // namespace tocsin::templates
