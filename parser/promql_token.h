#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"

namespace tocsin {

/// Where in an expression a token stands: letters mean different things there.
enum class TokenPlace { Expression, Braces, Brackets };

/// The token at which reading had to stop, in Prometheus' words.
struct UnexpectedToken {
    TextSpan span;
    /// `unexpected identifier "foo"`, to be continued by where and what was expected; or, when it is no token at all,
    /// the whole message: `unexpected character: ';'`.
    std::string message;
    bool is_token = true;
    std::string hint;
};

/// Looks at what begins at `offset`, which must be neither white space nor the end of `text`.
UnexpectedToken unexpected_token(std::string_view text, std::size_t offset, TokenPlace place);

/// What is wrong with the escape sequence whose backslash stands before `offset`.
std::string escape_problem(std::string_view text, std::size_t offset);

/// The run of letters, digits, points and underscores at `offset`: what somebody took for a number.
std::string_view number_like(std::string_view text, std::size_t offset);

}  // namespace tocsin
