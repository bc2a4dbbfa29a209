#include "parser/promql_parser.h"

#include <cmath>
#include <string>
#include <vector>

#include "parser/printer.h"
#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

/// What is wrong with `text`, one line each; empty when nothing is.
std::string refused(std::string_view text, const PromqlLimits& limits = {}) {
    const auto expr = parse_promql(text, limits);
    if (expr) return {};
    std::string out;
    for (const Diagnostic& diagnostic : expr.error()) out += (out.empty() ? "" : "\n") + to_string(diagnostic);
    return out;
}

ExprPtr parsed(std::string_view text) {
    CAPTURE(text);
    auto expr = parse_promql(text);
    INFO(refused(text));
    REQUIRE(expr);
    return *std::move(expr);
}

/// The tree with all its parentheses, so that it can be seen what belongs together.
std::string shape(const Expr& expr) {
    if (const auto* binary = expr.as<Binary>()) {
        return "(" + shape(*binary->left) + " " + std::string(to_string(binary->op)) + " " + shape(*binary->right) +
               ")";
    }
    if (const auto* unary = expr.as<Unary>()) return (unary->negative ? "-[" : "+[") + shape(*unary->operand) + "]";
    if (const auto* paren = expr.as<Paren>()) return shape(*paren->inner);
    return to_string(expr);
}

std::string repeated(std::string_view piece, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += piece;
    return out;
}

const VectorSelector& selector_of(const ExprPtr& expr) {
    const auto* matrix = expr->as<MatrixSelector>();
    const auto* selector = matrix ? matrix->selector->as<VectorSelector>() : expr->as<VectorSelector>();
    REQUIRE(selector);
    return *selector;
}

}  // namespace

TEST_CASE("numbers are read as Go reads them", "[parser][promql]") {
    struct Case {
        std::string_view text;
        double want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"0", 0},
        {"1.5", 1.5},
        {".5", .5},
        {"5.", 5},
        {"1e3", 1000},
        {"1E+3", 1000},
        {"1e-3", .001},
        {"5.e2", 500},
        {"1_000", 1000},
        {"1_0.5_0e1_0", 10.5e10},
        {"0x1F", 31},
        {"0X_ff", 255},
        {"0xe5", 229},
        {"017", 15},   // octal
        {"0_17", 15},  // octal as well
        {"08", 8},     // not octal, so decimal
        {"017.5", 17.5},
        {"9223372036854775807", 9223372036854775807.0},
        {"18446744073709551616", 18446744073709551616.0},
        {"+5", 5},
        {"-5", -5},
        {"--5", 5},
        {"-+-5", 5},
        {"inf", INFINITY},
        {"-Inf", -INFINITY},
        {"iNF", INFINITY},
    }));
    const ExprPtr expr = parsed(text);
    REQUIRE(expr->as<NumberLiteral>());
    CHECK(expr->as<NumberLiteral>()->value == want);
    CHECK_FALSE(expr->as<NumberLiteral>()->is_duration);
}

TEST_CASE("NaN is a number in any case of its letters", "[parser][promql]") {
    CHECK(std::isnan(parsed("nan")->as<NumberLiteral>()->value));
    CHECK(std::isnan(parsed("-NAN")->as<NumberLiteral>()->value));
}

TEST_CASE("a duration is a number of seconds", "[parser][promql]") {
    struct Case {
        std::string_view text;
        double want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"5m", 300},
        {"1h30m", 5400},
        {"-1h30m", -5400},
        {"100ms", .1},
        {"1s1ms", 1.001},
        {"1y1w1d", 372.0 * 86400 + 86400},
        {"0s", 0},
    }));
    const ExprPtr expr = parsed(text);
    REQUIRE(expr->as<NumberLiteral>());
    CHECK(expr->as<NumberLiteral>()->value == want);
    CHECK(expr->as<NumberLiteral>()->is_duration);
}

TEST_CASE("strings stand in three kinds of quotes and have Go's escapes", "[parser][promql]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {R"("")", ""},
        {R"("a")", "a"},
        {R"('a"b')", "a\"b"},
        {R"("a'b")", "a'b"},
        {R"('a\'b')", "a'b"},
        {R"("a\"b")", "a\"b"},
        {R"("\a\b\f\n\r\t\v\\")", "\a\b\f\n\r\t\v\\"},
        {R"("\101\x41\u0041\U00000041")", "AAAA"},
        {R"("\xff\377")", "\xff\xff"},
        {R"("\u00e9\U0001F514")", "é🔔"},
        {"\"é🔔\"", "é🔔"},
        {"\"\xef\xbf\xbd\"", "\xef\xbf\xbd"},  // U+FFFD itself
        {"\"a\tb\"", "a\tb"},
        {R"(`a\nb`)", "a\\nb"},
        {"`a\nb`", "a\nb"},
        {R"(`"'`)", "\"'"},
    }));
    const ExprPtr expr = parsed(text);
    REQUIRE(expr->as<StringLiteral>());
    CHECK(expr->as<StringLiteral>()->value == want);
}

TEST_CASE("white space and comments may stand anywhere between tokens", "[parser][promql]") {
    const auto text = GENERATE(values<std::string_view>({
        "sum by(a)(rate(b{c=\"d\"}[5m]offset 1h))+1",
        "  sum\tby\n( a )\r\n( rate ( b { c = \"d\" } [ 5m ] offset 1h ) ) + 1  ",
        "# one\nsum # two\nby # three\n(a, # four\n) (rate(b # five\n{c # six\n=# seven\n\"d\",}[5m # "
        "eight\n]offset#\n1h))+1#",
    }));
    CHECK(to_string(*parsed(text)) == "sum by (a) (rate(b{c=\"d\"}[5m] offset 1h)) + 1");
}

TEST_CASE("a word is a keyword only where a keyword can stand", "[parser][promql]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"sum", "sum"},
        {"sum + sum", "sum + sum"},
        {"sum{by=\"x\"}", "sum{by=\"x\"}"},
        {"sum (sum)", "sum(sum)"},
        {"SUM(x)", "sum(x)"},
        {"sum:x", "sum:x"},
        {"offset offset 5m", "offset offset 5m"},
        {"by + without", "by + without"},
        {"and and or or unless", "and and or or unless"},
        {"start + end", "start + end"},
        {"start() + end()", "start() + end()"},
        {"step + range() + min_of(1, 2)", "step + range() + min_of(1, 2)"},
        {"anchored anchored + smoothed", "anchored anchored + smoothed"},
        {"fill + fill_left - fill_right", "fill + fill_left - fill_right"},
        {"fill + fill (0) fill", "fill + fill (0) fill"},
        {"limitk", "limitk"},
        {"infinity + nano + inf:x", "infinity + nano + inf:x"},
        {":a:b:", ":a:b:"},
        {"a{and=\"b\", on=\"c\", bool=\"d\", inf=\"e\"}", "a{and=\"b\",bool=\"d\",inf=\"e\",on=\"c\"}"},
        {"sum by (and, sum, on, bool, group_left, offset) (z)", "sum by (and, sum, on, bool, group_left, offset) (z)"},
        {"a AND B UNLESS c", "a and B unless c"},
        {"a == BOOL b", "a == bool b"},
        {"a OFFSET 5m", "a offset 5m"},
        {"a @ START()", "a @ start()"},
    }));
    CHECK(to_string(*parsed(text)) == want);
}

TEST_CASE("matchers are kept in the order of the text, that of the name last", "[parser][promql]") {
    const ExprPtr expr = parsed(R"(up{b!="1", a=~"2|3", "c d"!~'4', a="5",})");
    const VectorSelector& selector = selector_of(expr);
    CHECK(selector.name == "up");
    std::vector<std::string> matchers;
    for (const Matcher& matcher : selector.matchers) matchers.push_back(to_string(matcher));
    CHECK(matchers ==
          std::vector<std::string>{R"(b!="1")", R"(a=~"2|3")", R"("c d"!~"4")", R"(a="5")", R"(__name__="up")"});
}

TEST_CASE("a quoted name inside the braces is the metric's", "[parser][promql]") {
    const ExprPtr expr = parsed(R"({"a.b", l="x"})");
    const VectorSelector& selector = selector_of(expr);
    CHECK(selector.name.empty());
    REQUIRE(selector.matchers.size() == 2);
    CHECK(selector.matchers[0] == Matcher::equal("__name__", "a.b"));
}

TEST_CASE("operators bind as the documentation says", "[parser][promql]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"a + b * c", "(a + (b * c))"},
        {"a * b + c", "((a * b) + c)"},
        {"a - b - c", "((a - b) - c)"},
        {"a / b * c % d atan2 e", "((((a / b) * c) % d) atan2 e)"},
        {"a ^ b ^ c", "(a ^ (b ^ c))"},
        {"a * b ^ c", "(a * (b ^ c))"},
        {"a or b and c", "(a or (b and c))"},
        {"a and b unless c and d", "(((a and b) unless c) and d)"},
        {"a or b or c", "((a or b) or c)"},
        {"a > b + 1 and c", "((a > (b + 1)) and c)"},
        {"a == b != c <= d", "(((a == b) != c) <= d)"},
        {"a </ 5 >/ 7", "((a </ 5) >/ 7)"},
        {"a <b>c", "((a < b) > c)"},
        {"a<-1", "(a < -1)"},
        {"(a + b) * c", "((a + b) * c)"},
        {"-a * b", "(-[a] * b)"},
        {"-a ^ b", "-[(a ^ b)]"},
        {"-1 ^ 2", "-[(1 ^ 2)]"},
        {"a ^ -b ^ c", "(a ^ -[(b ^ c)])"},
        {"a ^ -b * c", "((a ^ -[b]) * c)"},
        {"-a + b", "(-[a] + b)"},
        {"- - +a", "-[-[+[a]]]"},
        {"a - -1", "(a - -1)"},
        {"a * -b * c", "((a * -[b]) * c)"},
        {"-a offset 5m", "-[a offset 5m]"},
        {"a + b offset 5m", "(a + b offset 5m)"},
        {"a + b @ 5", "(a + b @ 5.000)"},
        {"a offset 5m * 2", "(a offset 5m * 2)"},
        {"a offset -2 ^ 2", "(a offset -2s ^ 2)"},
        {"a offset step() + 1", "(a offset step() + 1)"},
    }));
    CHECK(shape(*parsed(text)) == want);
}

TEST_CASE("offset, @ and the extensions stand behind a selector in any order", "[parser][promql]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"a offset 5m", "a offset 5m"},
        {"a offset -5m", "a offset -5m"},
        {"a offset +5m", "a offset 5m"},
        {"a offset 300", "a offset 5m"},
        {"a offset 0s", "a"},
        {"a offset 0s offset 5m", "a offset 5m"},
        {"a @ 1609746000", "a @ 1609746000.000"},
        {"a @ -1.0005", "a @ -1.001"},
        {"a @ +5", "a @ 5.000"},
        {"a @ 1m", "a @ 60.000"},
        {"a @ start()", "a @ start()"},
        {"a @ end ( )", "a @ end()"},
        {"a offset 5m @ 10", "a @ 10.000 offset 5m"},
        {"a @ 10 offset 5m", "a @ 10.000 offset 5m"},
        {"a[5m] offset 5m @ 10", "a[5m] @ 10.000 offset 5m"},
        {"a[5m] smoothed", "a[5m] smoothed"},
        {"a smoothed[5m]", "a[5m] smoothed"},
        {"a @ 10 smoothed offset 5m", "a @ 10.000 smoothed offset 5m"},
        {"a[5m] anchored @ 10 offset 5m", "a[5m] anchored @ 10.000 offset 5m"},
        {"a[5m:]", "a[5m:]"},
        {"a[5m:1m]", "a[5m:1m]"},
        {"(a + b)[5m:1m] offset 5m @ start()", "(a + b)[5m:1m] @ start() offset 5m"},
        {"a offset 5m [5m:1m]", "a offset 5m[5m:1m]"},
        {"rate(a[5m])[1h:][2h:1m]", "rate(a[5m])[1h:][2h:1m]"},
        {"a[300]", "a[5m]"},
        {"a[1.5]", "a[1s500ms]"},
        {"a[5m:60]", "a[5m:1m]"},
    }));
    CHECK(to_string(*parsed(text)) == want);
}

TEST_CASE("arithmetic over constants in a duration is done by the parser, and kept as written", "[parser][promql]") {
    struct Case {
        std::string_view text;
        Duration want;
        std::string_view printed;
    };
    const auto [text, want, printed] = GENERATE(values<Case>({
        {"a[5m]", 5min, "a[5m]"},
        {"a[5m*2]", 10min, "a[5m * 2]"},
        {"a[(5m)]", 5min, "a[(5m)]"},
        {"a[-5m+35m]", 30min, "a[-5m + 35m]"},
        {"a[26m+4m]", 30min, "a[26m + 4m]"},
        {"a[2^3^2s]", 512s, "a[2 ^ 3 ^ 2s]"},
        {"a[-2^2+5]", 1s, "a[-2 ^ 2 + 5]"},
        {"a[1h - -(5m)]", 65min, "a[1h - -(5m)]"},
        {"a[20*(((((8 - 2) / 3) * 7s) % 4) + 8000ms)]", 200s, "a[20 * (((((8 - 2) / 3) * 7s) % 4) + 8000ms)]"},
        {"a[min_of(5m, 1h)]", 5min, "a[min_of(5m, 1h)]"},
        {"a[max_of(5m, MIN_OF(1h, 10m)) + 1]", 601s, "a[max_of(5m, min_of(1h, 10m)) + 1]"},
        {"a[0.1 + 0.2]", 300ms, "a[0.1 + 0.2]"},
        {"a[1d / 24]", 1h, "a[1d / 24]"},
        {"a[+5m]", 5min, "a[5m]"},
        {"a[+(5m)]", 5min, "a[(5m)]"},
    }));
    const ExprPtr expr = parsed(text);
    REQUIRE(expr->as<MatrixSelector>());
    const DurationExpr& range = expr->as<MatrixSelector>()->range;
    CHECK(range.value == want);
    CHECK_FALSE(range.expr);
    // Durations of the arithmetic are printed as they would be alone: 8000ms is 8s.
    CHECK(to_string(*expr) == (printed.find("8000ms") == printed.npos ? std::string(printed)
                                                                      : "a[20 * (((((8 - 2) / 3) * 7s) % 4) + 8s)]"));
}

TEST_CASE("a duration that depends on the query stays an expression", "[parser][promql]") {
    const auto [text, want] = GENERATE(table<std::string_view, std::string_view>({
        {"a[step()]", "a[step()]"},
        {"a[STEP() + 1ms]", "a[step() + 1ms]"},
        {"a[max_of(min_of(step()+1,1h),1ms)]", "a[max_of(min_of(step() + 1, 1h), 1ms)]"},
        {"a[range() * 2]", "a[range() * 2]"},
        {"a[-(step()) + 1h]", "a[-(step()) + 1h]"},
    }));
    const ExprPtr expr = parsed(text);
    REQUIRE(expr->as<MatrixSelector>());
    CHECK(expr->as<MatrixSelector>()->range.expr);
    CHECK(to_string(*expr) == want);
}

TEST_CASE("after offset, arithmetic needs parentheses", "[parser][promql]") {
    const auto [text, offset, rest] = GENERATE(table<std::string_view, Duration, std::string_view>({
        {"a offset (2 * 2)", 4s, ""},
        {"a offset -(2 * 2)", -4s, ""},
        {"a offset (-2 * 2)", -4s, ""},
        {"a offset -min_of(5, 3)", -3s, ""},
        {"a offset -(20*(((((8 - 2) / 3) * 7s) % 4) + 8000ms))", -200s, ""},
        {"a offset 2 * 2", 2s, "* 2"},
        {"a offset min_of(5, 3) + 8", 3s, "+ 8"},
    }));
    const ExprPtr expr = parsed(text);
    const auto* binary = expr->as<Binary>();
    CHECK((binary == nullptr) == rest.empty());
    const Expr& selector = binary ? *binary->left : *expr;
    REQUIRE(selector.as<VectorSelector>());
    CHECK(selector.as<VectorSelector>()->offset.value == offset);
}

TEST_CASE("an aggregation takes its labels before or after its arguments", "[parser][promql]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"sum(a)", "sum(a)"},
        {"sum by (b) (a)", "sum by (b) (a)"},
        {"sum(a) by (b)", "sum by (b) (a)"},
        {"sum(a) without (b, c,)", "sum without (b, c) (a)"},
        {"sum by () (a)", "sum(a)"},
        {"sum without () (a)", "sum without () (a)"},
        {"topk(5, a)", "topk(5, a)"},
        {"topk by (b) (5, a)", "topk by (b) (5, a)"},
        {"count_values(\"x\", a) by (b)", "count_values by (b) (\"x\", a)"},
        {"quantile(0.9, a) + limit_ratio(0.5, b)", "quantile(0.9, a) + limit_ratio(0.5, b)"},
        {"sum by (\"a b\", 'c', d:e) (a)", "sum by (\"a b\", c, \"d:e\") (a)"},
        {"group(stddev(stdvar(avg(min(max(count(bottomk(1, limitk(2, a)))))))))",
         "group(stddev(stdvar(avg(min(max(count(bottomk(1, limitk(2, a)))))))))"},
    }));
    CHECK(to_string(*parsed(text)) == want);
}

TEST_CASE("by () is remembered although it changes nothing", "[parser][promql]") {
    CHECK_FALSE(parsed("sum(a)")->as<Aggregate>()->has_grouping);
    CHECK(parsed("sum by () (a)")->as<Aggregate>()->has_grouping);
    CHECK(parsed("sum(a) without ()")->as<Aggregate>()->without);
}

TEST_CASE("vector matching is kept as it was written", "[parser][promql]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"a * on (x, y) b", "a * on (x, y) b"},
        {"a * on () b", "a * on () b"},
        {"a * ignoring (x) b", "a * ignoring (x) b"},
        {"a * ignoring () b", "a * b"},
        {"a * on (x) group_left b", "a * on (x) group_left () b"},
        {"a * on (x) group_left (y) b", "a * on (x) group_left (y) b"},
        {"a * ignoring () group_right (y, \"z z\") b", "a * ignoring () group_right (y, \"z z\") b"},
        {"a * on (x) group_left (b)", "a * on (x) group_left (b) "},
        {"a > bool on (x) b", "a > bool on (x) b"},
        {"a + fill (0) b", "a + fill (0) b"},
        {"a + fill(-1.5) b", "a + fill (-1.5) b"},
        {"a + fill_left(1) b", "a + fill_left (1) b"},
        {"a + fill_right(+Inf) b", "a + fill_right (+Inf) b"},
        {"a + fill_right(1) fill_left(2) b", "a + fill_left (2) fill_right (1) b"},
        {"a + fill_left(1) fill_right(1) b", "a + fill (1) b"},
        {"a == bool on (x) group_left (y) fill (1m) b", "a == bool on (x) group_left (y) fill (60) b"},
        {"a and on (x) b", "a and on (x) b"},
    }));
    if (want.ends_with(' ')) {
        CHECK_FALSE(refused(text).empty());
    } else {
        CHECK(to_string(*parsed(text)) == want);
    }
}

TEST_CASE("there is no vector matching where none was written", "[parser][promql]") {
    CHECK_FALSE(parsed("a + b")->as<Binary>()->matching);
    CHECK_FALSE(parsed("a == bool b")->as<Binary>()->matching);
    CHECK(parsed("a * ignoring () b")->as<Binary>()->matching);
}

TEST_CASE("names of functions are not looked up", "[parser][promql]") {
    const ExprPtr expr = parsed(" no_such_function(1, 'x', a[5m])");
    const auto* call = expr->as<Call>();
    REQUIRE(call);
    CHECK(call->function == "no_such_function");
    CHECK(call->function_span == TextSpan{1, 17});
    CHECK(call->arguments.size() == 3);
}

TEST_CASE("every node knows where it stands in the text", "[parser][promql]") {
    const std::string_view text = R"( sum by (x) ( rate(a{b="c"}[5m] offset 1m ) ) + on(x) -( c @ 5 ) )";
    struct Case {
        std::string_view want;
        std::vector<std::size_t> path;  // of operands, from the root
    };
    const auto [want, path] = GENERATE_COPY(values<Case>({
        {R"(sum by (x) ( rate(a{b="c"}[5m] offset 1m ) ) + on(x) -( c @ 5 ))", {}},
        {R"(sum by (x) ( rate(a{b="c"}[5m] offset 1m ) ))", {0}},
        {R"(rate(a{b="c"}[5m] offset 1m ))", {0, 0}},
        {R"(a{b="c"}[5m] offset 1m)", {0, 0, 0}},
        {R"(a{b="c"})", {0, 0, 0, 0}},
        {"-( c @ 5 )", {1}},
        {"( c @ 5 )", {1, 0}},
        {"c @ 5", {1, 0, 0}},
    }));
    const ExprPtr root = parsed(text);
    const Expr* expr = root.get();
    for (const std::size_t step : path) {
        std::vector<const Expr*> operands;
        for_each_operand(*expr, [&](const Expr& operand) { operands.push_back(&operand); });
        REQUIRE(step < operands.size());
        expr = operands[step];
    }
    CHECK(text.substr(expr->span.begin, expr->span.end - expr->span.begin) == want);
}

TEST_CASE("what cannot be read is refused in Prometheus' words", "[parser][promql]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"", "1:1: no expression found in input"},
        {" # nothing\n ", "1:1: no expression found in input"},
        {"1 +", "1:4: unexpected end of input"},
        {"1 + * 2", "1:5: unexpected <op:*>"},
        {"a b", "1:3: unexpected identifier \"b\""},
        {"a a:b", "1:3: unexpected metric identifier \"a:b\""},
        {"a 5", "1:3: unexpected number \"5\""},
        {"a 5m", "1:3: unexpected duration \"5m\""},
        {"a 'b'", "1:3: unexpected string \"'b'\""},
        {"a 'bcdefghijklmn'", "1:3: unexpected string \"'bcdefghij\"..."},
        {"a by", "1:3: unexpected <by>"},
        {"a sum", "1:3: unexpected <aggr:sum>"},
        {"a start", "1:3: unexpected \"start\""},
        {"a =~ 'b'", "1:3: unexpected character after '=': '~'"},
        {"a = b", "1:3: unexpected \"=\""},
        {"!a", "1:1: unexpected character after '!': 'a'"},
        {"a.b", "1:2: unexpected character: '.'"},
        {"a;", "1:2: unexpected character: ';'"},
        {"a && b", "1:3: unexpected character: '&'"},
        {"é", "1:1: unexpected character: 'é'"},
        {"a}", "1:2: unexpected character: '}'"},
        {"a\n+\n  ?", "3:3: unexpected character: '?'"},
        // parentheses
        {"(a", "1:3: unclosed left parenthesis"},
        {"sum(rate(a[5m])", "1:16: unclosed left parenthesis"},
        {"sum by (", "1:9: unclosed left parenthesis"},
        {"a)", "1:2: unexpected right parenthesis ')'"},
        {"()", "1:2: unexpected \")\""},
        {"f(a,)", "1:4: trailing commas not allowed in function call args"},
        {"f(,a)", "1:3: unexpected \",\""},
        {"f(a b)", "1:5: unexpected identifier \"b\""},
        {"a:b(c)", "1:4: unexpected \"(\""},
        {"by(c)", "1:3: unexpected \"(\""},
        {"fill(1)", "1:1: unexpected <fill>"},
        // braces
        {"a{", "1:3: unexpected end of input inside braces"},
        {"a{b", "1:4: unexpected end of input inside braces"},
        {"a{b=\"c\"", "1:8: unexpected end of input inside braces"},
        {"a{b}", "1:4: unexpected \"}\" in label matching, expected label matching operator"},
        {"a{b=}", "1:5: unexpected \"}\" in label matching, expected string"},
        {"a{b=c}", "1:5: unexpected identifier \"c\" in label matching, expected string"},
        {"a{b==\"c\"}", "1:5: unexpected \"=\" in label matching, expected string"},
        {"a{b!\"c\"}", "1:4: unexpected character after '!' inside braces: '\"'"},
        {"a{b=\"c\" d=\"e\"}", "1:9: unexpected identifier \"d\" in label matching, expected \",\" or \"}\""},
        {"a{b=\"c\",,}", "1:9: unexpected \",\" in label matching, expected identifier or \"}\""},
        {"a{,}", "1:3: unexpected \",\" in label matching, expected identifier or \"}\""},
        {"a{5}", "1:3: unexpected character inside braces: '5'"},
        {"a{{}}", "1:3: unexpected left brace '{'"},
        {"a{b:c=\"d\"}", "1:4: unexpected character inside braces: ':'"},
        {"{}", "1:1: vector selector must contain at least one non-empty matcher"},
        {"1 + {a=~\".*\", b=\"\"}", "1:5: vector selector must contain at least one non-empty matcher"},
        {"a{__name__=\"b\"}", "1:1: metric name must not be set twice: \"a\" or \"b\""},
        {"a{\"b\"}", "1:1: metric name must not be set twice: \"a\" or \"b\""},
        {"a{b=~\"(\"}", "1:3: error parsing regexp: missing closing ): `(`"},
        // lists of labels
        {"sum by a (b)", "1:8: unexpected identifier \"a\" in grouping opts, expected \"(\""},
        {"sum by (1) (b)", "1:9: unexpected number \"1\" in grouping opts, expected label"},
        {"sum by (a b) (c)", "1:11: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\""},
        {"sum by (without) (c)", "1:9: unexpected <without> in grouping opts, expected label"},
        {"sum by (\"\") (c)", "1:9: invalid label name for grouping: \"\""},
        {"sum by (\"\\xff\") (c)", "1:9: invalid label name for grouping: \"\\xff\""},
        {"sum by (a)", "1:11: unexpected end of input in aggregation"},
        {"sum by (a) b", "1:12: unexpected identifier \"b\" in aggregation"},
        {"sum()", "1:1: no arguments for aggregate expression provided"},
        {"sum(a, b)", "1:1: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
        {"1 + topk(a) by (b)", "1:5: wrong number of arguments for aggregate expression provided, expected 2, got 1"},
        {"a + on b", "1:8: unexpected identifier \"b\" in grouping opts, expected \"(\""},
        {"a + group_left (b) c", "1:5: unexpected <group_left>"},
        {"a + fill(b) c", "1:10: unexpected identifier \"b\" in fill modifier, expected number"},
        // brackets
        {"a[", "1:3: unclosed left bracket"},
        {"a[5m", "1:5: unclosed left bracket"},
        {"a]", "1:2: unexpected right bracket ']'"},
        {"a[]", "1:3: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or range()"},
        {"a[b]", "1:3: unexpected character in duration expression: 'b'"},
        {"a[5m[", "1:5: unexpected left bracket '['"},
        {"a[5m 1m]", "1:6: unexpected duration \"1m\" in subquery or range, expected \":\" or \"]\""},
        {"a[5m:1m:]", "1:8: unexpected \":\" in subquery selector, expected \"]\""},
        {"a[5m:)]", "1:6: unexpected right parenthesis ')'"},
        {"a[5m+]", "1:6: unexpected \"]\" in duration expression, expected number, duration, step(), or range()"},
        {"a[5m:,]", "1:6: unexpected \",\" in subquery selector, expected number, duration, step(), range(), or \"]\""},
        {"a[step]", "1:7: unexpected \"]\""},
        {"a[0]", "1:3: duration must be greater than 0"},
        {"a[-5m]", "1:3: duration must be greater than 0"},
        {"a[5m - 5m]", "1:3: duration must be greater than 0"},
        {"a[0.0001]", "1:3: duration must be greater than 0"},
        {"a[5m:0s]", "1:6: duration must be greater than 0"},
        {"a[5m / 0]", "1:6: division by zero"},
        {"a[step() % 0]", "1:10: modulo by zero"},
        {"a[5m / (1 - 1)]", "1:3: division by zero"},
        {"a[1e300]", "1:3: duration out of range"},
        {"a[9e9y]", "1:3: bad number or duration syntax: \"9e9y\""},
        {"(a)[5m]", "1:4: ranges only allowed for vector selectors"},
        {"a[5m][5m]", "1:6: ranges only allowed for vector selectors"},
        {"1 + Inf[5m:1m]", "1:5: subquery is only allowed on instant vector, got scalar instead"},
        {"'x'[5m:]", "1:1: subquery is only allowed on instant vector, got string instead"},
        {"a[5m][5m:]", "1:1: subquery is only allowed on instant vector, got matrix instead"},
        {"a offset 1m[5m]", "1:12: no offset modifiers allowed before range"},
        {"a @ 5 [5m]", "1:7: no @ modifiers allowed before range"},
        {"a @ start() [5m]", "1:13: no @ modifiers allowed before range"},
        // modifiers
        {"a offset", "1:9: unexpected end of input in offset, expected number, duration, step(), or range()"},
        {"a offset b", "1:10: unexpected identifier \"b\" in offset, expected number, duration, step(), or range()"},
        {"a offset 5m offset 5m", "1:1: offset may not be set multiple times"},
        {"a offset (0) offset 5m", "1:1: offset may not be set multiple times"},
        {"1 offset 5m",
         "1:1: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"},
        {"a @", "1:4: unexpected end of input in @, expected timestamp"},
        {"a @ b", "1:5: unexpected identifier \"b\" in @, expected timestamp"},
        {"a @ -b", "1:6: unexpected identifier \"b\" in @, expected timestamp"},
        {"a @ start", "1:10: unexpected end of input in @, expected timestamp"},
        {"a @ 1 @ 2", "1:1: @ <timestamp> may not be set multiple times"},
        {"a @ 1 @ start()", "1:1: @ <timestamp> may not be set multiple times"},
        {"a @ inf", "1:1: timestamp out of bounds for @ modifier: +Inf"},
        {"a @ 1e17", "1:1: timestamp out of bounds for @ modifier: 100000000000000000.000000"},
        {"f(a) @ 5",
         "1:1: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery"},
        {"a anchored smoothed", "1:1: anchored and smoothed modifiers cannot be used together"},
        {"a[5m:1m] anchored", "1:1: anchored modifier is not supported for subqueries"},
        {"1 smoothed", "1:1: smoothed modifier not implemented"},
        // operators
        {"a + bool b", "1:3: bool modifier can only be used on comparison operators"},
        {"a and bool b", "1:3: bool modifier can only be used on comparison operators"},
        {"a and on (x) group_left b", "1:1: no grouping allowed for \"and\" operation"},
        {"a or fill (0) b", "1:1: filling in missing series not allowed for set operators"},
        {"a + on (x, y) group_left (y) b", "1:3: label \"y\" must not occur in ON and GROUP clause at once"},
        // literals
        {"'abc", "1:5: unterminated quoted string"},
        {"'abc\n'", "1:5: unterminated quoted string"},
        {"`abc", "1:5: unterminated raw string"},
        {"'a\xff'", "1:3: invalid UTF-8 rune"},
        {"`a\xff`", "1:3: invalid UTF-8 rune"},
        {R"("\'")", "1:3: unknown escape sequence U+0027 '''"},
        {R"('\")", "1:3: unknown escape sequence U+0022 '\"'"},
        {R"("\x4")", "1:3: illegal character U+0022 '\"' in escape sequence"},
        {R"("\19")", "1:3: illegal character U+0039 '9' in escape sequence"},
        {R"("\)", "1:3: escape sequence not terminated"},
        {R"("\u12)", "1:3: escape sequence not terminated"},
        {R"("\400")", R"(1:1: error unquoting string "\"\\400\"": escape sequence is an invalid Unicode code point)"},
        {R"("\ud800")",
         R"(1:1: error unquoting string "\"\\ud800\"": escape sequence is an invalid Unicode code point)"},
        {"0x", "1:1: error parsing number: strconv.ParseFloat: parsing \"0x\": invalid syntax"},
        {"1__0", "1:1: error parsing number: strconv.ParseFloat: parsing \"1__0\": invalid syntax"},
        {"1_e5", "1:1: error parsing number: strconv.ParseFloat: parsing \"1_e5\": invalid syntax"},
        {"1e400", "1:1: error parsing number: strconv.ParseFloat: parsing \"1e400\": value out of range"},
        {"1e", "1:1: bad number or duration syntax: \"1e\""},
        {"1.2.3", "1:1: bad number or duration syntax: \"1.2.3\""},
        {"12abc", "1:1: bad number or duration syntax: \"12abc\""},
        {"0b1", "1:1: bad number or duration syntax: \"0b1\""},
        {"5m30", "1:1: bad number or duration syntax: \"5m30\""},
        {"5hs", "1:1: unknown unit \"hs\" in duration \"5hs\""},
    }));
    CAPTURE(text);
    CHECK(refused(text) == want);
}

TEST_CASE("mistakes that leave the grammar intact are all reported", "[parser][promql]") {
    CHECK(refused("{} + {a=\"\"}\n+ b[0s] offset 1y1y and bool 1__0") ==
          "2:5: duration must be greater than 0\n"
          "2:16: not a valid duration string: \"1y1y\"\n"
          "2:30: error parsing number: strconv.ParseFloat: parsing \"1__0\": invalid syntax");
    CHECK(refused("{} + {a=\"\"} and bool c") ==
          "1:1: vector selector must contain at least one non-empty matcher\n"
          "1:6: vector selector must contain at least one non-empty matcher\n"
          "1:13: bool modifier can only be used on comparison operators");
}

TEST_CASE("a likely slip gets a hint", "[parser][promql]") {
    const auto [text, want] = GENERATE(table<std::string_view, std::string_view>({
        {"a = 1", "values are compared by =="},
        {"a && b", "the operator is written `and`"},
        {"a || b", "the operator is written `or`"},
        {"a{b=\u201cc\u201d}", "strings stand in straight quotes"},
        {"a =~ \"b\"", "=~ stands inside braces only"},
    }));
    const auto expr = parse_promql(text);
    REQUIRE_FALSE(expr);
    CHECK(expr.error().front().hint == want);
}

TEST_CASE("the second argument of info() may select everything", "[parser][promql]") {
    CHECK(refused("info(a, {})").empty());
    CHECK(refused("info(a, {b=~\".*\"})").empty());
    CHECK_FALSE(refused("info({}, {b=\"c\"})").empty());
    CHECK_FALSE(refused("info(a, ({}))").empty());
}

TEST_CASE("nesting is bounded", "[parser][promql]") {
    struct Case {
        std::string_view begin, open, inner, close, end;
    };
    const auto form = GENERATE(values<Case>({
        {"", "(", "a", ")", ""},
        {"", "abs(", "a", ")", ""},
        {"", "sum by (b) (", "a", ")", ""},
        {"", "-(", "a", ")", ""},
        {"a[", "(", "5m", ")", "]"},
        {"a offset ", "-(", "5m", ")", ""},
        {"a[", "min_of(1, ", "5m", ")", "]"},
    }));
    const auto nested = [&form](std::size_t depth) {
        return std::string(form.begin) + repeated(form.open, depth) + std::string(form.inner) +
               repeated(form.close, depth) + std::string(form.end);
    };
    CAPTURE(form.open);
    constexpr std::string_view kWant = "expression is nested too deeply: more than 200 levels";
    CHECK(refused(nested(150)).empty());
    CHECK(refused(nested(250)).find(kWant) != std::string::npos);
    CHECK(refused(nested(100'000), {.bytes = 10'000'000}).find(kWant) != std::string::npos);
    CHECK(refused(std::string(form.begin) + repeated(form.open, 100'000), {.bytes = 10'000'000}).find(kWant) !=
          std::string::npos);
}

TEST_CASE("a hundred thousand operators in a row are refused, not crashed upon", "[parser][promql]") {
    const auto piece = GENERATE(as<std::string_view>{}, "a + ", "a or ", "a ^ ", "-", "- ", "a == bool ");
    const std::string text = repeated(piece, 100'000) + "a";
    CAPTURE(piece);
    CHECK(refused(text) == "1:1: expression is too long: " + std::to_string(text.size()) + " bytes, more than 65536");
    const std::string found = refused(text, {.bytes = 10'000'000});
    CHECK(found.find("expression has too many operators in a row: more than 1000") != std::string::npos);
}

TEST_CASE("with wide limits, operators in a row cost no stack", "[parser][promql]") {
    const auto piece = GENERATE(as<std::string_view>{}, "a + ", "a ^ ", "-");
    const std::string text = repeated(piece, 10'000) + "a";
    const auto expr = parse_promql(text, {.bytes = 10'000'000, .height = 1'000'000});
    REQUIRE(expr);
}

TEST_CASE("a thousand operators in a row are fine", "[parser][promql]") {
    const auto piece = GENERATE(as<std::string_view>{}, "a or ", "a ^ ", "-");
    CHECK(refused(repeated(piece, 999) + "a").empty());
    CHECK_FALSE(refused(repeated(piece, 1000) + "a").empty());
}

TEST_CASE("operators in a row count through parentheses", "[parser][promql]") {
    const std::string inner = repeated("a + ", 600) + "a";
    CHECK(refused(inner + " + (" + inner + ")").empty());
    CHECK_FALSE(refused("(" + inner + ") + " + inner).empty());
}

TEST_CASE("the number of matchers of a selector is bounded", "[parser][promql]") {
    CHECK(refused("a{" + repeated("b=\"c\",", 100) + "}").empty());
    CHECK(refused("a{" + repeated("b=\"c\",", 101) + "}") == "1:603: selector has too many matchers: more than 100");
}

TEST_CASE("diagnostics come in the order of the text and are not endless", "[parser][promql]") {
    const auto expr = parse_promql(repeated("a[0s] + ", 1000) + "a");
    REQUIRE_FALSE(expr);
    CHECK(expr.error().size() == 50);
    CHECK(expr.error().front().where.column == 3);
}

TEST_CASE("a metric selector is a selector alone", "[parser][promql]") {
    const auto matchers = parse_metric_selector(R"( up{a="b", c!~"d"} )");
    REQUIRE(matchers);
    CHECK(matchers->size() == 3);
    // Whether it may select everything depends on what it is used for.
    CHECK(parse_metric_selector("{}"));

    const auto [text, want] = GENERATE(table<std::string_view, std::string_view>({
        {"", "1:1: unexpected end of input"},
        {"up + 1", "1:4: unexpected <op:+>"},
        {"up[5m]", "1:3: unexpected \"[\""},
        {"sum(up)", "1:4: unexpected \"(\""},
        {"1", "1:1: unexpected number \"1\""},
        {"up{a=\"b\"", "1:9: unexpected end of input inside braces"},
    }));
    const auto refusal = parse_metric_selector(text);
    CAPTURE(text);
    REQUIRE_FALSE(refusal);
    CHECK(to_string(refusal.error().front()) == want);
}
