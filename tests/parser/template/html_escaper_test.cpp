#include "parser/template/html_tree_escaper.h"
#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

// `@` stands for a value that is dangerous everywhere.
constexpr std::string_view kValue = R"({{"<a b='c' d=\"e\">&+x/y?z=1#%20 ü"}})";

std::string with_value(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '@' ? std::string(kValue) : std::string(1, c);
    return out;
}

TEST_CASE("values are escaped for the place in the document where they stand", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {"<p>@</p>", "<p>&lt;a b=&#39;c&#39; d=&#34;e&#34;&gt;&amp;&#43;x/y?z=1#%20 ü</p>"},
        {"<p title=\"@\">", "<p title=\"&lt;a b=&#39;c&#39; d=&#34;e&#34;&gt;&amp;&#43;x/y?z=1#%20 ü\">"},
        {"<p title='@'>", "<p title='&lt;a b=&#39;c&#39; d=&#34;e&#34;&gt;&amp;&#43;x/y?z=1#%20 ü'>"},
        {"<p title=@>",
         "<p title=&lt;a&#32;b&#61;&#39;c&#39;&#32;d&#61;&#34;e&#34;&gt;&amp;&#43;x/y?z&#61;1#%20&#32;ü>"},
        {"<p title={{\"\"}}>", "<p title=ZgotmplZ>"},
        {"<title>@</title>", "<title>&lt;a b=&#39;c&#39; d=&#34;e&#34;&gt;&amp;&#43;x/y?z=1#%20 ü</title>"},
        {"<a href=\"@\">", "<a href=\"%3ca%20b=%27c%27%20d=%22e%22%3e&amp;&#43;x/y?z=1#%20%20%c3%bc\">"},
        {"<a href=\"/p/@\">", "<a href=\"/p/%3ca%20b=%27c%27%20d=%22e%22%3e&amp;&#43;x/y?z=1#%20%20%c3%bc\">"},
        {"<a href=\"/p?q=@\">",
         "<a href=\"/p?q=%3ca%20b%3d%27c%27%20d%3d%22e%22%3e%26%2bx%2fy%3fz%3d1%23%2520%20%c3%bc\">"},
        {"<a href=\"{{\"javascript:alert(1)\"}}\">", "<a href=\"#ZgotmplZ\">"},
        {"<a href=\"{{\"JAVASCRIPT:x\"}}\">", "<a href=\"#ZgotmplZ\">"},
        {"<a href=\"{{\"mailto:ops\"}}\">", "<a href=\"mailto:ops\">"},
        {"<a href={{\"http://h/a b\"}}>", "<a href=http://h/a%20b>"},
        {"<a href=\"{{safeUrl \"javascript:x\"}}\">", "<a href=\"javascript:x\">"},
        {"<img src='{{\"/a.png\"}}' alt='{{\"<\"}}'>", "<img src='/a.png' alt='&lt;'>"},
        {"<img srcset=\"{{\"/a.png 2x, javascript:x 1x\"}}\">", "<img srcset=\"/a.png 2x, #ZgotmplZ\">"},
        {"<p style=\"color: {{\"red\"}}; width: {{\"expression(1)\"}}\">", "<p style=\"color: red; width: ZgotmplZ\">"},
        {"<p style=\"background: url('{{\"/a b\"}}')\">", "<p style=\"background: url('/a%20b')\">"},
        {"<p style=\"background: url({{\"javascript:x\"}})\">", "<p style=\"background: url(#ZgotmplZ)\">"},
        {"<p style=\"font: '{{\"a'b\"}}'\">", "<p style=\"font: 'a\\27 b'\">"},
        {"<script>var a = {{\"</script>\"}}, b = {{1}}, c = {{true}}, d = {{list 1 \"x\"}};</script>",
         "<script>var a = \"\\u003c/script\\u003e\", b =  1 , c =  true , d = [1,\"x\"];</script>"},
        {"<script>f('{{\"a'b</script>\\n\"}}')</script>", "<script>f('a\\u0027b\\u003c\\/script\\u003e\\n')</script>"},
        {"<script>x = /{{\"a.b/\"}}/;</script>", "<script>x = /a\\.b\\//;</script>"},
        {"<script>{{print nil}}</script>", "<script>\"\\u003cnil\\u003e\"</script>"},
        {"<a onclick=\"f({{\"a\\\"b\"}})\">", "<a onclick=\"f(&#34;a\\&#34;b&#34;)\">"},
        {"<script type=\"x/template\"><p>{{\"<\"}}</p></script>", "<script type=\"x/template\"><p>&lt;</p></script>"},
        {"<p {{\"title\"}}=\"x\">", "<p title=\"x\">"},
        {"<p {{\"onclick\"}}=\"x\" {{\"a b\"}}=\"y\">", "<p ZgotmplZ=\"x\" ZgotmplZ=\"y\">"},
        {"<p data-x=\"@\" data-url=\"{{\"javascript:x\"}}\">",
         "<p data-x=\"&lt;a b=&#39;c&#39; d=&#34;e&#34;&gt;&amp;&#43;x/y?z=1#%20 ü\" data-url=\"#ZgotmplZ\">"},
        {"a<!-- {{\"x\"}} -->b", "ab"},
        {"<script>a /* {{1}} */ b // {{2}}\nc</script>", "<script>a   b \nc</script>"},
        {"<style>a{} /* {{1}} */ p { color: {{\"#fff\"}} }</style>", "<style>a{}   p { color: #fff }</style>"},
        {"<textarea>{{\"</textarea>\"}}</textarea>", "<textarea>&lt;/textarea&gt;</textarea>"},
        {"1 < 2 {{\"&\"}} <b>", "1 &lt; 2 &amp; <b>"},
        {"<!DOCTYPE html><html>{{1}}", "<!DOCTYPE html><html>1"},
        {"{{safeHtml \"<b>\"}}<p title=\"{{safeHtml \"<b>x</b>&amp;\"}}\">", "<b><p title=\"x&amp;\">"},
        {"{{\"<\" | html}} {{html \"<\"}} <p title='{{\"'\" | html}}'>", "&lt; &lt; <p title='&#39;'>"},
        {"<a href=\"/x?{{\"a b\" | urlquery}}\">", "<a href=\"/x?a&#43;b\">"},
        {"{{(dict).x}}|{{.GroupLabels}}|{{1.5}}", "|alertname=DiskFull|1.5"},
        {"<a href=\"{{if true}}/a{{else}}/b{{end}}/{{\" \"}}\">", "<a href=\"/a/%20\">"},
        {"<p class=\"{{range list \"a\" \"b\"}} {{.}}{{end}}\">", "<p class=\" a b\">"},
        {"{{define \"v\"}}{{\"<'>\"}}{{end}}{{template \"v\"}}<a href=\"/?q={{template \"v\"}}\">",
         "&lt;&#39;&gt;<a href=\"/?q=%3c%27%3e\">"},
        {"{{define \"r\"}}{{if .}}<b>{{template \"r\" 0}}</b>{{end}}{{end}}{{template \"r\" 1}}", "<b></b>"},
        {"{{range list 1 2}}{{if eq . 1}}{{continue}}{{end}}<i>{{.}}</i>{{end}}", "<i>2</i>"},
        {"{{$x := \"<\"}}{{$x}}", "&lt;"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render_html(with_value(text)) == expected);
    }
}

TEST_CASE("where the place is not known the template fails instead of guessing", "[parser][template]") {
    const std::initializer_list<std::pair<std::string_view, std::string_view>> cases = {
        {"{{if true}}<a {{end}}x", "branches end in different contexts"},
        {"<a href=\"{{if true}}/a?{{end}}{{1}}\">", "appears in an ambiguous context within a URL"},
        {"<a href='x{{1}}", "ends in a non-text context"},
        {"<p title=a\"{{1}}>", "in unquoted attr"},
        {"{{template \"nope\"}}", "no such template \"nope\""},
        {"{{\"<\" | html | toUpper}}", "predefined escaper"},
        {"<script>`{{1}}`</script>", "JS template literal"},
        {"<a =x>{{1}}", "expected space, attr name, or end of tag"},
        {"<script>var x = {{if true}}1{{else}}({{end}} /a/</script>", "could start a division or regexp"},
        {"{{range list 1}}<a {{end}}", "branches end in different contexts"},
    };
    for (const auto& [text, message] : cases) {
        INFO(text);
        const auto compiled = NotificationTemplates().parse_html(text);
        REQUIRE(compiled);
        const auto rendered = compiled->expand(example_notification(), {});
        REQUIRE_FALSE(rendered);
        CHECK_THAT(rendered.error().message,
                   Catch::StartsWith("html/template") && Catch::Contains(std::string(message)));
        CHECK(compiled->facts().problems.size() == 1);
    }
}

TEST_CASE("ranges within ranges do not make escaping take for ever", "[parser][template]") {
    std::string text = "x";
    for (int i = 0; i < 90; ++i)
        text = "{{range list 1}}<a href=\"" + std::string(i == 0 ? "x" : "") + text + "{{end}}";
    const auto compiled = NotificationTemplates().parse_html(text);
    REQUIRE(compiled);
    CHECK_FALSE(compiled->expand(example_notification(), {}));
}

}  // namespace
}  // namespace tocsin::templates
