#include "base/regex.h"

#include "tests/catch.h"

namespace tocsin {

namespace {

using Anchoring = Regex::Anchoring;

Regex compiled(std::string_view pattern, Anchoring anchoring = Anchoring::Full) {
    auto regex = Regex::compile(pattern, anchoring);
    REQUIRE(regex.has_value());
    return *regex;
}

}  // namespace

TEST_CASE("a pattern has to match the whole text", "[base][regex]") {
    struct Case {
        const char* pattern;
        std::string text;
        bool matches;
    };
    const auto c = GENERATE(values<Case>({
        {"api", "api", true},
        {"api", "apis", false},
        {"", "", true},
        {"", "a", false},
        {"a|b", "b", true},
        {"a|b", "ab", false},
        {"a|", "", true},
        {"a||b", "", true},
        {"a|b|a", "a", true},
        {"(?:a|b)", "b", true},
        {"(?:a|b)", "(?:a|b)", false},
        {"(a|b)c", "bc", true},
        {"(a)|(b)", "b", true},
        {"(?:a)|(?:b)", "b", true},
        {R"(10\.0\.0\.1:9100|b)", "10.0.0.1:9100", true},
        {R"(10\.0\.0\.1)", "10x0x0x1", false},
        {R"(a\|b)", "a|b", true},
        {R"(\d+)", "42", true},
        {"5..", "503", true},
        {".+", "", false},
        {".*", "a\nb", true},
        {"(?i)API", "api", true},
        {"a$|b", "a", true},
        {"^a", "a", true},
        {"grün|日本", "日本", true},
        {"a{2}", "aa", true},
        {"(?P<x>a)", "a", true},
        {"(?<x>a)", "a", true},
        {R"(\(?<)", "(<", true},
        {"[(?<x>]", "<", true},
        {R"(\pL+)", "grün", true},
        {R"(\Qa.b\E)", "a.b", true},
    }));
    CAPTURE(c.pattern, c.text);
    CHECK(compiled(c.pattern).matches(c.text) == c.matches);
    CHECK(compiled(c.pattern).pattern() == c.pattern);
}

TEST_CASE("the dot does not match a line feed in Alertmanager's matchers", "[base][regex]") {
    CHECK_FALSE(compiled("a.b", Anchoring::FullNoDot).matches("a\nb"));
    CHECK(compiled("a.b", Anchoring::FullNoDot).matches("axb"));
    CHECK(compiled("a|b", Anchoring::FullNoDot).matches("b"));
    CHECK_FALSE(compiled("a.|b", Anchoring::FullNoDot).matches("axx"));
    CHECK_FALSE(compiled("a.|b", Anchoring::FullNoDot).matches("ax\n"));
}

TEST_CASE("without anchors a part is enough", "[base][regex]") {
    CHECK(compiled("b", Anchoring::None).matches("abc"));
    CHECK_FALSE(compiled("^b", Anchoring::None).matches("abc"));
    CHECK_FALSE(compiled("a.c", Anchoring::None).matches("a\nc"));
}

TEST_CASE("what is wrong with a pattern is said in Go's words", "[base][regex]") {
    struct Case {
        const char* pattern;
        const char* message;
    };
    const auto [pattern, message] = GENERATE(values<Case>({
        {"[", "error parsing regexp: missing closing ]: `[`"},
        {"(", "error parsing regexp: missing closing ): `(`"},
        {"a)", "error parsing regexp: unexpected ): `a)`"},
        {"*", "error parsing regexp: missing argument to repetition operator: `*`"},
        {"a**", "error parsing regexp: invalid nested repetition operator: `**`"},
        {"a{1001}", "error parsing regexp: invalid repeat count: `{1001}`"},
        {"[z-a]", "error parsing regexp: invalid character class range: `z-a`"},
        {R"(\8)", R"(error parsing regexp: invalid escape sequence: `\8`)"},
        {R"(a\\\C)", R"(error parsing regexp: invalid escape sequence: `\C`)"},
        {R"(\Q\C\E\C)", R"(error parsing regexp: invalid escape sequence: `\C`)"},
        {"(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
        {"a|\xff", "error parsing regexp: invalid UTF-8: `a|\ufffd`"},
        {"(?P<1 >a)", "error parsing regexp: invalid named capture: `(?P<1 >`"},
    }));
    const auto regex = Regex::compile(pattern);
    REQUIRE_FALSE(regex.has_value());
    CHECK(regex.error().kind == Error::Kind::InvalidInput);
    CHECK(regex.error().message == message);
}

TEST_CASE("Alertmanager's messages show its anchors", "[base][regex]") {
    CHECK(Regex::compile("[", Anchoring::FullNoDot).error().message ==
          "error parsing regexp: missing closing ]: `[)$`");
}

TEST_CASE("a pattern that costs too much is refused", "[base][regex]") {
    const std::string pattern = GENERATE(std::string("((a{100}){100}){100}"), std::string(70'000, 'a') + ".");
    const auto regex = Regex::compile(pattern);
    REQUIRE_FALSE(regex.has_value());
    CHECK(regex.error().message.starts_with("error parsing regexp: "));
}

TEST_CASE("deep nesting costs no stack", "[base][regex]") {
    const std::string pattern = std::string(30'000, '(') + "a" + std::string(30'000, ')');
    const auto regex = Regex::compile(pattern);
    if (regex) {
        CHECK(regex->matches("a"));
    } else {
        CHECK(regex.error().message.starts_with("error parsing regexp: "));
    }
}

TEST_CASE("alternations of thousands of literals are no burden", "[base][regex]") {
    std::string pattern = "pod-0";
    for (int i = 1; i < 20'000; ++i) pattern += "|pod-" + std::to_string(i);
    const Regex regex = compiled(pattern);
    CHECK(regex.matches("pod-19999"));
    CHECK_FALSE(regex.matches("pod-20000"));
}

TEST_CASE("groups are expanded as Go does", "[base][regex]") {
    struct Case {
        const char* pattern;
        const char* text;
        const char* replacement;
        const char* expanded;
    };
    const auto [pattern, text, replacement, expanded] = GENERATE(values<Case>({
        {"(.*):(.*)", "host:9100", "$1", "host"},
        {"(.*):(.*)", "host:9100", "${2}-${1}", "9100-host"},
        {"(.*):(.*)", "host:9100", "$0", "host:9100"},
        {"(.*):(.*)", "host:9100", "$1x", ""},
        {"(.*):(.*)", "host:9100", "${1}x", "hostx"},
        {"(.*):(.*)", "host:9100", "$3", ""},
        {"(.*):(.*)", "host:9100", "$01", ""},
        {"(.*):(.*)", "host:9100", "a$$b", "a$b"},
        {"(.*):(.*)", "host:9100", "a$", "a$"},
        {"(.*):(.*)", "host:9100", "a$ b", "a$ b"},
        {"(.*):(.*)", "host:9100", "${1", "${1"},
        {"(.*):(.*)", "host:9100", "${}", "${}"},
        {"(.*):(.*)", "host:9100", "$99999999999999999999", ""},
        {"(?P<host>.*):(?P<port>.*)", "host:9100", "$port/${host}", "9100/host"},
        {"(?<host>.*):.*", "host:9100", "$host", "host"},
        {"(a)|(b)", "b", "[$1][$2]", "[][b]"},
        {"literal", "literal", "<$0>$1", "<literal>"},
        {"a|b", "b", "plain", "plain"},
        {"(a|b)", "b", "$1", "b"},
    }));
    CAPTURE(pattern, replacement);
    std::string out;
    REQUIRE(compiled(pattern).expand(text, replacement, out));
    CHECK(out == expanded);
}

TEST_CASE("nothing is written when the text does not match", "[base][regex]") {
    std::string out = "kept";
    CHECK_FALSE(compiled("(a+)").expand("b", "$1", out));
    CHECK_FALSE(compiled("a").expand("b", "$1", out));
    CHECK(out == "kept");
}

TEST_CASE("every match is replaced as Go does", "[base][regex]") {
    struct Case {
        const char* pattern;
        const char* text;
        const char* replacement;
        const char* replaced;
    };
    const auto [pattern, text, replacement, replaced] = GENERATE(values<Case>({
        {"b", "abcb", "X", "aXcX"},
        {"a(x*)b", "-ab-axxb-", "${1}W", "-W-xxW-"},
        {"x*", "abc", "-", "-a-b-c-"},
        {"x*", "", "-", "-"},
        {"b*", "abc", "-", "-a-c-"},
        {"^a", "aaa", "-", "-aa"},
        {R"(\b)", "ab cd", "|", "|ab| |cd|"},
        {"", "grün", ".", ".g.r.ü.n."},
        {"none", "text", "-", "text"},
        {"(.*):.*", "host:9100", "$1", "host"},
        {"$", "a", "!", "a!"},
    }));
    CAPTURE(pattern, text);
    CHECK(compiled(pattern, Anchoring::None).replace_all(text, replacement) == replaced);
}

TEST_CASE("hostile patterns take linear time", "[base][regex]") {
    CHECK_FALSE(compiled("(a+)+b").matches(std::string(100'000, 'a')));
    CHECK_FALSE(compiled("(a|a)*b").matches(std::string(100'000, 'a')));
}

}  // namespace tocsin
