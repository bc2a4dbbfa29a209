#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "base/matcher.h"
#include "base/time.h"

/// The syntax tree of PromQL. Only what was written: names are not resolved, types of operands are not checked beyond
/// what the grammar itself says (that is engine/plan/binder's affair), nothing is evaluated.
namespace tocsin {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ValueType { Scalar, Vector, Matrix, String };

/// `scalar`, `instant vector`, `range vector`, `string`.
std::string_view to_string(ValueType type);

enum class BinaryOp {
    Add, And, Atan2, Div, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Mod, Mul, NotEqual, Or, Pow, Sub,
    TrimLower,  // </  native histograms only
    TrimUpper,  // >/
    Unless,
};
std::string_view to_string(BinaryOp op);
bool is_comparison(BinaryOp op);
bool is_set_operator(BinaryOp op);

enum class AggregateOp {
    Avg, Bottomk, Count, CountValues, Group, LimitRatio, Limitk, Max, Min, Quantile, Stddev, Stdvar, Sum, Topk,
};
std::string_view to_string(AggregateOp op);

/// A duration where the language wants one: a constant, or arithmetic over `step()`, `range()` and constants.
///
/// Constants are folded by the parser: then `expr` is null and `value` holds. Otherwise the value is known only when
/// step and range are (engine/plan).
struct DurationExpr {
    Duration value{0};
    ExprPtr expr;
    /// The arithmetic that was folded into `value`, as written (`5m * 2`), for printing only; null for one literal.
    ExprPtr written;
};

/// `@ 123.4`, `@ start()`, `@ end()`.
struct AtModifier {
    enum class Kind { Time, Start, End };
    Kind kind = Kind::Time;
    Timestamp time{};
};

enum class Extension { None, Anchored, Smoothed };

struct Aggregate {
    AggregateOp op{};
    ExprPtr parameter;  // topk(3, …), quantile(0.9, …), count_values("name", …); otherwise null
    ExprPtr operand;
    bool without = false;
    /// Whether there was a by or without clause at all; `sum(x)` and `sum by () (x)` mean the same but print differently.
    bool has_grouping = false;
    std::vector<std::string> grouping;
};

struct VectorMatching {
    enum class Cardinality { OneToOne, ManyToOne, OneToMany, ManyToMany };
    Cardinality cardinality = Cardinality::OneToOne;
    bool on = false;            // on(labels), otherwise ignoring(labels)
    std::vector<std::string> labels;
    std::vector<std::string> include;  // group_left(include) / group_right(include)
    std::optional<double> fill_left, fill_right;
};

struct Binary {
    BinaryOp op{};
    ExprPtr left, right;
    bool return_bool = false;
    /// As written; set only where matching keywords stood. The binder fills in the defaults.
    std::optional<VectorMatching> matching;
};

struct Call {
    std::string function;
    TextSpan function_span;
    std::vector<ExprPtr> arguments;
};

struct MatrixSelector {
    ExprPtr selector;  // always a VectorSelector; offset and @ stand there
    DurationExpr range;
};

struct NumberLiteral {
    double value = 0;
    /// Written as a duration (`5m`), printed as one.
    bool is_duration = false;
};

struct Paren {
    ExprPtr inner;
};

struct StringLiteral {
    std::string value;
};

struct Subquery {
    ExprPtr operand;
    DurationExpr range;
    std::optional<DurationExpr> step;
    DurationExpr offset;
    std::optional<AtModifier> at;
};

struct Unary {
    bool negative = false;
    ExprPtr operand;
};

struct VectorSelector {
    /// As written in front of the braces; empty when there was none. Also the first of `matchers` then.
    std::string name;
    /// In the order in which they were written, the one made from `name` included (last, as Prometheus keeps it).
    Matchers matchers;
    DurationExpr offset;
    std::optional<AtModifier> at;
    Extension extension = Extension::None;
};

/// `step()`, `range()`, arithmetic and min_of/max_of inside durations only. Outside they are ordinary calls.
struct Expr {
    using Node = std::variant<Aggregate, Binary, Call, MatrixSelector, NumberLiteral, Paren, StringLiteral, Subquery, Unary,
                              VectorSelector>;

    Expr() = default;
    Expr(Node what, TextSpan where = {}) : node(std::move(what)), span(where) {}
    Expr(Expr&&) noexcept = default;
    Expr& operator=(Expr&&) noexcept = default;
    /// Takes the tree apart without recursion: a chain of operators may be longer than the stack is deep.
    ~Expr();

    Node node;
    TextSpan span;  // in the text that was parsed

    template <class T>
    const T* as() const { return std::get_if<T>(&node); }
    template <class T>
    T* as() { return std::get_if<T>(&node); }
};

/// Calls `visit` for each operand, in the order of the text. What stands inside durations is not among them.
void for_each_operand(const Expr& expr, const std::function<void(const Expr&)>& visit);

/// A deep copy.
ExprPtr clone(const Expr& expr);

}  // namespace tocsin
