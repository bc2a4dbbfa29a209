#include "daemon/byte_size.h"

#include <string>

#include "tests/catch.h"

using namespace tocsin;

// Both tables are what promtool 2.42 says.

TEST_CASE("a size is numbers with units, of one style", "[daemon][byte-size]") {
    struct Case {
        std::string text;
        std::int64_t bytes;
    };
    const auto [text, bytes] = GENERATE(values<Case>({
        {"3B", 3},
        {"10MB", 10 << 20},
        {"1KB", 1024},
        {"1KiB", 1024},
        {"1PiB", 1LL << 50},
        {"7EB", 7LL << 60},
        {"8EB", 9223372036854775807},
        {"1MB512KB", (1 << 20) + (512 << 10)},
        {"1GiB1MiB1KiB1B", (1 << 30) + (1 << 20) + 1024 + 1},
        {"512KB1MB", (1 << 20) + (512 << 10)},
        {"1.5MB", 3 << 19},
        {"0.25GiB", 1 << 28},
        {"1.MB", 1 << 20},
        {".5MB", 1 << 19},
        {"1MB1.5KB", (1 << 20) + 1536},
        {"1.9B", 1},
        {"0.9B0.9B", 1},
        {"0", 0},
        {"-0", 0},
        {"+0", 0},
        {"00MB", 0},
        {"+1MB", 1 << 20},
        {"-1MB", -(1 << 20)},
        {"-0.5MB0.5MB", -(1 << 20)},
    }));
    CAPTURE(text);
    CHECK(parse_byte_size(text) == bytes);
}

TEST_CASE("what is no size", "[daemon][byte-size]") {
    const std::string text = GENERATE(values<std::string>(
        {"",        " ",        "-",        "--1MB",   "big",     "512",
         "1MB1",    "1MB0",     "1MB512KiB", "1TiB2GB", "1kB",     "1kiB",
         "1mb",     "1M",       "1Mi",      "1ZB",     "16EB",    "1 MB",
         " 1MB",    "1MB ",     "1MB 512KB", ".MB",     "1..5MB",  "1.2.3MB",
         "1e3B",    "0x10B",    "1_000B",   "9223372036854775807B", "99999999999999999999B",
         "\u06611MB", std::string("1MB\0", 4)}));
    CAPTURE(text);
    CHECK_FALSE(parse_byte_size(text).has_value());
}
