#include "base/diagnostic.h"

#include "tests/catch.h"

namespace tocsin {

TEST_CASE("a finding is file, position, what is wrong and what was expected", "[base][diagnostic]") {
    struct Case {
        Diagnostic diagnostic;
        const char* text;
    };
    const auto c = GENERATE(values<Case>({
        {{Severity::Error, "", "a.yml", {3, 5, 3, 9}, "unknown field \"exprr\"", "expr", ""},
         "a.yml:3:5: unknown field \"exprr\"; expected expr"},
        {{Severity::Error, "", "a.yml", {3, 5, 3, 9}, "bad", "", "try again"}, "a.yml:3:5: bad"},
        {{Severity::Error, "", "a.yml", {}, "bad", "", ""}, "a.yml: bad"},
        {{Severity::Error, "", "a.yml", {7, 0, 7, 0}, "bad", "", ""}, "a.yml:7: bad"},
        {{Severity::Error, "", "", {1, 2, 1, 3}, "bad", "", ""}, "1:2: bad"},
        {{Severity::Error, "", "", {}, "bad", "", ""}, "bad"},
        {{Severity::Warning, "rate/gauge", "a.yml", {1, 1, 1, 2}, "odd", "", ""}, "a.yml:1:1: warning: odd"},
        {{Severity::Hint, "x", "", {}, "odd", "", ""}, "hint: odd"},
        {{Severity::Error, "", "", {}, "two\nlines\x1b", "", ""}, "two\\nlines\\x1b"},
    }));
    CHECK(to_string(c.diagnostic) == c.text);
}

TEST_CASE("only errors are errors", "[base][diagnostic]") {
    Diagnostic warning;
    warning.severity = Severity::Warning;
    CHECK_FALSE(has_errors({}));
    CHECK_FALSE(has_errors({warning}));
    CHECK(has_errors({warning, Diagnostic{}}));
}

TEST_CASE("the caret stands below the first character in question", "[base][diagnostic]") {
    const auto render = [](SourceRange where, std::string_view source, std::string hint = {}) {
        return render_with_caret({Severity::Error, "", "f", where, "bad", "", std::move(hint)}, source);
    };
    CHECK(render({2, 3, 2, 6}, "one\na sum b\n") == "f:2:3: bad\n    a sum b\n      ^~~\n");
    CHECK(render({1, 1, 1, 1}, "x") == "f:1:1: bad\n    x\n    ^\n");
    CHECK(render({1, 4, 1, 4}, "sum") == "f:1:4: bad\n    sum\n       ^\n");
    CHECK(render({1, 6, 1, 7}, "grün+") == "f:1:6: bad\n    grün+\n        ^\n");
    CHECK(render({1, 2, 1, 3}, "\t!\r\n") == "f:1:2: bad\n     !\n     ^\n");
    CHECK(render({1, 3, 2, 2}, "a (b\nc)") == "f:1:3: bad\n    a (b\n      ^~\n");
    CHECK(render({1, 1, 1, 2}, "x", "do this") == "f:1:1: bad\n    x\n    ^\n    hint: do this\n");
    CHECK(render({9, 1, 9, 2}, "x") == "f:9:1: bad\n");
    CHECK(render({}, "x") == render_with_caret({Severity::Error, "", "f", {}, "bad", "", ""}, ""));
}

TEST_CASE("of a long line only the surroundings are shown", "[base][diagnostic]") {
    const std::string line = std::string(5000, 'a') + "X" + std::string(5000, 'b');
    const std::string text = render_with_caret({Severity::Error, "", "", {1, 5001, 1, 5002}, "bad", "", ""}, line);
    CHECK(text.size() < 300);
    CHECK(text.find("aaXbb") != text.npos);
    CHECK(text.find('^') - text.rfind('\n', text.find('^')) == text.find('X') - text.rfind('\n', text.find('X')));
}

TEST_CASE("a caret for any range in any text stays within bounds", "[base][diagnostic]") {
    const std::string source = "aä\n\n\tb" + std::string(400, 'c') + "é";
    for (std::size_t line = 0; line < 5; ++line) {
        for (std::size_t column = 0; column < 420; column += 7) {
            for (const std::size_t end_column :
                 {std::size_t{0}, std::size_t{1}, column, column + 3, std::size_t{9999}}) {
                const SourceRange where{line, column, line, end_column};
                const std::string text = render_with_caret({Severity::Error, "", "f", where, "bad", "", ""}, source);
                REQUIRE(text.back() == '\n');
                REQUIRE(text.size() < 400);
            }
        }
    }
}

TEST_CASE("offsets become lines and columns from 1", "[base][diagnostic]") {
    const std::string_view text = "ab\ncd\n";
    CHECK(range_at(text, {0, 2}) == SourceRange{1, 1, 1, 3});
    CHECK(range_at(text, {3, 5}) == SourceRange{2, 1, 2, 3});
    CHECK(range_at(text, {1, 4}) == SourceRange{1, 2, 2, 2});
    CHECK(range_at(text, {6, 6}) == SourceRange{3, 1, 3, 1});
    CHECK(range_at(text, {100, 200}) == SourceRange{3, 1, 3, 1});
    CHECK(range_at("", {0, 0}) == SourceRange{1, 1, 1, 1});
}

TEST_CASE("the nearest word is found when it may have been meant", "[base][diagnostic]") {
    const std::vector<std::string_view> words{"expr", "for", "labels", "annotations", "keep_firing_for"};
    CHECK(nearest("exprr", words) == "expr");
    CHECK(nearest("labesl", words) == "labels");
    CHECK(nearest("Labels", words) == "labels");
    CHECK(nearest("anotation", words) == "annotations");
    CHECK(nearest("fro", words) == "for");
    CHECK(nearest("keep_fireing_for", words) == "keep_firing_for");
    CHECK(nearest("receiver", words).empty());
    CHECK(nearest("x", words).empty());
    CHECK(nearest("", words).empty());
    CHECK(nearest(std::string(100'000, 'x'), words).empty());
}

}  // namespace tocsin
