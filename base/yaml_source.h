#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"

namespace tocsin {

/// A YAML file with the beginnings of its lines, and its name for the diagnostics. Holds views of both.
class YamlSource {
public:
    YamlSource(std::string_view text, std::string_view file);

    std::string_view text() const { return text_; }

    /// Line and column, both from 1. The offset may be the one behind the last byte.
    std::pair<std::size_t, std::size_t> position(std::size_t offset) const;
    SourceRange range(std::size_t begin, std::size_t end) const;
    std::string_view line_at(std::size_t offset) const;
    /// The offset of the next byte that is written to be read; the size of the text when there is none.
    std::size_t skip_blanks_and_comments(std::size_t at) const;

    Diagnostic problem(SourceRange where, std::string message, std::string hint = {}) const;
    /// The first byte that no YAML file may have: invalid UTF-8, or a control character.
    std::optional<Diagnostic> find_unreadable() const;

private:
    std::string_view text_;
    std::string_view file_;
    std::vector<std::size_t> lines_;
};

}  // namespace tocsin
