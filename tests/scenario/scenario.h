#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace tocsin::tests {

/// A story of rules and notifications as a text file: blocks of a command with its argument at the beginning of a line,
/// and what belongs to it indented below. Lines that begin with `#` are comments. tests/scenario/README.md has the
/// commands.
struct Scenario {
    struct Line {
        std::size_t number;
        std::string text;  // without the block's indentation
    };
    struct Block {
        std::size_t line;      // of the command
        std::string command;   // its first word
        std::string argument;  // the rest of the line
        std::vector<Line> body;
    };
    std::vector<Block> blocks;
};

/// Reports an indented line that belongs to nothing.
Parsed<Scenario> read_scenario(std::string_view text, std::string_view file);

/// The same file with other lines below the block that begins in `line`; blocks further down move.
std::string with_body(std::string_view text, std::size_t line, const std::vector<std::string>& body);

}  // namespace tocsin::tests
