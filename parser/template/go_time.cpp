#include "parser/template/go_time.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::templates {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

constexpr std::array<std::string_view, 12> kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                                      "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

// The pieces of a layout, named after what the reference time shows in their place.
enum class Chunk {
    None,
    LongMonth,
    ShortMonth,
    Month,
    ZeroMonth,
    LongWeekday,
    ShortWeekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour24,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    Zone,
    Offset,          // the forms below are told apart by OffsetForm
    FractionZeros,   // `.000`
    FractionNines,   // `.999`: trailing zeros are left out
};

struct OffsetForm {
    bool zulu = false;     // `Z` for UTC
    bool colons = false;
    bool minutes = true;
    bool seconds = false;
};

struct LayoutPiece {
    std::string_view before;  // literal text
    Chunk chunk = Chunk::None;
    std::string_view text;    // of the chunk
    std::string_view rest;
    OffsetForm offset;
};

bool is_digit_at(std::string_view text, std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; }
bool is_lower_at(std::string_view text, std::size_t i) { return i < text.size() && text[i] >= 'a' && text[i] <= 'z'; }

struct OffsetName {
    std::string_view digits;  // behind the sign
    OffsetForm form;
};
// Longest first: each is tried in this order.
constexpr std::array<OffsetName, 5> kOffsets = {{{"070000", {false, false, true, true}},
                                                 {"07:00:00", {false, true, true, true}},
                                                 {"0700", {false, false, true, false}},
                                                 {"07:00", {false, true, true, false}},
                                                 {"07", {false, false, false, false}}}};

struct ChunkAt {
    Chunk chunk = Chunk::None;
    std::size_t size = 0;
    OffsetForm offset;
};

ChunkAt number_chunk(std::string_view at) {
    constexpr std::array<Chunk, 6> kZero = {Chunk::ZeroMonth,  Chunk::ZeroDay,    Chunk::ZeroHour12,
                                            Chunk::ZeroMinute, Chunk::ZeroSecond, Chunk::Year};
    switch (at[0]) {
        case '0':
            if (at.size() >= 2 && at[1] >= '1' && at[1] <= '6') return {kZero[static_cast<std::size_t>(at[1] - '1')], 2, {}};
            if (at.starts_with("002")) return {Chunk::ZeroYearDay, 3, {}};
            return {};
        case '1': return at.starts_with("15") ? ChunkAt{Chunk::Hour24, 2, {}} : ChunkAt{Chunk::Month, 1, {}};
        case '2': return at.starts_with("2006") ? ChunkAt{Chunk::LongYear, 4, {}} : ChunkAt{Chunk::Day, 1, {}};
        case '3': return {Chunk::Hour12, 1, {}};
        case '4': return {Chunk::Minute, 1, {}};
        case '5': return {Chunk::Second, 1, {}};
        default: return {};
    }
}

ChunkAt name_chunk(std::string_view at) {
    if (at.starts_with("January")) return {Chunk::LongMonth, 7, {}};
    if (at.starts_with("Jan") && !is_lower_at(at, 3)) return {Chunk::ShortMonth, 3, {}};
    if (at.starts_with("Monday")) return {Chunk::LongWeekday, 6, {}};
    if (at.starts_with("Mon") && !is_lower_at(at, 3)) return {Chunk::ShortWeekday, 3, {}};
    if (at.starts_with("MST")) return {Chunk::Zone, 3, {}};
    if (at.starts_with("PM")) return {Chunk::UpperPm, 2, {}};
    if (at.starts_with("pm")) return {Chunk::LowerPm, 2, {}};
    return {};
}

ChunkAt fraction_chunk(std::string_view at) {
    if (at.size() < 2 || (at[1] != '0' && at[1] != '9')) return {};
    std::size_t end = at.find_first_not_of(at[1], 1);
    if (end == std::string_view::npos) end = at.size();
    if (is_digit_at(at, end)) return {};
    return {at[1] == '0' ? Chunk::FractionZeros : Chunk::FractionNines, end, {}};
}

ChunkAt offset_chunk(std::string_view at) {
    for (const OffsetName& name : kOffsets) {
        if (!at.substr(1).starts_with(name.digits)) continue;
        OffsetForm form = name.form;
        form.zulu = at[0] == 'Z';
        return {Chunk::Offset, 1 + name.digits.size(), form};
    }
    return {};
}

ChunkAt chunk_at(std::string_view at) {
    switch (at[0]) {
        case 'J':
        case 'M':
        case 'P':
        case 'p': return name_chunk(at);
        case '_':
            if (at.starts_with("_2") && !at.starts_with("_2006")) return {Chunk::UnderDay, 2, {}};
            if (at.starts_with("__2")) return {Chunk::UnderYearDay, 3, {}};
            return {};
        case '.':
        case ',': return fraction_chunk(at);
        case '-':
        case 'Z': return offset_chunk(at);
        default: return number_chunk(at);
    }
}

LayoutPiece next_piece(std::string_view layout) {
    for (std::size_t i = 0; i < layout.size(); ++i) {
        const ChunkAt found = chunk_at(layout.substr(i));
        if (found.chunk == Chunk::None) continue;
        return {layout.substr(0, i), found.chunk, layout.substr(i, found.size), layout.substr(i + found.size), found.offset};
    }
    return {layout, Chunk::None, {}, {}, {}};
}

void append_padded(std::string& out, std::int64_t value, int width) {
    if (value < 0) {
        out += '-';
        value = -value;
    }
    out += fmt::format("{:0{}}", value, width);
}

void append_offset(std::string& out, int seconds, const OffsetForm& form) {
    if (seconds == 0 && form.zulu) {
        out += 'Z';
        return;
    }
    const int absolute = seconds < 0 ? -seconds : seconds;
    out += seconds / 60 < 0 ? '-' : '+';
    append_padded(out, absolute / 3600, 2);
    const std::string_view colon = form.colons ? ":" : "";
    if (form.minutes) {
        out += colon;
        append_padded(out, absolute / 60 % 60, 2);
    }
    if (form.seconds) {
        out += colon;
        append_padded(out, absolute % 60, 2);
    }
}

void append_fraction(std::string& out, std::int32_t nanoseconds, std::string_view chunk, bool keep_zeros) {
    std::string digits = fmt::format("{:09}", nanoseconds);
    digits.resize(chunk.size() - 1, '0');
    if (!keep_zeros) digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.empty()) return;
    out += chunk[0];
    out += digits;
}

int hour12(int hour) { return hour % 12 == 0 ? 12 : hour % 12; }

void append_number_or_name(std::string& out, const GoCivil& civil, Chunk chunk) {
    switch (chunk) {
        case Chunk::LongMonth: out += kMonths[civil.month - 1]; break;
        case Chunk::ShortMonth: out += kMonths[civil.month - 1].substr(0, 3); break;
        case Chunk::Month: append_padded(out, civil.month, 1); break;
        case Chunk::ZeroMonth: append_padded(out, civil.month, 2); break;
        case Chunk::LongWeekday: out += kWeekdays[civil.weekday]; break;
        case Chunk::ShortWeekday: out += kWeekdays[civil.weekday].substr(0, 3); break;
        case Chunk::Day: append_padded(out, civil.day, 1); break;
        case Chunk::UnderDay: out += fmt::format("{:2}", civil.day); break;
        case Chunk::ZeroDay: append_padded(out, civil.day, 2); break;
        case Chunk::UnderYearDay: out += fmt::format("{:3}", civil.year_day); break;
        case Chunk::ZeroYearDay: append_padded(out, civil.year_day, 3); break;
        case Chunk::Hour24: append_padded(out, civil.hour, 2); break;
        case Chunk::Hour12: append_padded(out, hour12(civil.hour), 1); break;
        case Chunk::ZeroHour12: append_padded(out, hour12(civil.hour), 2); break;
        case Chunk::Minute: append_padded(out, civil.minute, 1); break;
        case Chunk::ZeroMinute: append_padded(out, civil.minute, 2); break;
        case Chunk::Second: append_padded(out, civil.second, 1); break;
        case Chunk::ZeroSecond: append_padded(out, civil.second, 2); break;
        case Chunk::LongYear: append_padded(out, civil.year, 4); break;
        case Chunk::Year: append_padded(out, std::max<std::int64_t>(civil.year, 0) % 100, 2); break;
        case Chunk::UpperPm: out += civil.hour >= 12 ? "PM" : "AM"; break;
        case Chunk::LowerPm: out += civil.hour >= 12 ? "pm" : "am"; break;
        case Chunk::None:
        case Chunk::Zone:
        case Chunk::Offset:
        case Chunk::FractionZeros:
        case Chunk::FractionNines: break;
    }
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0); }

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

constexpr std::array<unsigned, 12> kDaysBefore = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

unsigned day_of_year(std::int64_t year, unsigned month, unsigned day) {
    return kDaysBefore[month - 1] + day + (month > 2 && is_leap(year) ? 1 : 0);
}

unsigned days_in(std::int64_t year, unsigned month) {
    if (month == 12) return 31;
    return kDaysBefore[month] - kDaysBefore[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = floor_div(year, 400);
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_march_year = (153 * (static_cast<std::int64_t>(month) + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_march_year - 719'468;
}

void set_date(GoCivil& civil, std::int64_t days) {
    const std::int64_t shifted = days + 719'468;
    const std::int64_t era = floor_div(shifted, 146'097);
    const std::int64_t day_of_era = shifted - era * 146'097;
    const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_march_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_march_year + 2) / 153;
    civil.day = static_cast<unsigned>(day_of_march_year - (153 * month_from_march + 2) / 5 + 1);
    civil.month = static_cast<unsigned>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
    civil.weekday = static_cast<unsigned>(((days % 7) + 11) % 7);  // 1970-01-01 was a Thursday
    civil.year_day = day_of_year(civil.year, civil.month, civil.day);
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

/// Reads the values of a layout one after the other. Every reader takes its part off the front of `text` and returns false, or
/// sets `out_of_range`, when it is not there.
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
    if (!read_number(2, 2, hours) || !separated(form.minutes, minutes) || !separated(form.seconds, seconds)) return false;
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
        case Chunk::None: return true;
        case Chunk::LongMonth: return read_name(kMonths, 99, parsed.month) && ++parsed.month > 0;
        case Chunk::ShortMonth: return read_name(kMonths, 3, parsed.month) && ++parsed.month > 0;
        case Chunk::Month: return read_ranged(1, 2, 1, 12, "month", parsed.month);
        case Chunk::ZeroMonth: return read_ranged(2, 2, 1, 12, "month", parsed.month);
        case Chunk::LongWeekday: return read_name(kWeekdays, 99, value);
        case Chunk::ShortWeekday: return read_name(kWeekdays, 3, value);
        case Chunk::UnderDay:
            if (text.starts_with(' ')) text.remove_prefix(1);
            return read_number(1, 2, parsed.day);
        case Chunk::Day: return read_number(1, 2, parsed.day);
        case Chunk::ZeroDay: return read_number(2, 2, parsed.day);
        case Chunk::UnderYearDay:
            while (text.starts_with(' ')) text.remove_prefix(1);
            return read_number(1, 3, parsed.year_day);
        case Chunk::ZeroYearDay: return read_number(3, 3, parsed.year_day);
        case Chunk::Hour24: return read_ranged(1, 2, 0, 23, "hour", value) && set(parsed.hour);
        case Chunk::Hour12: return read_ranged(1, 2, 0, 12, "hour", value) && set(parsed.hour);
        case Chunk::ZeroHour12: return read_ranged(2, 2, 0, 12, "hour", value) && set(parsed.hour);
        case Chunk::Minute: return read_ranged(1, 2, 0, 59, "minute", value) && set(parsed.minute);
        case Chunk::ZeroMinute: return read_ranged(2, 2, 0, 59, "minute", value) && set(parsed.minute);
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
        case Chunk::LongYear: return read_number(4, 4, parsed.year);
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
        case Chunk::Zone: return read_zone();
        case Chunk::Offset: return read_offset(piece.offset);
        case Chunk::FractionZeros: return read_fraction(piece.text.size() - 1);
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
    const std::int64_t days = days_from_civil(parsed.year, static_cast<unsigned>(parsed.month), static_cast<unsigned>(parsed.day));
    GoTime time = GoTime::from_unix(
        days * kSecondsPerDay + parsed.hour * 3600 + parsed.minute * 60 + parsed.second - parsed.offset.value_or(0),
        parsed.nanoseconds);
    const bool utc = parsed.offset.value_or(0) == 0 && (parsed.zone.empty() || parsed.zone == "UTC");
    if (!utc) time.zone.fixed_offset_seconds = parsed.offset.value_or(0);
    if (!utc) time.zone.fixed_name = parsed.zone;
    return time;
}

}  // namespace

GoTime::GoTime(Timestamp t) {
    if (t != Timestamp{}) *this = from_timestamp(t);
}

GoTime GoTime::from_timestamp(Timestamp t) {
    const std::int64_t ms = to_unix_ms(t);
    return from_unix(floor_div(ms, 1000), (ms - floor_div(ms, 1000) * 1000) * 1'000'000);
}

GoTime GoTime::from_unix(std::int64_t seconds, std::int64_t nanoseconds) {
    GoTime time;
    time.seconds = seconds + floor_div(nanoseconds, kNanosPerSecond);
    time.nanoseconds = static_cast<std::int32_t>(nanoseconds - floor_div(nanoseconds, kNanosPerSecond) * kNanosPerSecond);
    return time;
}

GoCivil GoTime::civil() const {
    GoCivil civil;
    if (zone.fixed_offset_seconds) {
        civil.offset_seconds = *zone.fixed_offset_seconds;
        civil.zone = zone.fixed_name;
    } else if (zone.place.name() != "UTC") {
        // The database counts years in 16 bits; beyond them the rules of the last one it knows go on.
        constexpr std::int64_t kSecondsMax = 900'000'000'000;
        const CivilTime there = zone.place.civil(from_unix_ms(std::clamp(seconds, -kSecondsMax, kSecondsMax) * 1000));
        civil.offset_seconds = there.utc_offset_seconds;
        civil.zone = there.zone;
    }
    const std::int64_t local = seconds + civil.offset_seconds;
    const std::int64_t days = floor_div(local, kSecondsPerDay);
    set_date(civil, days);
    const int in_day = static_cast<int>(local - days * kSecondsPerDay);
    civil.hour = in_day / 3600;
    civil.minute = in_day / 60 % 60;
    civil.second = in_day % 60;
    return civil;
}

std::string GoTime::format(std::string_view layout) const {
    const GoCivil now = civil();
    std::string out;
    while (!layout.empty()) {
        const LayoutPiece piece = next_piece(layout);
        out += piece.before;
        if (piece.chunk == Chunk::None) break;
        if (piece.chunk == Chunk::Offset) {
            append_offset(out, now.offset_seconds, piece.offset);
        } else if (piece.chunk == Chunk::Zone && !now.zone.empty()) {
            out += now.zone;
        } else if (piece.chunk == Chunk::Zone) {
            append_offset(out, now.offset_seconds, {});
        } else if (piece.chunk == Chunk::FractionZeros || piece.chunk == Chunk::FractionNines) {
            append_fraction(out, nanoseconds, piece.text, piece.chunk == Chunk::FractionZeros);
        } else {
            append_number_or_name(out, now, piece.chunk);
        }
        layout = piece.rest;
    }
    return out;
}

std::int64_t GoTime::minus(const GoTime& other) const {
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
    constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(seconds, other.seconds, &difference) ||
        __builtin_mul_overflow(difference, kNanosPerSecond, &difference) ||
        __builtin_add_overflow(difference, nanoseconds - other.nanoseconds, &difference)) {
        return compare(other) > 0 ? kMax : kMin;
    }
    return difference;
}

GoTime GoTime::plus(std::int64_t duration_nanoseconds) const {
    const std::int64_t whole = floor_div(duration_nanoseconds, kNanosPerSecond);
    std::int64_t sum = 0;
    // Past the end of time Go wraps around, too.
    if (__builtin_add_overflow(seconds, whole, &sum)) sum = kZeroSeconds;
    GoTime later = from_unix(sum, nanoseconds + (duration_nanoseconds - whole * kNanosPerSecond));
    later.zone = zone;
    return later;
}

int GoTime::compare(const GoTime& other) const {
    if (seconds != other.seconds) return seconds < other.seconds ? -1 : 1;
    if (nanoseconds != other.nanoseconds) return nanoseconds < other.nanoseconds ? -1 : 1;
    return 0;
}

GoTime go_date(std::int64_t year, std::int64_t month, std::int64_t day, const GoTime& clock) {
    const std::int64_t months = month - 1;
    year += floor_div(months, 12);
    const auto month_of_year = static_cast<unsigned>(months - floor_div(months, 12) * 12) + 1;
    const std::int64_t days = days_from_civil(year, month_of_year, 1) + day - 1;
    const GoCivil civil = clock.civil();
    const std::int64_t local = days * kSecondsPerDay + civil.hour * 3600 + civil.minute * 60 + civil.second;
    GoTime time = clock;
    time.seconds = local - civil.offset_seconds;
    // Between the two days the clocks may have changed.
    time.seconds = local - time.civil().offset_seconds;
    return time;
}

std::string_view go_month_name(unsigned month) { return kMonths[month - 1]; }

std::string_view go_weekday_name(unsigned weekday) { return kWeekdays[weekday]; }

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
