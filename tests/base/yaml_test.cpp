#include "base/yaml.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

YamlNode parsed(std::string_view text) {
    auto node = parse_yaml(text, "f.yml");
    INFO(text);
    INFO((node ? std::string() : to_string(node.error().front())));
    REQUIRE(node.has_value());
    return *std::move(node);
}

/// The first problem of a text, `line:column: message`; empty when there is none.
std::string problem_of(std::string_view text, const YamlLimits& limits = {}) {
    const auto node = parse_yaml(text, "", limits);
    if (node) return {};
    const Diagnostic& first = node.error().front();
    if (first.where.line == 0) return first.message;
    return std::to_string(first.where.line) + ":" + std::to_string(first.where.column) + ": " + first.message;
}

/// A tree as one line: `{a: 1, b: [2, "3", ~]}`; quoted scalars in quotes, null as `~`.
std::string shown(const YamlNode& node) {
    std::string out;
    switch (node.kind) {
        case YamlNode::Kind::Null:
            return "~";
        case YamlNode::Kind::Scalar:
            return node.quoted ? "\"" + node.text + "\"" : node.text;
        case YamlNode::Kind::Sequence:
            for (const auto& item : node.items) out += (out.empty() ? "" : ", ") + shown(item);
            return "[" + out + "]";
        case YamlNode::Kind::Map:
            for (const auto& [key, where, value] : node.entries) {
                out += (out.empty() ? "" : ", ") + key + ": " + shown(value);
            }
            return "{" + out + "}";
    }
    return out;
}

std::string read_whole(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream content;
    content << in.rdbuf();
    return content.str();
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// Every byte of every scalar stands where position_of() says, or an escape does. Returns the number of bytes that do
/// not.
std::size_t count_misplaced(const YamlNode& node, const std::vector<std::string>& lines) {
    std::size_t misplaced = 0;
    for (std::size_t i = 0; node.is_scalar() && i < node.text.size(); ++i) {
        const bool inside_character = (static_cast<unsigned char>(node.text[i]) & 0xC0U) == 0x80U;
        if (inside_character || std::string_view(" \t\n").find(node.text[i]) != std::string_view::npos) continue;
        const SourceRange at = node.position_of(i);
        const bool inside = at.line >= 1 && at.line <= lines.size() && at.column <= lines[at.line - 1].size();
        const char there = inside ? lines[at.line - 1][at.column - 1] : '\0';
        misplaced += there != node.text[i] && there != '\\';
    }
    for (const auto& item : node.items) misplaced += count_misplaced(item, lines);
    for (const auto& entry : node.entries) misplaced += count_misplaced(entry.value, lines);
    return misplaced;
}

}  // namespace

TEST_CASE("a YAML file becomes a tree", "[base][yaml]") {
    struct Case {
        std::string_view text, want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"", "~"},
        {"# only a comment\n", "~"},
        {"---\n", "~"},
        {"---\n...\n---\n# nothing\n", "~"},
        {"\xEF\xBB\xBF"
         "a: 1",
         "{a: 1}"},
        {"a: 1\nb: x y\n", "{a: 1, b: x y}"},
        {"a: '1'\nb: \"2\"\nc: !!str 3\nd: !!int \"4\"\n", "{a: \"1\", b: \"2\", c: \"3\", d: 4}"},
        {"a: |\n  x\n  y\n", "{a: \"x\ny\n\"}"},
        {"a: >-\n  x\n  y\n", "{a: \"x y\"}"},
        {"a:\nb: ~\nc: null\n", "{a: ~, b: ~, c: ~}"},
        {"a: 'null'", "{a: \"null\"}"},
        {"- 1\n-\n- [a, {b: c}]\n", "[1, ~, [a, {b: c}]]"},
        {"5: a\n~: b\nnull: c\n", "{5: a, ~: b, null: c}"},
        {"? a\n: b\n", "{a: b}"},
        {"a: &x 1\nb: *x\n", "{a: 1, b: 1}"},
        {"a: &x {k: v}\nb: [*x, *x]\n", "{a: {k: v}, b: [{k: v}, {k: v}]}"},
        {"&k a: 1\nb: *k\n", "{a: 1, b: a}"},
        {"a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2}"},
        {"a: 1\r\nb: |\r\n  x\r\n", "{a: 1, b: \"x\n\"}"},
        {"a: é\n", "{a: é}"},
    }));
    CAPTURE(text);
    CHECK(shown(parsed(text)) == want);
}

TEST_CASE("keys behind << are merged in and lose against the map's own", "[base][yaml]") {
    struct Case {
        std::string_view text, want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"- &r {a: 1, b: 2}\n- <<: *r\n  b: 3\n", "[{a: 1, b: 2}, {b: 3, a: 1}]"},
        {"- &r {a: 1}\n- b: 3\n  a: 2\n  <<: *r\n", "[{a: 1}, {b: 3, a: 2}]"},
        {"- &p {a: 1}\n- &q {a: 2, b: 2}\n- <<: [*p, *q]\n", "[{a: 1}, {a: 2, b: 2}, {a: 1, b: 2}]"},
        {"<<: {a: 1}\n", "{a: 1}"},
        {"- &p {a: 1}\n- &q {a: 2}\n- <<: *p\n  <<: *q\n", "[{a: 1}, {a: 2}, {a: 2}]"},
        {"'<<': 1\n", "{<<: 1}"},
    }));
    CAPTURE(text);
    CHECK(shown(parsed(text)) == want);
    CHECK(problem_of("a: &x 1\n<<: *x\n") == "1:7: map merge requires map or sequence of maps as the value");
}

TEST_CASE("what is wrong with a YAML file is told with line and column", "[base][yaml]") {
    struct Case {
        std::string_view text, want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"a: 1\nb: 2\na: 3\n", "3:1: mapping key \"a\" already defined at line 1"},
        {"a: {b: 1, c: 2, \"b\": 3}\n", "1:17: mapping key \"b\" already defined at line 1"},
        {"a: b: c\n", "1:5: mapping values are not allowed in this context"},
        {"a: [1, 2\nb: 3\n", "2:2: did not find expected ',' or ']'"},
        {"a: {b: 1\n", "2:1: did not find expected ',' or '}'"},
        {"a: 1\n---\nb: 2\n", "2:1: a second document begins here"},
        {"- a\n, b\n", "2:1: text after the end of the document"},
        {",", "1:1: text after the end of the document"},
        {"a: *x\n", "1:4: unknown anchor referenced"},
        {"a: &x [*x]\n", "1:8: anchor 'x' value contains itself"},
        {"a: &x {b: &y [*x]}\n", "1:15: anchor 'x' value contains itself"},
        {"? [a]\n: b\n", "1:3: invalid map key: expected a scalar"},
        {"a: {{ $value }}\n", "1:5: invalid map key: expected a scalar"},
        {"a: \"x\n", "1:4: the quote is never closed"},
        {"a:\n\tb: 1\n", "2:3: mapping values are not allowed in this context"},
        {"a: \xFF\n", "1:4: invalid UTF-8"},
        {"a: b\x04 c\n", "1:5: control characters are not allowed"},
        {"a: @x\n", "1:4: found character that cannot start any token"},
        {"a: !!binary aGk=\n", "1:4: the tag !!binary is not supported"},
    }));
    CAPTURE(text);
    CHECK(problem_of(text) == want);
}

TEST_CASE("a key without a colon is refused where it begins", "[base][yaml]") {
    struct Case {
        std::string_view text, want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"a:\n  b: |\n  the thing is down\n", "3:3: could not find expected ':'"},
        {"a:\n  b: c\n  d\n", "3:3: could not find expected ':'"},
        {"a:\n  b: c\n  d", "3:3: could not find expected ':'"},
        {"a:\r\n  b: c\r\n  d\r\n", "3:3: could not find expected ':'"},
        {"a:\n  b: c\n  \"d\"", "3:3: could not find expected ':'"},
        {"a:\n  b: c\n  http://d\n", "3:3: could not find expected ':'"},
        {"a:\n  b: c\n  &x d", "3:3: could not find expected ':'"},
        {"a:\n  b: c\n  &x", "3:3: could not find expected ':'"},
        {"a:\n  b: c\n  !!str d", "3:3: could not find expected ':'"},
        {"a: &x b\n*x", "2:1: could not find expected ':'"},
        {"a: b\n~\n", "2:1: could not find expected ':'"},
        {"a: b\n[c, d]", "2:1: could not find expected ':'"},
        {"a: b\n{c: d}", "2:1: could not find expected ':'"},
        {"- a: b\n  c\n- d\n", "2:3: could not find expected ':'"},
        {"a: b\nc\n...\n", "2:1: could not find expected ':'"},
        {"? a\n: b: c\n  d\n", "3:3: could not find expected ':'"},
        {"a: b\n<<\n", "2:1: could not find expected ':'"},
        {"a:\n  b: c\n  d\n  e: f\n", "3:3: could not find expected ':'"},
        {"- a: b\n  d\n\n- g: h\n", "2:3: could not find expected ':'"},
        {"a:\n  b: |\n  the thing is down\nc: d\n", "3:3: could not find expected ':'"},
        {"a: b\nc\nd: e: f\n", "2:1: could not find expected ':'"},
        {"a\nb: c\n", "2:2: mapping values are not allowed in this context"},
        {"a:\n  b\n  c: d\n", "3:4: mapping values are not allowed in this context"},
        {"a:\n- b: c\n- d\n  e: f\n", "4:4: mapping values are not allowed in this context"},
    }));
    CAPTURE(text);
    CHECK(problem_of(text) == want);
}

TEST_CASE("a key behind a question mark or in brackets may do without a colon", "[base][yaml]") {
    struct Case {
        std::string_view text, want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"? a\n", "{a: ~}"},
        {"? a\n? b\n", "{a: ~, b: ~}"},
        {"? a\nb: c\n", "{a: ~, b: c}"},
        {"a: b\n? c", "{a: b, c: ~}"},
        {"? &x a\n", "{a: ~}"},
        {"?\n", "{: ~}"},
        {"{a, b}\n", "{a: ~, b: ~}"},
        {"[a, b: c]\n", "[a, {b: c}]"},
        {"a: {b, c: d}\ne:\n", "{a: {b: ~, c: d}, e: ~}"},
        {"a:\nb : c\nd:", "{a: ~, b: c, d: ~}"},
        {"a: ~\nb: &x\nc: *x\n", "{a: ~, b: ~, c: ~}"},
    }));
    CAPTURE(text);
    CHECK(shown(parsed(text)) == want);
}

TEST_CASE("a second document hides no error of the first", "[base][yaml]") {
    const auto node = parse_yaml("a: 1\na: 2\n---\nb: 2\n", "f.yml");
    REQUIRE(!node);
    REQUIRE(node.error().size() == 2);
    CHECK(node.error()[0].message == "mapping key \"a\" already defined at line 1");
    CHECK(node.error()[1].message == "a second document begins here");
}

TEST_CASE("every duplicate key of a file is told, up to a hundred", "[base][yaml]") {
    const auto two = parse_yaml("a: 1\na: 2\nb: {c: 1, c: 2}\n", "f.yml");
    REQUIRE(!two);
    CHECK(two.error().size() == 2);
    std::string many;
    for (int i = 0; i < 300; ++i) many += "a: 1\n";
    CHECK(parse_yaml(many, "f.yml").error().size() == 100);
}

TEST_CASE("a template without quotes is recognised", "[base][yaml]") {
    const auto text =
        GENERATE(as<std::string>{}, "a: {{ $value }}\n", "a: {{ $value }} is high\n", "a: {{ $labels.x }}: y\n");
    CAPTURE(text);
    const auto node = parse_yaml(text, "f.yml");
    REQUIRE(!node);
    CHECK(node.error().front().hint == "a value that begins with `{{` must be in quotes");
}

TEST_CASE("a second document is a warning for those who ask for warnings", "[base][yaml]") {
    Diagnostics warnings;
    const auto node = parse_yaml("a: 1\n---\nb: 2\n", "f.yml", {}, &warnings);
    REQUIRE(node.has_value());
    CHECK(shown(*node) == "{a: 1}");
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].severity == Severity::Warning);
    CHECK(warnings[0].where.line == 2);
    CHECK(!parse_yaml("- a\n, b", "f.yml", {}, &warnings).has_value());
}

TEST_CASE("limits of a YAML file hold", "[base][yaml]") {
    const auto repeated = [](std::string_view piece, std::size_t times) {
        std::string text;
        for (std::size_t i = 0; i < times; ++i) text += piece;
        return text;
    };
    CHECK(problem_of("a: 12345", {.bytes = 4}) == "larger than 4 bytes");
    CHECK(problem_of("[1, 2, 3]", {.nodes = 3}) == "1:8: more than 3 values");
    CHECK(problem_of("[[[1]]]", {.depth = 2}) == "1:3: nested deeper than 2 levels");
    CHECK(problem_of(repeated("[", 100'000)).find("nested deeper than 100 levels") != std::string::npos);
    CHECK(problem_of(repeated("- ", 100'000)) == "1:201: nested deeper than 100 levels");
    CHECK(problem_of("- &a [1, 2]\n- [*a, *a]\n", {.aliased_nodes = 5}).find("aliases stand for more than 5 values") !=
          std::string::npos);
    CHECK(problem_of("- &a [[1]]\n- [[*a]]\n", {.depth = 4}).find("nested deeper than 4 levels") != std::string::npos);

    std::string bomb = "a0: &a0 [x, x]\n";
    for (int i = 1; i < 60; ++i) {
        const auto one_before = std::to_string(i - 1);
        bomb +=
            "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + one_before + ", *a" + one_before + "]\n";
    }
    CHECK(problem_of(bomb).find("aliases stand for more than 100000 values") != std::string::npos);
}

TEST_CASE("a byte of a scalar is found in the file", "[base][yaml]") {
    struct Case {
        std::string_view text;
        char wanted;  // the first such byte of the scalar
        std::size_t line, column;
    };
    const auto [text, wanted, line, column] = GENERATE(values<Case>({
        {"e: abcX\n", 'X', 1, 7},
        {"e: &anchor !!str abcX\n", 'X', 1, 21},
        {"e: &anchor # comment\n  abX\n", 'X', 2, 5},
        {"e: 'a''bX'\n", 'X', 1, 9},
        {"e: \"a\\n\\u00e9X\"\n", 'X', 1, 14},
        {"e: \"a\\tb\\\"X\"\n", 'X', 1, 11},
        {"e: \"a \\\n   bX\"\n", 'X', 2, 5},
        {"e: \"a\n\n  bX\"\n", 'X', 3, 4},
        {"e: a\n  b\n\n  cX\n", 'X', 4, 4},
        {"e: |\n  a\n  bX\n", 'X', 3, 4},
        {"e: |\n\n\n  a\n\n    bX\n", 'X', 6, 6},
        {"e: |2\n    a\n  bX\n", 'X', 3, 4},
        {"e: |2-  # comment\n    aX\n", 'X', 2, 6},
        {"e: >-\n  a\n  bX\n", 'X', 3, 4},
        {"e: >1-\n   aX\n", 'X', 2, 5},
        {"e: |2\n     \n   aX\n", 'X', 3, 5},
        {"e: >\n\n  a\n  b\n\n\n  cX\n", 'X', 7, 4},
        {"e: >\n  a\n    more\n    indented\n  bX\n", 'X', 5, 4},
        {"e: |\r\n  a\r\n  bX\r\n", 'X', 3, 4},
        {"e: é X\n", 'X', 1, 7},
        {"e: \"\\U0001F600 X\"\n", 'X', 1, 16},
    }));
    CAPTURE(text);
    const YamlNode root = parsed(text);
    const YamlNode& scalar = root.entries.front().value;
    const SourceRange found = scalar.position_of(scalar.text.find(wanted));
    CHECK(found.line == line);
    CHECK(found.column == column);
    CHECK(count_misplaced(root, lines_of(std::string(text))) == 0);
}

TEST_CASE("nodes know where they begin and end", "[base][yaml]") {
    const YamlNode root = parsed("a:\n  b: |\n    x\n    y\n  c: [1, 2]\nd: \"q\"\ne:\n");
    const YamlNode& a = *root.find("a");
    CHECK(root.where == SourceRange{1, 1, 7, 2});
    CHECK(a.where == SourceRange{2, 3, 5, 12});
    CHECK(a.entries[0].key_where == SourceRange{2, 3, 2, 4});
    CHECK(a.find("b")->where == SourceRange{2, 6, 4, 6});
    CHECK(a.find("c")->where == SourceRange{5, 6, 5, 12});
    CHECK(root.find("d")->where == SourceRange{6, 4, 6, 7});
    CHECK(root.find("e")->where == root.entries[2].key_where);
    CHECK(root.find("f") == nullptr);
    CHECK(parsed("- 1\n-\n# -\n").items[1].where.column == 1);
}

TEST_CASE("published files are read and their scalars found to the byte", "[base][yaml][conformance]") {
    const std::string root = TOCSIN_CONFORMANCE_DIR;
    if (root.empty()) {
        WARN("no conformance material");
        return;
    }
    std::size_t files = 0;
    for (const char* folder : {"rules-good", "alertmanager-good", "real-rules"}) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root + "/" + folder)) {
            if (entry.path().extension() != ".yml") continue;
            // The escape \x in a quoted scalar stands for a byte of UTF-8 that a text position cannot show.
            if (entry.path().filename() == "own_alert_label_invalid_utf8.yml") continue;
            CAPTURE(entry.path());
            const std::string text = read_whole(entry.path());
            Diagnostics warnings;
            const auto node = parse_yaml(text, entry.path().string(), {}, &warnings);
            REQUIRE(node.has_value());
            CHECK(count_misplaced(*node, lines_of(text)) == 0);
            ++files;
        }
    }
    CHECK(files > 500);
}

namespace {

struct Everything {
    std::string text = "unset";
    bool flag = false;
    std::int64_t number = 7;
    std::uint64_t count = 7;
    double ratio = 7;
    Duration wait{7};
    std::vector<std::string> list{"unset"};
    std::vector<std::pair<std::string, std::string>> map{{"un", "set"}};

    /// Reads all fields of a text; returns what went wrong.
    std::vector<std::string> read(std::string_view yaml) {
        const YamlNode node = parsed(yaml);
        Diagnostics diagnostics;
        YamlFields fields(node, "thing", "f.yml", diagnostics);
        fields.read("text", text);
        fields.read("flag", flag);
        fields.read("number", number);
        fields.read("count", count);
        fields.read("ratio", ratio);
        fields.read("wait", wait);
        fields.read("list", list);
        fields.read("map", map);
        fields.ignore("ignored");
        fields.finish();
        std::vector<std::string> messages;
        for (const auto& diagnostic : diagnostics) messages.push_back(to_string(diagnostic));
        return messages;
    }
};

}  // namespace

TEST_CASE("fields are read into their types", "[base][yaml]") {
    Everything all;
    CHECK(all.read("text: 5\nflag: yes\nnumber: -0x1F\ncount: 1_000\nratio: 1e-3\nwait: 1h30m\nlist: [a, 5, ~]\n"
                   "map: {b: 1, a: two, c: }\nignored: [x]\n")
              .empty());
    CHECK(all.text == "5");
    CHECK(all.flag);
    CHECK(all.number == -31);
    CHECK(all.count == 1000);
    CHECK(all.ratio == 0.001);
    CHECK(all.wait == 90min);
    CHECK(all.list == std::vector<std::string>{"a", "5", ""});
    CHECK(all.map == std::vector<std::pair<std::string, std::string>>{{"b", "1"}, {"a", "two"}, {"c", ""}});
}

TEST_CASE("absent and null fields leave the value alone", "[base][yaml]") {
    const auto yaml =
        GENERATE(as<std::string>{}, "", "text:\nflag: ~\nnumber:\ncount:\nratio:\nwait: null\nlist:\nmap:\n");
    Everything all;
    CHECK(all.read(yaml).empty());
    CHECK(all.text == "unset");
    CHECK(all.number == 7);
    CHECK(all.wait == Duration{7});
    CHECK(all.list == std::vector<std::string>{"unset"});
    CHECK(all.map.size() == 1);
}

TEST_CASE("fields that cannot be read are reported with their place", "[base][yaml]") {
    struct Case {
        std::string_view yaml, want;
    };
    const auto [yaml, want] = GENERATE(values<Case>({
        {"text: [a]", "f.yml:1:7: cannot read !!seq as a string"},
        {"text: {a: b}", "f.yml:1:7: cannot read !!map as a string"},
        {"flag: 'true'", "f.yml:1:7: cannot read !!str `true` as a boolean; expected true or false"},
        {"flag: 1", "f.yml:1:7: cannot read !!int `1` as a boolean; expected true or false"},
        {"number: ten", "f.yml:1:9: cannot read !!str `ten` as an integer"},
        {"number: '5'", "f.yml:1:9: cannot read !!str `5` as an integer"},
        {"number: .nan", "f.yml:1:9: cannot read !!float `.nan` as an integer"},
        {"number: 1e19", "f.yml:1:9: cannot read !!float `1e19` as an integer"},
        {"number: _5", "f.yml:1:9: cannot read !!str `_5` as an integer"},
        {"number: 9223372036854775808", "f.yml:1:9: cannot read !!int `9223372...` as an integer"},
        {"count: -1", "f.yml:1:8: cannot read !!int `-1` as an integer of at least 0"},
        {"count: -1.5", "f.yml:1:8: cannot read !!float `-1.5` as an integer of at least 0"},
        {"ratio: much", "f.yml:1:8: cannot read !!str `much` as a number"},
        {"wait: ''", "f.yml:1:7: empty duration string"},
        {"list: a", "f.yml:1:7: cannot read !!str `a` as a list of strings"},
        {"list: [[a]]", "f.yml:1:8: cannot read !!seq as a string"},
        {"map: [a]", "f.yml:1:6: cannot read !!seq as a map of strings"},
        {"map: {a: [b]}", "f.yml:1:10: cannot read !!seq as a string"},
        {"wiat: 5m", "f.yml:1:1: field wiat not found in thing"},
        {"- text", "f.yml:1:1: cannot read !!seq as thing"},
        {"a-long-password", "f.yml:1:1: cannot read !!str `a-long-...` as thing"},
    }));
    CAPTURE(yaml);
    Everything all;
    const auto messages = all.read(yaml);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0] == want);
}

TEST_CASE("an integer may be written with a fraction, which is cut off", "[base][yaml]") {
    struct Case {
        std::string_view text;
        std::int64_t number;
    };
    const auto [text, number] = GENERATE(values<Case>({
        {"5.5", 5},
        {"-1.9", -1},
        {".5", 0},
        {"1e-1", 0},
        {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
    }));
    CAPTURE(text);
    const YamlNode node = parsed("x: " + std::string(text));
    Diagnostics diagnostics;
    YamlFields fields(node, "thing", "", diagnostics);
    std::int64_t value = 7;
    CHECK(fields.read("x", value));
    CHECK(value == number);
    std::uint64_t count = 7;
    CHECK(fields.read("x", count) == (number >= 0));
    if (number >= 0) CHECK(count == static_cast<std::uint64_t>(number));
}

TEST_CASE("all problems of a mapping are collected and unknown keys get a hint", "[base][yaml]") {
    const YamlNode node = parsed("interval: x\nreceivr: a\nzzzzzz: b\n");
    Diagnostics diagnostics;
    YamlFields fields(node, "route", "f.yml", diagnostics);
    Duration interval{};
    std::string receiver;
    CHECK_FALSE(fields.read("interval", interval));
    CHECK_FALSE(fields.read("receiver", receiver));
    fields.finish();
    REQUIRE(diagnostics.size() == 3);
    CHECK(diagnostics[1].message == "field receivr not found in route");
    CHECK(diagnostics[1].hint == "did you mean `receiver`?");
    CHECK(diagnostics[2].hint.empty());
}

TEST_CASE("numbers are read as YAML 1.1 writes them", "[base][yaml]") {
    struct Case {
        std::string_view text;
        std::optional<double> want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"5", 5},
        {"+5", 5},
        {"-5", -5},
        {"0x10", 16},
        {"0b11", 3},
        {"010", 8},
        {"0o10", 8},
        {"1_0", 10},
        {"1.5", 1.5},
        {".5", 0.5},
        {"5.", 5},
        {"1e3", 1000},
        {".inf", HUGE_VAL},
        {"-.Inf", -HUGE_VAL},
        {"inf", std::nullopt},
        {"nan", std::nullopt},
        {"0x1p4", std::nullopt},
        {"1 2", std::nullopt},
        {"1:30", std::nullopt},
        {"e", std::nullopt},
        {"''", std::nullopt},
        {"'5'", std::nullopt},
        {"--5", std::nullopt},
    }));
    CAPTURE(text);
    const YamlNode node = parsed("x: " + std::string(text));
    Diagnostics diagnostics;
    YamlFields fields(node, "thing", "", diagnostics);
    double value = 0;
    CHECK(fields.read("x", value) == want.has_value());
    if (want) CHECK(value == *want);
}

TEST_CASE("only unquoted words are booleans", "[base][yaml]") {
    CHECK(yaml_bool(parsed("yes")) == true);
    CHECK(yaml_bool(parsed("Off")) == false);
    CHECK(yaml_bool(parsed("'yes'")) == std::nullopt);
    CHECK(yaml_bool(parsed("yEs")) == std::nullopt);
    CHECK(yaml_bool(parsed("[yes]")) == std::nullopt);
}
