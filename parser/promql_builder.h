#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "parser/ast.h"
#include "parser/promql_parser.h"
#include "parser/promql_refusal.h"

namespace tocsin {

/// Puts the syntax tree together while the grammar reads.
///
/// The grammar calls one function for each thing that it has recognised, in the order of the text; a span is that of
/// the thing, perhaps with white space behind. Operands wait on a stack until the operator that takes them is known: a
/// binary operator takes them as soon as the next one binds no tighter. So there is no recursion, whatever the number
/// of operators.
///
/// What is wrong although it fits the grammar is noted and reading goes on; the tree of a text with diagnostics is of
/// no use.
class ExpressionBuilder {
public:
    ExpressionBuilder(std::string_view text, const PromqlLimits& limits) : text_(text), limits_(limits) {}

    std::string_view text() const { return text_; }

    /// The grammar cannot go on at `offset`.
    void refuse(const PromqlMessage& message, std::size_t offset);

    // Punctuation, so that it is known what is open at the end.
    void left_paren(TextSpan span);
    void right_paren(TextSpan span);
    void left_brace(TextSpan span);
    void right_brace(TextSpan span);
    void left_bracket(TextSpan span);
    void right_bracket(TextSpan span);

    // Literals.
    void number(TextSpan span);
    void duration(TextSpan span);
    void string(TextSpan span);

    // Selectors.
    void metric_name(TextSpan span);
    void label(TextSpan span);
    void quoted_label(TextSpan span);
    void match_operator(TextSpan span);
    void label_value(TextSpan span);
    void quoted_metric_name();
    void vector_selector(TextSpan span);

    // Modifiers of the operand read last.
    void selector_range();
    void subquery_step();
    void range_vector_selector();
    void subquery();
    void offset();
    void value_sign(TextSpan span);
    void plain_number(TextSpan span);
    void plain_duration(TextSpan span);
    void at_time();
    void at_start();
    void at_end();
    void anchored(TextSpan span);
    void smoothed(TextSpan span);

    // Functions and aggregations.
    void function(TextSpan span);
    void duration_function(TextSpan span);
    void argument();
    void function_call();
    void aggregation_head(TextSpan span);
    void grouping_name(TextSpan span);
    void quoted_grouping_name(TextSpan span);
    void by_clause();
    void without_clause();
    void aggregation();

    // Operators; false when there are too many in a row, which is noted.
    bool unary_operator(TextSpan span);
    bool binary_operator(TextSpan span);
    void bool_modifier();
    void on_clause();
    void ignoring_clause();
    void group_left_clause();
    void group_right_clause();
    void fill_both_clause();
    void fill_left_clause();
    void fill_right_clause();
    void paren_expression(TextSpan span);

    /// Whether another level of nesting is allowed; if not, that is noted.
    bool open_expression() { return open_scope(false); }
    bool open_duration() { return open_scope(true); }
    void close_expression();

    /// What was read; null when there are diagnostics.
    ExprPtr take_expression();
    Matchers take_matchers();
    Diagnostics take_diagnostics() { return std::move(diagnostics_); }

private:
    /// `height` is that of the tree below, itself included.
    struct Operand {
        ExprPtr expr;
        std::size_t height = 1;
    };

    /// An operator whose right operand is not complete yet.
    struct Operator {
        TextSpan span;
        int power = 0;
        bool negative = false;         // of a sign
        std::optional<Binary> binary;  // without operands; none for a sign
    };

    /// One expression within another; operators below `operators` are not its own.
    struct Scope {
        std::size_t operators = 0;
        bool is_duration = false;
    };

    /// A function or an aggregation whose arguments are being read.
    struct PendingCall {
        TextSpan span;  // of the name
        std::string name;
        std::optional<Aggregate> aggregate;
        std::vector<ExprPtr> arguments;
        std::size_t height = 0;
    };

    bool open_scope(bool is_duration);
    void note(TextSpan span, std::string message);
    bool noted_within(TextSpan span) const;

    std::string_view in(TextSpan span) const { return text_.substr(span.begin, span.end - span.begin); }
    TextSpan word_in(TextSpan span) const;
    std::string unquoted(TextSpan span);

    void push(Expr::Node node, TextSpan span, std::size_t height = 1);
    bool is_low_enough(std::size_t height, TextSpan span);
    Operand pop();
    void reduce();
    void reduce_unary(const Operator& op, Operand operand);
    void reduce_binary(Operator op, Operand left, Operand right);

    void add_matcher(Matcher matcher, TextSpan span);
    VectorSelector* selector_below(Expr& expr);
    void extend(TextSpan span);
    enum class Sign { Any, Positive };
    DurationExpr pop_duration(Sign sign);
    DurationExpr fold(ExprPtr arithmetic);
    void at(AtModifier modifier);
    void extension(Extension extension, std::string_view name, TextSpan span);
    void fill(bool left, bool right);
    VectorMatching& matching();
    void group(VectorMatching::Cardinality cardinality);

    std::string_view text_;
    const PromqlLimits& limits_;
    Diagnostics diagnostics_;
    std::size_t noted_at_ = 0;  // where the last one begins
    bool stopped_ = false;      // refuse() has nothing to add

    std::size_t opening_ = 0;  // end of the last parenthesis or bracket opened
    std::size_t closing_ = 0;  // end of the last token that may end an operand
    PromqlOpen open_;

    std::vector<Operand> operands_;
    std::vector<Operator> operators_;
    std::vector<Scope> scopes_;
    std::vector<PendingCall> calls_;

    // What is being read just now; none of these nests.
    std::string metric_name_;
    Matchers matchers_;
    std::string label_;
    std::size_t matcher_begin_ = 0;
    MatchOp match_op_{};
    std::vector<std::string> grouping_;
    TextSpan bracket_;
    DurationExpr range_;
    std::optional<DurationExpr> step_;
    bool negative_value_ = false;
    double value_ = 0;
};

}  // namespace tocsin
