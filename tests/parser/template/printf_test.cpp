#include "parser/template/printf.h"

#include <array>
#include <cmath>
#include <limits>

#include "parser/template/types.h"
#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

std::string formatted(std::string_view format, std::initializer_list<Value> values) {
    std::string out;
    REQUIRE(append_printf(out, format, {values.begin(), values.size()}, 10'000, 1000));
    return out;
}

struct Case {
    std::string_view format;
    Value value;
    std::string_view expected;
};

void check(std::initializer_list<Case> cases) {
    for (const auto& [format, value, expected] : cases) {
        INFO(format);
        CHECK(formatted(format, {value}) == expected);
    }
}

TEST_CASE("integers are written with all verbs and flags of Go", "[parser][template]") {
    const Value seven = Value::integer(7), minus = Value::integer(-42), large = Value::integer(255);
    check({
        {"%d", minus, "-42"},
        {"%+d", seven, "+7"},
        {"% d", seven, " 7"},
        {"%5d|", minus, "  -42|"},
        {"%-5d|", minus, "-42  |"},
        {"%05d", minus, "-0042"},
        {"%+05d", seven, "+0007"},
        {"%.4d", seven, "0007"},
        {"%8.4d|", minus, "   -0042|"},
        {"%08.4d|", minus, "   -0042|"},
        {"%-08d|", minus, "-42     |"},
        {"%.0d|", Value::integer(0), "|"},
        {"%3.0d|", Value::integer(0), "   |"},
        {"%b", seven, "111"},
        {"%#b", seven, "0b111"},
        {"%o", large, "377"},
        {"%#o", large, "0377"},
        {"%O", large, "0o377"},
        {"%x", large, "ff"},
        {"%X", large, "FF"},
        {"%#x", large, "0xff"},
        {"%#X", large, "0XFF"},
        {"%x", minus, "-2a"},
        {"%c", Value::integer(0x1F642), "🙂"},
        {"%c", Value::integer(-1), "\xEF\xBF\xBD"},
        {"%q", Value::integer('a'), "'a'"},
        {"%q", Value::integer('\''), "'\\''"},
        {"%q", Value::integer('"'), "'\"'"},
        {"%q", Value::integer('\n'), "'\\n'"},
        {"%+q", Value::integer(0xFC), "'\\u00fc'"},
        {"%U", Value::integer(0x1F642), "U+1F642"},
        {"%#U", Value::integer(0xFC), "U+00FC 'ü'"},
        {"%U", seven, "U+0007"},
        {"%v", minus, "-42"},
        {"%#v", minus, "-42"},
        {"%T", minus, "int"},
        {"%s", seven, "%!s(int=7)"},
        {"%t", seven, "%!t(int=7)"},
        {"%d", Value::integer(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808"},
        {"%v", Value::unsigned_integer(200, types::byte), "200"},
        {"%#v", Value::unsigned_integer(200, types::byte), "0xc8"},
        {"%T", Value::unsigned_integer(200, types::byte), "uint8"},
    });
}

TEST_CASE("floating-point numbers are written with all verbs and flags of Go", "[parser][template]") {
    const Value pi = Value::number(3.14159), big = Value::number(123456789), nan = Value::number(NAN);
    const Value inf = Value::number(INFINITY), minus_zero = Value::number(-0.0);
    check({
        {"%v", pi, "3.14159"},
        {"%g", big, "1.23456789e+08"},
        {"%f", pi, "3.141590"},
        {"%.2f", pi, "3.14"},
        {"%F", pi, "3.141590"},
        {"%8.3f|", pi, "   3.142|"},
        {"%-8.1f|", pi, "3.1     |"},
        {"%08.3f", Value::number(-3.14159), "-003.142"},
        {"%+.1f", pi, "+3.1"},
        {"% .1f", pi, " 3.1"},
        {"%e", pi, "3.141590e+00"},
        {"%.0e", pi, "3e+00"},
        {"%E", big, "1.234568E+08"},
        {"%.3g", big, "1.23e+08"},
        {"%G", Value::number(1e-10), "1E-10"},
        {"%.10g", Value::number(0.1), "0.1"},
        {"%g", Value::number(100000), "100000"},
        {"%g", Value::number(1e6), "1e+06"},
        {"%g", Value::number(0.0001), "0.0001"},
        {"%g", Value::number(0.00001), "1e-05"},
        {"%g", Value::number(5e-324), "5e-324"},
        {"%g", Value::number(1.7976931348623157e308), "1.7976931348623157e+308"},
        {"%v", minus_zero, "-0"},
        {"%.0f", Value::number(2.5), "2"},
        {"%.0f", Value::number(3.5), "4"},
        {"%#g", Value::number(1), "1.00000"},
        {"%#.0f", Value::number(1), "1."},
        {"%#v", Value::number(1), "1"},
        {"%x", Value::number(3.5), "0x1.cp+01"},
        {"%X", Value::number(-1), "-0X1P+00"},
        {"%x", Value::number(0), "0x0p+00"},
        {"%.1x", Value::number(1.97), "0x1.0p+01"},
        {"%.3x", Value::number(1), "0x1.000p+00"},
        {"%x", Value::number(5e-324), "0x1p-1074"},
        {"%b", Value::number(1), "4503599627370496p-52"},
        {"%v", nan, "NaN"},
        {"%+v", nan, "NaN"},
        {"%+f", nan, "+NaN"},
        {"%v", inf, "+Inf"},
        {"%f", Value::number(-INFINITY), "-Inf"},
        {"%08f|", inf, "    +Inf|"},
        {"% f", inf, " Inf"},
        {"%d", pi, "%!d(float64=3.14159)"},
        {"%s", pi, "%!s(float64=3.14159)"},
    });
}

TEST_CASE("texts are written with all verbs and flags of Go", "[parser][template]") {
    const Value text = Value::text("a\"ü\n");
    check({
        {"%s", Value::text("abc"), "abc"},
        {"%5s|", Value::text("ü"), "    ü|"},
        {"%-5s|", Value::text("ab"), "ab   |"},
        {"%.2s", Value::text("日本語"), "日本"},
        {"%05s", Value::text("ab"), "000ab"},
        {"%q", text, "\"a\\\"ü\\n\""},
        {"%+q", text, "\"a\\\"\\u00fc\\n\""},
        {"%#q", Value::text("a"), "`a`"},
        {"%#q", Value::text("`"), "\"`\""},
        {"%#+q", Value::text("ü"), "`ü`"},
        {"%x", Value::text("hi"), "6869"},
        {"%X", Value::text("j~"), "6A7E"},
        {"% x", Value::text("abc"), "61 62 63"},
        {"%#x", Value::text("ab"), "0x6162"},
        {"% #x", Value::text("ab"), "0x61 0x62"},
        {"%.1x", Value::text("ab"), "61"},
        {"%v", Value::text("s"), "s"},
        {"%#v", Value::text("s"), "\"s\""},
        {"%d", Value::text("s"), "%!d(string=s)"},
        {"%T", Value::text("s"), "string"},
        {"%T", Value::text("s", types::html), "template.HTML"},
        {"%t", Value::boolean(true), "true"},
        {"%7t|", Value::boolean(false), "  false|"},
        {"%d", Value::boolean(true), "%!d(bool=true)"},
        {"%v", Value::complex({1, -2}), "(1-2i)"},
        {"%.1f", Value::complex({1, 2}), "(1.0+2.0i)"},
        {"%v", Value(), "<nil>"},
        {"%s", Value(), "%!s(<nil>)"},
        {"%d", Value(), "%!d(<nil>)"},
        {"%T", Value(), "<nil>"},
        {"%p", Value::integer(1), "%!p(int=1)"},
    });
}

TEST_CASE("formats pick their arguments as in Go and show their mistakes", "[parser][template]") {
    const Value one = Value::integer(1), two = Value::integer(2);
    CHECK(formatted("%[2]d %[1]d", {one, two}) == "2 1");
    CHECK(formatted("%[2]*[1]d|", {one, Value::integer(4)}) == "   1|");
    CHECK(formatted("%[3]*.[2]*[1]f|", {Value::number(12), two, Value::integer(6)}) == " 12.00|");
    CHECK(formatted("%*d|", {Value::integer(-4), one}) == "1   |");
    CHECK(formatted("%.*d", {Value::integer(-4), one}) == "%!(BADPREC)1");
    CHECK(formatted("%*d", {Value::text("x"), one}) == "%!(BADWIDTH)1");
    CHECK(formatted("%d %d", {one}) == "1 %!d(MISSING)");
    CHECK(formatted("%d", {one, two}) == "1%!(EXTRA int=2)");
    CHECK(formatted("x", {Value()}) == "x%!(EXTRA <nil>)");
    CHECK(formatted("%", {}) == "%!(NOVERB)");
    CHECK(formatted("%-", {}) == "%!(NOVERB)");
    CHECK(formatted("%!", {}) == "%!!(MISSING)");
    CHECK(formatted("%z", {one}) == "%!z(int=1)");
    CHECK(formatted("%ü", {one}) == "%!ü(int=1)");
    CHECK(formatted("%%|%5%", {}) == "%|%");
    CHECK(formatted("%[5]d", {one}) == "%!d(BADINDEX)");
    CHECK(formatted("%[x]d", {one}) == "%!d(BADINDEX)");
    CHECK(formatted("%[1]", {one}) == "%!(NOVERB)");
    CHECK(formatted("%[1]2d", {one}) == "%!d(BADINDEX)");
    CHECK(formatted("%[", {one}) == "%!(NOVERB)");
    CHECK(formatted("%.[2]d", {one}) == "%!d(BADINDEX)");
    CHECK(formatted("%6.2f%%", {Value::number(12.345)}) == " 12.35%");
}

TEST_CASE("what is composed is written part by part", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {R"({{list 1 "a" nil true}})", "[1 a <nil> true]"},
        {R"({{printf "%d" (list 1 "a")}})", "[1 %!d(string=a)]"},
        {R"({{printf "%q" (stringSlice "a" "b")}})", R"(["a" "b"])"},
        {R"({{printf "%#v" (stringSlice "a" "b")}})", R"([]string{"a", "b"})"},
        {R"({{printf "%v %+v" (dict "b" 1 "a" "x") (dict)}})", "map[a:x b:1] map[]"},
        {R"({{printf "%#v" (dict "b" 1)}})", R"(map[string]interface {}{"b":1})"},
        {R"({{printf "%v|%s|%q|%x" .GroupLabels .GroupLabels .GroupLabels .GroupLabels}})",
         R"(alertname=DiskFull|alertname=DiskFull|"alertname=DiskFull"|616c6572746e616d653d4469736b46756c6c)"},
        {R"({{printf "%#v" .GroupLabels}})", R"(template.KV{"alertname":"DiskFull"})"},
        {R"({{printf "%d" .GroupLabels}})", "map[%!d(string=alertname):%!d(string=DiskFull)]"},
        {R"({{.GroupLabels.SortedPairs}} {{range .GroupLabels.SortedPairs}}{{.}} {{printf "%+v" .}}{{end}})",
         "alertname=DiskFull {alertname DiskFull} {Name:alertname Value:DiskFull}"},
        {R"({{printf "%T %T %T" .Alerts .Alerts.Firing (index .Alerts 0)}})",
         "template.Alerts []template.Alert template.Alert"},
        {R"({{printf "%T %T" (index .Alerts 0).StartsAt .GroupLabels.Names}})", "time.Time template.Strings"},
        {R"({{print 1 2 "a" "b" 3 nil nil}})", "1 2ab3 <nil> <nil>"},
        {R"({{println}}{{println 1 "a" nil}})", "\n1 a <nil>\n"},
        {R"({{printf "%s|%v|%d" (since now) (since now) (since now)}})", "0s|0s|0"},
        {R"({{(index .Alerts 0).StartsAt.Month}} {{printf "%d" (index .Alerts 0).StartsAt.Month}})", "March 3"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render(text) == expected);
    }
}

TEST_CASE("widths, texts and nesting are bounded", "[parser][template]") {
    std::string out;
    const std::array<Value, 1> one = {Value::integer(1)};
    const auto wide = append_printf(out, "%1001d", one, 10'000, 1000);
    REQUIRE_FALSE(wide);
    CHECK(wide.error().kind == Error::Kind::LimitExceeded);
    CHECK(append_printf(out, "%1000d", one, 10'000, 1000));
    CHECK_FALSE(append_printf(out, "%.1001f", one, 10'000, 1000));
    const std::string text(100, 'x');
    const std::array<Value, 2> twice = {Value::text(text), Value::text(text)};
    CHECK_FALSE(append_print(out, twice, 150));
    CHECK(append_print(out, twice, 200));
}

}  // namespace
}  // namespace tocsin::templates
