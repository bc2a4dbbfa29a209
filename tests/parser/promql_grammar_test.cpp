#include "parser/promql_grammar.h"

#include <tao/pegtl/contrib/analyze.hpp>

#include "parser/series_grammar.h"
#include "tests/catch.h"

using namespace tocsin;

TEST_CASE("the grammars have no rule that could loop without consuming", "[parser][promql]") {
    CHECK(tao::pegtl::analyze<promql_grammar::promql>() == 0);
    CHECK(tao::pegtl::analyze<promql_grammar::metric_selector>() == 0);
    CHECK(tao::pegtl::analyze<promql_grammar::series_description>() == 0);
    CHECK(tao::pegtl::analyze<promql_grammar::series_values>() == 0);
}
