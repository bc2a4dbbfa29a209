#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace tocsin {

/// A stretch of a text as a person counts it: lines and columns from 1, columns in bytes, `end` exclusive.
/// Line 0 means "the file as a whole".
struct SourceRange {
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t end_line = 0;
    std::size_t end_column = 0;

    bool operator==(const SourceRange&) const = default;
};

/// Bytes [begin, end) of a text held by somebody else.
struct TextSpan {
    std::size_t begin = 0;
    std::size_t end = 0;

    bool operator==(const TextSpan&) const = default;
};

enum class Severity { Hint, Warning, Error };

/// What a user wrote wrong, or might regret.
///
/// `message` says what is wrong, `expected` what was expected (may be empty), `hint` what to do (may be empty). `check`
/// is the stable name under which it is documented and can be switched off; empty for plain errors.
struct Diagnostic {
    Severity severity = Severity::Error;
    std::string check = {};
    std::string file = {};
    SourceRange where = {};
    std::string message = {};
    std::string expected = {};
    std::string hint = {};
};

/// All findings about a text, in the order of their position. A parser reports all it can find, not only the first.
using Diagnostics = std::vector<Diagnostic>;

/// A value, or everything that is wrong with the text it was to be read from.
template <class T>
using Parsed = tl::expected<T, Diagnostics>;

bool has_errors(const Diagnostics& diagnostics);

/// `file:line:column: what is wrong; expected this`, without a line feed. An unknown file or line leaves its part out;
/// a finding that is no error has `warning: ` or `hint: ` after the position.
std::string to_string(const Diagnostic& diagnostic);

/// The same, with the line of `source` that it is about and a caret below it, and the hint. Ends with a line feed.
std::string render_with_caret(const Diagnostic& diagnostic, std::string_view source);

/// Line and column of byte `offset` of `text` (from 1); offsets past the end give the position after the last byte.
SourceRange range_at(std::string_view text, TextSpan span);

/// The candidate closest to `word` when it is close enough to be what was meant, otherwise empty.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace tocsin
