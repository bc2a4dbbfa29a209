#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parser/template/literal.h"
#include "parser/template/value.h"

/// A parsed template as a tree. Immutable once it is parsed. Positions are byte offsets in the text.
namespace tocsin::templates {

struct Pipeline;

/// One word of a command.
struct Operand {
    enum class Kind : std::uint8_t {
        Dot,
        Nil,
        Bool,
        Number,
        String,
        Field,     // .names
        Variable,  // $name.names
        Function,
        Chain,     // inner.names, where inner is no field and no variable
        Pipeline,  // in parentheses
    };

    Kind kind = Kind::Dot;
    std::size_t position = 0;
    std::string text;  // as written: a number, a string with its quotes, the names of a variable (`$x`) or function
    std::vector<std::string> names;  // of fields, without dots
    NumberLiteral number;
    bool boolean = false;
    std::string unquoted;
    const Function* function = nullptr;
    std::unique_ptr<Operand> inner;
    std::unique_ptr<Pipeline> pipeline;
};

/// Words up to a `|`: a function or method with its arguments, or a value alone. Never empty.
struct Command {
    std::size_t position = 0;
    std::vector<Operand> words;
};

/// What escapes a value for the place in an HTML document where it stands, after the commands of a pipeline.
enum class Escaper : std::uint8_t;

/// Commands of which each gets the value of the one before as its last argument.
struct Pipeline {
    std::size_t position = 0;
    std::size_t line = 1;
    bool assigns = false;                // `=` and not `:=`
    std::vector<std::string> variables;  // that get the value, with their `$`
    std::vector<Command> commands;
    std::vector<Escaper> escapers;
};

struct Node;
using NodeList = std::vector<Node>;

struct Node {
    enum class Kind : std::uint8_t { Text, Action, If, With, Range, Template, Break, Continue };

    Kind kind = Kind::Text;
    std::size_t position = 0;
    std::size_t line = 1;
    std::string text;                    // of a Text; the name of a Template
    std::unique_ptr<Pipeline> pipeline;  // null for `{{template "name"}}`
    NodeList list;
    NodeList else_list;
    bool has_else = false;
};

/// A named template: the root of a text, or what a `define` or `block` in it holds.
struct Tree {
    std::string name;
    std::string parse_name;  // of the text as a whole; messages name this one with the position
    std::shared_ptr<const std::string> text;
    /// Counted in front of the first line in messages about execution: characters that the original would have seen
    /// there.
    std::size_t column_offset = 0;
    NodeList root;

    /// Only blanks and comments: defining a template so does not replace one that has content.
    bool is_empty() const;
};

/// As Go writes nodes in messages.
std::string to_string(const Operand& operand);
std::string to_string(const Command& command);
std::string to_string(const Pipeline& pipeline);
std::string to_string(const Node& node);

Pipeline clone(const Pipeline& pipeline);
NodeList clone(const NodeList& list);

/// Line from 1 and column from 0, as Go counts them: `12:3`.
std::string position_text(const Tree& tree, std::size_t position);

}  // namespace tocsin::templates
