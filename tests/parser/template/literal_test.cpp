#include "parser/template/literal.h"

#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

TEST_CASE("constants take all of Go's forms", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {"{{0}} {{-0}} {{+7}} {{017}} {{0o17}} {{0O17}} {{0b101}} {{0x_1F}} {{1_000_000}}",
         "0 0 7 15 15 15 5 31 1000000"},
        {"{{1.}} {{.5}} {{1e3}} {{1E-3}} {{1_0.2_5}} {{0x1p4}} {{0x1.8p1}} {{1e20}} {{0x1F}}",
         "1 0.5 1000 0.001 10.25 16 3 1e+20 31"},
        {"{{printf \"%T %T %T %T\" 1 1.0 1e3 0x1p4}}", "int float64 float64 float64"},
        {"{{printf \"%T %T\" 'a' 0xe5}}", "int int"},
        {"{{1i}} {{1+2i}} {{-1.5e1-2i}} {{0i}}", "(0+1i) (1+2i) (-15-2i) (0+0i)"},
        {"{{'a'}} {{'\\n'}} {{'\\''}} {{'\\x41'}} {{'\\101'}} {{'\\u00fc'}} {{'ü'}}", "97 10 39 65 65 252 252"},
        {"{{'\\\"'}}", "error: invalid syntax"},
        {"{{\"\\a\\b\\f\\v\\t\\\\\\x41\\101\\u00fc\\U0001F642\"}}", "\a\b\f\v\t\\AAü🙂"},
        {"{{`a\\n\"b`}}", "a\\n\"b"},
        {"{{\"\\ud800\"}}", "error: invalid syntax"},
        {"{{\"\\400\"}}", "error: invalid syntax"},
        {"{{\"\\'\"}}", "error: invalid syntax"},
        {"{{9223372036854775807}} {{-9223372036854775808}}", "9223372036854775807 -9223372036854775808"},
        {"{{9223372036854775808}}", "error: 9223372036854775808 overflows int"},
        {"{{18446744073709551616}}", "error: integer overflow: \"18446744073709551616\""},
        {"{{0b2}}", "error: bad number syntax: \"0b2\""},
        {"{{08}}", "error: integer overflow: \"08\""},
        {"{{1__0}}", "error: illegal number syntax: \"1__0\""},
        {"{{true}} {{false}}", "true false"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render(text) == expected);
    }
}

TEST_CASE("a constant becomes the type that a function asks for", "[parser][template]") {
    CHECK(render("{{(index .Alerts 0).StartsAt.Add 1000000000}}") == "2024-03-10 01:59:31.5 +0000 UTC");
    CHECK(render("{{(index .Alerts 0).StartsAt.Add 1e9}}") == "2024-03-10 01:59:31.5 +0000 UTC");
    CHECK(render("{{(index .Alerts 0).StartsAt.Add 1.5}}") == "error: expected integer; found 1.5");
    CHECK(render("{{(index .Alerts 0).StartsAt.Add (len \"a\")}}") ==
          "error: wrong type for value; expected time.Duration; got int");
}

TEST_CASE("floating-point texts are read as strconv.ParseFloat reads them", "[parser][template]") {
    CHECK(parse_go_float("1_000.5").value() == 1000.5);
    CHECK(parse_go_float("0x1p-2").value() == 0.25);
    CHECK(parse_go_float("-inf").value() < 0);
    CHECK(parse_go_float("1e400").error().message == "strconv.ParseFloat: parsing \"1e400\": value out of range");
    CHECK(parse_go_float("").error().message == "strconv.ParseFloat: parsing \"\": invalid syntax");
    CHECK(parse_go_float("1_").error().message == "strconv.ParseFloat: parsing \"1_\": invalid syntax");
    CHECK(parse_go_float(" 1").error().message == "strconv.ParseFloat: parsing \" 1\": invalid syntax");
}

}  // namespace
}  // namespace tocsin::templates
