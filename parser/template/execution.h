#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "parser/template/tree.h"
#include "parser/template/value.h"

namespace tocsin::templates {

/// Templates by name.
using TreeMap = std::map<std::string, std::shared_ptr<const Tree>, std::less<>>;

/// A variable with the value that it has before the template begins.
using PresetVariable = std::pair<std::string_view, Value>;

/// One run of a template: what Go's text/template/exec.go does. Used once.
///
/// Every step is counted, so that a run ends, and the depth of the recursion is bounded whatever the template does.
class Execution {
public:
    /// All must outlive the execution; values of `presets` may lie in the arena.
    Execution(const TreeMap& trees, const Environment& environment, Arena& arena);

    Result<std::string> run(const Tree& root, const Value& data, const std::vector<PresetVariable>& presets);

private:
    enum class Flow { Next, Break, Continue };
    struct Variable {
        std::string_view name;
        Value value;
    };
    /// What is being worked on, for messages: `executing "NAME" at <HERE>`.
    struct Place {
        enum class Kind { None, Node, Pipeline, Command, Operand };
        Kind kind = Kind::None;
        const void* what = nullptr;
        std::size_t position = 0;
    };
    class Level;

    void at(const Node& node) { place_ = {Place::Kind::Node, &node, node.position}; }
    void at(const Pipeline& pipeline) { place_ = {Place::Kind::Pipeline, &pipeline, pipeline.position}; }
    void at(const Command& command) { place_ = {Place::Kind::Command, &command, command.position}; }
    void at(const Operand& operand) { place_ = {Place::Kind::Operand, &operand, operand.position}; }
    std::string place_text() const;
    tl::unexpected<Error> error(std::string message, Error::Kind kind = Error::Kind::InvalidInput) const;
    tl::unexpected<Error> exceeded(std::string_view what, std::size_t limit) const;
    Status step(std::size_t steps = 1);

    Result<Flow> walk(const Value& dot, const NodeList& list);
    Result<Flow> walk(const Value& dot, const Node& node);
    Result<Flow> walk_branch(const Value& dot, const Node& node);
    Result<Flow> walk_range(const Value& dot, const Node& node);
    Result<Flow> range_over(const Value& dot, const Node& node, const Value& over);
    Result<bool> iterate(const Node& node, const Value& index, const Value& element);
    Status walk_template(const Value& dot, const Node& node);
    Status write_text(std::string_view text);
    Status write_value(const Pipeline& pipeline, Value value);

    /// What a command gets from the one before it, if there is one.
    using Final = const Value*;
    /// The words of a command: the first is what is called.
    using Words = std::span<const Operand>;

    Result<Value> evaluate(const Value& dot, const Pipeline& pipeline);
    Result<Value> evaluate(const Value& dot, const Command& command, Final final);
    Result<Value> evaluate_field(const Value& dot, const Operand& operand, Words words, Final final);
    Result<Value> evaluate_chain(const Value& dot, const Operand& operand, Words words, Final final);
    Result<Value> evaluate_variable(const Value& dot, const Operand& operand, Words words, Final final);
    template <class Whole>
    Result<Value> evaluate_function(const Value& dot, const Operand& operand, const Whole& whole, Words words,
                                    Final final);
    Result<Value> follow(const Value& dot, Value receiver, const Operand& operand, Words words, Final final);
    Result<Value> evaluate_member(const Value& dot, const Value& receiver, const std::string& name,
                                  const Operand& operand, Words words, Final final);
    template <class Whole>
    Result<Value> call(const Value& dot, const Function& function, std::string_view name, const Whole& whole,
                       const Value& self, Words words, Final final);
    Status check_count(const Function& function, std::string_view name, std::size_t given, bool has_final) const;
    Result<Value> short_circuit(const Value& dot, const Function& function, Words arguments, Final final);
    Result<std::vector<Value>> arguments_of(const Value& dot, const Function& function, Words arguments, Final final);
    Result<Value> evaluate_argument(const Value& dot, const Type& type, const Operand& operand);
    Result<Value> constant_argument(const Type& type, const Operand& operand);
    Result<Value> ideal_constant(const Operand& operand);
    Result<Value> validate(const Value& value, const Type& type);
    Status not_a_function(Words words, Final final) const;

    Value* find_variable(std::string_view name);
    Status assign(std::string_view name, const Value& value);

    const TreeMap& trees_;
    const Environment& environment_;
    Arena& arena_;
    const Tree* tree_ = nullptr;
    Place place_;
    std::vector<Variable> variables_;
    std::string out_;
    std::size_t steps_ = 0;
    std::size_t depth_ = 0;   // of templates
    std::size_t levels_ = 0;  // of everything that nests
};

}  // namespace tocsin::templates
