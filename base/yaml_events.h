#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin {

/// One step through a YAML document, as its reader reported it.
struct YamlEvent {
    enum class Type : std::uint8_t { Scalar, Null, Alias, SequenceStart, SequenceEnd, MapStart, MapEnd };

    Type type;
    bool quoted = false;
    std::uint32_t children = 0;  // of the start of a collection: its nodes; keys and values count as one each
    std::size_t offset = 0;      // of the content, behind tag and anchor
    std::size_t target = 0;      // of an alias: the event of its anchor, which is before it and closed
    std::string_view text;       // of a scalar; of a null that is written, its word
};

/// A document from its first node to its last one; starts and ends are balanced. Texts are views into the file, or, where
/// the file has them otherwise (escapes, folded lines), into `texts`. To be moved, not copied.
struct YamlEvents {
    std::vector<YamlEvent> list;
    std::deque<std::string> texts;

    /// A text that is kept here. Valid for as long as this.
    std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
};

/// The words that an unquoted scalar is no text with, but nothing.
constexpr bool is_yaml_null(std::string_view text) {
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

}  // namespace tocsin
