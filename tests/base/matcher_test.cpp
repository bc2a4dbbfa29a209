#include "base/matcher.h"

#include "tests/catch.h"

namespace tocsin {

namespace {

Matcher matcher(MatchOp op, std::string value) {
    return Matcher::create("job", op, std::move(value)).value();
}

}  // namespace

TEST_CASE("each operator decides as PromQL says", "[base][matcher]") {
    struct Case {
        MatchOp op;
        const char* value;
        const char* label;
        bool matches;
    };
    const auto [op, value, label, matches] = GENERATE(values<Case>({
        {MatchOp::Equal, "api", "api", true},
        {MatchOp::Equal, "api", "apis", false},
        {MatchOp::Equal, "", "", true},
        {MatchOp::NotEqual, "api", "api", false},
        {MatchOp::NotEqual, "api", "", true},
        {MatchOp::Regex, "a.*", "api", true},
        {MatchOp::Regex, "a", "api", false},
        {MatchOp::Regex, "a|api", "api", true},
        {MatchOp::Regex, ".*", "", true},
        {MatchOp::Regex, ".+", "", false},
        {MatchOp::NotRegex, "a.*", "api", false},
        {MatchOp::NotRegex, "a.*", "web", true},
        {MatchOp::NotRegex, ".+", "", true},
    }));
    CAPTURE(to_string(op), value, label);
    CHECK(matcher(op, value).matches(std::string_view(label)) == matches);
}

TEST_CASE("an absent label matches the empty string", "[base][matcher]") {
    const LabelSet labels{{"instance", "a"}};
    CHECK(matcher(MatchOp::Equal, "").matches(labels));
    CHECK(matcher(MatchOp::NotEqual, "x").matches(labels));
    CHECK_FALSE(matcher(MatchOp::Regex, ".+").matches(labels));
    CHECK(matcher(MatchOp::Equal, "").matches_empty());
    CHECK_FALSE(matcher(MatchOp::Equal, "x").matches_empty());
}

TEST_CASE("only a bad regular expression is no matcher", "[base][matcher]") {
    CHECK(Matcher::create("a", MatchOp::Equal, "(").has_value());
    CHECK(Matcher::create("a", MatchOp::NotEqual, "(").has_value());
    CHECK(Matcher::create("a", MatchOp::Regex, "(").error().message == "error parsing regexp: missing closing ): `(`");
    CHECK_FALSE(Matcher::create("a", MatchOp::NotRegex, "(").has_value());
}

TEST_CASE("all matchers have to hold, none always do", "[base][matcher]") {
    const LabelSet labels{{"a", "1"}, {"b", "2"}};
    CHECK(all_match({}, labels));
    CHECK(all_match({Matcher::equal("a", "1"), Matcher::equal("b", "2")}, labels));
    CHECK_FALSE(all_match({Matcher::equal("a", "1"), Matcher::equal("b", "1")}, labels));
}

TEST_CASE("a matcher is printed as it is written", "[base][matcher]") {
    CHECK(to_string(Matcher::equal("a", "b")) == R"(a="b")");
    CHECK(to_string(Matcher::create("a.b", MatchOp::NotRegex, "x\"\\d").value()) == R"("a.b"!~"x\"\\d")");
    CHECK(to_string(matcher(MatchOp::NotEqual, "")) == R"(job!="")");
    CHECK(to_string(matcher(MatchOp::Regex, "x")) == R"(job=~"x")");
}

TEST_CASE("matchers are equal when name, operator and value are", "[base][matcher]") {
    CHECK(Matcher::equal("job", "a") == matcher(MatchOp::Equal, "a"));
    CHECK_FALSE(Matcher::equal("job", "a") == matcher(MatchOp::Regex, "a"));
    CHECK_FALSE(Matcher::equal("x", "a") == Matcher::equal("y", "a"));
}

}  // namespace tocsin
