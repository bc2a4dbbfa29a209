#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/diagnostic.h"

/// The one place that reads standard input and writes to the terminal. Data goes to stdout, talk to stderr.
namespace tocsin::cli {

void print(std::string_view text);
/// Text of others in it (labels, file contents) must have been escaped.
void print_error(std::string_view text);

/// For human eyes: JSON in lines, each ending with a line feed; anything else as it is.
std::string json_in_lines(const std::string& text);

/// `1 rule`, `3 rules`.
std::string counted(std::size_t count, std::string_view noun);

/// All of standard input, at most 16 MiB of it.
std::string read_stdin();

/// Each finding on a line of its own, escaped, to stderr.
void print_diagnostics(const Diagnostics& diagnostics);

bool stderr_is_terminal();
/// Whether stderr is a terminal that shows colours: it is one, NO_COLOR is not set, TERM is not `dumb`.
bool stderr_has_colour();

}  // namespace tocsin::cli
