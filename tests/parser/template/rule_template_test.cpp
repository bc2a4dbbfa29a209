#include "parser/template/rule_template.h"

#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

TEST_CASE("rule templates see the alert by fields and by variables", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {"{{$labels.job}} {{.Labels.job}} {{$externalLabels.cluster}} {{.ExternalLabels.cluster}}",
         "node node eu-1 eu-1"},
        {"{{$value}} {{.Value}} {{printf \"%.1f\" $value}} {{printf \"%d\" $value}}",
         "1234.5 1234.5 1234.5 %!d(float64=1234.5)"},
        {"{{$externalURL}} {{.ExternalURL}}",
         "http://prom.example.org:9090/pre%20fix http://prom.example.org:9090/pre%20fix"},
        {"{{$activeAt}} {{.ActiveAt.Unix}} {{$activeAt.Format \"15:04\"}}",
         "2024-03-10 01:59:30.5 +0000 UTC 1710035970 01:59"},
        {"{{$for}} {{.For.Minutes}} {{humanizeDuration $for}} {{$expr}} {{.Expr}}", "5m0s 5 5m 0s up == 0 up == 0"},
        {"{{$labels}} {{len $labels}} {{range $k, $v := $labels}}{{$k}};{{end}}",
         "map[instance:web-1.example.org:9100 job:node] 2 instance;job;"},
        {"{{$labels.nope}}|{{$labels.nope.x}}", "error: can't evaluate field x in type string"},
        {"{{$Labels}}", "error: undefined variable \"$Labels\""},
        {"{{define \"t\"}}{{$labels}}{{end}}", "error: undefined variable \"$labels\""},
        {"{{define \"t\"}}{{.Labels.job}}{{end}}{{template \"t\" .}}", "node"},
        {"{{$value = 3}}{{$value}}", "3"},
        {"<b>{{$labels.job}}</b>", "<b>node</b>"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render_rule(text) == expected);
    }
}

TEST_CASE("an empty label value is a label all the same", "[parser][template]") {
    const std::vector<TextMap::Pair> pairs = {{"a", ""}, {"b", "x"}};
    RuleTemplateData data;
    data.labels = std::span(pairs);
    CHECK(RuleTemplate::parse("X", "{{$labels}}{{len $labels}}").value().expand(data).value() == "map[a: b:x]2");
}

TEST_CASE("what fails is told as Prometheus tells it", "[parser][template]") {
    const auto unparsed = RuleTemplate::parse("Down", "{{ $labels.job }} {{ nofunc }}");
    REQUIRE_FALSE(unparsed);
    CHECK(unparsed.error()[0].message == "template: __alert_Down:1: function \"nofunc\" not defined");
    CHECK(unparsed.error()[0].where == TextSpan{21, 27});

    const auto parsed = RuleTemplate::parse("Down", "{{ humanize \"a\" }}");
    REQUIRE(parsed);
    CHECK(parsed->expand_or_error({}) ==
          "<error expanding template: error executing template __alert_Down: template: __alert_Down:1:115: executing "
          "\"__alert_Down\" at <humanize \"a\">: error calling humanize: strconv.ParseFloat: parsing \"a\": invalid "
          "syntax>");
    // Only the first line has the definitions in front.
    CHECK_THAT(RuleTemplate::parse("Down", "a\n{{.X}}").value().expand_or_error({}),
               Catch::Contains("__alert_Down:2:2: executing"));
}

TEST_CASE("a text without actions is known to be plain", "[parser][template]") {
    CHECK(RuleTemplate::parse("X", "just text").value().is_plain());
    CHECK(RuleTemplate::parse("X", "").value().expand({}).value().empty());
    CHECK(RuleTemplate::parse("X", "a{{/* c */}}b").value().is_plain());
    CHECK_FALSE(RuleTemplate::parse("X", "{{1}}").value().is_plain());
}

TEST_CASE("without a callback queries fail", "[parser][template]") {
    const auto text = RuleTemplate::parse("X", "{{query \"up\"}}").value().expand({});
    REQUIRE_FALSE(text);
    CHECK_THAT(text.error().message, Catch::EndsWith("error calling query: queries cannot be answered here"));
}

}  // namespace
}  // namespace tocsin::templates
