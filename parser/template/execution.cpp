#include "parser/template/execution.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "parser/template/html_escaper.h"
#include "parser/template/printf.h"
#include "parser/template/types.h"

// Returns the error of a Status to the caller.
#define TOCSIN_CHECK(expression) \
    if (auto checked = (expression); !checked) return tl::unexpected<Error>(std::move(checked).error())

namespace tocsin::templates {
namespace {

// Of control structures, parentheses and templates together; keeps the stack below a few megabytes in every build.
constexpr std::size_t kLevelsMax = 600;

const Map kEmptyMap;

std::string text_of(const Value& value) {
    std::string out;
    // What does not fit into a message need not be in it.
    constexpr std::size_t kBytesMax = 4096;
    static_cast<void>(append_printable(out, {&value, 1}, kBytesMax));
    return out;
}

// Whether a value of type `from` may be passed where `to` is asked for, as Go's AssignableTo.
bool is_assignable(const Type& from, const Type& to) {
    return &from == &to || to.kind == Kind::Interface || from.underlying == &to || to.underlying == &from;
}

// The type of the argument at `index`.
const Type& parameter_at(const Function& function, std::size_t index) {
    const std::size_t count = function.parameter_count();
    return *function.parameters[std::min(index, count - 1)];
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

bool is_hex_int(std::string_view text) {
    return text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
           text.find_first_of("pP") == std::string_view::npos;
}

}  // namespace

/// One more level of nesting while it lives.
class Execution::Level {
public:
    explicit Level(Execution& execution) : execution_(execution) { ++execution_.levels_; }
    ~Level() { --execution_.levels_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

    Status check() const {
        if (execution_.levels_ <= kLevelsMax) return {};
        return execution_.exceeded("nested deeper than {} levels", kLevelsMax);
    }

private:
    Execution& execution_;
};

Execution::Execution(const TreeMap& trees, const Environment& environment, Arena& arena)
    : trees_(trees), environment_(environment), arena_(arena) {
    variables_.reserve(16);
}

Result<std::string> Execution::run(const Tree& root, const Value& data, const std::vector<PresetVariable>& presets) {
    tree_ = &root;
    variables_.push_back({"$", data});
    for (const auto& [name, value] : presets) variables_.push_back({name, value});
    TOCSIN_CHECK(walk(data, root.root));
    return std::move(out_);
}

std::string Execution::place_text() const {
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

tl::unexpected<Error> Execution::error(std::string message, Error::Kind kind) const {
    if (place_.kind == Place::Kind::None) return fail(kind, fmt::format("template: {}: {}", tree_->name, message));
    return fail(kind,
                fmt::format("template: {}:{}: executing {} at <{}>: {}", tree_->parse_name,
                            position_text(*tree_, place_.position), go_quote(tree_->name), place_text(), message));
}

tl::unexpected<Error> Execution::exceeded(std::string_view what, std::size_t limit) const {
    return error(fmt::format(fmt::runtime(what), limit), Error::Kind::LimitExceeded);
}

Status Execution::step(std::size_t steps) {
    steps_ += steps;
    if (steps_ <= environment_.limits.steps) return {};
    return exceeded("more than {} steps", environment_.limits.steps);
}

Result<Execution::Flow> Execution::walk(const Value& dot, const NodeList& list) {
    const Level level(*this);
    TOCSIN_CHECK(level.check());
    for (const Node& node : list) {
        TOCSIN_TRY(const Flow flow, walk(dot, node));
        if (flow != Flow::Next) return flow;
    }
    return Flow::Next;
}

Result<Execution::Flow> Execution::walk(const Value& dot, const Node& node) {
    at(node);
    TOCSIN_CHECK(step());
    switch (node.kind) {
        case Node::Kind::Text:
            TOCSIN_CHECK(write_text(node.text));
            return Flow::Next;
        case Node::Kind::Action: {
            TOCSIN_TRY(const Value value, evaluate(dot, *node.pipeline));
            // What declares a variable prints nothing.
            if (!node.pipeline->variables.empty()) return Flow::Next;
            at(node);
            TOCSIN_CHECK(write_value(*node.pipeline, value));
            return Flow::Next;
        }
        case Node::Kind::If:
        case Node::Kind::With:
            return walk_branch(dot, node);
        case Node::Kind::Range:
            return walk_range(dot, node);
        case Node::Kind::Template:
            TOCSIN_CHECK(walk_template(dot, node));
            return Flow::Next;
        case Node::Kind::Break:
            return Flow::Break;
        case Node::Kind::Continue:
            return Flow::Continue;
    }
    return Flow::Next;
}

Status Execution::write_text(std::string_view text) {
    if (out_.size() + text.size() > environment_.limits.output_bytes) {
        return exceeded("output is larger than {} bytes", environment_.limits.output_bytes);
    }
    out_ += text;
    return {};
}

Status Execution::write_value(const Pipeline& pipeline, Value value) {
    for (const Escaper escaper : pipeline.escapers) {
        std::string escaped = escape(escaper, value);
        value = Value::text(arena_.keep(escaped));
    }
    if (value.kind() == Kind::String) return write_text(value.as_text());
    const auto printed = append_printable(out_, {&value, 1}, environment_.limits.output_bytes - out_.size());
    if (!printed) return exceeded("output is larger than {} bytes", environment_.limits.output_bytes);
    return {};
}

Result<Execution::Flow> Execution::walk_branch(const Value& dot, const Node& node) {
    const std::size_t variables_outside = variables_.size();
    TOCSIN_TRY(const Value value, evaluate(dot, *node.pipeline));
    Flow flow = Flow::Next;
    if (is_true(value)) {
        TOCSIN_TRY(flow, walk(node.kind == Node::Kind::With ? value : dot, node.list));
    } else if (node.has_else) {
        TOCSIN_TRY(flow, walk(dot, node.else_list));
    }
    variables_.resize(variables_outside);
    return flow;
}

Result<Execution::Flow> Execution::walk_range(const Value& dot, const Node& node) {
    const std::size_t variables_outside = variables_.size();
    TOCSIN_TRY(const Value over, evaluate(dot, *node.pipeline));
    TOCSIN_TRY(const Flow flow, range_over(dot, node, over));
    variables_.resize(variables_outside);
    return flow;
}

Result<Execution::Flow> Execution::range_over(const Value& dot, const Node& node, const Value& over) {
    bool ran = false;
    TOCSIN_CHECK(step(steps_for(over)));
    switch (over.kind()) {
        case Kind::Nil:
        case Kind::Interface:
            break;
        case Kind::List: {
            std::int64_t index = 0;
            for (const Value& element : over.as_list()) {
                ran = true;
                TOCSIN_TRY(const bool go_on, iterate(node, Value::integer(index++), element));
                if (!go_on) break;
            }
            break;
        }
        case Kind::Int:
        case Kind::Uint: {
            if (node.pipeline->variables.size() > 1) {
                return error(fmt::format("can't use {} to iterate over more than one variable", text_of(over)));
            }
            const bool is_signed = over.kind() == Kind::Int;
            const std::int64_t end = is_signed ? over.as_int() : static_cast<std::int64_t>(over.as_uint());
            for (std::int64_t i = 0; i < end; ++i) {
                ran = true;
                const Value element = is_signed ? Value::integer(i, *over.type())
                                                : Value::unsigned_integer(static_cast<std::uint64_t>(i), *over.type());
                TOCSIN_TRY(const bool go_on, iterate(node, Value(), element));
                if (!go_on) break;
            }
            break;
        }
        case Kind::Map: {
            // Collected first: a visit cannot be left early, a range can.
            std::vector<Map::Entry> entries;
            over.as_map().for_each([&](std::string_view key, const Value& value) { entries.push_back({key, value}); });
            for (const auto& [key, element] : entries) {
                ran = true;
                TOCSIN_TRY(const bool go_on, iterate(node, Value::text(key), element));
                if (!go_on) break;
            }
            break;
        }
        case Kind::Bool:
        case Kind::Float:
        case Kind::Complex:
        case Kind::String:
        case Kind::Struct:
        case Kind::Time:
        case Kind::Location:
            return error(fmt::format("range can't iterate over {}", text_of(over)));
    }
    if (ran || !node.has_else) return Flow::Next;
    return walk(dot, node.else_list);
}

// Whether the range goes on. With one variable that is the element, with two the index comes first.
Result<bool> Execution::iterate(const Node& node, const Value& index, const Value& element) {
    TOCSIN_CHECK(step());
    const std::size_t variables_outside = variables_.size();
    const auto& names = node.pipeline->variables;
    if (node.pipeline->assigns) {
        if (!names.empty()) TOCSIN_CHECK(assign(names[0], names.size() > 1 ? index : element));
        if (names.size() > 1) TOCSIN_CHECK(assign(names[1], element));
    } else {
        // The pipeline has declared them with the value of the whole.
        if (!names.empty()) variables_[variables_.size() - 1].value = element;
        if (names.size() > 1) variables_[variables_.size() - 2].value = index;
    }
    TOCSIN_TRY(const Flow flow, walk(element, node.list));
    variables_.resize(variables_outside);
    return flow != Flow::Break;
}

Status Execution::walk_template(const Value& dot, const Node& node) {
    const auto found = trees_.find(node.text);
    if (found == trees_.end()) return error(fmt::format("template {} not defined", go_quote(node.text)));
    if (depth_ >= environment_.limits.depth) {
        return exceeded("exceeded maximum template depth ({})", environment_.limits.depth);
    }
    Value argument;
    if (node.pipeline) {
        TOCSIN_TRY(argument, evaluate(dot, *node.pipeline));
    }
    const Level level(*this);
    TOCSIN_CHECK(level.check());
    const Tree* const caller = std::exchange(tree_, found->second.get());
    // A template sees no variables of its caller.
    std::vector<Variable> outer = std::exchange(variables_, {{"$", argument}});
    ++depth_;
    auto walked = walk(argument, tree_->root);
    --depth_;
    if (!walked) return tl::unexpected<Error>(std::move(walked).error());
    variables_ = std::move(outer);
    tree_ = caller;
    return {};
}

Value* Execution::find_variable(std::string_view name) {
    const auto found =
        std::find_if(variables_.rbegin(), variables_.rend(), [&](const Variable& v) { return v.name == name; });
    return found == variables_.rend() ? nullptr : &found->value;
}

Status Execution::assign(std::string_view name, const Value& value) {
    Value* variable = find_variable(name);
    if (variable == nullptr) return error(fmt::format("undefined variable: {}", name));
    *variable = value;
    return {};
}

Result<Value> Execution::evaluate(const Value& dot, const Pipeline& pipeline) {
    at(pipeline);
    const Level level(*this);
    TOCSIN_CHECK(level.check());
    Value value;
    bool first = true;
    for (const Command& command : pipeline.commands) {
        TOCSIN_CHECK(step());
        TOCSIN_TRY(value, evaluate(dot, command, first ? nullptr : &value));
        if (value.kind() == Kind::Interface) value = Value();
        first = false;
    }
    for (const std::string& variable : pipeline.variables) {
        if (pipeline.assigns) {
            TOCSIN_CHECK(assign(variable, value));
        } else {
            variables_.push_back({variable, value});
        }
    }
    return value;
}

Result<Value> Execution::evaluate(const Value& dot, const Command& command, Final final) {
    const Operand& first = command.words[0];
    switch (first.kind) {
        case Operand::Kind::Field:
            return evaluate_field(dot, first, command.words, final);
        case Operand::Kind::Chain:
            return evaluate_chain(dot, first, command.words, final);
        case Operand::Kind::Function:
            return evaluate_function(dot, first, command, command.words, final);
        case Operand::Kind::Variable:
            return evaluate_variable(dot, first, command.words, final);
        case Operand::Kind::Pipeline:
            TOCSIN_CHECK(not_a_function(command.words, final));
            return evaluate(dot, *first.pipeline);
        case Operand::Kind::Dot:
        case Operand::Kind::Nil:
        case Operand::Kind::Bool:
        case Operand::Kind::Number:
        case Operand::Kind::String:
            break;
    }
    at(first);
    TOCSIN_CHECK(not_a_function(command.words, final));
    if (first.kind == Operand::Kind::Dot) return dot;
    if (first.kind == Operand::Kind::Nil) return error("nil is not a command");
    return ideal_constant(first);
}

Status Execution::not_a_function(Words words, Final final) const {
    if (words.size() <= 1 && final == nullptr) return {};
    return error(fmt::format("can't give argument to non-function {}", to_string(words[0])));
}

Result<Value> Execution::ideal_constant(const Operand& operand) {
    if (operand.kind == Operand::Kind::Bool) return Value::boolean(operand.boolean);
    if (operand.kind == Operand::Kind::String) return Value::text(operand.unquoted);
    const NumberLiteral& number = operand.number;
    if (number.is_complex) return Value::complex(number.complex_value);
    const bool looks_float = operand.text.find_first_of(".eEpP") != std::string::npos && !is_hex_int(operand.text) &&
                             !operand.text.starts_with('\'');
    if (number.is_float && looks_float) return Value::number(number.float_value);
    if (number.is_int) return Value::integer(number.int_value);
    return error(fmt::format("{} overflows int", operand.text));
}

Result<Value> Execution::evaluate_field(const Value& dot, const Operand& operand, Words words, Final final) {
    at(operand);
    return follow(dot, dot, operand, words, final);
}

Result<Value> Execution::evaluate_variable(const Value& dot, const Operand& operand, Words words, Final final) {
    at(operand);
    const Value* found = find_variable(operand.text);
    if (found == nullptr) return error(fmt::format("undefined variable: {}", operand.text));
    if (!operand.names.empty()) return follow(dot, *found, operand, words, final);
    const Value value = *found;
    TOCSIN_CHECK(not_a_function(words, final));
    return value;
}

Result<Value> Execution::evaluate_chain(const Value& dot, const Operand& operand, Words words, Final final) {
    at(operand);
    const Operand& inner = *operand.inner;
    Value receiver;
    if (inner.kind == Operand::Kind::Pipeline) {
        at(inner);
        TOCSIN_TRY(receiver, evaluate(dot, *inner.pipeline));
    } else {
        TOCSIN_TRY(receiver, evaluate_argument(dot, types::any, inner));
    }
    return follow(dot, receiver, operand, words, final);
}

template <class Whole>
Result<Value> Execution::evaluate_function(const Value& dot, const Operand& operand, const Whole& whole, Words words,
                                           Final final) {
    at(operand);
    return call(dot, *operand.function, operand.text, whole, Value(), words, final);
}

// The names of a field chain one after the other. If the last one is a method, it gets the arguments.
Result<Value> Execution::follow(const Value& dot, Value receiver, const Operand& operand, Words words, Final final) {
    for (std::size_t i = 0; i + 1 < operand.names.size(); ++i) {
        TOCSIN_TRY(receiver, evaluate_member(dot, receiver, operand.names[i], operand, {}, nullptr));
    }
    return evaluate_member(dot, receiver, operand.names.back(), operand, words, final);
}

Result<Value> Execution::evaluate_member(const Value& dot, const Value& receiver, const std::string& name,
                                         const Operand& operand, Words words, Final final) {
    if (receiver.kind() == Kind::Nil) return Value();
    if (receiver.kind() == Kind::Interface) {
        return error(fmt::format("nil pointer evaluating {}.{}", receiver.type_name(), name));
    }
    const Type& type = *receiver.type();
    if (const Function* method = type.find_method(name))
        return call(dot, *method, name, operand, receiver, words, final);
    const bool has_arguments = words.size() > 1 || final != nullptr;
    if (const Field* field = type.find_field(name)) {
        if (has_arguments) return error(fmt::format("{} has arguments but cannot be invoked as function", name));
        if (receiver.as_object() == nullptr) return error(fmt::format("nil pointer evaluating {}.{}", type.name, name));
        return field->get(receiver.as_object(), arena_);
    }
    if (type.kind == Kind::Map) {
        if (has_arguments) return error(fmt::format("{} is not a method but has arguments", name));
        if (const auto found = receiver.as_map().find(name)) return *found;
        return receiver.as_map().holds_texts ? Value::text("") : Value::nil_interface();
    }
    return error(fmt::format("can't evaluate field {} in type {}", name, type.name));
}

Status Execution::check_count(const Function& function, std::string_view name, std::size_t given,
                              bool has_final) const {
    if (function.form == Function::Form::ManyResults) {
        return error(fmt::format("can't call method/function {} with several results", go_quote(name)));
    }
    const std::size_t count = given + (has_final ? 1 : 0);
    const std::size_t fixed = function.parameter_count() - (function.variadic ? 1 : 0);
    if (function.variadic && count < fixed) {
        return error(fmt::format("wrong number of args for {}: want at least {} got {}", name, fixed, given));
    }
    if (!function.variadic && count != fixed) {
        return error(fmt::format("wrong number of args for {}: want {} got {}", name, fixed, count));
    }
    return {};
}

template <class Whole>
Result<Value> Execution::call(const Value& dot, const Function& function, std::string_view name, const Whole& whole,
                              const Value& self, Words words, Final final) {
    const Words arguments = words.empty() ? words : words.subspan(1);
    TOCSIN_CHECK(check_count(function, name, arguments.size(), final != nullptr));
    if (function.form == Function::Form::And || function.form == Function::Form::Or) {
        return short_circuit(dot, function, arguments, final);
    }
    TOCSIN_TRY(auto values, arguments_of(dot, function, arguments, final));
    if (function.form == Function::Form::CallBuiltin) {
        const std::string callee = arguments.empty() ? text_of(values[0]) : to_string(arguments[0]);
        values.insert(values.begin(), Value::text(arena_.keep(callee)));
    }
    Call call{arena_, environment_, self, values};
    auto result = function.invoke(call);
    if (!result) {
        at(whole);
        return error(fmt::format("error calling {}: {}", name, result.error().message), result.error().kind);
    }
    if (arena_.used() > environment_.limits.memory_bytes) {
        return exceeded("values take more than {} bytes", environment_.limits.memory_bytes);
    }
    return *result;
}

// `and` and `or` evaluate no further than to the argument that decides.
Result<Value> Execution::short_circuit(const Value& dot, const Function& function, Words arguments, Final final) {
    Value value;
    for (const Operand& argument : arguments) {
        TOCSIN_TRY(value, evaluate_argument(dot, types::any, argument));
        if (is_true(value) == (function.form == Function::Form::Or)) return value;
    }
    return final == nullptr ? value : *final;
}

Result<std::vector<Value>> Execution::arguments_of(const Value& dot, const Function& function, Words arguments,
                                                   Final final) {
    std::vector<Value> values;
    values.reserve(arguments.size() + 2);
    for (const Operand& argument : arguments) {
        TOCSIN_CHECK(step());
        TOCSIN_TRY(const Value value, evaluate_argument(dot, parameter_at(function, values.size()), argument));
        TOCSIN_CHECK(step(steps_for(value)));
        values.push_back(value);
    }
    if (final != nullptr) {
        TOCSIN_TRY(const Value value, validate(*final, parameter_at(function, values.size())));
        TOCSIN_CHECK(step(steps_for(value)));
        values.push_back(value);
    }
    return values;
}

Result<Value> Execution::evaluate_argument(const Value& dot, const Type& type, const Operand& operand) {
    at(operand);
    Value value;
    switch (operand.kind) {
        case Operand::Kind::Dot:
            return validate(dot, type);
        case Operand::Kind::Nil:
            if (type.kind == Kind::Interface) return Value();
            if (type.kind == Kind::List || type.kind == Kind::Map || type.is_pointer) return validate(Value(), type);
            return error(fmt::format("cannot assign nil to {}", type.name));
        case Operand::Kind::Field: {
            TOCSIN_TRY(value, evaluate_field(dot, operand, {}, nullptr));
            return validate(value, type);
        }
        case Operand::Kind::Variable: {
            TOCSIN_TRY(value, evaluate_variable(dot, operand, {}, nullptr));
            return validate(value, type);
        }
        case Operand::Kind::Pipeline: {
            TOCSIN_TRY(value, evaluate(dot, *operand.pipeline));
            return validate(value, type);
        }
        case Operand::Kind::Function: {
            TOCSIN_TRY(value, evaluate_function(dot, operand, operand, {}, nullptr));
            return validate(value, type);
        }
        case Operand::Kind::Chain: {
            TOCSIN_TRY(value, evaluate_chain(dot, operand, {}, nullptr));
            return validate(value, type);
        }
        case Operand::Kind::Bool:
        case Operand::Kind::Number:
        case Operand::Kind::String:
            break;
    }
    return constant_argument(type, operand);
}

// A constant has no type of its own: it becomes what is asked for, if it can.
Result<Value> Execution::constant_argument(const Type& type, const Operand& operand) {
    const bool is_number = operand.kind == Operand::Kind::Number;
    const auto expected = [&](std::string_view what) {
        return error(fmt::format("expected {}; found {}", what, to_string(operand)));
    };
    switch (type.kind) {
        case Kind::Interface:
            return ideal_constant(operand);
        case Kind::Bool:
            return operand.kind == Operand::Kind::Bool ? ideal_constant(operand) : expected("bool");
        case Kind::String:
            if (operand.kind != Operand::Kind::String) return expected("string");
            return Value::text(operand.unquoted, type);
        case Kind::Float:
            if (!is_number || !operand.number.is_float) return expected("float");
            return Value::number(operand.number.float_value);
        case Kind::Int:
            if (!is_number || !operand.number.is_int) return expected("integer");
            return Value::integer(operand.number.int_value, type);
        case Kind::Uint:
            if (!is_number || !operand.number.is_uint) return expected("unsigned integer");
            return Value::unsigned_integer(operand.number.uint_value, type);
        case Kind::Complex:
        case Kind::Nil:
        case Kind::List:
        case Kind::Map:
        case Kind::Struct:
        case Kind::Time:
        case Kind::Location:
            break;
    }
    return error(fmt::format("can't handle {} for arg of type {}", to_string(operand), type.name));
}

Result<Value> Execution::validate(const Value& value, const Type& type) {
    if (value.kind() == Kind::Nil) {
        if (type.kind == Kind::Interface) return value;
        if (type.kind == Kind::List) return Value::list({}, type);
        if (type.kind == Kind::Map) return Value::map(kEmptyMap, type);
        if (type.is_pointer && type.kind == Kind::Struct) return Value::object(nullptr, type);
        return error(fmt::format("invalid value; expected {}", type.name));
    }
    if (!is_assignable(*value.type(), type)) {
        return error(fmt::format("wrong type for value; expected {}; got {}", type.name, value.type_name()));
    }
    return value;
}

}  // namespace tocsin::templates
