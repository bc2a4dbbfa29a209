#include "parser/template/template.h"
#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

struct LimitCase {
    std::string_view text;
    std::string_view message;
};

TEST_CASE("no template runs, grows or nests without end", "[parser][template]") {
    const std::initializer_list<LimitCase> cases = {
        {"{{range 1000000000}}{{end}}", "more than 1000000 steps"},
        {"{{range 100000}}{{range 100000}}{{end}}{{end}}", "more than 1000000 steps"},
        {"{{$x := \"0123456789abcdef\"}}{{range 40}}{{$x = print $x $x}}{{end}}", "text is larger than the limit"},
        {"{{$x := printf \"%1000s\" \"a\"}}{{range 100000}}{{$y := print $x}}{{end}}",
         "values take more than 67108864 bytes"},
        {"{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{len (print $x)}}", "larger than the limit"},
        {"{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{$x}}", "output is larger than 1048576 bytes"},
        {"{{$x := list 1}}{{range 200}}{{$x = list $x}}{{end}}{{len (print $x)}}", "nested deeper than 100 levels"},
        {"{{$x := list 1}}{{range 200}}{{$x = list $x}}{{end}}{{toJson $x}}", "nested too deep"},
        {"{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{toJson $x}}", "larger than the limit"},
        {"{{range 100000}}0123456789abcdef{{end}}", "output is larger than 1048576 bytes"},
        {"{{define \"r\"}}{{template \"r\" .}}{{end}}{{template \"r\" .}}", "exceeded maximum template depth (100)"},
        {"{{define \"a\"}}{{if true}}{{if true}}{{if true}}{{if true}}{{if true}}{{if true}}{{if true}}{{template "
         "\"a\" .}}{{end}}{{end}}{{end}}"
         "{{end}}{{end}}{{end}}{{end}}{{end}}{{template \"a\" .}}",
         "nested deeper than 600 levels"},
        {"{{printf \"%2000d\" 1}}", "width or precision 2000 is larger than the limit of 1000"},
        {"{{printf \"%.*f\" 5000 1.0}}", "width or precision 5000 is larger than the limit of 1000"},
        {"{{$x := printf \"%1000s\" \"a\"}}{{$y := $x}}{{range 12}}{{$y = print $y $y}}{{end}}{{range 1000000}}{{if eq "
         "$y $x}}{{end}}{{end}}",
         "more than 1000000 steps"},
    };
    for (const auto& [text, message] : cases) {
        INFO(text.substr(0, 100));
        const auto compiled = NotificationTemplates().parse_text(text);
        REQUIRE(compiled);
        const auto rendered = compiled->expand(example_notification(), {});
        REQUIRE_FALSE(rendered);
        CHECK(rendered.error().kind == Error::Kind::LimitExceeded);
        CHECK_THAT(rendered.error().message, Catch::Contains(std::string(message)));
    }
}

TEST_CASE("joining cannot multiply texts without end", "[parser][template]") {
    std::string words;
    for (int i = 0; i < 300; ++i) words += " \"\"";
    const std::string text =
        "{{$x := printf \"%1000s\" \"\"}}{{range 4}}{{$x = print $x $x $x $x}}{{end}}{{join $x (stringSlice" + words +
        ")}}";
    CHECK(render(text) == "error: error calling join: text is larger than the limit");
}

TEST_CASE("a text asks no more than about a thousand queries", "[parser][template]") {
    std::size_t asked = 0;
    const RuleTemplateQuery query = [&](std::string_view) -> Result<std::vector<RuleTemplateSample>> {
        ++asked;
        return std::vector<RuleTemplateSample>{};
    };
    RuleTemplateData data;
    data.query = &query;
    const auto expanded =
        RuleTemplate::parse("X", "{{range 100000}}{{$x := query \"up\"}}{{end}}").value().expand(data);
    REQUIRE_FALSE(expanded);
    CHECK(expanded.error().kind == Error::Kind::LimitExceeded);
    CHECK(asked <= 1024);
}

TEST_CASE("patterns that are computed cost more than constant ones", "[parser][template]") {
    CHECK(render("{{range $i := 10000}}{{if match (print $i) \"x\"}}{{end}}{{end}}") ==
          "error: values take more than 67108864 bytes");
    CHECK(render("{{range $i := 10000}}{{if match \"a\" \"x\"}}{{end}}{{end}}done") == "done");
}

TEST_CASE("recursion below the limit works", "[parser][template]") {
    CHECK(render("{{define \"c\"}}{{if .}}{{len .}}{{template \"c\" (slice . 1)}}{{end}}{{end}}{{template \"c\" "
                 "\"12345678\"}}") == "87654321");
}

TEST_CASE("limits are those that were given", "[parser][template]") {
    TemplateLimits limits;
    limits.output_bytes = 10;
    const auto templates = NotificationTemplates::create({}, limits).value();
    CHECK(render("{{.Receiver}} 12345", templates) == "team 12345");
    CHECK(render("{{.Receiver}} 123456", templates) == "error: output is larger than 10 bytes");
}

}  // namespace
}  // namespace tocsin::templates
