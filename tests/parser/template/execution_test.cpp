#include "parser/template/execution.h"

#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

void check(std::initializer_list<RenderCase> cases) {
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render(text) == expected);
    }
}

TEST_CASE("control structures take the branches that Go takes", "[parser][template]") {
    check({
        {"{{if 0}}a{{else if 0}}b{{else if 1}}c{{else}}d{{end}}", "c"},
        {"{{if nil}}a{{else}}b{{end}}", "error: nil is not a command"},
        {"{{if (list)}}a{{else}}b{{end}}", "b"},
        {"{{if dict}}a{{else}}b{{end}}", "b"},
        {"{{if .}}a{{end}}", "a"},
        {"{{if now}}a{{end}}", "a"},
        {"{{if 0i}}a{{else}}b{{end}}", "b"},
        {"{{with .Nothing}}{{end}}", "error: can't evaluate field Nothing in type *template.Data"},
        {"{{with 0}}a{{else with \"\"}}b{{else with 3}}{{.}}{{else}}d{{end}}", "3"},
        {"{{with $x := \"v\"}}{{$x}}{{.}}{{end}}", "vv"},
        {"{{if false}}{{else if true}}{{else}}{{end}}x", "x"},
    });
}

TEST_CASE("ranges run over everything that Go's do", "[parser][template]") {
    check({
        {"{{range stringSlice \"a\" \"b\"}}<{{.}}>{{end}}", "<a><b>"},
        {"{{range $e := stringSlice \"a\" \"b\"}}{{$e}}{{.}}{{end}}", "aabb"},
        {"{{range $i, $e := stringSlice \"a\" \"b\"}}{{$i}}{{$e}}{{end}}", "0a1b"},
        {"{{range dict \"b\" 2 \"a\" 1}}{{.}}{{end}}", "12"},
        {"{{range $k, $v := dict \"b\" 2 \"a\" 1}}{{$k}}{{$v}}{{end}}", "a1b2"},
        {"{{range 3}}{{.}}{{end}}", "012"},
        {"{{range $i := 2}}{{$i}}{{end}}", "01"},
        {"{{range -1}}x{{else}}none{{end}}", "none"},
        {"{{range list}}x{{else}}none{{end}}", "none"},
        {"{{range (dict).x}}x{{else}}none{{end}}", "none"},
        {"{{range $x, $y := 3}}{{end}}", "error: can't use 3 to iterate over more than one variable"},
        {"{{range \"abc\"}}{{end}}", "error: range can't iterate over abc"},
        {"{{range 1.5}}{{end}}", "error: range can't iterate over 1.5"},
        {"{{range 3}}{{if eq . 1}}{{break}}{{end}}{{.}}{{end}}", "0"},
        {"{{range 3}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}", "02"},
        {"{{range 2}}{{range 5}}{{if gt . 1}}{{break}}{{end}}{{.}}{{end}};{{end}}", "01;01;"},
        {"{{range $i, $e := list 7 8}}{{$i = 5}}{{$i}}{{$e}} {{end}}", "57 58 "},
        {"{{$i := 9}}{{$e := 9}}{{range $i, $e = list 7 8}}{{end}}{{$i}}{{$e}}", "18"},
        {"{{$e := 9}}{{range $e = list 7 8}}{{end}}{{$e}}", "8"},
        {"{{range list 1 nil 2}}{{.}},{{end}}", "1,<no value>,2,"},
    });
}

TEST_CASE("variables live to the end of the structure that declares them", "[parser][template]") {
    check({
        {"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21"},
        {"{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"},
        {"{{$x := 1}}{{range 3}}{{$x = .}}{{end}}{{$x}}", "2"},
        {"{{if true}}{{$x := 2}}{{end}}{{$x}}", "error: undefined variable \"$x\""},
        {"{{$x = 1}}", "error: undefined variable: $x"},
        {"{{define \"t\"}}{{$}}{{end}}{{$ | printf \"%T\"}} {{template \"t\" 4}}", "*template.Data 4"},
        {"{{$x := .Receiver}}{{with 1}}{{$x}}{{$.Status}}{{end}}", "teamfiring"},
        {"{{($x := 3)}}{{$x}}", "33"},
    });
}

TEST_CASE("and, or and comparisons follow Go's rules", "[parser][template]") {
    check({
        {"{{and 1 0 (index (list) 5)}}", "0"},
        {"{{or 0 2 (index (list) 5)}}", "2"},
        {"{{or 0 (index (list) 5)}}", "error: error calling index: index out of range: 5"},
        {"{{0 | or 0}} {{3 | and 1}}", "0 3"},
        {"{{not \"\"}} {{not 1}}", "true false"},
        {"{{eq 1 2 1}} {{eq \"a\" \"b\"}} {{eq 1.5 1.5}} {{eq true true}}", "true false true true"},
        {"{{eq (index \"a\" 0) 97}} {{lt 96 (index \"a\" 0)}}", "true true"},
        {"{{eq 1 1.0}}", "error: error calling eq: incompatible types for comparison: int and float64"},
        {"{{eq 1}}", "error: error calling eq: missing argument for comparison"},
        {"{{eq nil nil}} {{eq 1 nil}}", "true false"},
        {"{{lt 1 \"a\"}}", "error: error calling lt: incompatible types for comparison: int and string"},
        {"{{lt true false}}", "error: error calling lt: invalid type for comparison"},
        {"{{lt \"a\" \"b\"}} {{ge 2 2}} {{le 3 2}} {{gt -1 -2}}", "true true false true"},
        {"{{$t := (index .Alerts 0).StartsAt}}{{eq $t $t}} {{eq $t now}}", "true false"},
        {"{{eq .GroupLabels .GroupLabels}}", "error: error calling eq: non-comparable type template.KV"},
    });
}

TEST_CASE("missing things and nil behave as Go's", "[parser][template]") {
    check({
        {"{{.GroupLabels.nope}}|", "|"},
        {"{{(dict).nope}}", "<no value>"},
        {"{{print (dict).nope}}", "<nil>"},
        {"{{(dict).nope.more}}", "error: nil pointer evaluating interface {}.more"},
        {"{{$x := (dict).nope}}{{$x.more}}", "<no value>"},
        {"{{define \"t\"}}{{.}}{{end}}{{template \"t\"}}", "<no value>"},
        {"{{define \"t\"}}{{.a.b}}{{end}}{{template \"t\"}}", "<no value>"},
        {"{{nil}}", "error: nil is not a command"},
        {"{{print nil}} {{html nil}} {{list nil}}", "<nil> &lt;no value&gt; [<nil>]"},
        {"{{toUpper nil}}", "error: cannot assign nil to string"},
        {"{{join \",\" nil}}|", "|"},
        {"{{toUpper (dict).x}}", "error: wrong type for value; expected string; got interface {}"},
        {"{{$x := (dict).x}}{{toUpper $x}}", "error: invalid value; expected string"},
        {"{{len nil}}", "error: error calling len: len of nil pointer"},
        {"{{index nil 1}}", "error: error calling index: index of untyped nil"},
    });
}

TEST_CASE("calls check the number and the types of their arguments", "[parser][template]") {
    check({
        {"{{toUpper}}", "error: wrong number of args for toUpper: want 1 got 0"},
        {"{{toUpper \"a\" \"b\"}}", "error: wrong number of args for toUpper: want 1 got 2"},
        {"{{\"a\" | toUpper \"b\"}}", "error: wrong number of args for toUpper: want 1 got 2"},
        {"{{printf}}", "error: wrong number of args for printf: want at least 1 got 0"},
        {"{{toUpper 1}}", "error: expected string; found 1"},
        {"{{toUpper true}}", "error: expected string; found true"},
        {"{{toUpper (len \"a\")}}", "error: wrong type for value; expected string; got int"},
        {"{{join \",\" .Alerts}}", "error: wrong type for value; expected []string; got template.Alerts"},
        {"{{join \",\" 5}}", "error: can't handle 5 for arg of type []string"},
        {"{{safeHtml \"x\" | toUpper}}", "error: wrong type for value; expected string; got template.HTML"},
        {"{{.Receiver 1}}", "error: Receiver has arguments but cannot be invoked as function"},
        {"{{.GroupLabels.x 1}}", "error: x is not a method but has arguments"},
        {"{{1 | .Receiver}}", "error: Receiver has arguments but cannot be invoked as function"},
        {"{{. 1}}", "error: can't give argument to non-function ."},
        {"{{$ 1}}", "error: can't give argument to non-function $"},
        {"{{(1) 2}}", "error: can't give argument to non-function (1)"},
        {"{{.CommonLabels.Remove 1}}", "error: can't handle 1 for arg of type []string"},
        {"{{.CommonLabels.Remove .GroupLabels.Names}}", "team=storage"},
        {"{{call .Receiver 1}}", "error: error calling call: non-function .Receiver of type string"},
        {"{{call nil}}", "error: error calling call: call of nil"},
        {"{{(index .Alerts 0).StartsAt.Date}}", "error: can't call method/function \"Date\" with several results"},
    });
}

TEST_CASE("templates call each other with a value of their own", "[parser][template]") {
    check({
        {"{{define \"a\"}}[{{.}}]{{end}}{{template \"a\" 1}}{{template \"a\" .Status}}", "[1][firing]"},
        {"{{block \"b\" 5}}<{{.}}>{{end}}", "<5>"},
        {"{{block \"b\" 5}}{{with 6}}{{.}}{{end}}{{end}}{{template \"b\" 1}}", "66"},
        {"{{template \"later\"}}{{define \"later\"}}x{{end}}", "x"},
        {"{{define `raw`}}r{{end}}{{template `raw`}}", "r"},
        {"{{template \"nope\"}}", "error: template \"nope\" not defined"},
        {"{{define \"r\"}}{{if gt . 0}}{{.}}{{template \"down\" .}}{{end}}{{end}}{{define \"down\"}}.{{end}}{{template "
         "\"r\" 3}}",
         "3."},
        {"{{define \"slack.default.title\"}}mine{{end}}{{template \"slack.default.fallback\" .}}",
         "[FIRING:1] DiskFull (storage) | http://am.example.org/#/alerts?receiver=team"},
        {"{{define \"__subject\"}}mine{{end}}{{template \"slack.default.title\" .}}", "mine"},
        {"{{define \"__subject\"}}  {{end}}{{template \"slack.default.title\" .}}", "[FIRING:1] DiskFull (storage)"},
    });
}

TEST_CASE("messages say where execution failed, in Go's words", "[parser][template]") {
    const auto message = [](std::string_view text) {
        const auto compiled = NotificationTemplates().parse_text(text);
        REQUIRE(compiled);
        const auto rendered = compiled->expand(example_notification(), {});
        REQUIRE_FALSE(rendered);
        return rendered.error().message;
    };
    CHECK(message("ab\ncd {{.Nope}}") ==
          "template: :2:5: executing \"\" at <.Nope>: can't evaluate field Nope in type *template.Data");
    CHECK(message("{{define \"t\"}}\n{{.x}}{{end}}{{template \"t\" 1}}") ==
          "template: :2:2: executing \"t\" at <.x>: can't evaluate field x in type int");
    CHECK(message("{{ toUpper (printf \"%d\" (len 3)) }}") ==
          "template: :1:25: executing \"\" at <len 3>: error calling len: len of type int");
    CHECK(message("{{if true}}{{(index .Alerts 9).Status}}{{end}}") ==
          "template: :1:14: executing \"\" at <index .Alerts 9>: error calling index: index out of range: 9");
    CHECK(message("{{range $i, $a := .Alerts}}{{$a.Labels.x.y}}{{end}}") ==
          "template: :1:31: executing \"\" at <$a.Labels.x.y>: can't evaluate field y in type string");
}

}  // namespace
}  // namespace tocsin::templates
