#include "base/text.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/catch.h"

namespace tocsin {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct FloatCase {
    double value;
    const char* text;
};

}  // namespace

TEST_CASE("a value is printed with the shortest digits and without an exponent", "[base][text]") {
    const auto [value, text] = GENERATE(values<FloatCase>({
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {100, "100"},
        {1e6, "1000000"},
        {1e21, "1000000000000000000000"},
        {1.2345678901234e25, "12345678901234000000000000"},
        {1e-7, "0.0000001"},
        {1.5e-10, "0.00000000015"},
        {123456.789, "123456.789"},
        {kInfinity, "+Inf"},
        {-kInfinity, "-Inf"},
        {kNan, "NaN"},
    }));
    CHECK(format_value(value) == text);
}

TEST_CASE("the smallest value is printed with all of its zeros", "[base][text]") {
    CHECK(format_value(5e-324) == "0." + std::string(323, '0') + "5");
}

TEST_CASE("a number of Go has an exponent below 1e-04 and from 1e+06 on", "[base][text]") {
    const auto [value, text] = GENERATE(values<FloatCase>({
        {0, "0"},
        {-0.0, "-0"},
        {100000, "100000"},
        {999999.5, "999999.5"},
        {1e6, "1e+06"},
        {123456789, "1.23456789e+08"},
        {100000000, "1e+08"},
        {0.0001, "0.0001"},
        {0.00012345, "0.00012345"},
        {0.00001, "1e-05"},
        {-2.5e-7, "-2.5e-07"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {kInfinity, "+Inf"},
        {-kInfinity, "-Inf"},
        {kNan, "NaN"},
    }));
    CHECK(format_go_float(value) == text);
}

TEST_CASE("every finite value reads back from its text", "[base][text]") {
    std::uint64_t state = 42;
    for (int i = 0; i < 20000; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        double value = 0;
        static_assert(sizeof value == sizeof state);
        std::memcpy(&value, &state, sizeof value);
        if (!std::isfinite(value)) continue;
        REQUIRE(parse_float(format_value(value)) == value);
        REQUIRE(parse_float(format_go_float(value)) == value);
    }
}

TEST_CASE("what Go reads as a float is read", "[base][text]") {
    struct Case {
        const char* text;
        double value;
    };
    const auto [text, value] = GENERATE(values<Case>({
        {"0", 0},
        {"1", 1},
        {"+1", 1},
        {"-1.25", -1.25},
        {".5", 0.5},
        {"5.", 5},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"1e-3", 0.001},
        {"007", 7},
        {"0x1p-2", 0.25},
        {"-0X1.8P1", -3},
        {"0x.8p0", 0.5},
        {"0xfp0", 15},
        {"inf", kInfinity},
        {"Inf", kInfinity},
        {"+INFINITY", kInfinity},
        {"-inf", -kInfinity},
        {"1e400", kInfinity},
        {"-1e400", -kInfinity},
        {"1e-400", 0},
        {"0x1p2000", kInfinity},
        {"4.9e-324", 5e-324},
    }));
    CAPTURE(text);
    const auto read = parse_float(text);
    REQUIRE(read.has_value());
    CHECK(*read == value);
}

TEST_CASE("NaN is read in any case and without a sign", "[base][text]") {
    CHECK(std::isnan(parse_float("NaN").value()));
    CHECK(std::isnan(parse_float("nan").value()));
    CHECK_FALSE(parse_float("+nan").has_value());
}

TEST_CASE("what Go refuses as a float is refused", "[base][text]") {
    const std::string text = GENERATE("", " 1", "1 ", "+", "-", ".", "e5", "1e", "1e+", "--1", "+-1", "1_000", "0x",
                                      "0x10", "0x1p", "0x-1p1", "0xinfp1", "infin", "in", "1.2.3", "0b1", "nan1", "١");
    CAPTURE(text);
    CHECK_FALSE(parse_float(text).has_value());
}

TEST_CASE("quoting is Go's", "[base][text]") {
    struct Case {
        std::string text;
        std::string quoted;
    };
    const auto c = GENERATE(values<Case>({
        {"", R"("")"},
        {"plain", R"("plain")"},
        {R"(a"b\c)", R"("a\"b\\c")"},
        {"\a\b\f\n\r\t\v", R"("\a\b\f\n\r\t\v")"},
        {std::string("\0\x1f\x7f", 3), R"("\x00\x1f\x7f")"},
        {"grün 日本 😀", R"("grün 日本 😀")"},
        {"\xff\xc3(", R"("\xff\xc3(")"},
        {"\u00a0\u200b\u2028", R"("\u00a0\u200b\u2028")"},
        {"\U000e0001", R"("\U000e0001")"},
        {"\ufffd", "\"\ufffd\""},
    }));
    CHECK(go_quote(c.text) == c.quoted);
}

TEST_CASE("UTF-8 is what Unicode says it is", "[base][text]") {
    CHECK(is_valid_utf8("plain, grün, 日本, 😀"));
    const std::string bad = GENERATE("\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                     "a\x80", "\xf0\x9f\x98");
    CHECK_FALSE(is_valid_utf8(bad));
}

TEST_CASE("each byte that is not UTF-8 becomes one replacement character", "[base][text]") {
    CHECK(replace_invalid_utf8("ok") == "ok");
    CHECK(replace_invalid_utf8("a\xff\xfe z") == "a\ufffd\ufffd z");
    CHECK(replace_invalid_utf8("\xf0\x9f\x98") == "\ufffd\ufffd\ufffd");
}

TEST_CASE("a code point survives encoding and decoding", "[base][text]") {
    const auto rune = GENERATE(values<char32_t>({0, 'a', 0x7F, 0x80, 0x7FF, 0x800, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF}));
    std::string text;
    append_utf8(text, rune);
    const DecodedRune decoded = decode_utf8(text);
    CHECK(decoded.valid);
    CHECK(decoded.value == rune);
    CHECK(decoded.bytes == text.size());
}

TEST_CASE("what is no code point is encoded as the replacement character", "[base][text]") {
    const auto rune = GENERATE(values<char32_t>({0xD800, 0xDFFF, 0x110000}));
    std::string text;
    append_utf8(text, rune);
    CHECK(text == "\ufffd");
}

TEST_CASE("traditional names are ASCII words, metric names with colons", "[base][text]") {
    CHECK(is_legacy_label_name("_job2"));
    CHECK(is_legacy_metric_name("job:up:sum"));
    CHECK_FALSE(is_legacy_label_name("job:up"));
    const std::string bad = GENERATE("", "2xx", "a-b", "a.b", "größe", "a b");
    CHECK_FALSE(is_legacy_label_name(bad));
    CHECK_FALSE(is_legacy_metric_name(bad));
}

TEST_CASE("split keeps empty parts and join undoes it", "[base][text]") {
    CHECK(split("", ',') == std::vector<std::string_view>{""});
    CHECK(split("a,,b,", ',') == std::vector<std::string_view>{"a", "", "b", ""});
    CHECK(join({"a", "", "b", ""}, ",") == "a,,b,");
    CHECK(join({}, ",").empty());
}

TEST_CASE("trim takes blanks from both ends only", "[base][text]") {
    CHECK(trim(" \t a b \r\n") == "a b");
    CHECK(trim(" \n ").empty());
}

TEST_CASE("case counts for ASCII letters only", "[base][text]") {
    CHECK(iequals("Content-TYPE", "content-type"));
    CHECK_FALSE(iequals("ab", "abc"));
    CHECK(to_lower("ÄbC") == "Äbc");
}

TEST_CASE("what is put in place of a text is not looked at again", "[base][text]") {
    CHECK(replace_all("aXbXX", "X", "<X>") == "a<X>b<X><X>");
    CHECK(replace_all("aaa", "aa", "b") == "ba");
    CHECK(replace_all("abc", "abc", "") == "");
    CHECK(replace_all("abc", "x", "y") == "abc");
    CHECK(replace_all("", "x", "y") == "");
}

TEST_CASE("text of others cannot steer a terminal", "[base][text]") {
    CHECK(escape_control_characters("a\x1b[31m\nb") == R"(a\x1b[31m\nb)");
    CHECK(escape_control_characters("\u009b31m \u202e") == R"(\u009b31m \u202e)");
    CHECK(escape_control_characters("\xff") == R"(\xff)");
    CHECK(escape_control_characters(R"(C:\dir "x" grün)") == R"(C:\dir "x" grün)");
}

}  // namespace tocsin
