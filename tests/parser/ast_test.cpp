#include "parser/ast.h"

#include "parser/printer.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"

using namespace tocsin;

TEST_CASE("a clone is equal and apart", "[parser][ast]") {
    const auto text =
        GENERATE(as<std::string_view>{}, "sum by (a) (b)", "topk(5, a)", "a * on (b) group_left (c) d + fill (1) e",
                 "f(1, 'x', a[5m * 2] @ 5 offset step())", "-(a{b=~\"c\"})[5m:step()] @ end() offset -(1h)",
                 "a[step()] smoothed", "b[step():1m]", "1h30m");
    const auto expr = parse_promql(text);
    REQUIRE(expr);
    const std::string printed = to_string(**expr);
    ExprPtr copy = clone(**expr);
    CHECK(to_string(*copy) == printed);
    CHECK(copy->span == (*expr)->span);
    copy->node = NumberLiteral{1, false};
    CHECK(to_string(**expr) == printed);
}

TEST_CASE("a tree of a hundred thousand levels is copied, printed and taken apart", "[parser][ast]") {
    const auto one = [] { return std::make_unique<Expr>(NumberLiteral{1, false}); };
    ExprPtr root = one();
    std::string want = "1";
    for (int i = 0; i < 100'000; ++i) {
        Binary binary;
        binary.op = BinaryOp::Add;
        binary.left = std::move(root);
        binary.right = one();
        root = std::make_unique<Expr>(std::move(binary));
        want += " + 1";
    }
    CHECK(to_string(*clone(*root)) == want);
}

TEST_CASE("a tree that is deep on any side is taken apart", "[parser][ast]") {
    ExprPtr root = std::make_unique<Expr>(NumberLiteral{1, false});
    for (int i = 0; i < 100'000; ++i) root = std::make_unique<Expr>(Unary{true, std::move(root)});
    for (int i = 0; i < 100'000; ++i) root = std::make_unique<Expr>(Paren{std::move(root)});
    root.reset();
    CHECK_FALSE(root);
}

TEST_CASE("the operands of an expression are visited in the order of the text", "[parser][ast]") {
    const auto [text, want] = GENERATE(table<std::string_view, std::string_view>({
        {"a + b", "a|b|"},
        {"f(a, 1, 'x')", "a|1|\"x\"|"},
        {"topk(5, a)", "5|a|"},
        {"sum(a)", "a|"},
        {"a[5m * 2]", "a|"},
        {"(a)[5m:step()]", "(a)|"},
        {"-a", "a|"},
        {"(a)", "a|"},
        {"a offset (5 + step())", ""},
        {"1", ""},
    }));
    const auto expr = parse_promql(text);
    REQUIRE(expr);
    std::string seen;
    for_each_operand(**expr, [&](const Expr& operand) { seen += to_string(operand) + "|"; });
    CHECK(seen == want);
}

TEST_CASE("operators are known by their kind", "[parser][ast]") {
    CHECK(is_comparison(BinaryOp::NotEqual));
    CHECK_FALSE(is_comparison(BinaryOp::TrimLower));
    CHECK(is_set_operator(BinaryOp::Unless));
    CHECK_FALSE(is_set_operator(BinaryOp::Equal));
    CHECK(to_string(ValueType::Vector) == "instant vector");
}
