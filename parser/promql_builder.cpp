#include "parser/promql_builder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "parser/duration_arithmetic.h"
#include "parser/promql_literals.h"

namespace tocsin {

namespace {

/// A text with more mistakes than this is no PromQL.
constexpr std::size_t kDiagnosticsMax = 50;

/// A sign binds as a multiplication does, so `-2 ^ 2` is -(2 ^ 2) and `-2 * 2` is (-2) * 2.
constexpr int kSignPower = 5;

struct OperatorEntry {
    std::string_view text;
    BinaryOp op;
    int power;
};

constexpr int kRightAssociativePower = 6;

constexpr std::array<OperatorEntry, 18> kOperators{{
    {"or", BinaryOp::Or, 1},
    {"and", BinaryOp::And, 2},
    {"unless", BinaryOp::Unless, 2},
    {"==", BinaryOp::Equal, 3},
    {"!=", BinaryOp::NotEqual, 3},
    {"<=", BinaryOp::LessOrEqual, 3},
    {"<", BinaryOp::Less, 3},
    {">=", BinaryOp::GreaterOrEqual, 3},
    {">", BinaryOp::Greater, 3},
    {"</", BinaryOp::TrimLower, 3},
    {">/", BinaryOp::TrimUpper, 3},
    {"+", BinaryOp::Add, 4},
    {"-", BinaryOp::Sub, 4},
    {"*", BinaryOp::Mul, 5},
    {"/", BinaryOp::Div, 5},
    {"%", BinaryOp::Mod, 5},
    {"atan2", BinaryOp::Atan2, 5},
    {"^", BinaryOp::Pow, kRightAssociativePower},
}};

const OperatorEntry& operator_entry(std::string_view text) {
    const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                    [text](const OperatorEntry& entry) { return iequals(entry.text, text); });
    TOCSIN_ASSERT(found != kOperators.end());
    return *found;
}

AggregateOp aggregate_op(std::string_view name) {
    constexpr std::array kAll{AggregateOp::Avg,         AggregateOp::Bottomk, AggregateOp::Count,
                              AggregateOp::CountValues, AggregateOp::Group,   AggregateOp::LimitRatio,
                              AggregateOp::Limitk,      AggregateOp::Max,     AggregateOp::Min,
                              AggregateOp::Quantile,    AggregateOp::Stddev,  AggregateOp::Stdvar,
                              AggregateOp::Sum,         AggregateOp::Topk};
    const auto found =
        std::find_if(kAll.begin(), kAll.end(), [name](AggregateOp op) { return iequals(to_string(op), name); });
    TOCSIN_ASSERT(found != kAll.end());
    return *found;
}

bool takes_parameter(AggregateOp op) {
    constexpr std::array kWithParameter{AggregateOp::Topk,     AggregateOp::Bottomk, AggregateOp::CountValues,
                                        AggregateOp::Quantile, AggregateOp::Limitk,  AggregateOp::LimitRatio};
    return std::find(kWithParameter.begin(), kWithParameter.end(), op) != kWithParameter.end();
}

bool is_set(const DurationExpr& duration) { return duration.value != Duration{0} || duration.expr || duration.written; }

/// A double holds milliseconds exactly up to here, so that a time reads back as it was printed.
constexpr double kTimestampMax = 2'251'799'813'685'248.0;  // 2^51

}  // namespace

// What went wrong.

void ExpressionBuilder::note(TextSpan span, std::string message) {
    if (diagnostics_.size() >= kDiagnosticsMax) return;
    noted_at_ = span.begin;
    diagnostics_.push_back({.where = range_at(text_, span), .message = std::move(message)});
}

bool ExpressionBuilder::noted_within(TextSpan span) const {
    return !diagnostics_.empty() && noted_at_ >= span.begin && noted_at_ < span.end;
}

void ExpressionBuilder::refuse(const PromqlMessage& message, std::size_t offset) {
    if (!stopped_) diagnostics_.push_back(refusal(text_, offset, message, open_));
    stopped_ = true;
}

bool ExpressionBuilder::open_scope(bool is_duration) {
    if (scopes_.size() >= limits_.depth) {
        stopped_ = true;
        note({opening_, opening_}, fmt::format("expression is nested too deeply: more than {} levels", limits_.depth));
        return false;
    }
    scopes_.push_back({operators_.size(), is_duration});
    return true;
}

// Punctuation.

void ExpressionBuilder::left_paren(TextSpan span) {
    ++open_.parens;
    opening_ = span.end;
}

void ExpressionBuilder::right_paren(TextSpan span) {
    --open_.parens;
    closing_ = span.end;
}

void ExpressionBuilder::left_brace(TextSpan) { open_.braces = true; }

void ExpressionBuilder::right_brace(TextSpan span) {
    open_.braces = false;
    closing_ = span.end;
}

void ExpressionBuilder::left_bracket(TextSpan span) {
    open_.brackets = true;
    bracket_ = span;
    opening_ = span.end;
}

void ExpressionBuilder::right_bracket(TextSpan span) {
    open_.brackets = false;
    bracket_.end = span.end;
    closing_ = span.end;
}

// Operands.

void ExpressionBuilder::push(Expr::Node node, TextSpan span, std::size_t height) {
    operands_.push_back({std::make_unique<Expr>(std::move(node), span), height});
}

bool ExpressionBuilder::is_low_enough(std::size_t height, TextSpan span) {
    if (height <= limits_.height) return true;
    if (!stopped_) note(span, fmt::format("expression has too many operators in a row: more than {}", limits_.height));
    stopped_ = true;
    return false;
}

ExpressionBuilder::Operand ExpressionBuilder::pop() {
    TOCSIN_ASSERT(!operands_.empty());
    Operand operand = std::move(operands_.back());
    operands_.pop_back();
    return operand;
}

/// The word at the beginning of `span`, which may have white space and comments behind it.
TextSpan ExpressionBuilder::word_in(TextSpan span) const {
    const std::string_view all = in(span);
    const auto end = std::find_if(all.begin(), all.end(),
                                  [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '#'; });
    return {span.begin, span.begin + static_cast<std::size_t>(end - all.begin())};
}

std::string ExpressionBuilder::unquoted(TextSpan span) {
    Result<std::string> text = unquote(in(span));
    if (text) return *std::move(text);
    note(span, std::move(text).error().message);
    return {};
}

void ExpressionBuilder::number(TextSpan span) {
    closing_ = span.end;
    const Result<double> value = read_number(in(span));
    if (!value) note(span, value.error().message);
    push(NumberLiteral{value.value_or(0), false}, span);
}

void ExpressionBuilder::duration(TextSpan span) {
    closing_ = span.end;
    const Result<double> value = read_duration_seconds(in(span));
    if (!value) note(span, value.error().message);
    push(NumberLiteral{value.value_or(0), true}, span);
}

void ExpressionBuilder::string(TextSpan span) { push(StringLiteral{unquoted(span)}, span); }

void ExpressionBuilder::paren_expression(TextSpan span) {
    Operand inner = pop();
    push(Paren{std::move(inner.expr)}, {span.begin, closing_}, inner.height + 1);
}

// Selectors.

void ExpressionBuilder::metric_name(TextSpan span) {
    closing_ = span.end;
    metric_name_ = in(span);
}

void ExpressionBuilder::label(TextSpan span) {
    matcher_begin_ = span.begin;
    label_ = in(span);
}

void ExpressionBuilder::quoted_label(TextSpan span) {
    matcher_begin_ = span.begin;
    label_ = unquoted(span);
}

void ExpressionBuilder::match_operator(TextSpan span) {
    const std::string_view text = in(span);
    const bool is_regex = text.back() == '~';
    const bool negative = text.front() == '!';
    match_op_ =
        is_regex ? (negative ? MatchOp::NotRegex : MatchOp::Regex) : (negative ? MatchOp::NotEqual : MatchOp::Equal);
}

void ExpressionBuilder::label_value(TextSpan span) {
    const TextSpan whole{matcher_begin_, span.end};
    Result<Matcher> matcher = Matcher::create(std::move(label_), match_op_, unquoted(span));
    if (!matcher) return note(whole, std::move(matcher).error().message);
    add_matcher(*std::move(matcher), whole);
}

void ExpressionBuilder::quoted_metric_name() {
    add_matcher(Matcher::equal(std::string(kMetricNameLabel), std::move(label_)), {matcher_begin_, matcher_begin_ + 1});
}

void ExpressionBuilder::add_matcher(Matcher matcher, TextSpan span) {
    if (matchers_.size() == limits_.matchers) {
        note(span, fmt::format("selector has too many matchers: more than {}", limits_.matchers));
    }
    if (matchers_.size() <= limits_.matchers) matchers_.push_back(std::move(matcher));
}

void ExpressionBuilder::vector_selector(TextSpan span) {
    VectorSelector selector;
    selector.name = std::exchange(metric_name_, {});
    selector.matchers = std::exchange(matchers_, {});
    if (!selector.name.empty()) {
        selector.matchers.push_back(Matcher::equal(std::string(kMetricNameLabel), selector.name));
    }
    push(std::move(selector), {span.begin, closing_});
}

// Durations.

void ExpressionBuilder::duration_function(TextSpan span) {
    const TextSpan name = word_in(span);
    calls_.push_back({.span = name, .name = to_lower(in(name)), .aggregate = {}, .arguments = {}});
}

/// Arithmetic over constants is done now. What has mistakes is not even tried.
DurationExpr ExpressionBuilder::fold(ExprPtr arithmetic) {
    const auto* literal = arithmetic->as<NumberLiteral>();
    if (noted_within(arithmetic->span) || depends_on_query(*arithmetic))
        return {Duration{0}, std::move(arithmetic), nullptr};
    const Result<Duration> value = literal ? duration_from_seconds(literal->value) : evaluate_duration(*arithmetic);
    if (!value) note(arithmetic->span, value.error().message);
    return {value.value_or(Duration{0}), nullptr, literal ? nullptr : std::move(arithmetic)};
}

/// The duration read last.
DurationExpr ExpressionBuilder::pop_duration(Sign sign) {
    Operand operand = pop();
    const TextSpan span = operand.expr->span;
    DurationExpr duration = fold(std::move(operand.expr));
    const bool is_positive = duration.expr || duration.value > Duration{0};
    if (sign == Sign::Positive && !is_positive && !noted_within(span)) note(span, "duration must be greater than 0");
    return duration;
}

// Modifiers.

/// The instant vector selector that the modifiers of `expr` belong to; null when it is another thing.
VectorSelector* ExpressionBuilder::selector_below(Expr& expr) {
    auto* matrix = expr.as<MatrixSelector>();
    return matrix ? matrix->selector->as<VectorSelector>() : expr.as<VectorSelector>();
}

/// A modifier belongs to the operand before it.
void ExpressionBuilder::extend(TextSpan span) { operands_.back().expr->span.end = std::max(closing_, span.end); }

void ExpressionBuilder::selector_range() {
    step_.reset();
    range_ = pop_duration(Sign::Positive);
}

void ExpressionBuilder::subquery_step() { step_ = pop_duration(Sign::Positive); }

void ExpressionBuilder::range_vector_selector() {
    Operand& operand = operands_.back();
    const auto* selector = operand.expr->as<VectorSelector>();
    if (!selector) return note(bracket_, "ranges only allowed for vector selectors");
    if (is_set(selector->offset)) note(bracket_, "no offset modifiers allowed before range");
    if (selector->at) note(bracket_, "no @ modifiers allowed before range");
    Operand inner = pop();
    const std::size_t begin = inner.expr->span.begin;
    push(MatrixSelector{std::move(inner.expr), std::move(range_)}, {begin, closing_}, inner.height + 1);
}

void ExpressionBuilder::subquery() {
    Operand inner = pop();
    const std::size_t begin = inner.expr->span.begin;
    Subquery node{std::move(inner.expr), std::move(range_), std::exchange(step_, {}), {}, {}};
    push(std::move(node), {begin, closing_}, inner.height + 1);
}

void ExpressionBuilder::offset() {
    DurationExpr duration = pop_duration(Sign::Any);
    Expr& expr = *operands_.back().expr;
    DurationExpr* target = nullptr;
    if (auto* selector = selector_below(expr)) target = &selector->offset;
    if (auto* subquery = expr.as<Subquery>()) target = &subquery->offset;
    if (!target) {
        return note(expr.span,
                    "offset modifier must be preceded by an instant vector selector or range vector selector or "
                    "a subquery");
    }
    if (is_set(*target)) return note(expr.span, "offset may not be set multiple times");
    *target = std::move(duration);
    extend({});
}

void ExpressionBuilder::value_sign(TextSpan span) { negative_value_ = in(span) == "-"; }

void ExpressionBuilder::plain_number(TextSpan span) {
    number(span);
    value_ = pop().expr->as<NumberLiteral>()->value;
    if (std::exchange(negative_value_, false)) value_ = -value_;
}

void ExpressionBuilder::plain_duration(TextSpan span) {
    duration(span);
    value_ = pop().expr->as<NumberLiteral>()->value;
    if (std::exchange(negative_value_, false)) value_ = -value_;
}

void ExpressionBuilder::at_time() {
    const double ms = std::round(value_ * 1e3);
    if (!(std::abs(ms) <= kTimestampMax)) {
        const std::string value = std::isfinite(value_) ? fmt::format("{:f}", value_) : format_value(value_);
        return note(operands_.back().expr->span, "timestamp out of bounds for @ modifier: " + value);
    }
    at({AtModifier::Kind::Time, from_unix_ms(static_cast<std::int64_t>(ms))});
}

void ExpressionBuilder::at_start() { at({AtModifier::Kind::Start, {}}); }

void ExpressionBuilder::at_end() { at({AtModifier::Kind::End, {}}); }

void ExpressionBuilder::at(AtModifier modifier) {
    Expr& expr = *operands_.back().expr;
    std::optional<AtModifier>* target = nullptr;
    if (auto* selector = selector_below(expr)) target = &selector->at;
    if (auto* subquery = expr.as<Subquery>()) target = &subquery->at;
    if (!target) {
        return note(expr.span,
                    "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    }
    if (*target) return note(expr.span, "@ <timestamp> may not be set multiple times");
    *target = modifier;
    extend({});
}

void ExpressionBuilder::anchored(TextSpan span) { extension(Extension::Anchored, "anchored", span); }

void ExpressionBuilder::smoothed(TextSpan span) { extension(Extension::Smoothed, "smoothed", span); }

void ExpressionBuilder::extension(Extension extension, std::string_view name, TextSpan span) {
    Expr& expr = *operands_.back().expr;
    if (expr.as<Subquery>()) return note(expr.span, fmt::format("{} modifier is not supported for subqueries", name));
    auto* selector = selector_below(expr);
    if (!selector) return note(expr.span, fmt::format("{} modifier not implemented", name));
    if (selector->extension != Extension::None && selector->extension != extension) {
        return note(expr.span, "anchored and smoothed modifiers cannot be used together");
    }
    selector->extension = extension;
    extend(word_in(span));
}

// Functions and aggregations.

void ExpressionBuilder::function(TextSpan span) {
    const TextSpan name = word_in(span);
    calls_.push_back({.span = name, .name = std::string(in(name)), .aggregate = {}, .arguments = {}});
}

void ExpressionBuilder::argument() {
    Operand operand = pop();
    PendingCall& call = calls_.back();
    call.height = std::max(call.height, operand.height);
    call.arguments.push_back(std::move(operand.expr));
}

void ExpressionBuilder::function_call() {
    PendingCall call = std::move(calls_.back());
    calls_.pop_back();
    push(Call{std::move(call.name), call.span, std::move(call.arguments)}, {call.span.begin, closing_},
         call.height + 1);
}

void ExpressionBuilder::aggregation_head(TextSpan span) {
    const TextSpan name = word_in(span);
    Aggregate aggregate;
    aggregate.op = aggregate_op(in(name));
    calls_.push_back({.span = name, .name = {}, .aggregate = std::move(aggregate), .arguments = {}});
}

void ExpressionBuilder::grouping_name(TextSpan span) { grouping_.emplace_back(in(span)); }

void ExpressionBuilder::quoted_grouping_name(TextSpan span) {
    std::string name = unquoted(span);
    if (name.empty() || !is_valid_utf8(name)) note(span, "invalid label name for grouping: " + go_quote(name));
    grouping_.push_back(std::move(name));
}

void ExpressionBuilder::by_clause() {
    Aggregate& aggregate = *calls_.back().aggregate;
    aggregate.has_grouping = true;
    aggregate.grouping = std::exchange(grouping_, {});
}

void ExpressionBuilder::without_clause() {
    by_clause();
    calls_.back().aggregate->without = true;
}

void ExpressionBuilder::aggregation() {
    PendingCall call = std::move(calls_.back());
    calls_.pop_back();
    const TextSpan span{call.span.begin, closing_};
    const bool with_parameter = takes_parameter(call.aggregate->op);
    const std::size_t wanted = with_parameter ? 2 : 1;
    if (call.arguments.empty()) {
        note(span, "no arguments for aggregate expression provided");
    } else if (call.arguments.size() != wanted) {
        note(span, fmt::format("wrong number of arguments for aggregate expression provided, expected {}, got {}",
                               wanted, call.arguments.size()));
    }
    call.arguments.resize(wanted);
    if (with_parameter) call.aggregate->parameter = std::move(call.arguments.front());
    call.aggregate->operand = std::move(call.arguments.back());
    push(*std::move(call.aggregate), span, call.height + 1);
}

// Operators.

bool ExpressionBuilder::unary_operator(TextSpan span) {
    // Each operator that waits will stand above what comes now.
    if (!is_low_enough(operators_.size() + 1, span)) return false;
    operators_.push_back({.span = {span.begin, span.begin + 1},
                          .power = kSignPower,
                          .negative = text_[span.begin] == '-',
                          .binary = {}});
    return true;
}

bool ExpressionBuilder::binary_operator(TextSpan span) {
    const OperatorEntry& entry = operator_entry(in(span));
    // What binds tighter is complete now; among equals the left one goes first.
    const int complete = entry.power == kRightAssociativePower ? entry.power + 1 : entry.power;
    while (operators_.size() > scopes_.back().operators && operators_.back().power >= complete) reduce();
    Binary binary;
    binary.op = entry.op;
    if (!is_low_enough(std::max(operators_.size(), operands_.back().height) + 1, span)) return false;
    operators_.push_back({.span = span, .power = entry.power, .negative = false, .binary = std::move(binary)});
    return true;
}

void ExpressionBuilder::close_expression() {
    while (operators_.size() > scopes_.back().operators) reduce();
    scopes_.pop_back();
}

void ExpressionBuilder::reduce() {
    Operator op = std::move(operators_.back());
    operators_.pop_back();
    Operand right = pop();
    if (!op.binary) return reduce_unary(op, std::move(right));
    Operand left = pop();
    reduce_binary(std::move(op), std::move(left), std::move(right));
}

void ExpressionBuilder::reduce_unary(const Operator& op, Operand operand) {
    const TextSpan span{op.span.begin, operand.expr->span.end};
    if (auto* number = operand.expr->as<NumberLiteral>()) {
        return push(NumberLiteral{op.negative ? -number->value : number->value, number->is_duration}, span);
    }
    // In a duration, a plus sign says nothing and is not kept.
    if (!op.negative && scopes_.back().is_duration) return operands_.push_back(std::move(operand));
    push(Unary{op.negative, std::move(operand.expr)}, span, operand.height + 1);
}

void ExpressionBuilder::reduce_binary(Operator op, Operand left, Operand right) {
    const TextSpan span{left.expr->span.begin, right.expr->span.end};
    const auto* number = right.expr->as<NumberLiteral>();
    if (scopes_.back().is_duration && number && number->value == 0) {
        if (op.binary->op == BinaryOp::Div) note(op.span, "division by zero");
        if (op.binary->op == BinaryOp::Mod) note(op.span, "modulo by zero");
    }
    op.binary->left = std::move(left.expr);
    op.binary->right = std::move(right.expr);
    push(*std::move(op.binary), span, std::max(left.height, right.height) + 1);
}

VectorMatching& ExpressionBuilder::matching() {
    Binary& binary = *operators_.back().binary;
    if (!binary.matching) binary.matching.emplace();
    return *binary.matching;
}

void ExpressionBuilder::bool_modifier() { operators_.back().binary->return_bool = true; }

void ExpressionBuilder::on_clause() {
    matching().on = true;
    matching().labels = std::exchange(grouping_, {});
}

void ExpressionBuilder::ignoring_clause() { matching().labels = std::exchange(grouping_, {}); }

void ExpressionBuilder::group(VectorMatching::Cardinality cardinality) {
    matching().cardinality = cardinality;
    matching().include = std::exchange(grouping_, {});
}

void ExpressionBuilder::group_left_clause() { group(VectorMatching::Cardinality::ManyToOne); }

void ExpressionBuilder::group_right_clause() { group(VectorMatching::Cardinality::OneToMany); }

void ExpressionBuilder::fill(bool left, bool right) {
    if (left) matching().fill_left = value_;
    if (right) matching().fill_right = value_;
}

void ExpressionBuilder::fill_both_clause() { fill(true, true); }

void ExpressionBuilder::fill_left_clause() { fill(true, false); }

void ExpressionBuilder::fill_right_clause() { fill(false, true); }

// The result.

ExprPtr ExpressionBuilder::take_expression() {
    if (!diagnostics_.empty()) return nullptr;
    TOCSIN_ASSERT(operands_.size() == 1 && operators_.empty() && scopes_.empty());
    if (!is_low_enough(operands_.back().height, operands_.back().expr->span)) return nullptr;
    return std::move(operands_.back().expr);
}

Matchers ExpressionBuilder::take_matchers() {
    TOCSIN_ASSERT(operands_.size() == 1);
    return std::move(operands_.back().expr->as<VectorSelector>()->matchers);
}

}  // namespace tocsin
