#include "base/json_scanner.h"

#include <string>

#include "base/json.h"
#include "tests/catch.h"

using namespace tocsin;

TEST_CASE("the scanner gives strings as parse_json gives them, or nothing", "[base][json]") {
    const std::string text = GENERATE(
        values<std::string>({R"("")", R"("abc")", R"("\"\\\/\b\f\n\r\t")", R"("a\u0041\u00e9\u20ac\u0000z")", R"("é€😀")",
                             R"("a\nb\u2028c")"}));
    CAPTURE(text);
    JsonScanner scanner(text);
    const auto scanned = scanner.string();
    REQUIRE(scanned.has_value());
    CHECK(*scanned == parse_json(text)->as_string());
    CHECK(scanner.at_end());
}

TEST_CASE("what the scanner does not take it gives nothing for", "[base][json]") {
    const std::string text = GENERATE(values<std::string>(
        {"", "\"", "\"a", "a", "1", R"("\)", R"("\x")", R"("\u12")", R"("\u12g4")", R"("\ud83d\ude00")", "\"\n\"",
         "\"a\\n\n\"", "\"\xff\"", "\"\xc3\"", R"("\u-041")"}));
    CAPTURE(text);
    CHECK_FALSE(JsonScanner(text).string().has_value());
}

TEST_CASE("strings of the scanner stay as they are while it goes on", "[base][json]") {
    const std::string text = R"( [ "a\tb" , "plain" , "c\td" ] )";
    JsonScanner scanner(text);
    REQUIRE(scanner.take('['));
    const auto first = scanner.string();
    REQUIRE(scanner.take(','));
    const auto second = scanner.string();
    CHECK_FALSE(scanner.take(']'));
    REQUIRE(scanner.take(','));
    const auto third = scanner.string();
    REQUIRE(scanner.take(']'));
    CHECK(scanner.at_end());
    CHECK(first == "a\tb");
    CHECK(second == "plain");
    CHECK(third == "c\td");
}
