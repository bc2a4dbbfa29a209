#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/test_kinds.h"

namespace tocsin::cli {

void Tally::add(const std::string& id, bool passed, const std::string& expected, const std::string& got) {
    ++(passed ? passed_ : failed_);
    if (passed) return;
    print(escape_control_characters("FAIL " + id) + "\n  expected " + escape_control_characters(expected) +
          "\n  got      " + escape_control_characters(got) + "\n");
}

void Tally::impossible(const std::string& path, const Error& error) {
    print_error(path + ": " + error.message + "\n");
    impossible_ = true;
}

int Tally::finish() const {
    print(std::to_string(passed_) + " passed, " + std::to_string(failed_) + " failed\n");
    return impossible_ ? kImpossible : failed_ > 0 ? kBad : kGood;
}

void add_test(CLI::App& app, Action& run) {
    CLI::App* test = app.add_subcommand("test", "Run test files; the last line is `N passed, M failed`.");
    test->require_subcommand(1);
    add_test_rules(*test, run);
    add_test_promql(*test, run);
    add_test_templates(*test, run);
    test->footer(
        "Examples:\n  tocsin test rules rules_test.yml\n"
        "  tocsin test promql functions.test --enable-feature=all\n"
        "  tocsin test templates cases.json");
}

}  // namespace tocsin::cli
