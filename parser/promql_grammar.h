#pragma once

#include <tao/pegtl.hpp>

/// The grammar of PromQL, its rules named as in the PromQL documentation. For promql_parser.cpp and series_parser.cpp
/// only, since it is slow to compile.
///
/// - A rule eats the white space and the comments after itself, never before.
/// - Precedence is not here: an expression is a row of operands with binary operators between them, and
///   ExpressionBuilder puts it together by a table of binding powers.
/// - What is recognised by its beginning is never tried as something else: from there on everything is must<>. So the
///   first thing that does not fit is the one reported (promql_messages.h), and no action needs undoing.
namespace tocsin::promql_grammar {

using namespace tao::pegtl;

// clang-format off

struct comment               : seq< one< '#' >, star< not_one< '\r', '\n' > > > {};
struct ws                    : star< sor< one< ' ', '\t', '\r', '\n' >, comment > > {};

struct left_paren            : one< '(' > {};
struct right_paren           : one< ')' > {};
struct left_brace            : one< '{' > {};
struct right_brace           : one< '}' > {};
struct left_bracket          : one< '[' > {};
struct right_bracket         : one< ']' > {};
struct open_paren            : seq< left_paren, ws > {};
struct close_paren           : seq< right_paren, ws > {};
struct open_brace            : seq< left_brace, ws > {};
struct close_brace           : seq< right_brace, ws > {};
struct open_bracket          : seq< left_bracket, ws > {};
struct close_bracket         : seq< right_bracket, ws > {};
struct colon                 : seq< one< ':' >, ws > {};
struct comma                 : seq< one< ',' >, ws > {};

// Words. They are recognised whatever their case; where no keyword can stand, most of them are names.
struct name_first            : sor< identifier_first, one< ':' > > {};
struct name_other            : sor< identifier_other, one< ':' > > {};
template< typename... Texts > struct word    : seq< sor< Texts... >, not_at< name_other > > {};
template< typename... Texts > struct keyword : seq< word< Texts... >, ws > {};

struct anchored              : keyword< TAO_PEGTL_ISTRING( "anchored" ) > {};
struct by                    : keyword< TAO_PEGTL_ISTRING( "by" ) > {};
struct bool_modifier         : keyword< TAO_PEGTL_ISTRING( "bool" ) > {};
struct end                   : keyword< TAO_PEGTL_ISTRING( "end" ) > {};
struct fill                  : keyword< TAO_PEGTL_ISTRING( "fill" ) > {};
struct fill_left             : keyword< TAO_PEGTL_ISTRING( "fill_left" ) > {};
struct fill_right            : keyword< TAO_PEGTL_ISTRING( "fill_right" ) > {};
struct group_left            : keyword< TAO_PEGTL_ISTRING( "group_left" ) > {};
struct group_right           : keyword< TAO_PEGTL_ISTRING( "group_right" ) > {};
struct ignoring              : keyword< TAO_PEGTL_ISTRING( "ignoring" ) > {};
struct offset                : keyword< TAO_PEGTL_ISTRING( "offset" ) > {};
struct on                    : keyword< TAO_PEGTL_ISTRING( "on" ) > {};
struct smoothed              : keyword< TAO_PEGTL_ISTRING( "smoothed" ) > {};
struct start                 : keyword< TAO_PEGTL_ISTRING( "start" ) > {};
struct without               : keyword< TAO_PEGTL_ISTRING( "without" ) > {};

struct avg                   : TAO_PEGTL_ISTRING( "avg" ) {};
struct bottomk               : TAO_PEGTL_ISTRING( "bottomk" ) {};
struct count                 : TAO_PEGTL_ISTRING( "count" ) {};
struct count_values          : TAO_PEGTL_ISTRING( "count_values" ) {};
struct group                 : TAO_PEGTL_ISTRING( "group" ) {};
struct limit_ratio           : TAO_PEGTL_ISTRING( "limit_ratio" ) {};
struct limitk                : TAO_PEGTL_ISTRING( "limitk" ) {};
struct max                   : TAO_PEGTL_ISTRING( "max" ) {};
struct min                   : TAO_PEGTL_ISTRING( "min" ) {};
struct quantile              : TAO_PEGTL_ISTRING( "quantile" ) {};
struct stddev                : TAO_PEGTL_ISTRING( "stddev" ) {};
struct stdvar                : TAO_PEGTL_ISTRING( "stdvar" ) {};
struct sum                   : TAO_PEGTL_ISTRING( "sum" ) {};
struct topk                  : TAO_PEGTL_ISTRING( "topk" ) {};

struct atan2_operator        : word< TAO_PEGTL_ISTRING( "atan2" ) > {};
struct and_operator          : word< TAO_PEGTL_ISTRING( "and" ) > {};
struct or_operator           : word< TAO_PEGTL_ISTRING( "or" ) > {};
struct unless_operator       : word< TAO_PEGTL_ISTRING( "unless" ) > {};
struct word_operator         : sor< and_operator, or_operator, unless_operator, atan2_operator > {};

struct special_number        : word< TAO_PEGTL_ISTRING( "inf" ), TAO_PEGTL_ISTRING( "nan" ) > {};
struct step_or_range         : word< TAO_PEGTL_ISTRING( "step" ), TAO_PEGTL_ISTRING( "range" ) > {};
struct min_of_or_max_of      : word< TAO_PEGTL_ISTRING( "min_of" ), TAO_PEGTL_ISTRING( "max_of" ) > {};

// Numbers, durations and strings.
struct digits                : star< sor< digit, one< '_' > > > {};
struct exponent_digits       : plus< sor< digit, one< '_' > > > {};
struct exponent              : seq< one< 'e', 'E' >, opt< one< '+', '-' > >, exponent_digits > {};
struct whole_and_fraction    : seq< digit, digits, opt< one< '.' >, digits > > {};
struct fraction              : seq< one< '.' >, digit, digits > {};
struct decimal               : seq< sor< whole_and_fraction, fraction >, opt< exponent > > {};
struct hexadecimal           : seq< one< '0' >, one< 'x', 'X' >, star< sor< xdigit, one< '_' > > > > {};
struct number_ahead          : at< sor< digit, seq< one< '.' >, digit >, special_number > > {};
struct number_end            : not_at< sor< identifier_other, one< '.' > > > {};
struct number                : sor< seq< sor< hexadecimal, decimal >, number_end >, special_number > {};
struct time_unit             : seq< one< 's', 'm', 'h', 'd', 'w', 'y' >, opt< one< 's' > > > {};
struct first_duration_part   : seq< plus< digit >, opt< one< '.' >, plus< digit > >, time_unit > {};
struct next_duration_part    : seq< plus< digit >, time_unit > {};
struct duration              : seq< first_duration_part, star< next_duration_part >, number_end > {};

struct hexadecimal_escape    : seq< one< 'x' >, rep< 2, xdigit > > {};
struct short_unicode_escape  : seq< one< 'u' >, rep< 4, xdigit > > {};
struct long_unicode_escape   : seq< one< 'U' >, rep< 8, xdigit > > {};
struct octal_escape          : rep< 3, odigit > {};
struct unicode_escape        : sor< short_unicode_escape, long_unicode_escape > {};
struct numbered_escape       : sor< octal_escape, hexadecimal_escape, unicode_escape > {};
template< char Quote > struct simple_escape : one< 'a', 'b', 'f', 'n', 'r', 't', 'v', '\\', Quote > {};
template< char Quote > struct escape        : sor< simple_escape< Quote >, numbered_escape > {};
template< char Quote > struct escaped       : if_must< one< '\\' >, escape< Quote > > {};
template< char Quote > struct unescaped     : utf8::not_one< Quote, '\\', '\n' > {};
template< char Quote > struct closing_quote : one< Quote > {};
template< char Quote > struct inside_quotes : star< sor< escaped< Quote >, unescaped< Quote > > > {};
template< char Quote > struct closed_quotes : seq< inside_quotes< Quote >, must< closing_quote< Quote > > > {};
template< char Quote > struct interpreted   : seq< one< Quote >, closed_quotes< Quote > > {};
struct raw                   : seq< one< '`' >, star< utf8::not_one< '`' > >, must< closing_quote< '`' > > > {};
struct quoted                : sor< interpreted< '"' >, interpreted< '\'' >, raw > {};

struct number_value          : number {};
struct duration_value        : duration {};
struct numeric_value         : seq< sor< number_value, duration_value >, ws > {};
struct numeric_literal       : if_must< number_ahead, numeric_value > {};
struct string_value          : quoted {};
struct string_literal        : seq< string_value, ws > {};

// Instant vector selectors.
struct label_text            : identifier {};
struct quoted_label          : quoted {};
struct match_operator        : sor< string< '=', '~' >, one< '=' >, string< '!', '~' >, string< '!', '=' > > {};
struct match_op              : seq< match_operator, ws > {};
struct label_value_text      : quoted {};
struct label_value           : seq< label_value_text, ws > {};
struct quoted_metric_name    : success {};
struct operator_and_value    : seq< match_op, must< label_value > > {};
struct plain_matcher         : seq< label_text, ws, must< match_op >, must< label_value > > {};
struct quoted_matcher        : seq< quoted_label, ws, sor< operator_and_value, quoted_metric_name > > {};
struct label_matcher         : sor< plain_matcher, quoted_matcher > {};
struct next_matcher          : seq< comma, sor< at< right_brace >, must< label_matcher > > > {};
struct matchers_end          : close_brace {};
struct matcher_list          : seq< must< label_matcher >, star< next_matcher >, must< matchers_end > > {};
struct label_matchers        : seq< open_brace, sor< close_brace, matcher_list > > {};
struct fill_ahead            : seq< sor< fill, fill_left, fill_right >, left_paren > {};
struct matching_word         : sor< bool_modifier, ignoring, on, group_left, group_right > {};
struct never_a_metric        : sor< matching_word, atan2_operator, special_number, fill_ahead > {};
struct metric_name           : seq< not_at< never_a_metric >, name_first, star< name_other > > {};
struct vector_selector       : sor< seq< metric_name, ws, opt< label_matchers > >, label_matchers > {};

// Lists of labels, as in by (a, b).
struct never_a_label         : sor< without, special_number > {};
struct grouping_name         : seq< not_at< never_a_label >, name_first, star< name_other > > {};
struct quoted_grouping_name  : quoted {};
struct grouping_label        : seq< sor< grouping_name, quoted_grouping_name >, ws > {};
struct next_grouping_label   : seq< comma, sor< at< right_paren >, must< grouping_label > > > {};
struct grouping_end          : close_paren {};
struct grouping_list         : seq< must< grouping_label >, star< next_grouping_label >, must< grouping_end > > {};
struct grouping_labels       : seq< open_paren, sor< close_paren, grouping_list > > {};

struct expression;
struct duration_expression;
struct open_expression       : success {};
struct open_duration         : success {};
struct close_expression      : success {};

// Durations: where the language wants one, arithmetic may stand.
struct duration_sign         : seq< one< '+', '-' >, ws > {};
struct duration_paren        : seq< open_paren, must< duration_expression >, must< close_paren > > {};
struct duration_of_query     : seq< step_or_range, ws, must< open_paren >, must< close_paren > > {};
struct duration_argument     : seq< duration_expression > {};
struct duration_pair         : seq< must< duration_argument >, must< comma >, must< duration_argument > > {};
struct duration_choice       : seq< min_of_or_max_of, ws, must< open_paren >, duration_pair, must< close_paren > > {};
struct duration_primary      : sor< numeric_literal, duration_paren, duration_of_query, duration_choice > {};
struct signed_duration       : seq< plus< duration_sign >, must< duration_primary > > {};
struct duration_operand      : sor< signed_duration, duration_primary > {};
struct duration_operator     : one< '+', '-', '*', '/', '%', '^' > {};
struct duration_operation    : seq< duration_operator, ws, must< duration_operand > > {};
struct duration_expression   : seq< open_duration, duration_operand, star< duration_operation >, close_expression > {};

// Modifiers behind a selector. After offset, arithmetic needs parentheses: `a offset 5m * 2` is (a offset 5m) * 2.
struct selector_range        : duration_expression {};
struct subquery_step         : duration_expression {};
struct range_vector_selector : close_bracket {};
struct subquery              : close_bracket {};
struct subquery_tail         : seq< colon, sor< at< right_bracket >, must< subquery_step > >, must< subquery > > {};
struct bracket_tail          : sor< range_vector_selector, subquery_tail > {};
struct range_or_subquery     : seq< open_bracket, must< selector_range >, must< bracket_tail > > {};
struct offset_duration       : seq< open_duration, duration_operand, close_expression > {};
struct offset_modifier       : seq< offset, must< offset_duration > > {};
struct value_sign            : one< '+', '-' > {};
struct plain_number          : number {};
struct plain_duration        : duration {};
struct plain_value           : seq< sor< plain_number, plain_duration >, ws > {};
struct at_timestamp          : plain_value {};
struct at_time               : seq< opt< value_sign, ws >, must< at_timestamp > > {};
struct at_open               : open_paren {};
struct at_close              : close_paren {};
struct at_start              : seq< start, must< at_open >, must< at_close > > {};
struct at_end                : seq< end, must< at_open >, must< at_close > > {};
struct at_modifier           : seq< one< '@' >, ws, sor< at_start, at_end, at_time > > {};
struct modifier              : sor< range_or_subquery, offset_modifier, at_modifier, anchored, smoothed > {};

// Functions and aggregations.
struct argument              : seq< expression > {};
struct next_argument         : seq< one< ',' >, ws, not_at< right_paren >, must< argument > > {};
struct no_trailing_comma     : not_at< one< ',' > > {};
struct arguments_end         : close_paren {};
struct argument_list         : seq< must< argument >, star< next_argument >, must< no_trailing_comma > > {};
struct arguments             : seq< open_paren, sor< close_paren, seq< argument_list, must< arguments_end > > > > {};
struct plain_aggregation     : sor< sum, avg, count_values, count, min, max, group, stddev, stdvar, quantile > {};
struct selecting_aggregation : sor< topk, bottomk, limitk, limit_ratio > {};
struct aggregation_operator  : word< plain_aggregation, selecting_aggregation > {};
struct modifier_word         : sor< anchored, by, fill, fill_left, fill_right, offset, smoothed, without > {};
struct operator_word         : sor< aggregation_operator, word_operator > {};
struct never_a_function      : sor< operator_word, matching_word, modifier_word, special_number > {};
struct function_name         : seq< not_at< never_a_function >, identifier, not_at< one< ':' > > > {};
struct function_head         : seq< function_name, ws, at< left_paren > > {};
struct function_call         : seq< function_head, arguments > {};
struct by_clause             : seq< by, must< grouping_labels > > {};
struct without_clause        : seq< without, must< grouping_labels > > {};
struct grouping_clause       : sor< by_clause, without_clause > {};
struct aggregation_head      : seq< aggregation_operator, ws, at< sor< left_paren, by, without > > > {};
struct aggregation_arguments : arguments {};
struct grouping_first        : seq< grouping_clause, must< aggregation_arguments > > {};
struct grouping_last         : seq< aggregation_arguments, opt< grouping_clause > > {};
struct aggregation           : seq< aggregation_head, sor< grouping_first, grouping_last > > {};

// Binary operators and vector matching.
struct equality_operator     : sor< string< '=', '=' >, string< '!', '=' > > {};
struct trim_operator         : sor< string< '<', '/' >, string< '>', '/' > > {};
struct order_operator        : sor< string< '<', '=' >, string< '>', '=' >, trim_operator, one< '<', '>' > > {};
struct arithmetic_operator   : one< '+', '-', '*', '/', '%', '^' > {};
struct binary_operator       : sor< equality_operator, order_operator, arithmetic_operator, word_operator > {};
struct on_clause             : seq< on, must< grouping_labels > > {};
struct ignoring_clause       : seq< ignoring, must< grouping_labels > > {};
struct group_left_clause     : seq< group_left, opt< grouping_labels > > {};
struct group_right_clause    : seq< group_right, opt< grouping_labels > > {};
struct group_modifier        : sor< group_left_clause, group_right_clause > {};
struct vector_matching       : seq< sor< on_clause, ignoring_clause >, opt< group_modifier > > {};
struct fill_value            : plain_value {};
struct fill_argument         : seq< open_paren, opt< value_sign, ws >, must< fill_value >, must< close_paren > > {};
struct fill_both_clause      : seq< fill, fill_argument > {};
struct fill_left_clause      : seq< fill_left, fill_argument > {};
struct fill_right_clause     : seq< fill_right, fill_argument > {};
struct fill_left_first       : seq< fill_left_clause, opt< fill_right_clause > > {};
struct fill_right_first      : seq< fill_right_clause, opt< fill_left_clause > > {};
struct fill_modifier         : sor< fill_both_clause, fill_left_first, fill_right_first > {};
struct binary_modifiers      : seq< opt< bool_modifier >, opt< vector_matching >, opt< fill_modifier > > {};

// Expressions.
struct paren_expression      : seq< open_paren, must< expression >, must< close_paren > > {};
struct literal               : sor< numeric_literal, string_literal > {};
struct primary               : sor< literal, paren_expression, aggregation, function_call, vector_selector > {};
struct unary_operator        : seq< one< '+', '-' >, ws > {};
struct signed_primary        : seq< plus< unary_operator >, must< primary > > {};
struct operand               : seq< sor< signed_primary, primary >, star< modifier > > {};
struct binary_operation      : seq< binary_operator, ws, binary_modifiers, must< operand > > {};
struct expression            : seq< open_expression, operand, star< binary_operation >, close_expression > {};

struct some_expression       : not_at< eof > {};
struct nothing_else          : eof {};
struct promql                : seq< ws, must< some_expression >, must< expression >, must< nothing_else > > {};
struct metric_selector       : seq< ws, must< vector_selector >, must< nothing_else > > {};

// clang-format on

}  // namespace tocsin::promql_grammar
