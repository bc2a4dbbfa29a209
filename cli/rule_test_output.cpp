#include "cli/rule_test_output.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

struct Counts {
    std::size_t passed = 0;
    std::size_t failed = 0;
};

Counts count(const std::vector<RuleTestReport>& reports) {
    Counts counts;
    for (const RuleTestReport& report : reports) {
        // A file that is bad as a whole fails once.
        if (has_errors(report.problems)) ++counts.failed;
        for (const RuleTestOutcome& test : report.tests) ++(test.failures.empty() ? counts.passed : counts.failed);
    }
    return counts;
}

std::string outcome_name(const RuleTestOutcome& test) {
    return test.name.empty() ? fmt::format("line {}", test.where.line) : test.name;
}

std::string text_of(const RuleTestFailure& failure) {
    std::string text;
    for (const std::string& line : failure.lines) text += line + "\n";
    return text;
}

void print_text(const RuleTestReport& report) {
    print_diagnostics(report.problems);
    for (const RuleTestOutcome& test : report.tests) {
        for (const RuleTestFailure& failure : test.failures) {
            print(escape_control_characters(fmt::format("FAIL {}:{}:{}: {}: {}", report.file, failure.where.line,
                                                        failure.where.column, outcome_name(test), failure.what)) +
                  "\n");
            for (const std::string& line : failure.lines) print(escape_control_characters(line) + "\n");
        }
    }
}

void print_coverage(const RuleTestReport& report) {
    std::size_t rules = 0, branches = 0, branches_seen = 0;
    for (const RuleCoverage& rule : report.coverage) {
        const std::string place = fmt::format("{}:{}: {}", rule.file, rule.where.line, rule.rule);
        rules += rule.gave_result ? 1 : 0;
        if (!rule.gave_result) {
            print(place + ": the expression never gave anything\n");
        } else if (rule.is_alert && !rule.fired) {
            print(place + ": the alert was pending at most, and never fired\n");
        }
        for (const RuleCoverage::Branch& branch : rule.branches) {
            ++branches;
            branches_seen += branch.gave_result ? 1 : 0;
            if (branch.gave_result) continue;
            print(escape_control_characters(fmt::format("{}: the {} side of `{}` never gave anything: {}", place,
                                                        branch.side, branch.op, branch.text)) +
                  "\n");
        }
    }
    print(fmt::format("{}: {} of {} rules and {} of {} sides of set operators exercised\n", report.file, rules,
                      report.coverage.size(), branches_seen, branches));
}

Json place_of(const SourceRange& where) {
    Json json = Json::object();
    json.add("line", static_cast<std::uint64_t>(where.line));
    json.add("column", static_cast<std::uint64_t>(where.column));
    return json;
}

Json rule_test_json(const RuleTestFailure& failure) {
    Json json = place_of(failure.where);
    json.add("what", failure.what);
    Json lines = Json::array();
    for (const std::string& line : failure.lines) lines.push(line);
    json.add("diff", std::move(lines));
    return json;
}

Json rule_test_json(const RuleTestOutcome& test) {
    Json json = Json::object();
    json.add("name", test.name);
    json.add("line", static_cast<std::uint64_t>(test.where.line));
    json.add("checks", static_cast<std::uint64_t>(test.checks));
    json.add("passed", test.failures.empty());
    Json failures = Json::array();
    for (const RuleTestFailure& failure : test.failures) failures.push(rule_test_json(failure));
    json.add("failures", std::move(failures));
    return json;
}

Json rule_test_json(const RuleCoverage& rule) {
    Json json = Json::object();
    json.add("file", rule.file);
    json.add("line", static_cast<std::uint64_t>(rule.where.line));
    json.add("group", rule.group);
    json.add("rule", rule.rule);
    json.add("exercised", rule.gave_result);
    json.add("fired", rule.fired);
    Json branches = Json::array();
    for (const RuleCoverage::Branch& branch : rule.branches) {
        Json one = Json::object();
        one.add("operator", branch.op);
        one.add("side", branch.side);
        one.add("expression", branch.text);
        one.add("exercised", branch.gave_result);
        branches.push(std::move(one));
    }
    json.add("branches", std::move(branches));
    return json;
}

Json rule_test_json(const RuleTestReport& report, bool coverage) {
    Json json = Json::object();
    json.add("file", report.file);
    json.add("passed", report.passed());
    Json problems = Json::array();
    for (const Diagnostic& problem : report.problems) problems.push(to_string(problem));
    json.add("problems", std::move(problems));
    Json tests = Json::array();
    for (const RuleTestOutcome& test : report.tests) tests.push(rule_test_json(test));
    json.add("tests", std::move(tests));
    if (!coverage) return json;
    Json rules = Json::array();
    for (const RuleCoverage& rule : report.coverage) rules.push(rule_test_json(rule));
    json.add("coverage", std::move(rules));
    return json;
}

std::string xml_escape(std::string_view text) {
    std::string out;
    for (const char c : replace_invalid_utf8(text)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\n':
            case '\t':
                out += c;
                break;
            default:
                // XML has no way to write the other control characters.
                out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
        }
    }
    return out;
}

std::string junit_case(const RuleTestOutcome& test) {
    std::string xml = fmt::format("    <testcase name=\"{}\"", xml_escape(outcome_name(test)));
    if (test.failures.empty()) return xml + "/>\n";
    xml += ">\n";
    for (const RuleTestFailure& failure : test.failures) {
        xml += fmt::format("      <failure message=\"{}\">{}</failure>\n", xml_escape(failure.what),
                           xml_escape(text_of(failure)));
    }
    return xml + "    </testcase>\n";
}

std::string junit_suite(const RuleTestReport& report) {
    const Counts counts = count({report});
    std::string xml = fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n", xml_escape(report.file),
                                  counts.passed + counts.failed, counts.failed);
    if (has_errors(report.problems)) {
        std::string all;
        for (const Diagnostic& problem : report.problems) all += to_string(problem) + "\n";
        xml += fmt::format(
            "    <testcase name=\"{0}\">\n      <failure message=\"the file cannot be run as it is\">{1}"
            "</failure>\n    </testcase>\n",
            xml_escape(report.file), xml_escape(all));
    }
    for (const RuleTestOutcome& test : report.tests) xml += junit_case(test);
    return xml + "  </testsuite>\n";
}

}  // namespace

void print_rule_tests(const std::vector<RuleTestReport>& reports, std::string_view format, bool coverage) {
    if (format == "json") {
        Json files = Json::array();
        for (const RuleTestReport& report : reports) files.push(rule_test_json(report, coverage));
        return print(dump(files, JsonStyle::Pretty) + "\n");
    }
    if (format == "junit") {
        std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
        for (const RuleTestReport& report : reports) xml += junit_suite(report);
        return print(xml + "</testsuites>\n");
    }
    for (const RuleTestReport& report : reports) {
        print_text(report);
        if (coverage) print_coverage(report);
    }
    const Counts counts = count(reports);
    print(fmt::format("{} passed, {} failed\n", counts.passed, counts.failed));
}

}  // namespace tocsin::cli
