#pragma once

#include <string_view>

/// Layouts of Go's package time: a date is written, or read, as the layout shows `Mon Jan 2 15:04:05 MST 2006`.
namespace tocsin::templates {

/// The parts of a moment that a layout can show, named after what the reference time shows in their place.
enum class LayoutChunk {
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
    Offset,         // the forms below are told apart by OffsetForm
    FractionZeros,  // `.000`
    FractionNines,  // `.999`: trailing zeros are left out
};

/// How a distance from UTC is written.
struct OffsetForm {
    bool zulu = false;  // `Z` for UTC
    bool colons = false;
    bool minutes = true;
    bool seconds = false;
};

/// The first part of a layout, and what comes after it.
struct LayoutPiece {
    std::string_view before;  // text that stands for itself
    LayoutChunk chunk = LayoutChunk::None;
    std::string_view text;  // of the chunk
    std::string_view rest;
    OffsetForm offset;
};

/// Without any part that is shown the chunk is None and all of the layout is `before`.
LayoutPiece next_piece(std::string_view layout);

}  // namespace tocsin::templates
