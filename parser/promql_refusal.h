#pragma once

#include <cstddef>
#include <string_view>

#include "base/diagnostic.h"

namespace tocsin {

/// What the user reads when a rule had to match and did not: `unexpected identifier "b" in label matching, expected
/// string`.
struct PromqlMessage {
    enum class Kind {
        Unexpected,  // the token found, then where, then what was expected
        Whole,       // `text` says it all
        Nothing,     // as Whole, but about the text from its beginning
        Escape,      // a backslash and what must not follow it
        Quote,       // a text in quotes that is not closed, or not UTF-8
        Number,      // something that begins like a number
    };

    Kind kind = Kind::Unexpected;
    std::string_view where = {};
    std::string_view expected = {};
    std::string_view text = {};
    /// What was expected, where Prometheus' message does not say it.
    std::string_view wanted = {};
    bool written = true;
};

/// What has been opened and not been closed.
struct PromqlOpen {
    std::size_t parens = 0;
    bool braces = false;
    bool brackets = false;
};

/// The finding for a text that cannot be read on at `offset`.
Diagnostic refusal(std::string_view text, std::size_t offset, const PromqlMessage& message, const PromqlOpen& open);

}  // namespace tocsin
