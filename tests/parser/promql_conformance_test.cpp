#include <fstream>
#include <set>
#include <sstream>

#include "base/json.h"
#include "parser/printer.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"

// What Prometheus itself made of thousands of published expressions, and the queries of its own test scripts.

using namespace tocsin;

namespace {

std::string read_all(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A null value when there is no conformance material here.
Json read_conformance(const std::string& name) {
    const std::string folder = TOCSIN_CONFORMANCE_DIR;
    if (folder.empty()) {
        WARN("no conformance material, " << name << " is not tested against");
        return {};
    }
    const auto json = parse_json(read_all(folder + "/" + name), {.depth = 32, .values = 1'000'000});
    REQUIRE(json);
    return *json;
}

std::string messages_of(const Diagnostics& diagnostics) {
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics) out += to_string(diagnostic) + "\n";
    return out;
}

/// Collects the failures of a long table, so that one does not hide the others.
class Failures {
public:
    void add(std::string_view id, std::string_view what) { text_ += std::string(id) + ": " + std::string(what) + "\n"; }
    void expect_none() const {
        INFO(text_);
        CHECK(text_.empty());
    }

private:
    std::string text_;
};

}  // namespace

TEST_CASE("published expressions are printed as Prometheus prints them", "[parser][promql][conformance]") {
    const Json exprs = read_conformance("real-rules/exprs.json");
    Failures failures;
    std::size_t count = 0;
    for (const Json& one : exprs.at("exprs").items()) {
        const std::string& text = one.at("expr").as_string();
        const auto expr = parse_promql(text);
        ++count;
        if (!expr) {
            failures.add(text, messages_of(expr.error()));
            continue;
        }
        if (to_string(**expr) != one.at("string").as_string()) failures.add(text, to_string(**expr));
        if (pretty(**expr) != one.at("pretty").as_string()) failures.add(text, pretty(**expr));
    }
    failures.expect_none();
    if (!exprs.is_null()) CHECK(count == 2932);
}

TEST_CASE("the queries of Prometheus' test scripts are read, and printing them changes nothing",
          "[parser][promql][conformance]") {
    // Their point is that they cannot be read.
    const std::vector<std::string> unreadable{};
    const Json cases = read_conformance("promql/cases.json");
    Failures failures;
    for (const Json& one : cases.at("cases").items()) {
        const std::string& id = one.at("id").as_string();
        const std::string& text = one.at("query").as_string();
        const auto expr = parse_promql(text);
        if (!expr) {
            failures.add(id, text + "\n    " + messages_of(expr.error()));
            continue;
        }
        const std::string printed = to_string(**expr);
        const auto again = parse_promql(printed);
        if (!again || to_string(**again) != printed) failures.add(id, printed + " is not read as it was printed");
        const auto pretty_again = parse_promql(pretty(**expr));
        if (!pretty_again || to_string(**pretty_again) != printed) failures.add(id, pretty(**expr));
    }
    failures.expect_none();
}

TEST_CASE("what the grammar refuses is refused with Prometheus' position and message",
          "[parser][promql][conformance]") {
    // Known differences: promtool 3.5.3 is one column off, stops one character earlier, or does not know step() yet.
    const std::vector<std::pair<std::string, std::string>> differences{
        {"up)", "1:3: unexpected right parenthesis ')'"},
        {"1..2", "1:1: bad number or duration syntax: \"1..2\""},
        {"up offset", "1:10: unexpected end of input in offset, expected number, duration, step(), or range()"},
    };
    const std::string marker = "could not parse expression: ";
    const std::string prefix = "parse error: ";
    const Json manifest = read_conformance("rules-bad/manifest.json");
    Failures failures;
    std::size_t count = 0;
    for (const Json& one : manifest.at("files").items()) {
        const std::string& text = one.at("note").as_string();
        const std::string& error = one.at("error").as_string();
        const std::size_t at = error.find(marker);
        const auto expr = parse_promql(text);
        // What is accepted here is the binder's to refuse.
        if (at == error.npos || text.empty() || expr) continue;
        std::string want = error.substr(at + marker.size());
        want = want.substr(0, want.find('\n'));
        if (const std::size_t begin = want.find(prefix); begin != want.npos) want.erase(begin, prefix.size());
        for (const auto& [other, different] : differences) {
            if (other == text) want = different;
        }
        ++count;
        if (to_string(expr.error().front()) != want) failures.add(text, messages_of(expr.error()) + "    not " + want);
    }
    failures.expect_none();
    if (!manifest.is_null()) CHECK(count >= 25);
}

TEST_CASE("the series of Prometheus' test scripts are read", "[parser][series][conformance]") {
    const Json cases = read_conformance("promql/cases.json");
    std::set<std::string> files;
    for (const Json& one : cases.at("cases").items()) files.insert(one.at("file").as_string());
    Failures failures;
    std::size_t count = 0;
    for (const std::string& file : files) {
        std::istringstream lines(read_all(std::string(TOCSIN_CONFORMANCE_DIR) + "/promql/" + file));
        bool in_load = false;
        for (std::string line; std::getline(lines, line);) {
            const bool indented = line.starts_with(' ') || line.starts_with('\t');
            const std::size_t first = line.find_first_not_of(" \t");
            if (first == line.npos || line[first] == '#') {
                in_load = in_load && first != line.npos;
            } else if (!indented) {
                in_load = line.starts_with("load");
            } else if (in_load) {
                ++count;
                const auto series = parse_series_description(line.substr(first));
                if (!series) failures.add(file, line + "\n    " + messages_of(series.error()));
            }
        }
    }
    failures.expect_none();
    if (!cases.is_null()) CHECK(count > 1500);
}
