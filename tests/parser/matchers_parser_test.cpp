#include "parser/matchers_parser.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace tocsin {
namespace {

struct Case {
    const char* text;
    const char* printed;  // the matchers, or the error behind "! "
    bool warns = false;
};

std::string outcome_of(const char* text, MatchersSyntax syntax) {
    const auto parsed = parse_matchers(text, syntax);
    return parsed ? matchers_text(parsed->matchers) : "! " + parsed.error().message;
}

TEST_CASE("matchers are read as Alertmanager reads them", "[parser][matchers_parser]") {
    const std::vector<Case> cases = {
        {"foo=bar", R"({foo="bar"})"},
        {R"(foo="bar")", R"({foo="bar"})"},
        {R"({foo="bar"})", R"({foo="bar"})"},
        {R"( { foo = "bar" , } )", R"({foo="bar"})"},
        {"foo=bar baz", R"({foo="bar baz"})", true},
        {"foo=", R"({foo=""})", true},
        {R"(foo="")", R"({foo=""})"},
        {"foo='bar'", R"({foo="'bar'"})", true},
        {R"(foo="\d+")", R"({foo="\\d+"})", true},
        {R"(foo="a\nb")", R"({foo="a\nb"})"},
        {R"(foo="\"x\"")", R"({foo="\"x\""})"},
        {"foo=~a{1,2}", "! bad matcher format: 2"},
        {R"(foo=~"a{1,2}")", R"({foo=~"a{1,2}"})"},
        {"{foo=bar", R"({foo="bar"})", true},
        {"foo=bar}", R"({foo="bar"})", true},
        {"foo=bar,", R"({foo="bar"})"},
        {"foo=bar,,", "! bad matcher format: "},
        {"foo=a=b", R"({foo="a=b"})", true},
        {"foo==b", R"({foo="=b"})", true},
        {R"("foo bar"="x")", R"({"foo bar"="x"})"},
        {"🙂=x", R"({🙂="x"})"},
        {R"(foo="\xf0\x9f\x99\x82")", R"({foo="\\xf0\\x9f\\x99\\x82"})", true},
        {"{}", "{}"},
        {"", "{}"},
        {"   ", "{}"},
        {"{a=b,c=~d,e!=f,g!~h}", R"({a="b",c=~"d",e!="f",g!~"h"})"},
        {"a=b c=d", R"({a="b c=d"})", true},
        {"a", "! bad matcher format: a"},
        {"foo bar=baz", "! bad matcher format: foo bar=baz"},
        {"a=~[", "! error parsing regexp: missing closing ]: `[)$`"},
        {R"(a="b)", "! matcher value contains unescaped double quote: \"b"},
        {R"(a=b"c)", "! matcher value contains unescaped double quote: b\"c"},
        {"foo:bar=x", R"({foo:bar="x"})"},
        {"a!b=c", "! bad matcher format: a!b=c"},
        {R"(a="b,c",d=e)", R"({a="b,c",d="e"})"},
    };
    for (const Case& expected : cases) {
        CAPTURE(expected.text);
        CHECK(outcome_of(expected.text, MatchersSyntax::Fallback) == expected.printed);
        const auto parsed = parse_matchers(expected.text);
        if (parsed) CHECK(parsed->warning.empty() == !expected.warns);
    }
}

TEST_CASE("each of the two grammars can be had alone", "[parser][matchers_parser]") {
    CHECK(outcome_of("foo=bar baz", MatchersSyntax::Classic) == R"({foo="bar baz"})");
    CHECK(outcome_of("foo=bar baz", MatchersSyntax::Utf8Strict) ==
          "! 8:11: unexpected baz: expected a comma or close brace");
    CHECK(outcome_of("🙂=x", MatchersSyntax::Classic) == "! bad matcher format: 🙂=x");
    CHECK(outcome_of(R"(foo="\xf0\x9f\x99\x82")", MatchersSyntax::Utf8Strict) == R"({foo="🙂"})");
    CHECK(outcome_of("{foo=bar", MatchersSyntax::Utf8Strict) == "! end of input: expected close brace");
    CHECK(outcome_of("foo=bar}", MatchersSyntax::Utf8Strict) == "! 0:8: }: expected opening brace");
    CHECK(outcome_of("foo", MatchersSyntax::Utf8Strict) ==
          "! end of input: expected an operator such as '=', '!=', '=~' or '!~'");
    CHECK(outcome_of(R"(foo="\d")", MatchersSyntax::Utf8Strict) == R"(! 4:8: "\d": invalid input)");
}

TEST_CASE("Go's escapes are undone in the UTF-8 grammar", "[parser][matchers_parser]") {
    const auto value_of = [](const char* text) {
        const auto parsed = parse_matchers(text, MatchersSyntax::Utf8Strict);
        return parsed ? parsed->matchers.front().value() : "! " + parsed.error().message;
    };
    CHECK(value_of(R"(a="\a\b\f\n\r\t\v\\\"")") == "\a\b\f\n\r\t\v\\\"");
    CHECK(value_of(R"(a="\x41\101\u0041\U00000041")") == "AAAA");
    CHECK(value_of(R"(a="\u20ac\U0001F642")") == "€🙂");
    for (const auto* bad : {R"(a="\ud800")", R"(a="\xff")", R"(a="\400")", R"(a="\'")", R"(a="\x4")", "a=\"x\ny\""}) {
        CAPTURE(bad);
        CHECK(value_of(bad).starts_with("! "));
    }
}

TEST_CASE("an absent label matches as an empty one", "[parser][matchers_parser]") {
    const auto matches = [](const char* text, const LabelSet& labels) {
        return all_match(parse_matchers(text)->matchers, labels);
    };
    CHECK(matches("a=\"\"", {}));
    CHECK(matches("a!=b", {}));
    CHECK(matches("a=~\".*\"", {}));
    CHECK_FALSE(matches("a=~\".+\"", {}));
    CHECK(matches("a=~\"b|c\"", {{"a", "c"}}));
    CHECK_FALSE(matches("a=~\"b|c\"", {{"a", "xc"}}));
}

TEST_CASE("a single matcher stands without braces", "[parser][matchers_parser]") {
    CHECK(matcher_text(*parse_matcher("a=b")) == R"(a="b")");
    CHECK(matcher_text(*parse_matcher(R"("foo bar"="x")")) == R"("foo bar"="x")");
    CHECK(parse_matcher("{a=b}").error().message == "unexpected open or close brace: {a=b}");
    CHECK(parse_matcher("bad").error().message == "bad matcher format: bad");
    CHECK(parse_matcher("a=b,c=d", MatchersSyntax::Utf8Strict).error().message == "expected 1 matcher, found 2");
    CHECK(parse_matcher("", MatchersSyntax::Utf8Strict).error().message == "no matchers");
}

TEST_CASE("matchers are ordered by name, value and operator", "[parser][matchers_parser]") {
    auto matchers = parse_matchers("b=1,a=2,a!=1,a=1")->matchers;
    std::sort(matchers.begin(), matchers.end(), matcher_less);
    CHECK(matchers_text(matchers) == R"({a="1",a!="1",a="2",b="1"})");
}

TEST_CASE("a matcher without a name is printed as it can be read", "[parser][matchers_parser]") {
    CHECK(outcome_of(R"({""="a",b="c"})", MatchersSyntax::Fallback) == R"({""="a",b="c"})");
}

TEST_CASE("text that is too long or no UTF-8 is refused", "[parser][matchers_parser]") {
    CHECK_FALSE(parse_matchers(std::string(70'000, 'a')).has_value());
    CHECK_FALSE(parse_matchers("a=\xff").has_value());
    std::string many;
    for (int i = 0; i < 2000; ++i) many += "a=b,";
    CHECK_FALSE(parse_matchers(many).has_value());
}

}  // namespace
}  // namespace tocsin
