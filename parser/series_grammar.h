#pragma once

#include <tao/pegtl.hpp>

#include "parser/promql_grammar.h"
#include "parser/promql_messages.h"

/// The notation of series in promtool's tests. Other than in PromQL, white space counts: it parts one item from the next, and
/// `1+2x3` is one item. There are no hexadecimal numbers: `0x10` is 0, eleven times.
namespace tocsin::promql_grammar {

// clang-format off

struct blanks                : plus< one< ' ', '\t', '\r', '\n' > > {};
struct may_repeat            : not_at< seq< not_at< one< 'x' > >, sor< name_other, one< '.' > > > > {};
struct series_number         : sor< seq< decimal, may_repeat >, special_number > {};
struct sign                  : one< '+', '-' > {};
struct signed_number         : seq< opt< sign >, series_number > {};

struct first_value           : signed_number {};
struct increment             : seq< sign, series_number > {};
struct stale                 : word< string< 's', 't', 'a', 'l', 'e' > > {};
struct omitted               : one< '_' > {};
struct count                 : seq< plus< digit >, not_at< sor< name_other, one< '.' > > > > {};
struct repetition            : seq< one< 'x' >, must< count > > {};

struct integer               : seq< opt< one< '-' > >, plus< digit > > {};
struct bucket                : signed_number {};
struct buckets_end           : one< ']' > {};
struct buckets               : seq< one< '[' >, must< bucket >, star< blanks, bucket >, opt< blanks >, must< buckets_end > > {};
struct reset_hint            : sor< TAO_PEGTL_STRING( "unknown" ), TAO_PEGTL_STRING( "reset" ), TAO_PEGTL_STRING( "not_reset" ), TAO_PEGTL_STRING( "gauge" ) > {};
struct key_of_integer        : sor< TAO_PEGTL_STRING( "schema" ), TAO_PEGTL_STRING( "offset" ), TAO_PEGTL_STRING( "n_offset" ) > {};
struct key_of_number         : sor< TAO_PEGTL_STRING( "sum" ), TAO_PEGTL_STRING( "count" ), TAO_PEGTL_STRING( "z_bucket_w" ), TAO_PEGTL_STRING( "z_bucket" ) > {};
struct key_of_buckets        : sor< TAO_PEGTL_STRING( "buckets" ), TAO_PEGTL_STRING( "n_buckets" ), TAO_PEGTL_STRING( "custom_values" ) > {};
struct histogram_integer     : seq< key_of_integer, one< ':' >, must< integer > > {};
struct histogram_number      : seq< key_of_number, one< ':' >, must< bucket > > {};
struct histogram_buckets     : seq< key_of_buckets, one< ':' >, must< buckets > > {};
struct histogram_hint        : seq< TAO_PEGTL_STRING( "counter_reset_hint" ), one< ':' >, must< reset_hint > > {};
struct histogram_item        : sor< histogram_integer, histogram_number, histogram_buckets, histogram_hint > {};
struct histogram_items       : seq< histogram_item, star< blanks, histogram_item >, opt< blanks > > {};
struct histogram_end         : string< '}', '}' > {};
struct histogram             : seq< string< '{', '{' >, opt< blanks >, opt< histogram_items >, must< histogram_end > > {};

struct omitted_values        : seq< omitted, opt< repetition > > {};
struct stale_values          : seq< stale, opt< repetition > > {};
struct plain_values          : seq< first_value, sor< seq< increment, must< repetition > >, opt< repetition > > > {};
struct more_histograms       : sor< seq< sign, histogram, must< repetition > >, opt< repetition > > {};
struct histogram_values      : seq< histogram, more_histograms > {};
struct series_item           : sor< omitted_values, histogram_values, stale_values, plain_values > {};
struct item_end              : sor< blanks, eof > {};
struct values_end            : eof {};
struct series_values         : seq< opt< blanks >, star< series_item, must< item_end > >, must< values_end > > {};

struct equals                : seq< one< '=' >, ws > {};
struct label_set_value       : label_value {};
struct plain_label           : seq< label_text, ws, must< equals >, must< label_set_value > > {};
struct quoted_name_or_label  : seq< quoted_label, ws, sor< seq< equals, must< label_set_value > >, quoted_metric_name > > {};
struct label_set_item        : sor< plain_label, quoted_name_or_label > {};
struct next_label_set_item   : seq< comma, sor< at< right_brace >, must< label_set_item > > > {};
struct label_set_end         : right_brace {};
struct label_set             : seq< open_brace, sor< right_brace, seq< must< label_set_item >, star< next_label_set_item >, must< label_set_end > > > > {};
struct series                : sor< seq< metric_name, opt< label_set > >, label_set > {};
struct series_description    : seq< opt< blanks >, must< series >, must< item_end >, series_values > {};

template <> inline constexpr PromqlMessage message< count >           {.where = "series values", .expected = "number of repetitions"};
template <> inline constexpr PromqlMessage message< repetition >      {.where = "series values", .expected = "\"x\" and a number of repetitions"};
template <> inline constexpr PromqlMessage message< item_end >        {.where = "series values", .expected = "space"};
template <> inline constexpr PromqlMessage message< values_end >      {.where = "series values", .expected = "number or \"stale\""};
template <> inline constexpr PromqlMessage message< integer >         {.where = "histogram description", .expected = "integer"};
template <> inline constexpr PromqlMessage message< bucket >          {.where = "histogram description", .expected = "number"};
template <> inline constexpr PromqlMessage message< buckets >         {.where = "histogram description", .expected = "\"[\""};
template <> inline constexpr PromqlMessage message< buckets_end >     {.where = "histogram description", .expected = "number or \"]\""};
template <> inline constexpr PromqlMessage message< reset_hint >      {.where = "histogram description", .expected = "unknown, reset, not_reset or gauge"};
template <> inline constexpr PromqlMessage message< histogram_end >   {.where = "histogram description", .expected = "histogram description key, e.g. buckets:[5 10 7]"};
template <> inline constexpr PromqlMessage message< equals >          {.where = "label set", .expected = "\"=\""};
template <> inline constexpr PromqlMessage message< label_set_value > {.where = "label set", .expected = "string"};
template <> inline constexpr PromqlMessage message< label_set_item >  {.where = "label set", .expected = "identifier or \"}\""};
template <> inline constexpr PromqlMessage message< label_set_end >   {.where = "label set", .expected = "\",\" or \"}\""};
template <> inline constexpr PromqlMessage message< series >          {.where = "series", .expected = "metric name or \"{\""};

// clang-format on

}  // namespace tocsin::promql_grammar
