#include "parser/template/execution_state.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/printf.h"

namespace tocsin::templates {
namespace {

// Of control structures, parentheses and templates together; keeps the stack
// below a few megabytes in every build.
constexpr std::size_t kLevelsMax = 600;

}  // namespace

Status ExecutionState::Level::check() const {
    if (state_.levels_ <= kLevelsMax) return {};
    return state_.exceeded("nested deeper than {} levels", kLevelsMax);
}

std::string ExecutionState::place_text() const {
    switch (place_.kind) {
        case Place::Kind::None:
            return {};
        case Place::Kind::Node:
            return to_string(*static_cast<const Node*>(place_.what));
        case Place::Kind::Pipeline:
            return to_string(*static_cast<const Pipeline*>(place_.what));
        case Place::Kind::Command:
            return to_string(*static_cast<const Command*>(place_.what));
        case Place::Kind::Operand: {
            // Of a pipeline in parentheses Go shows what is in them.
            const auto& operand = *static_cast<const Operand*>(place_.what);
            return operand.kind == Operand::Kind::Pipeline ? to_string(*operand.pipeline) : to_string(operand);
        }
    }
    return {};
}

tl::unexpected<Error> ExecutionState::error(std::string message, Error::Kind kind) const {
    if (place_.kind == Place::Kind::None) return fail(kind, fmt::format("template: {}: {}", tree->name, message));
    return fail(kind, fmt::format("template: {}:{}: executing {} at <{}>: {}", tree->parse_name,
                                  position_text(*tree, place_.position), go_quote(tree->name), place_text(), message));
}

tl::unexpected<Error> ExecutionState::exceeded(std::string_view what, std::size_t limit) const {
    return error(fmt::format(fmt::runtime(what), limit), Error::Kind::LimitExceeded);
}

Status ExecutionState::step(std::size_t steps) {
    steps_ += steps;
    if (steps_ <= limits_.steps) return {};
    return exceeded("more than {} steps", limits_.steps);
}

Value* ExecutionState::find_variable(std::string_view name) {
    const auto found =
        std::find_if(variables.rbegin(), variables.rend(), [&](const Variable& v) { return v.name == name; });
    return found == variables.rend() ? nullptr : &found->value;
}

Status ExecutionState::assign(std::string_view name, const Value& value) {
    Value* variable = find_variable(name);
    if (variable == nullptr) return error(fmt::format("undefined variable: {}", name));
    *variable = value;
    return {};
}

// Work that grows with the size of a value counts as steps, too.
std::size_t steps_for(const Value& value) {
    switch (value.kind()) {
        case Kind::String:
            return value.as_text().size() / 256;
        case Kind::List:
            return value.as_list().size() / 16;
        case Kind::Map:
            return value.as_map().size() / 16;
        default:
            return 0;
    }
}

std::string text_of(const Value& value) {
    std::string out;
    // What does not fit into a message need not be in it.
    constexpr std::size_t kBytesMax = 4096;
    static_cast<void>(append_printable(out, {&value, 1}, kBytesMax));
    return out;
}

}  // namespace tocsin::templates
