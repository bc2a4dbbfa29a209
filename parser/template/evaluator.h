#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "parser/template/execution_state.h"
#include "parser/template/tree.h"
#include "parser/template/value.h"

namespace tocsin::templates {

/// Computes what pipelines give: the half of Go's text/template/exec.go that is
/// about values.
class Evaluator {
public:
    /// All must outlive it.
    Evaluator(ExecutionState& state, const Environment& environment, Arena& arena)
        : state_(state), environment_(environment), arena_(arena) {}

    /// Declares or assigns the variables of the pipeline, too. A nil of type
    /// `interface {}` becomes no value.
    Result<Value> evaluate(const Value& dot, const Pipeline& pipeline);

private:
    /// What a command gets from the one before it, if there is one.
    using Final = const Value*;
    /// The words of a command: the first is what is called.
    using Words = std::span<const Operand>;

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

    ExecutionState& state_;
    const Environment& environment_;
    Arena& arena_;
};

}  // namespace tocsin::templates
