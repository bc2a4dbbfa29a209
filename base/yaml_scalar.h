#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace tocsin {

/// A stretch of a scalar's text that stands in the file byte for byte; it goes on to where the next one begins.
struct YamlTextPiece {
    std::size_t text_offset;
    std::size_t source_offset;
};

/// Where the text of a scalar came from.
struct YamlScalarSource {
    std::vector<YamlTextPiece> pieces;  // ascending; none for an empty text, and where `whole` says it all
    std::size_t end;                    // offset behind the scalar, closing quote included
    std::optional<std::size_t> whole;   // where all of the text stands, in one line
};

/// Finds the bytes of `text` in the scalar that begins at `begin` of `source`: at its first character, its quote, or
/// the `|` or `>` of a block. `text` is what a YAML reader made of that scalar, so folding, escapes and indentation are
/// followed and not decided again.
///
/// Never reads outside of `source`. When text and source do not belong together the pieces end where they part.
YamlScalarSource locate_yaml_scalar(std::string_view source, std::size_t begin, std::string_view text);

}  // namespace tocsin
