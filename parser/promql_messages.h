#pragma once

#include <string_view>

#include "parser/promql_grammar.h"
#include "parser/promql_refusal.h"

/// Rule -> what the user reads when it had to match and did not. Every rule inside a must<> has its line; one without
/// does not compile.
namespace tocsin::promql_grammar {

template <typename Rule>
inline constexpr PromqlMessage message{.written = false};

using Kind = PromqlMessage::Kind;

/// `unexpected identifier "b" in label matching, expected string`
constexpr PromqlMessage expected(std::string_view where, std::string_view what) {
    return {.where = where, .expected = what};
}

constexpr PromqlMessage unexpected(std::string_view wanted) { return {.wanted = wanted}; }

constexpr PromqlMessage unclosed(std::string_view text) { return {.kind = Kind::Quote, .text = text}; }

constexpr PromqlMessage about_all(std::string_view text) { return {.kind = Kind::Nothing, .text = text}; }

constexpr PromqlMessage plainly(std::string_view text) { return {.kind = Kind::Whole, .text = text}; }

inline constexpr std::string_view kMatching = "label matching";
inline constexpr std::string_view kGrouping = "grouping opts";
inline constexpr std::string_view kArithmetic = "duration expression";
inline constexpr std::string_view kDuration = "number, duration, step(), or range()";
inline constexpr std::string_view kTrailingComma = "trailing commas not allowed in function call args";
inline constexpr std::string_view kNoExpression = "no expression found in input";
inline constexpr std::string_view kDurationOrEnd = "number, duration, step(), range(), or \"]\"";

// clang-format off

template <char Quote> inline constexpr auto message< escape< Quote > >        = PromqlMessage{.kind = Kind::Escape};
template <char Quote> inline constexpr auto message< closing_quote< Quote > > = unclosed( "unterminated quoted string" );
template <> inline constexpr auto message< closing_quote< '`' > >             = unclosed( "unterminated raw string" );
template <> inline constexpr auto message< numeric_value >                    = PromqlMessage{.kind = Kind::Number};

template <> inline constexpr auto message< match_op >              = expected( kMatching, "label matching operator" );
template <> inline constexpr auto message< label_value >           = expected( kMatching, "string" );
template <> inline constexpr auto message< label_matcher >         = expected( kMatching, "identifier or \"}\"" );
template <> inline constexpr auto message< matchers_end >          = expected( kMatching, "\",\" or \"}\"" );
template <> inline constexpr auto message< grouping_labels >       = expected( kGrouping, "\"(\"" );
template <> inline constexpr auto message< grouping_label >        = expected( kGrouping, "label" );
template <> inline constexpr auto message< grouping_end >          = expected( kGrouping, "\",\" or \")\"" );

template <> inline constexpr auto message< duration_primary >      = expected( kArithmetic, kDuration );
template <> inline constexpr auto message< duration_operand >      = expected( kArithmetic, kDuration );
template <> inline constexpr auto message< duration_argument >     = expected( kArithmetic, kDuration );
template <> inline constexpr auto message< duration_expression >   = expected( kArithmetic, kDuration );
template <> inline constexpr auto message< selector_range >        = expected( "subquery or range selector", kDuration );
template <> inline constexpr auto message< bracket_tail >          = expected( "subquery or range", "\":\" or \"]\"" );
template <> inline constexpr auto message< subquery_step >         = expected( "subquery selector", kDurationOrEnd );
template <> inline constexpr auto message< subquery >              = expected( "subquery selector", "\"]\"" );
template <> inline constexpr auto message< offset_duration >       = expected( "offset", kDuration );
template <> inline constexpr auto message< at_timestamp >          = expected( "@", "timestamp" );
template <> inline constexpr auto message< at_open >               = expected( "@", "timestamp" );
template <> inline constexpr auto message< at_close >              = expected( "@", "timestamp" );

template <> inline constexpr auto message< aggregation_arguments > = PromqlMessage{.where = "aggregation", .wanted = "\"(\", by or without"};
template <> inline constexpr auto message< argument >              = unexpected( "an expression or \")\"" );
template <> inline constexpr auto message< arguments_end >         = unexpected( "\",\" or \")\"" );
template <> inline constexpr auto message< no_trailing_comma >     = plainly( kTrailingComma );
template <> inline constexpr auto message< fill_value >            = expected( "fill modifier", "number" );

template <> inline constexpr auto message< open_paren >            = unexpected( "\"(\"" );
template <> inline constexpr auto message< close_paren >           = unexpected( "an operator or \")\"" );
template <> inline constexpr auto message< comma >                 = unexpected( "\",\"" );
template <> inline constexpr auto message< primary >               = unexpected( "an expression" );
template <> inline constexpr auto message< operand >               = unexpected( "an expression" );
template <> inline constexpr auto message< expression >            = unexpected( "an expression" );
template <> inline constexpr auto message< vector_selector >       = unexpected( "a metric name or \"{\"" );
template <> inline constexpr auto message< some_expression >       = about_all( kNoExpression );
template <> inline constexpr auto message< nothing_else >          = unexpected( "an operator or the end of the expression" );

// clang-format on

}  // namespace tocsin::promql_grammar
