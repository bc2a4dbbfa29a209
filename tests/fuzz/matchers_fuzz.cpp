#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "parser/matchers_parser.h"

using namespace tocsin;

/// Whatever is read as matchers is printed as something that is read as the same matchers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(parse_matcher(text));
    for (const auto syntax : {MatchersSyntax::Fallback, MatchersSyntax::Classic, MatchersSyntax::Utf8Strict}) {
        const auto parsed = parse_matchers(text, syntax);
        if (!parsed) continue;
        const std::string printed = matchers_text(parsed->matchers);
        const auto again = parse_matchers(printed, MatchersSyntax::Fallback);
        // Escapes can make the printed form longer than a text may be.
        if (!again && printed.size() > text.size() && printed.size() > 60'000) continue;
        TOCSIN_ASSERT(again.has_value());
        TOCSIN_ASSERT(again->matchers == parsed->matchers);
    }
    return 0;
}
