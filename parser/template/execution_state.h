#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "parser/template/tree.h"
#include "parser/template/value.h"

// Returns the error of a Status to the caller.
#define TOCSIN_CHECK(expression) \
    if (auto checked = (expression); !checked) return tl::unexpected<Error>(std::move(checked).error())

namespace tocsin::templates {

/// A variable with its value.
struct Variable {
    std::string_view name;
    Value value;
};

/// Where a run of a template is, what it sees and what it has spent: what
/// walking through nodes and evaluating pipelines share.
class ExecutionState {
public:
    explicit ExecutionState(const TemplateLimits& limits) : limits_(limits) { variables.reserve(16); }
    ExecutionState(const ExecutionState&) = delete;
    ExecutionState& operator=(const ExecutionState&) = delete;

    /// What is being worked on, for messages: `executing "NAME" at <HERE>`.
    void at(const Node& node) { place_ = {Place::Kind::Node, &node, node.position}; }
    void at(const Pipeline& pipeline) { place_ = {Place::Kind::Pipeline, &pipeline, pipeline.position}; }
    void at(const Command& command) { place_ = {Place::Kind::Command, &command, command.position}; }
    void at(const Operand& operand) { place_ = {Place::Kind::Operand, &operand, operand.position}; }

    /// Failures as Go words them, with the place in front.
    tl::unexpected<Error> error(std::string message, Error::Kind kind = Error::Kind::InvalidInput) const;
    /// The limit takes the place of `{}`.
    tl::unexpected<Error> exceeded(std::string_view what, std::size_t limit) const;

    /// Counts; fails beyond the limit.
    Status step(std::size_t steps = 1);

    /// Of the innermost one with that name; fails when there is none.
    Status assign(std::string_view name, const Value& value);
    Value* find_variable(std::string_view name);

    const Tree* tree = nullptr;       // the template that is executed
    std::vector<Variable> variables;  // the innermost one last
    class Level;

private:
    struct Place {
        enum class Kind { None, Node, Pipeline, Command, Operand };
        Kind kind = Kind::None;
        const void* what = nullptr;
        std::size_t position = 0;
    };
    std::string place_text() const;

    const TemplateLimits& limits_;
    Place place_;
    std::size_t steps_ = 0;
    std::size_t levels_ = 0;  // of everything that nests
};

/// One more level of nesting while it lives.
class ExecutionState::Level {
public:
    explicit Level(ExecutionState& state) : state_(state) { ++state_.levels_; }
    ~Level() { --state_.levels_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

    /// Fails when it is one too many.
    Status check() const;

private:
    ExecutionState& state_;
};

/// Steps that looking at the whole of a value counts as.
std::size_t steps_for(const Value& value);

/// A value in a message.
std::string text_of(const Value& value);

}  // namespace tocsin::templates
