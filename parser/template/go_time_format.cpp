#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "parser/template/go_calendar.h"
#include "parser/template/go_time.h"
#include "parser/template/time_layout.h"

namespace tocsin::templates {
namespace {

using Chunk = LayoutChunk;

void append_padded(std::string& out, std::int64_t value, int width) {
    if (value < 0) {
        out += '-';
        value = -value;
    }
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    const auto count = static_cast<std::size_t>(end - digits.data());
    out.append(static_cast<std::size_t>(width) - std::min(count, static_cast<std::size_t>(width)), '0');
    out.append(digits.data(), count);
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
    std::string digits;
    append_padded(digits, nanoseconds, 9);
    digits.resize(chunk.size() - 1, '0');
    if (!keep_zeros) digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.empty()) return;
    out += chunk[0];
    out += digits;
}

int hour12(int hour) {
    return hour % 12 == 0 ? 12 : hour % 12;
}

void append_number_or_name(std::string& out, const GoCivil& civil, Chunk chunk) {
    switch (chunk) {
        case Chunk::LongMonth:
            out += kMonthNames[civil.month - 1];
            break;
        case Chunk::ShortMonth:
            out += kMonthNames[civil.month - 1].substr(0, 3);
            break;
        case Chunk::Month:
            append_padded(out, civil.month, 1);
            break;
        case Chunk::ZeroMonth:
            append_padded(out, civil.month, 2);
            break;
        case Chunk::LongWeekday:
            out += kWeekdayNames[civil.weekday];
            break;
        case Chunk::ShortWeekday:
            out += kWeekdayNames[civil.weekday].substr(0, 3);
            break;
        case Chunk::Day:
            append_padded(out, civil.day, 1);
            break;
        case Chunk::UnderDay:
            out += fmt::format("{:2}", civil.day);
            break;
        case Chunk::ZeroDay:
            append_padded(out, civil.day, 2);
            break;
        case Chunk::UnderYearDay:
            out += fmt::format("{:3}", civil.year_day);
            break;
        case Chunk::ZeroYearDay:
            append_padded(out, civil.year_day, 3);
            break;
        case Chunk::Hour24:
            append_padded(out, civil.hour, 2);
            break;
        case Chunk::Hour12:
            append_padded(out, hour12(civil.hour), 1);
            break;
        case Chunk::ZeroHour12:
            append_padded(out, hour12(civil.hour), 2);
            break;
        case Chunk::Minute:
            append_padded(out, civil.minute, 1);
            break;
        case Chunk::ZeroMinute:
            append_padded(out, civil.minute, 2);
            break;
        case Chunk::Second:
            append_padded(out, civil.second, 1);
            break;
        case Chunk::ZeroSecond:
            append_padded(out, civil.second, 2);
            break;
        case Chunk::LongYear:
            append_padded(out, civil.year, 4);
            break;
        case Chunk::Year:
            append_padded(out, std::max<std::int64_t>(civil.year, 0) % 100, 2);
            break;
        case Chunk::UpperPm:
            out += civil.hour >= 12 ? "PM" : "AM";
            break;
        case Chunk::LowerPm:
            out += civil.hour >= 12 ? "pm" : "am";
            break;
        case Chunk::None:
        case Chunk::Zone:
        case Chunk::Offset:
        case Chunk::FractionZeros:
        case Chunk::FractionNines:
            break;
    }
}

}  // namespace

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

}  // namespace tocsin::templates
