#include "parser/template/unicode.h"

#include "tests/catch.h"

namespace tocsin::templates {
namespace {

TEST_CASE("invalid UTF-8 is read byte by byte, as Go does", "[parser][template]") {
    CHECK(count_runes("a\xFF\xFEü") == 4);
    CHECK(count_runes("\xC0\x80") == 2);          // longer than needed
    CHECK(count_runes("\xED\xA0\x80") == 3);      // half of a pair
    CHECK(count_runes("\xF4\x90\x80\x80") == 4);  // past the last character
    CHECK(count_runes("\xE6\x97") == 2);          // cut off
    CHECK(first_rune("日本").value == 0x65E5);
    CHECK(bytes_of_runes("日本語", 2) == 6);
    CHECK(bytes_of_runes("日", 9) == 3);
}

TEST_CASE("letters, digits and case go by Unicode", "[parser][template]") {
    CHECK(is_letter(U'ß'));
    CHECK(is_letter(U'日'));
    CHECK_FALSE(is_letter(U'€'));
    CHECK(is_digit(U'٣'));
    CHECK_FALSE(is_digit(U'½'));
    CHECK(to_upper("straße ÿ ǆ я") == "STRAßE Ÿ Ǆ Я");
    CHECK(to_lower("ÀÉ ŸΣ İ") == "àé ÿσ i");
    CHECK(trim_space("\u3000 \n x y\u00a0\t") == "x y");
}

TEST_CASE("words get capitals where Unicode begins them", "[parser][template]") {
    CHECK(to_title("hello wORLD it's o'neil ab-cd", Rest::Keep) == "Hello WORLD It's O'neil Ab-Cd");
    CHECK(to_title("HELLO wORLD", Rest::Lower) == "Hello World");
    CHECK(to_title("ünder score_x 1st a.b 1.x 'q'", Rest::Keep) == "Ünder Score_x 1St A.b 1.X 'Q'");
    CHECK(to_title("", Rest::Keep).empty());
}

}  // namespace
}  // namespace tocsin::templates
