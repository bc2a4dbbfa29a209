#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "parser/printer.h"
#include "parser/promql_parser.h"

// Whatever is read as PromQL is read from its printed forms as well, and is printed the same again. Series notation and
// selectors are only to be survived.

using namespace tocsin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(parse_metric_selector(text));
    static_cast<void>(parse_series_description(text, 1000));
    static_cast<void>(parse_series_values(text, 1000));

    const auto expr = parse_promql(text);
    if (!expr) return 0;
    const std::string printed = to_string(**expr);
    // What is printed may be longer than what was read: `1e300` has 301 digits then.
    constexpr PromqlLimits kWide{.bytes = 1 << 28, .depth = 400, .height = 2'000, .matchers = 200};
    const auto again = parse_promql(printed, kWide);
    TOCSIN_ASSERT(again.has_value());
    TOCSIN_ASSERT(to_string(**again) == printed);
    TOCSIN_ASSERT(to_string(*clone(**expr)) == printed);

    const auto from_pretty = parse_promql(pretty(**expr), kWide);
    TOCSIN_ASSERT(from_pretty.has_value());
    TOCSIN_ASSERT(to_string(**from_pretty) == printed);
    return 0;
}
