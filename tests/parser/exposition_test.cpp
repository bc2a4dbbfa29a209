#include "parser/exposition.h"

#include <bit>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/sample.h"
#include "base/text.h"
#include "parser/exposition_report.h"
#include "tests/catch.h"

using namespace tocsin;
using Entry = ExpositionParser::Entry;

namespace {

constexpr auto kText = ExpositionFormat::PrometheusText;
constexpr auto kOpenMetrics = ExpositionFormat::OpenMetrics;

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string printed(const std::vector<Label>& labels) {
    std::string text;
    for (const Label& label : labels) text += std::string(label.name) + "=" + go_quote(label.value) + " ";
    return text;
}

// `name="a" b="c" 1 @1000; ` for each sample, and `! error` at the end when there is one.
std::string samples_of(std::string_view body, ExpositionFormat format) {
    ExpositionParser parser(body, format);
    std::string text;
    for (;;) {
        switch (parser.next()) {
            case Entry::Sample:
                text += printed(parser.labels()) + format_value(parser.value());
                if (parser.has_timestamp()) text += " @" + std::to_string(parser.timestamp_ms());
                text += "; ";
                break;
            case Entry::End:
                return text;
            case Entry::Error:
                return text + "! " + parser.error();
            default:
                break;
        }
    }
}

bool same_values(const Json& ours, const Json& theirs) {
    const auto a = parse_float(ours.as_string());
    const auto b = parse_float(theirs.as_string());
    return a && b && (*a == *b || (std::isnan(*a) && std::isnan(*b)));
}

// Members in any order, values as numbers, without the exemplars that the scraper of this program skips.
bool same_sample(const Json& ours, const Json& theirs) {
    const auto& labels = theirs.at("labels").members();
    if (ours.at("labels").members().size() != labels.size()) return false;
    for (const auto& [name, value] : labels) {
        const Json* found = ours.at("labels").find(name);
        if (found == nullptr || !(*found == value)) return false;
    }
    const Json* time = theirs.find("timestamp_ms");
    if (!((time == nullptr ? Json() : *time) == ours.at("timestamp"))) return false;
    return same_values(ours.at("value"), theirs.at("value"));
}

bool same_metadata(const Json& ours, const Json& theirs) {
    for (const char* name : {"metric", "type", "help", "unit"}) {
        if (ours.at(name).as_string() != theirs.at(name).as_string()) return false;
    }
    return true;
}

template <class Same>
bool same_lists(const Json& ours, const Json& theirs, Same same) {
    if (ours.items().size() != theirs.items().size()) return false;
    for (std::size_t i = 0; i < ours.items().size(); ++i) {
        if (!same(ours.items()[i], theirs.items()[i])) return false;
    }
    return true;
}

// Empty when they agree.
std::string difference(const Json& report, const Json& document) {
    const bool ok = document.at("prometheus_scraper").as_string() == "ok";
    if (report.at("ok").as_bool() != ok) return "verdict, " + report.at("error").as_string();
    const std::string& error = document.at("prometheus_error").as_string();
    // Without quotes the name is no name: there the original of the time broke down, or looked further and found less.
    const bool unquoted_name =
        error.starts_with("panic:") || error.find("while parsing: \"{A}0\"") != std::string::npos;
    if (unquoted_name) return "";
    if (report.at("error").as_string() != error) return "error, " + report.at("error").as_string();
    if (!same_lists(report.at("samples"), document.at("samples"), same_sample)) return "samples, " + dump(report);
    if (!same_lists(report.at("metadata"), document.at("metadata"), same_metadata)) return "metadata, " + dump(report);
    return "";
}

}  // namespace

TEST_CASE("samples are read as they are written", "[parser][exposition]") {
    struct Case {
        ExpositionFormat format;
        std::string body, want;
    };
    const auto [format, body, want] = GENERATE(values<Case>({
        {kText, "", ""},
        {kText, "a 1", "__name__=\"a\" 1; "},
        {kText, "a 1\nb{c=\"d\"} 2.5\n", "__name__=\"a\" 1; __name__=\"b\" c=\"d\" 2.5; "},
        {kText, "a{z=\"1\",b=\"2\",} 1 1500\n", "__name__=\"a\" b=\"2\" z=\"1\" 1 @1500; "},
        {kText, "a { b = \"c\" , d=\"e\" } 1 \n", "__name__=\"a\" b=\"c\" d=\"e\" 1; "},
        {kText, "a{b=\"\\\"\\\\\\n\\x\"} 1\n", "__name__=\"a\" b=\"\\\"\\\\\\n\\\\x\" 1; "},
        {kText, "a{b=\"1\",b=\"2\"} 1\n", "__name__=\"a\" b=\"1\" b=\"2\" 1; "},
        {kText, "{\"a.b\",\"c d\"=\"e\"} 1\n", "__name__=\"a.b\" c d=\"e\" 1; "},
        {kText, "# TYPE a histogram\na_bucket{le=\"1\"} 1\n", "__name__=\"a_bucket\" le=\"1.0\" 1; "},
        {kText, "# TYPE a summary\na{quantile=\"0.50\",le=\"1\"} 1\n", "__name__=\"a\" le=\"1\" quantile=\"0.5\" 1; "},
        {kText, "# TYPE a histogram\na_bucket{le=\"1000000\"} 1\n", "__name__=\"a_bucket\" le=\"1e+06\" 1; "},
        {kText, "a{le=\"1\"} 1\n", "__name__=\"a\" le=\"1\" 1; "},
        {kText, std::string("a 1\n\0b 2\n", 8), "__name__=\"a\" 1; "},
        {kText, "a 1 5 6\n",
         "! expected next entry after timestamp, got \"6\\n\" (\"TIMESTAMP\") while parsing: \"a 1 5 6\\n\""},
        {kOpenMetrics, "a 1 1.5\n# EOF\n", "__name__=\"a\" 1 @1500; "},
        {kOpenMetrics, "a 1 # {x=\"y\"} 2 3\n# EOF", "__name__=\"a\" 1; "},
        {kOpenMetrics, "a 1 4 # {x=\"y\"} 2 3\nb 1\n# EOF\n", "__name__=\"a\" 1 @4000; __name__=\"b\" 1; "},
        {kOpenMetrics, "a 1\n", "__name__=\"a\" 1; ! data does not end with # EOF"},
        {kOpenMetrics, "{ABC} 1\n# EOF\n", "! expected equal, got \"} \" (\"BCLOSE\") while parsing: \"{ABC} \""},
    }));
    CAPTURE(body);
    CHECK(samples_of(body, format) == want);
}

TEST_CASE("values are the doubles that Go reads", "[parser][exposition]") {
    struct Case {
        std::string text;
        double want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"0", 0.0},
        {"-0", -0.0},
        {"1", 1},
        {"-12", -12},
        {"0.1", 0.1},
        {"3.14", 3.14},
        {"1e5", 1e5},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"5e-324", 5e-324},
        {"1e-400", 0},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740991", 9007199254740991.0},
        {"123456789012345678", 123456789012345678.0},
        {"12345678901234567890123", 12345678901234567890123.0},
        {"0.30000000000000004", 0.30000000000000004},
        {"1795381928.8408322", 1795381928.8408322},
        {"2.7891999999999997e-05", 2.7891999999999997e-05},
        {".5", 0.5},
        {"5.", 5},
        {"+7", 7},
        {"+Inf", INFINITY},
        {"-Inf", -INFINITY},
        {"inf", INFINITY},
        {"-infinity", -INFINITY},
        {"NaN", NAN},
        {"nan", NAN},
        {"000000000000000000000000001", 1},
        {"0.000000000000000000000000000001", 1e-30},
    }));
    CAPTURE(text);
    for (const ExpositionFormat format : {kText, kOpenMetrics}) {
        const std::string body = "a " + text + "\n# EOF\n";
        ExpositionParser parser(body, format);
        REQUIRE(parser.next() == Entry::Sample);
        if (std::isnan(want)) {
            CHECK(std::bit_cast<std::uint64_t>(parser.value()) == kNormalNanBits);
        } else {
            CHECK(std::bit_cast<std::uint64_t>(parser.value()) == std::bit_cast<std::uint64_t>(want));
        }
    }
}

TEST_CASE("what Go does not read as a number is an error", "[parser][exposition]") {
    struct Case {
        std::string text, want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"1e400", "strconv.ParseFloat: parsing \"1e400\": value out of range while parsing: \"a 1e400\""},
        {"-1e999", "strconv.ParseFloat: parsing \"-1e999\": value out of range while parsing: \"a -1e999\""},
        {"1_0", "unsupported character in float while parsing: \"a 1_0\""},
        {"0x1p2", "unsupported character in float while parsing: \"a 0x1p2\""},
        {"0x10", "strconv.ParseFloat: parsing \"0x10\": invalid syntax while parsing: \"a 0x10\""},
        {"-nan", "strconv.ParseFloat: parsing \"-nan\": invalid syntax while parsing: \"a -nan\""},
        {"nan(1)", "strconv.ParseFloat: parsing \"nan(1)\": invalid syntax while parsing: \"a nan(1)\""},
        {"-", "strconv.ParseFloat: parsing \"-\": invalid syntax while parsing: \"a -\""},
        {".", "strconv.ParseFloat: parsing \".\": invalid syntax while parsing: \"a .\""},
        {"1e", "strconv.ParseFloat: parsing \"1e\": invalid syntax while parsing: \"a 1e\""},
        {"--1", "strconv.ParseFloat: parsing \"--1\": invalid syntax while parsing: \"a --1\""},
    }));
    CAPTURE(text);
    CHECK(samples_of("a " + text + "\n", kText) == "! " + want);
}

TEST_CASE("metadata come unescaped", "[parser][exposition]") {
    const std::string body =
        "# HELP a_seconds one\\ntwo\\\\ \\\"x\\\"\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# EOF\n";
    ExpositionParser parser(body, kOpenMetrics);
    REQUIRE(parser.next() == Entry::Help);
    CHECK(parser.metric() == "a_seconds");
    CHECK(parser.text() == "one\ntwo\\ \"x\"");
    REQUIRE(parser.next() == Entry::Type);
    CHECK(parser.type() == MetricType::Counter);
    REQUIRE(parser.next() == Entry::Unit);
    CHECK(parser.text() == "seconds");
    CHECK(parser.next() == Entry::End);
    CHECK(parser.next() == Entry::End);

    const std::string text_body = "# HELP a \\\"x\\\"\n#anything\n# HELPa\n";
    ExpositionParser text(text_body, kText);
    REQUIRE(text.next() == Entry::Help);
    CHECK(text.text() == "\\\"x\\\"");
    CHECK(text.next() == Entry::Comment);
    CHECK(text.next() == Entry::Comment);
    CHECK(text.next() == Entry::End);
}

TEST_CASE("an error names its line and stays", "[parser][exposition]") {
    ExpositionParser parser("a 1\n\n# HELP b c\nb x\n", kText);
    while (parser.next() != Entry::Error) {
    }
    CHECK(parser.error_line() == 4);
    CHECK(parser.next() == Entry::Error);
    CHECK(parser.error() == "strconv.ParseFloat: parsing \"x\": invalid syntax while parsing: \"b x\"");
}

TEST_CASE("a known prefix is resumed where it ends and unwanted lines are passed over", "[parser][exposition]") {
    for (const ExpositionFormat format : {kText, kOpenMetrics}) {
        const std::string body = "a{b=\"c\"} 1\nskipped{ } what ever\na{b=\"c\"} 2 3\na{b=\"c\"} x\n";
        ExpositionParser parser(body, format);
        REQUIRE(parser.next() == Entry::Sample);
        const std::size_t bytes = parser.prefix().size();
        CHECK(parser.prefix() == "a{b=\"c\"}");
        CHECK(parser.raw_metric_name() == "a");
        REQUIRE(parser.between_lines());
        parser.skip_line();
        CHECK(body.substr(parser.position(), bytes) == "a{b=\"c\"}");
        REQUIRE(parser.resume(bytes) == Entry::Sample);
        CHECK(parser.prefix() == "a{b=\"c\"}");
        CHECK(parser.value() == 2);
        CHECK(parser.timestamp_ms() == (format == kText ? 3 : 3000));
        CHECK(parser.resume(bytes) == Entry::Error);
        CHECK(parser.error_line() == 4);
    }
}

TEST_CASE("the content type decides how a body is read", "[parser][exposition]") {
    CHECK(exposition_format("text/plain; version=0.0.4; charset=utf-8") == kText);
    CHECK(exposition_format("Text/Plain") == kText);
    CHECK(exposition_format("application/openmetrics-text; version=1.0.0") == kOpenMetrics);
    CHECK_FALSE(exposition_format(""));
    CHECK_FALSE(exposition_format("text/html"));
    const Json report = exposition_report("text/html", "a 1\n");
    CHECK_FALSE(report.at("ok").as_bool());
    CHECK(report.at("error").as_string() == "received unsupported Content-Type \"text/html\"");
}

TEST_CASE("a report has error, line, metadata and samples", "[parser][exposition]") {
    const Json report = exposition_report("text/plain", "# TYPE a gauge\na{b=\"c\"} 1e6 5\n?\n");
    CHECK(
        dump(report, JsonStyle::Plain) ==
        R"({"ok":false,"error":"expected a valid start token, got \"?\" (\"INVALID\") while parsing: \"?\"","line":3,)"
        R"("metadata":[{"metric":"a","type":"gauge"}],)"
        R"("samples":[{"labels":{"__name__":"a","b":"c"},"value":"1e+06","timestamp":5}]})");
}

TEST_CASE("the published exposition documents are read as Prometheus' scraper reads them", "[parser][exposition]") {
    const std::string folder = TOCSIN_CONFORMANCE_DIR;
    if (folder.empty()) {
        WARN("no conformance material");
        return;
    }
    const auto manifest = parse_json(read(folder + "/exposition/manifest.json"), {.depth = 32, .values = 10'000'000});
    REQUIRE(manifest);
    std::size_t passed = 0;
    for (const Json& document : manifest->at("documents").items()) {
        const std::string& file = document.at("file").as_string();
        const Json report = exposition_report(document.at("content_type").as_string(), read(folder + "/" + file));
        const std::string problem = difference(report, document);
        if (!problem.empty()) FAIL_CHECK(file << ": " << problem << "\nexpected: " << dump(document));
        passed += problem.empty() ? 1 : 0;
    }
    CHECK(passed == 600);
}
