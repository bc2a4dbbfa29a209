#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/labels.h"

// How scrapes lie on disk. A folder holds segments, files named `00000001.scrapes` and on. A segment is a header, then
// frames; all numbers are little-endian.
//
//     header   "tocsin scrapes 1", u64 sequence of the first frame
//     frame    u32 bytes of the payload, u32 CRC-32C of sequence and payload, u64 sequence, payload
//     payload  u8 kind, then
//       'T'  timeline: u32 number (within the segment), u8 alone, i64 reach in ms, u64 place and labels of the owner
//       'C'  columns: u32 number, u32 how many, each: u32 column, u8 1 when it has a series, whose labels follow
//       'R'  row: u32 number, i64 time in ms, u8 1 when it is told by its differences to the row before (else to a row
//            without samples), u32 columns, one bit a column: 1 when it is the same; then the f64 of the others
//       'W'  the wall clock was set: i64 ms
//     labels   u32 how many, each: u32 bytes, name, u32 bytes, value; in a column the differences to those of the owner
//
// A segment tells everything that it needs. So the oldest can be removed at any time, and damage in one does not reach
// the next. Sequences go on by one from frame to frame: what lies behind a frame that is torn, damaged or out of
// sequence is not believed, up to the end of the segment.

namespace tocsin::scrape_log {

inline constexpr std::string_view kMagic = "tocsin scrapes 1";
inline constexpr std::size_t kHeaderBytes = kMagic.size() + sizeof(std::uint64_t);
inline constexpr std::size_t kFrameHeadBytes = 2 * sizeof(std::uint32_t) + sizeof(std::uint64_t);
inline constexpr std::string_view kSuffix = ".scrapes";

enum class Kind : std::uint8_t { Timeline = 'T', Columns = 'C', Row = 'R', WallStep = 'W' };

std::string segment_name(std::uint64_t number);
/// Nothing when the file is no segment.
std::optional<std::uint64_t> segment_number(std::string_view name);

template <class Number>
void put(std::string& out, Number number) {
    static_assert(std::is_trivially_copyable_v<Number>);
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// The differences to `without`, if that is given.
void put_labels(std::string& out, const LabelSet& labels, const LabelSet& without = {});

/// A frame begins where `out` ends; the payload is put behind it, then end_frame() fills it in.
std::size_t begin_frame(std::string& out, Kind kind);
void end_frame(std::string& out, std::size_t begin, std::uint64_t sequence);

/// Reads what put() wrote. After a failure everything it gives is zero or empty.
class Input {
public:
    explicit Input(std::string_view bytes) : bytes_(bytes) {}

    template <class Number>
    Number take() {
        Number number{};
        const std::string_view bytes = take_bytes(sizeof number);
        if (bytes.size() == sizeof number) std::memcpy(&number, bytes.data(), sizeof number);
        return number;
    }
    std::string_view take_bytes(std::size_t count);
    /// On top of `with`.
    LabelSet take_labels(const LabelSet& with = {});

    bool good() const { return good_; }
    bool at_end() const { return bytes_.empty(); }
    std::size_t left() const { return bytes_.size(); }
    void fail() { good_ = false; }

private:
    std::string_view bytes_;
    bool good_ = true;
};

}  // namespace tocsin::scrape_log
