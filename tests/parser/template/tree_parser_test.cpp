#include "parser/template/tree_parser.h"

#include "parser/template/functions.h"
#include "tests/catch.h"

namespace tocsin::templates {
namespace {

TemplateParsed<std::map<std::string, Tree>> parse(std::string_view text, TemplateLimits limits = {}) {
    TreeParserOptions options;
    options.functions = &notification_functions();
    options.limits = limits;
    return parse_trees("t", text, options);
}

struct BadText {
    std::string_view text;
    std::string_view message;
    TextSpan where;
};

TEST_CASE("mistakes of the syntax have Go's messages and a place", "[parser][template]") {
    const std::initializer_list<BadText> cases = {
        {"a{{", "template: t:1: unclosed action", {3, 3}},
        {"{{}}", "template: t:1: missing value for command", {2, 4}},
        {"{{if}}a{{end}}", "template: t:1: missing value for if", {4, 6}},
        {"x\n{{if true}}a", "template: t:2: unexpected EOF", {14, 14}},
        {"{{end}}", "template: t:1: unexpected {{end}}", {5, 7}},
        {"{{else}}", "template: t:1: unexpected {{else}}", {6, 8}},
        {"{{if 1}}{{else}}{{else}}{{end}}", "template: t:1: expected end; found {{else}}", {22, 24}},
        {"{{break}}", "template: t:1: {{break}} outside {{range}}", {7, 9}},
        {"{{range 3}}{{define \"x\"}}{{end}}{{end}}", "template: t:1: unexpected <define> in command", {13, 19}},
        {"{{nofunc 1}}", "template: t:1: function \"nofunc\" not defined", {2, 8}},
        {"{{$x}}", "template: t:1: undefined variable \"$x\"", {2, 4}},
        {"{{\"a\n\"}}", "template: t:1: unterminated quoted string", {2, 3}},
        {"{{`a}}", "template: t:1: unterminated raw quoted string", {2, 3}},
        {"{{'ab'}}", "template: t:1: malformed character constant: 'ab'", {2, 6}},
        {"{{''}}", "template: t:1: invalid syntax", {2, 4}},
        {"{{\"\\q\"}}", "template: t:1: invalid syntax", {2, 6}},
        {"{{1.2.3}}", "template: t:1: unexpected \".3\" in operand", {5, 7}},
        {"{{1e400}}", "template: t:1: illegal number syntax: \"1e400\"", {2, 7}},
        {"{{99999999999999999999}}", "template: t:1: integer overflow: \"99999999999999999999\"", {2, 22}},
        {"{{1-}}", "template: t:1: bad number syntax: \"1-\"", {2, 3}},
        {"{{1_}}", "template: t:1: illegal number syntax: \"1_\"", {2, 4}},
        {"{{a-b}}", "template: t:1: bad character U+002D '-'", {2, 3}},
        {"{{print : 1}}", "template: t:1: expected :=", {8, 9}},
        {"{{(1}}", "template: t:1: unclosed left paren", {4, 5}},
        {"{{1)}}", "template: t:1: unexpected right paren", {3, 4}},
        {"{{1 | 2}}", "template: t:1: non executable command in pipeline stage 2", {7, 9}},
        {"{{| print}}", "template: t:1: unexpected \"|\" in command", {2, 3}},
        {"{{nil.x}}", "template: t:1: unexpected . after term \"nil\"", {7, 9}},
        {"{{\"verylongtext\" \"x\"y}}", "template: t:1: unexpected \"y\" in operand", {20, 21}},
        {"{{template 1}}", "template: t:1: unexpected \"1\" in template clause", {11, 12}},
        {"{{define x}}{{end}}", "template: t:1: unexpected \"x\" in define clause", {9, 10}},
        {"{{define \"a\"}}1{{end}}{{define \"a\"}}2{{end}}",
         "template: t:1: template: multiple definition of template \"a\"",
         {42, 44}},
        {"{{$x, $y := 1}}", "template: t:1: too many declarations in command", {4, 5}},
        {"{{range $x, $y, $z := 1}}{{end}}", "template: t:1: too many declarations in range", {14, 15}},
        {"{{range $x, 1}}{{end}}", "template: t:1: range can only initialize variables", {12, 13}},
        {"{{/* a", "template: t:1: unclosed comment", {2, 3}},
        {"{{/* a */ b}}", "template: t:1: comment ends before closing delimiter", {2, 3}},
        {"{{\n\n#}}", "template: t:3: unexpected \"#\" in command", {4, 5}},
        {"{{if 1\n\n", "template: t:3: unclosed action started at t:1", {8, 8}},
        {"{{print\n\"a}}", "template: t:2: unterminated quoted string in action started at t:1", {8, 9}},
        {"{{\x01}}", "template: t:1: unrecognized character in action: U+0001", {2, 3}},
        {"{{define \"t\"}}x{{end}}y", "template: t:1: template: multiple definition of template \"t\"", {23, 23}},
    };
    for (const auto& [text, message, where] : cases) {
        INFO(text);
        const auto parsed = parse(text);
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error()[0].message == message);
        CHECK(parsed.error()[0].where.begin == where.begin);
    }
}

TEST_CASE("every function that is not known is told, up to the first mistake of the syntax", "[parser][template]") {
    const auto parsed = parse("{{one}}{{two 1}}{{if}}{{three}}");
    REQUIRE_FALSE(parsed);
    REQUIRE(parsed.error().size() == 3);
    CHECK(parsed.error()[0].reason == "function \"one\" not defined");
    CHECK(parsed.error()[1].where == TextSpan{9, 12});
    CHECK(parsed.error()[2].reason == "missing value for if");
}

TEST_CASE("trees are written as Go writes them", "[parser][template]") {
    const std::initializer_list<std::pair<std::string_view, std::string_view>> cases = {
        {"{{ .A.B  1 | print  \"x\" `y` 'c' 0x1F }}", "{{.A.B 1 | print \"x\" `y` 'c' 0x1F}}"},
        {"{{ $x := (print 1).Y }}", "{{$x := (print 1).Y}}"},
        {"{{ $x := 1 }}{{ $x = 2 }}{{ $x.Y.Z }}", "{{$x := 1}}{{$x = 2}}{{$x.Y.Z}}"},
        {"{{if true}}a{{else if nil}}b{{end}}", "{{if true}}a{{else}}{{if nil}}b{{end}}{{end}}"},
        {"{{with .}}{{.}}{{else}}x{{end}}{{template \"a\" .}}{{template \"b\"}}",
         "{{with .}}{{.}}{{else}}x{{end}}{{template \"a\" .}}{{template \"b\"}}"},
        {"{{range $i, $e := .}}{{continue}}{{end}}", "{{range $i, $e := .}}{{continue}}{{end}}"},
        {"a {{- 1 -}} b{{/* c */}}", "a{{1}}b"},
        {"{{range .}}{{end}}", "{{range .}}{{end}}"},
        {"{{1 | }}", "{{1}}"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        const auto parsed = parse(text);
        REQUIRE(parsed);
        std::string written;
        for (const Node& node : parsed->at("t").root) written += to_string(node);
        CHECK(written == expected);
    }
}

TEST_CASE("a text is bounded in size and nesting", "[parser][template]") {
    const auto nested = [](int levels) {
        std::string text = "1";
        for (int i = 0; i < levels; ++i) text = "{{if 1}}" + text + "{{end}}";
        return text;
    };
    CHECK(parse(nested(100)));
    const auto deep = parse(nested(101));
    REQUIRE_FALSE(deep);
    CHECK(deep.error()[0].reason == "nested deeper than 100 levels");
    CHECK_FALSE(parse("{{" + std::string(200, '(') + "1" + std::string(200, ')') + "}}"));
    TemplateLimits limits;
    limits.text_bytes = 10;
    CHECK_FALSE(parse("12345678901", limits));
    CHECK(parse("1234567890", limits));
}

TEST_CASE("an else-if chain nests only as deep as it is long", "[parser][template]") {
    std::string text = "{{if eq 1 2}}";
    for (int i = 0; i < 40; ++i) text += "{{else if eq 1 2}}";
    CHECK(parse(text + "{{end}}"));
}

}  // namespace
}  // namespace tocsin::templates
