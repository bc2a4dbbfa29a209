#include "parser/template/functions.h"

#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

TEST_CASE("Go's own functions give what Go's give", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {"{{len \"aü\"}} {{len (list 1 2)}} {{len (dict \"a\" 1)}} {{len .GroupLabels}}", "3 2 1 1"},
        {"{{len 3}}", "error: error calling len: len of type int"},
        {"{{index \"abc\" 1}} {{index (list 5 6) 1}} {{index (dict \"a\" (list 7)) \"a\" 0}} {{index .GroupLabels "
         "\"alertname\"}}",
         "98 6 7 DiskFull"},
        {"{{index 1 1}}", "error: error calling index: can't index item of type int"},
        {"{{index (list 1) \"a\"}}", "error: error calling index: cannot index slice/array with type string"},
        {"{{index (list 1) nil}}", "error: error calling index: cannot index slice/array with nil"},
        {"{{index (list 1) -1}}", "error: error calling index: index out of range: -1"},
        {"{{index (list 1) 1}}", "error: error calling index: reflect: slice index out of range"},
        {"{{index \"a\" 1}}", "error: error calling index: reflect: string index out of range"},
        {"{{index .GroupLabels 1}}", "error: error calling index: value has type int; should be string"},
        {"{{index .GroupLabels \"x\"}}|{{index (dict) \"x\"}}", "|<no value>"},
        {"{{index (list 1)}}", "[1]"},
        {"{{slice \"abcdef\" 1 3}} {{slice \"abc\" 1}} {{slice \"abc\"}} {{slice (list 1 2 3) 1 2}} {{slice (list 1 2 "
         "3) 1 2 3}}",
         "bc bc abc [2] [2]"},
        {"{{slice \"abc\" 2 1}}", "error: error calling slice: invalid slice index: 2 > 1"},
        {"{{slice \"abc\" 0 4}}", "error: error calling slice: index out of range: 4"},
        {"{{slice \"abc\" 0 1 2}}", "error: error calling slice: cannot 3-index slice a string"},
        {"{{slice (list 1) 0 1 1 1}}", "error: error calling slice: too many slice indexes: 4"},
        {"{{slice 1 0}}", "error: error calling slice: can't slice item of type int"},
        {"{{html \"<a href='x'>&\\\"\\x00</a>+\"}}", "&lt;a href=&#39;x&#39;&gt;&amp;&#34;\xEF\xBF\xBD&lt;/a&gt;+"},
        {"{{js \"it's <b> \\\"q\\\" \\n =& \\\\ü\\u2028\"}}",
         "it\\'s \\u003Cb\\u003E \\\"q\\\" \\u000A \\u003D\\u0026 \\\\ü\\u2028"},
        {"{{urlquery \"a b&c=d/ü\"}} {{urlquery 1 \" \" 2}}", "a+b%26c%3Dd%2F%C3%BC 1+2"},
        {"{{html 1 2}} {{html .GroupLabels}}", "1 2 alertname=DiskFull"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render(text) == expected);
    }
}

TEST_CASE("notification templates have Alertmanager's functions", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {"{{toUpper \"ünï ß\"}} {{toLower \"ÜNÏ\"}} {{title \"HELLO foo-bar it's x_y 1st a.b\"}}",
         "ÜNÏ ß ünï Hello Foo-Bar It's X_y 1St A.b"},
        {"[{{trimSpace \" \\t a b \\u00a0\\n\"}}]", "[a b]"},
        {"{{join \"-\" (stringSlice \"a\" \"b\")}} {{.CommonLabels.Values | join \",\"}}", "a-b DiskFull,storage"},
        {"{{.CommonLabels.Names.Join \":\"}}", "alertname:team"},
        {"{{match \"b+\" \"abbc\"}} {{match \"^b\" \"ab\"}}", "true false"},
        {"{{match \"(\" \"a\"}}", "error: error calling match: error parsing regexp: missing closing ): `(`"},
        {"{{reReplaceAll \"(b)\" \"<$1>$1x${1}x$$\" \"abc\"}}", "a<b>bx$c"},
        {"{{reReplaceAll \"x*\" \"-\" \"abc\"}}", "-a-b-c-"},
        {"{{reReplaceAll (print \"(\" \"`\") \"\" \"\"}}",
         "error: error calling reReplaceAll: regexp: Compile(\"(`\"): error parsing regexp: missing closing ): `(``"},
        {"{{range list \"a\" \"b\"}}{{reReplaceAll . \"X\" \"abc\"}} {{end}}", "Xbc aXc "},
        {"{{urlUnescape \"a%20b+c%2F\"}}", "a b c/"},
        {"{{urlUnescape \"100%\"}}", "error: error calling urlUnescape: invalid URL escape \"%\""},
        {"{{urlUnescape \"%zz%\"}}", "error: error calling urlUnescape: invalid URL escape \"%zz\""},
        {"{{list}} {{list 1 \"a\"}} {{append (list 1) 2 3}} {{append nil 1}}", "[] [1 a] [1 2 3] [1]"},
        {"{{$l := list 1}}{{$m := append $l 2}}{{$l}}{{$m}}", "[1][1 2]"},
        {"{{append (stringSlice \"a\") \"b\"}}", "error: wrong type for value; expected []interface {}; got []string"},
        {"{{dict \"b\" 1 \"a\" nil \"b\" 2}} {{dict}}", "map[a:<nil> b:2] map[]"},
        {"{{dict \"a\"}}", "error: error calling dict: dict requires an even number of arguments"},
        {"{{dict 1 2}}", "error: error calling dict: dict keys must be strings"},
        {"{{toJson .GroupLabels}} {{toJson (list 1 \"<a>\" 2.5 true nil)}} {{toJson (dict \"b\" 1 \"a\" (list))}}",
         "{\"alertname\":\"DiskFull\"} [1,\"\\u003ca\\u003e\",2.5,true,null] {\"a\":[],\"b\":1}"},
        {"{{toJson 1e21}} {{toJson 1e20}} {{toJson 1e-7}} {{toJson 0.000001}} {{toJson -0.5}}",
         "1e+21 100000000000000000000 1e-7 0.000001 -0.5"},
        {"{{toJson (since now)}} {{toJson (index .Alerts 0).StartsAt}} {{toJson (index .Alerts 0).StartsAt.Month}}",
         "0 \"2024-03-10T01:59:30.5Z\" 3"},
        {"{{toJson 1i}}", "error: error calling toJson: json: unsupported type: complex128"},
        {"{{base64encode \"a?b>c~\"}} {{base64encode \"\\xff\\xfe\\xff\"}} {{base64decode \"YT9iPmN-\"}} "
         "{{base64decode \"YQ==\"}}",
         "YT9iPmN- __7_ a?b>c~ a"},
        {"{{base64decode \"a\"}}", "error: error calling base64decode: illegal base64 data at input byte 1"},
        {"{{base64decode \"YQ==YQ==\"}}", "error: error calling base64decode: illegal base64 data at input byte 4"},
        {"{{humanizeDuration 3661}} {{humanizeDuration \"0.5\"}} {{humanizeDuration (since (index .Alerts "
         "0).StartsAt)}}",
         "1h 1m 1s 500ms 1h 0m 0s"},
        {"{{humanizeDuration true}}", "error: error calling humanizeDuration: can't convert bool to float"},
        {"{{routeLabels \"x\"}}|", "|"},
        {"{{.CommonLabels.Remove (stringSlice \"team\" \"x\")}} {{(.CommonLabels.Remove .GroupLabels.Names).Names}}",
         "alertname=DiskFull [team]"},
        {"{{range .CommonLabels.SortedPairs}}{{.Name}}:{{.Value}};{{end}} {{.CommonLabels.SortedPairs.Names}} "
         "{{.CommonLabels.String}}",
         "alertname:DiskFull;team:storage; [alertname team] alertname=DiskFull, team=storage"},
        {"{{len .Alerts.Firing}}{{len .Alerts.Resolved}}{{range .Alerts.Firing}}{{.Labels.instance}}{{end}}", "11a:1"},
        {"{{.Alerts.Firing.Resolved}}", "error: can't evaluate field Resolved in type []template.Alert"},
        {"{{(slice .Alerts 1 2).Firing | len}} {{len .Alerts.Firing}}", "0 1"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render(text) == expected);
    }
}

TEST_CASE("alertname comes first among label pairs, the rest by name", "[parser][template]") {
    NotificationData data = example_notification();
    data.common_labels = {{"Zone", "z"}, {"alertname", "A"}, {"aaa", "1"}};
    const auto compiled = NotificationTemplates().parse_text(
        "{{.CommonLabels.SortedPairs}} {{range $k, $v := .CommonLabels}}{{$k}} {{end}}");
    REQUIRE(compiled);
    CHECK(compiled->expand(data, {}).value() == "alertname=A, Zone=z, aaa=1 Zone aaa alertname ");
}

TEST_CASE("route labels are seen as a field and by a function", "[parser][template]") {
    NotificationData data = example_notification();
    data.route_labels = {{"team", "db"}};
    const auto compiled = NotificationTemplates().parse_text("{{.RouteLabels.team}} {{routeLabels \"team\"}}");
    REQUIRE(compiled);
    CHECK(compiled->expand(data, {}).value() == "db db");
}

TEST_CASE("rule templates have Prometheus' functions", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {"{{humanize 123456}} {{humanize \"0.00012\"}} {{humanize 0.0}} {{humanize1024 1536}} {{humanizePercentage "
         "0.5}}",
         "123.5k 120u 0 1.5ki 50%"},
        {"{{humanizeTimestamp 1435065584.128}} {{humanizeTimestamp \"NaN\"}}", "2015-06-23 13:19:44.128 +0000 UTC NaN"},
        {"{{(toTime 1435065584).Year}} {{toDuration 90}} {{(toDuration \"1.5\").Milliseconds}}", "2015 1m30s 1500"},
        {"{{toTime \"NaN\"}}", "error: error calling toTime: value is NaN or Inf"},
        {"{{toDuration 1e300}}",
         "error: error calling toDuration: 1e+300 cannot be represented as a nanoseconds duration since it overflows "
         "int64"},
        {"{{parseDuration \"1h30m\"}} {{now}} {{(toTime now).Year}}", "5400 1.710036e+09 2024"},
        {"{{title \"hello wORLD\"}} {{toUpper \"a\"}} {{toLower \"A\"}}", "Hello WORLD A a"},
        {"{{stripPort \"h:80\"}} {{stripPort \"h\"}} {{stripPort \"[::1]:80\"}} {{stripPort \"::1\"}} {{stripPort "
         "\"[::1]\"}} {{stripPort \"\"}}|",
         "h h ::1 ::1 [::1] |"},
        {"{{stripDomain \"a.b.c:9\"}} {{stripDomain \"a.b\"}} {{stripDomain \"1.2.3.4:5\"}} {{stripDomain "
         "\"[::1]:5\"}} {{stripDomain \"::ffff:1.2.3.4\"}} {{stripDomain \"1.2.3\"}}",
         "a:9 a 1.2.3.4:5 [::1]:5 ::ffff:1.2.3.4 1"},
        {"{{graphLink \"up == 0\"}} {{tableLink \"a\"}} {{urlQueryEscape \"a b\"}}",
         "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=a&g0.tab=1 a+b"},
        {"{{pathPrefix}} {{externalURL}}", "/pre fix http://prom.example.org:9090/pre%20fix"},
        {"{{args 1 \"a\"}} {{(args 1 \"a\").arg1}}", "map[arg0:1 arg1:a] a"},
        {"{{query \"up\" | first | value}} {{query \"up\" | first | label \"i\"}} {{(query \"up\" | first).Labels.i}}",
         "1 b b"},
        {"{{range query \"up\" | sortByLabel \"i\"}}{{.Labels.i}}={{.Value}} {{end}}", "=2.5 a=0 b=1 "},
        {"{{index (query \"up\") 1 | strvalue}} {{len (query \"none\")}}", "v 0"},
        {"{{query \"up\" | first}} {{printf \"%v %T\" (query \"up\" | first) (query \"up\")}}",
         "{map[__name__:up i:b] 1} &{map[__name__:up i:b] 1} template.queryResult"},
        {"{{query \"none\" | first}}", "error: error calling first: first() called on vector with no elements"},
        {"{{query \"bad\"}}", "error: error calling query: no such query"},
        {"{{value nil}}",
         "error: error calling value: runtime error: invalid memory address or nil pointer dereference"},
        {"{{sortByLabel \"a\" 1}}", "error: can't handle 1 for arg of type template.queryResult"},
        {"{{first $labels}}", "error: wrong type for value; expected template.queryResult; got map[string]string"},
        {"{{safeHtml \"<b>\"}}", "<b>"},
        {"{{trimSpace \"a\"}}", "error: function \"trimSpace\" not defined"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render_rule(text) == expected);
    }
}

TEST_CASE("a regular expression that replaces cannot make a text without bound", "[parser][template]") {
    const std::string outcome = render(
        "{{$x := printf \"%1000s\" \"\"}}{{range 5}}{{$x = print $x $x $x $x}}{{end}}{{reReplaceAll \"\" $x $x}}");
    CHECK(outcome == "error: error calling reReplaceAll: text is larger than the limit");
}

}  // namespace
}  // namespace tocsin::templates
