#include "parser/promql_parser.h"

#include <algorithm>

#include <fmt/format.h>
#include <tao/pegtl.hpp>

#include "parser/promql_builder.h"
#include "parser/promql_checks.h"
#include "parser/promql_grammar.h"
#include "parser/promql_messages.h"

// The one place where the grammar meets ExpressionBuilder, and the one file that takes seconds to compile.

namespace tocsin {

namespace {

namespace grammar = promql_grammar;
using Builder = ExpressionBuilder;

template <typename ActionInput>
TextSpan span_of(const ActionInput& in, const Builder& builder) {
    const auto begin = static_cast<std::size_t>(in.begin() - builder.text().data());
    return {begin, begin + in.size()};
}

/// Tells the builder what was read, and where.
template <void (Builder::*method)(TextSpan)>
struct WithSpan {
    template <typename ActionInput>
    static void apply(const ActionInput& in, Builder& builder) {
        (builder.*method)(span_of(in, builder));
    }
};

/// Tells the builder that something is complete.
template <void (Builder::*method)()>
struct Plain {
    static void apply0(Builder& builder) { (builder.*method)(); }
};

/// As the two above; the builder says whether to go on.
template <bool (Builder::*method)(TextSpan)>
struct WithSpanIf {
    template <typename ActionInput>
    static bool apply(const ActionInput& in, Builder& builder) {
        return (builder.*method)(span_of(in, builder));
    }
};
template <bool (Builder::*method)()>
struct PlainIf {
    static bool apply0(Builder& builder) { return (builder.*method)(); }
};

template <typename Rule>
struct Action : tao::pegtl::nothing<Rule> {};

// clang-format off

template <> struct Action<grammar::left_paren>            : WithSpan<&Builder::left_paren> {};
template <> struct Action<grammar::right_paren>           : WithSpan<&Builder::right_paren> {};
template <> struct Action<grammar::left_brace>            : WithSpan<&Builder::left_brace> {};
template <> struct Action<grammar::right_brace>           : WithSpan<&Builder::right_brace> {};
template <> struct Action<grammar::left_bracket>          : WithSpan<&Builder::left_bracket> {};
template <> struct Action<grammar::right_bracket>         : WithSpan<&Builder::right_bracket> {};

template <> struct Action<grammar::number_value>          : WithSpan<&Builder::number> {};
template <> struct Action<grammar::duration_value>        : WithSpan<&Builder::duration> {};
template <> struct Action<grammar::string_value>          : WithSpan<&Builder::string> {};

template <> struct Action<grammar::label_text>            : WithSpan<&Builder::label> {};
template <> struct Action<grammar::quoted_label>          : WithSpan<&Builder::quoted_label> {};
template <> struct Action<grammar::match_operator>        : WithSpan<&Builder::match_operator> {};
template <> struct Action<grammar::label_value_text>      : WithSpan<&Builder::label_value> {};
template <> struct Action<grammar::quoted_metric_name>    : Plain<&Builder::quoted_metric_name> {};
template <> struct Action<grammar::metric_name>           : WithSpan<&Builder::metric_name> {};
template <> struct Action<grammar::vector_selector>       : WithSpan<&Builder::vector_selector> {};

template <> struct Action<grammar::grouping_name>         : WithSpan<&Builder::grouping_name> {};
template <> struct Action<grammar::quoted_grouping_name>  : WithSpan<&Builder::quoted_grouping_name> {};

template <> struct Action<grammar::open_expression>       : PlainIf<&Builder::open_expression> {};
template <> struct Action<grammar::open_duration>         : PlainIf<&Builder::open_duration> {};
template <> struct Action<grammar::close_expression>      : Plain<&Builder::close_expression> {};

template <> struct Action<grammar::duration_sign>         : WithSpanIf<&Builder::unary_operator> {};
template <> struct Action<grammar::duration_paren>        : WithSpan<&Builder::paren_expression> {};
template <> struct Action<grammar::step_or_range>         : WithSpan<&Builder::duration_function> {};
template <> struct Action<grammar::min_of_or_max_of>      : WithSpan<&Builder::duration_function> {};
template <> struct Action<grammar::duration_of_query>     : Plain<&Builder::function_call> {};
template <> struct Action<grammar::duration_argument>     : Plain<&Builder::argument> {};
template <> struct Action<grammar::duration_choice>       : Plain<&Builder::function_call> {};
template <> struct Action<grammar::duration_operator>     : WithSpanIf<&Builder::binary_operator> {};

template <> struct Action<grammar::selector_range>        : Plain<&Builder::selector_range> {};
template <> struct Action<grammar::subquery_step>         : Plain<&Builder::subquery_step> {};
template <> struct Action<grammar::range_vector_selector> : Plain<&Builder::range_vector_selector> {};
template <> struct Action<grammar::subquery>              : Plain<&Builder::subquery> {};
template <> struct Action<grammar::offset_modifier>       : Plain<&Builder::offset> {};
template <> struct Action<grammar::value_sign>            : WithSpan<&Builder::value_sign> {};
template <> struct Action<grammar::plain_number>          : WithSpan<&Builder::plain_number> {};
template <> struct Action<grammar::plain_duration>        : WithSpan<&Builder::plain_duration> {};
template <> struct Action<grammar::at_time>               : Plain<&Builder::at_time> {};
template <> struct Action<grammar::at_start>              : Plain<&Builder::at_start> {};
template <> struct Action<grammar::at_end>                : Plain<&Builder::at_end> {};
template <> struct Action<grammar::anchored>              : WithSpan<&Builder::anchored> {};
template <> struct Action<grammar::smoothed>              : WithSpan<&Builder::smoothed> {};

template <> struct Action<grammar::function_head>         : WithSpan<&Builder::function> {};
template <> struct Action<grammar::argument>              : Plain<&Builder::argument> {};
template <> struct Action<grammar::function_call>         : Plain<&Builder::function_call> {};
template <> struct Action<grammar::aggregation_head>      : WithSpan<&Builder::aggregation_head> {};
template <> struct Action<grammar::by_clause>             : Plain<&Builder::by_clause> {};
template <> struct Action<grammar::without_clause>        : Plain<&Builder::without_clause> {};
template <> struct Action<grammar::aggregation>           : Plain<&Builder::aggregation> {};

template <> struct Action<grammar::unary_operator>        : WithSpanIf<&Builder::unary_operator> {};
template <> struct Action<grammar::binary_operator>       : WithSpanIf<&Builder::binary_operator> {};
template <> struct Action<grammar::bool_modifier>         : Plain<&Builder::bool_modifier> {};
template <> struct Action<grammar::on_clause>             : Plain<&Builder::on_clause> {};
template <> struct Action<grammar::ignoring_clause>       : Plain<&Builder::ignoring_clause> {};
template <> struct Action<grammar::group_left_clause>     : Plain<&Builder::group_left_clause> {};
template <> struct Action<grammar::group_right_clause>    : Plain<&Builder::group_right_clause> {};
template <> struct Action<grammar::fill_both_clause>      : Plain<&Builder::fill_both_clause> {};
template <> struct Action<grammar::fill_left_clause>      : Plain<&Builder::fill_left_clause> {};
template <> struct Action<grammar::fill_right_clause>     : Plain<&Builder::fill_right_clause> {};
template <> struct Action<grammar::paren_expression>      : WithSpan<&Builder::paren_expression> {};

// clang-format on

/// What a failed must<> does: the builder puts the message together, the exception only ends the reading.
template <typename Rule>
struct Control : tao::pegtl::normal<Rule> {
    template <typename Input>
    [[noreturn]] static void raise(const Input& in, Builder& builder) {
        static_assert(grammar::message<Rule>.written, "a rule inside must<> without a line in promql_messages.h");
        builder.refuse(grammar::message<Rule>, static_cast<std::size_t>(in.current() - builder.text().data()));
        throw tao::pegtl::parse_error("refused", in);
    }
};

/// True when all of the text fits; what does not is in the builder's diagnostics.
template <typename Rule>
bool read(std::string_view text, Builder& builder) {
    using Input = tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy, tao::pegtl::eol::lf, const char*>;
    Input input(text.data(), text.data() + text.size(), "");
    try {
        return tao::pegtl::parse<Rule, Action, Control>(input, builder);
    } catch (const tao::pegtl::parse_error&) {
        return false;
    }
}

tl::unexpected<Diagnostics> in_order(Diagnostics diagnostics) {
    std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
        return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
    });
    return tl::unexpected(std::move(diagnostics));
}

tl::unexpected<Diagnostics> too_long(std::string_view what, std::size_t bytes, std::size_t bytes_max) {
    Diagnostics diagnostics(1);
    diagnostics.front().where = {1, 1, 1, 1};
    diagnostics.front().message = fmt::format("{} is too long: {} bytes, more than {}", what, bytes, bytes_max);
    return tl::unexpected(std::move(diagnostics));
}

}  // namespace

Parsed<ExprPtr> parse_promql(std::string_view text, const PromqlLimits& limits) {
    if (text.size() > limits.bytes) return too_long("expression", text.size(), limits.bytes);
    Builder builder(text, limits);
    read<grammar::promql>(text, builder);
    ExprPtr expr = builder.take_expression();
    if (!expr) return in_order(builder.take_diagnostics());
    Diagnostics found = check_promql(*expr, text);
    if (!found.empty()) return in_order(std::move(found));
    return expr;
}

Parsed<Matchers> parse_metric_selector(std::string_view text) {
    const PromqlLimits limits;
    if (text.size() > limits.bytes) return too_long("selector", text.size(), limits.bytes);
    Builder builder(text, limits);
    read<grammar::metric_selector>(text, builder);
    Diagnostics diagnostics = builder.take_diagnostics();
    if (!diagnostics.empty()) return in_order(std::move(diagnostics));
    return builder.take_matchers();
}

}  // namespace tocsin
