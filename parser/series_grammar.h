#pragma once

#include <tao/pegtl.hpp>

#include "parser/promql_grammar.h"
#include "parser/promql_messages.h"

/// The notation of series in promtool's tests. Other than in PromQL, white space counts: it parts one item from the
/// next, and `1+2x3` is one item. There are no hexadecimal numbers: `0x10` is 0, eleven times.
namespace tocsin::promql_grammar {

// clang-format off

struct blanks                : plus< one< ' ', '\t', '\r', '\n' > > {};
struct may_repeat            : not_at< seq< not_at< one< 'x' > >, sor< name_other, one< '.' > > > > {};
struct series_duration       : seq< first_duration_part, star< next_duration_part >, may_repeat > {};
struct series_number         : sor< seq< decimal, may_repeat >, series_duration, special_number > {};
struct sign                  : one< '+', '-' > {};
struct signed_number         : seq< opt< sign >, series_number > {};

struct first_value           : signed_number {};
struct increment             : seq< sign, series_number > {};
struct stale                 : word< TAO_PEGTL_STRING( "stale" ) > {};
struct omitted               : one< '_' > {};
struct repetitions           : seq< plus< digit >, not_at< sor< name_other, one< '.' > > > > {};
struct repetition            : seq< one< 'x' >, must< repetitions > > {};

struct integer               : seq< opt< one< '-' > >, plus< digit > > {};
struct bucket                : signed_number {};
struct buckets_end           : one< ']' > {};
struct bucket_list           : seq< must< bucket >, star< blanks, bucket >, opt< blanks > > {};
struct buckets               : seq< one< '[' >, bucket_list, must< buckets_end > > {};
struct some_reset            : sor< TAO_PEGTL_STRING( "reset" ), TAO_PEGTL_STRING( "not_reset" ) > {};
struct reset_hint            : sor< some_reset, TAO_PEGTL_STRING( "unknown" ), TAO_PEGTL_STRING( "gauge" ) > {};
struct bucket_offset         : sor< TAO_PEGTL_STRING( "offset" ), TAO_PEGTL_STRING( "n_offset" ) > {};
struct zero_bucket           : sor< TAO_PEGTL_STRING( "z_bucket_w" ), TAO_PEGTL_STRING( "z_bucket" ) > {};
struct sum_or_count          : sor< TAO_PEGTL_STRING( "sum" ), TAO_PEGTL_STRING( "count" ) > {};
struct some_buckets          : sor< TAO_PEGTL_STRING( "buckets" ), TAO_PEGTL_STRING( "n_buckets" ) > {};
struct integer_key           : sor< TAO_PEGTL_STRING( "schema" ), bucket_offset > {};
struct number_key            : sor< sum_or_count, zero_bucket > {};
struct buckets_key           : sor< some_buckets, TAO_PEGTL_STRING( "custom_values" ) > {};
struct hint_key              : TAO_PEGTL_STRING( "counter_reset_hint" ) {};
struct histogram_integer     : seq< integer_key, one< ':' >, must< integer > > {};
struct histogram_number      : seq< number_key, one< ':' >, must< bucket > > {};
struct histogram_buckets     : seq< buckets_key, one< ':' >, must< buckets > > {};
struct histogram_hint        : seq< hint_key, one< ':' >, must< reset_hint > > {};
struct histogram_item        : sor< histogram_integer, histogram_number, histogram_buckets, histogram_hint > {};
struct histogram_items       : seq< histogram_item, star< blanks, histogram_item >, opt< blanks > > {};
struct histogram_end         : string< '}', '}' > {};
struct histogram_start       : seq< string< '{', '{' >, opt< blanks > > {};
struct histogram             : seq< histogram_start, opt< histogram_items >, must< histogram_end > > {};

struct omitted_values        : seq< omitted, opt< repetition > > {};
struct stale_values          : seq< stale, opt< repetition > > {};
struct rising_values         : seq< increment, must< repetition > > {};
struct plain_values          : seq< first_value, sor< rising_values, opt< repetition > > > {};
struct rising_histograms     : seq< sign, histogram, must< repetition > > {};
struct histogram_values      : seq< histogram, sor< rising_histograms, opt< repetition > > > {};
struct series_item           : sor< omitted_values, histogram_values, stale_values, plain_values > {};
struct item_end              : sor< blanks, eof > {};
struct values_end            : eof {};
struct series_values         : seq< opt< blanks >, star< series_item, must< item_end > >, must< values_end > > {};

struct equals                : seq< one< '=' >, ws > {};
struct label_set_value       : label_value {};
struct equals_and_value      : seq< equals, must< label_set_value > > {};
struct plain_label           : seq< label_text, ws, must< equals >, must< label_set_value > > {};
struct quoted_name_or_label  : seq< quoted_label, ws, sor< equals_and_value, quoted_metric_name > > {};
struct label_set_item        : sor< plain_label, quoted_name_or_label > {};
struct next_label_set_item   : seq< comma, sor< at< right_brace >, must< label_set_item > > > {};
struct label_set_end         : right_brace {};
struct label_set_list        : seq< must< label_set_item >, star< next_label_set_item >, must< label_set_end > > {};
struct label_set             : seq< open_brace, sor< right_brace, label_set_list > > {};
struct start_timestamps      : string< '@', 's', 't' > {};
struct metric                : sor< seq< metric_name, opt< label_set > >, label_set > {};
struct series                : seq< metric, opt< start_timestamps > > {};
struct series_description    : seq< opt< blanks >, must< series >, must< item_end >, series_values > {};

inline constexpr std::string_view kHint = "unknown, reset, not_reset or gauge";
inline constexpr std::string_view kRepetition = "\"x\" and a number of repetitions";
inline constexpr std::string_view kHistogramKey = "histogram description key, e.g. buckets:[5 10 7]";
inline constexpr std::string_view kHistogram = "histogram description";

template <> inline constexpr auto message< repetitions >     = expected( "series values", "number of repetitions" );
template <> inline constexpr auto message< repetition >      = expected( "series values", kRepetition );
template <> inline constexpr auto message< item_end >        = expected( "series values", "space" );
template <> inline constexpr auto message< values_end >      = expected( "series values", "number or \"stale\"" );
template <> inline constexpr auto message< integer >         = expected( kHistogram, "integer" );
template <> inline constexpr auto message< bucket >          = expected( kHistogram, "number" );
template <> inline constexpr auto message< buckets >         = expected( kHistogram, "\"[\"" );
template <> inline constexpr auto message< buckets_end >     = expected( kHistogram, "number or \"]\"" );
template <> inline constexpr auto message< reset_hint >      = expected( kHistogram, kHint );
template <> inline constexpr auto message< histogram_end >   = expected( kHistogram, kHistogramKey );
template <> inline constexpr auto message< equals >          = expected( "label set", "\"=\"" );
template <> inline constexpr auto message< label_set_value > = expected( "label set", "string" );
template <> inline constexpr auto message< label_set_item >  = expected( "label set", "identifier or \"}\"" );
template <> inline constexpr auto message< label_set_end >   = expected( "label set", "\",\" or \"}\"" );
template <> inline constexpr auto message< series >          = expected( "series", "metric name or \"{\"" );

// clang-format on

}  // namespace tocsin::promql_grammar
