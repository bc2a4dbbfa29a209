#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/commands.h"

/// What `tocsin test` can run: one file a kind.
namespace tocsin::cli {

void add_test_rules(CLI::App& test, Action& run);
void add_test_promql(CLI::App& test, Action& run);
void add_test_templates(CLI::App& test, Action& run);

/// Counts cases over all files and prints each one that failed.
class Tally {
public:
    void add(const std::string& id, bool passed, const std::string& expected, const std::string& got);
    /// A file that could not be run at all.
    void impossible(const std::string& path, const Error& error);
    /// Prints `N passed, M failed` and answers with the exit code.
    int finish() const;

private:
    std::size_t passed_ = 0;
    std::size_t failed_ = 0;
    bool impossible_ = false;
};

}  // namespace tocsin::cli
