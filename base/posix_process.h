#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// How a program ended, and what it said.
struct ProgramOutcome {
    int code = 0;  // its exit code; 128 and the signal when one ended it
    std::string output, errors;
};

/// Runs a program that the PATH finds, with the words as they are (no shell reads them), and waits for its end. It has
/// this process's environment, speaks the language of the C locale, and reads nothing.
///
/// NotFound when there is no such program. LimitExceeded when it says more than `bytes_max`: it is killed then.
Result<ProgramOutcome> run_program(const std::vector<std::string>& words,
                                   std::size_t bytes_max = std::size_t{64} * 1024 * 1024);

}  // namespace tocsin
