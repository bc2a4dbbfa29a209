#include "parser/template/time_layout.h"

#include <array>
#include <cstddef>

namespace tocsin::templates {
namespace {

using Chunk = LayoutChunk;

bool is_layout_digit(std::string_view text, std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9';
}

bool is_lower_at(std::string_view text, std::size_t i) {
    return i < text.size() && text[i] >= 'a' && text[i] <= 'z';
}

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
            if (at.size() >= 2 && at[1] >= '1' && at[1] <= '6')
                return {kZero[static_cast<std::size_t>(at[1] - '1')], 2, {}};
            if (at.starts_with("002")) return {Chunk::ZeroYearDay, 3, {}};
            return {};
        case '1':
            return at.starts_with("15") ? ChunkAt{Chunk::Hour24, 2, {}} : ChunkAt{Chunk::Month, 1, {}};
        case '2':
            return at.starts_with("2006") ? ChunkAt{Chunk::LongYear, 4, {}} : ChunkAt{Chunk::Day, 1, {}};
        case '3':
            return {Chunk::Hour12, 1, {}};
        case '4':
            return {Chunk::Minute, 1, {}};
        case '5':
            return {Chunk::Second, 1, {}};
        default:
            return {};
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
    if (is_layout_digit(at, end)) return {};
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
        case 'p':
            return name_chunk(at);
        case '_':
            if (at.starts_with("_2") && !at.starts_with("_2006")) return {Chunk::UnderDay, 2, {}};
            if (at.starts_with("__2")) return {Chunk::UnderYearDay, 3, {}};
            return {};
        case '.':
        case ',':
            return fraction_chunk(at);
        case '-':
        case 'Z':
            return offset_chunk(at);
        default:
            return number_chunk(at);
    }
}

}  // namespace

LayoutPiece next_piece(std::string_view layout) {
    for (std::size_t i = 0; i < layout.size(); ++i) {
        const ChunkAt found = chunk_at(layout.substr(i));
        if (found.chunk == Chunk::None) continue;
        return {layout.substr(0, i), found.chunk, layout.substr(i, found.size), layout.substr(i + found.size),
                found.offset};
    }
    return {layout, Chunk::None, {}, {}, {}};
}

}  // namespace tocsin::templates
