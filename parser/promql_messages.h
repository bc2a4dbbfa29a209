#pragma once

#include <string_view>

#include "parser/promql_grammar.h"
#include "parser/promql_refusal.h"

/// Rule -> what the user reads when it had to match and did not. Every rule inside a must<> has its line; one without does not
/// compile.
namespace tocsin::promql_grammar {

template <typename Rule>
inline constexpr PromqlMessage message{.written = false};

// clang-format off

using Kind = PromqlMessage::Kind;

inline constexpr std::string_view kDuration = "number, duration, step(), or range()";

template <char Quote> inline constexpr PromqlMessage message< escape< Quote > >       {.kind = Kind::Escape};
template <char Quote> inline constexpr PromqlMessage message< closing_quote< Quote > >{.kind = Kind::Quote, .text = "unterminated quoted string"};
template <> inline constexpr PromqlMessage message< closing_quote< '`' > >            {.kind = Kind::Quote, .text = "unterminated raw string"};
template <> inline constexpr PromqlMessage message< numeric_value >                   {.kind = Kind::Number};

template <> inline constexpr PromqlMessage message< match_op >              {.where = "label matching", .expected = "label matching operator"};
template <> inline constexpr PromqlMessage message< label_value >           {.where = "label matching", .expected = "string"};
template <> inline constexpr PromqlMessage message< label_matcher >         {.where = "label matching", .expected = "identifier or \"}\""};
template <> inline constexpr PromqlMessage message< matchers_end >          {.where = "label matching", .expected = "\",\" or \"}\""};
template <> inline constexpr PromqlMessage message< grouping_labels >       {.where = "grouping opts", .expected = "\"(\""};
template <> inline constexpr PromqlMessage message< grouping_label >        {.where = "grouping opts", .expected = "label"};
template <> inline constexpr PromqlMessage message< grouping_end >          {.where = "grouping opts", .expected = "\",\" or \")\""};

template <> inline constexpr PromqlMessage message< duration_primary >      {.where = "duration expression", .expected = kDuration};
template <> inline constexpr PromqlMessage message< duration_operand >      {.where = "duration expression", .expected = kDuration};
template <> inline constexpr PromqlMessage message< duration_argument >     {.where = "duration expression", .expected = kDuration};
template <> inline constexpr PromqlMessage message< duration_expression >   {.where = "duration expression", .expected = kDuration};
template <> inline constexpr PromqlMessage message< selector_range >        {.where = "subquery or range selector", .expected = kDuration};
template <> inline constexpr PromqlMessage message< bracket_tail >          {.where = "subquery or range", .expected = "\":\" or \"]\""};
template <> inline constexpr PromqlMessage message< subquery_step >         {.where = "subquery selector", .expected = "number, duration, step(), range(), or \"]\""};
template <> inline constexpr PromqlMessage message< subquery >              {.where = "subquery selector", .expected = "\"]\""};
template <> inline constexpr PromqlMessage message< offset_duration >       {.where = "offset", .expected = kDuration};
template <> inline constexpr PromqlMessage message< at_timestamp >          {.where = "@", .expected = "timestamp"};
template <> inline constexpr PromqlMessage message< at_open >               {.where = "@", .expected = "timestamp"};
template <> inline constexpr PromqlMessage message< at_close >              {.where = "@", .expected = "timestamp"};

template <> inline constexpr PromqlMessage message< aggregation_arguments > {.where = "aggregation"};
template <> inline constexpr PromqlMessage message< argument >              {};
template <> inline constexpr PromqlMessage message< arguments_end >         {};
template <> inline constexpr PromqlMessage message< no_trailing_comma >     {.kind = Kind::Whole, .text = "trailing commas not allowed in function call args"};
template <> inline constexpr PromqlMessage message< fill_value >            {.where = "fill modifier", .expected = "number"};

template <> inline constexpr PromqlMessage message< open_paren >            {};
template <> inline constexpr PromqlMessage message< close_paren >           {};
template <> inline constexpr PromqlMessage message< comma >                 {};
template <> inline constexpr PromqlMessage message< primary >               {};
template <> inline constexpr PromqlMessage message< operand >               {};
template <> inline constexpr PromqlMessage message< expression >            {};
template <> inline constexpr PromqlMessage message< vector_selector >       {};
template <> inline constexpr PromqlMessage message< some_expression >       {.kind = Kind::Nothing, .text = "no expression found in input"};
template <> inline constexpr PromqlMessage message< nothing_else >          {};

// clang-format on

}  // namespace tocsin::promql_grammar
