#include "parser/template/evaluator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/types.h"

namespace tocsin::templates {
namespace {

const Map kEmptyMap;

// Whether a value of type `from` may be passed where `to` is asked for, as Go's
// AssignableTo.
bool is_assignable(const Type& from, const Type& to) {
    return &from == &to || to.kind == Kind::Interface || from.underlying == &to || to.underlying == &from;
}

// The type of the argument at `index`.
const Type& parameter_at(const Function& function, std::size_t index) {
    const std::size_t count = function.parameter_count();
    return *function.parameters[std::min(index, count - 1)];
}

bool is_hex_int(std::string_view text) {
    return text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
           text.find_first_of("pP") == std::string_view::npos;
}

}  // namespace

Result<Value> Evaluator::evaluate(const Value& dot, const Pipeline& pipeline) {
    state_.at(pipeline);
    const ExecutionState::Level level(state_);
    TOCSIN_CHECK(level.check());
    Value value;
    bool first = true;
    for (const Command& command : pipeline.commands) {
        TOCSIN_CHECK(state_.step());
        TOCSIN_TRY(value, evaluate(dot, command, first ? nullptr : &value));
        if (value.kind() == Kind::Interface) value = Value();
        first = false;
    }
    for (const std::string& variable : pipeline.variables) {
        if (pipeline.assigns) {
            TOCSIN_CHECK(state_.assign(variable, value));
        } else {
            state_.variables.push_back({variable, value});
        }
    }
    return value;
}

Result<Value> Evaluator::evaluate(const Value& dot, const Command& command, Final final) {
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
    state_.at(first);
    TOCSIN_CHECK(not_a_function(command.words, final));
    if (first.kind == Operand::Kind::Dot) return dot;
    if (first.kind == Operand::Kind::Nil) return state_.error("nil is not a command");
    return ideal_constant(first);
}

Status Evaluator::not_a_function(Words words, Final final) const {
    if (words.size() <= 1 && final == nullptr) return {};
    return state_.error(fmt::format("can't give argument to non-function {}", to_string(words[0])));
}

Result<Value> Evaluator::ideal_constant(const Operand& operand) {
    if (operand.kind == Operand::Kind::Bool) return Value::boolean(operand.boolean);
    if (operand.kind == Operand::Kind::String) return Value::text(operand.unquoted);
    const NumberLiteral& number = operand.number;
    if (number.is_complex) return Value::complex(number.complex_value);
    const bool looks_float = operand.text.find_first_of(".eEpP") != std::string::npos && !is_hex_int(operand.text) &&
                             !operand.text.starts_with('\'');
    if (number.is_float && looks_float) return Value::number(number.float_value);
    if (number.is_int) return Value::integer(number.int_value);
    return state_.error(fmt::format("{} overflows int", operand.text));
}

Result<Value> Evaluator::evaluate_field(const Value& dot, const Operand& operand, Words words, Final final) {
    state_.at(operand);
    return follow(dot, dot, operand, words, final);
}

Result<Value> Evaluator::evaluate_variable(const Value& dot, const Operand& operand, Words words, Final final) {
    state_.at(operand);
    const Value* found = state_.find_variable(operand.text);
    if (found == nullptr) return state_.error(fmt::format("undefined variable: {}", operand.text));
    if (!operand.names.empty()) return follow(dot, *found, operand, words, final);
    const Value value = *found;
    TOCSIN_CHECK(not_a_function(words, final));
    return value;
}

Result<Value> Evaluator::evaluate_chain(const Value& dot, const Operand& operand, Words words, Final final) {
    state_.at(operand);
    const Operand& inner = *operand.inner;
    Value receiver;
    if (inner.kind == Operand::Kind::Pipeline) {
        state_.at(inner);
        TOCSIN_TRY(receiver, evaluate(dot, *inner.pipeline));
    } else {
        TOCSIN_TRY(receiver, evaluate_argument(dot, types::any, inner));
    }
    return follow(dot, receiver, operand, words, final);
}

template <class Whole>
Result<Value> Evaluator::evaluate_function(const Value& dot, const Operand& operand, const Whole& whole, Words words,
                                           Final final) {
    state_.at(operand);
    return call(dot, *operand.function, operand.text, whole, Value(), words, final);
}

// The names of a field chain one after the other. If the last one is a method,
// it gets the arguments.
Result<Value> Evaluator::follow(const Value& dot, Value receiver, const Operand& operand, Words words, Final final) {
    for (std::size_t i = 0; i + 1 < operand.names.size(); ++i) {
        TOCSIN_TRY(receiver, evaluate_member(dot, receiver, operand.names[i], operand, {}, nullptr));
    }
    return evaluate_member(dot, receiver, operand.names.back(), operand, words, final);
}

Result<Value> Evaluator::evaluate_member(const Value& dot, const Value& receiver, const std::string& name,
                                         const Operand& operand, Words words, Final final) {
    if (receiver.kind() == Kind::Nil) return Value();
    if (receiver.kind() == Kind::Interface) {
        return state_.error(fmt::format("nil pointer evaluating {}.{}", receiver.type_name(), name));
    }
    const Type& type = *receiver.type();
    if (const Function* method = type.find_method(name))
        return call(dot, *method, name, operand, receiver, words, final);
    const bool has_arguments = words.size() > 1 || final != nullptr;
    if (const Field* field = type.find_field(name)) {
        if (has_arguments) return state_.error(fmt::format("{} has arguments but cannot be invoked as function", name));
        if (receiver.as_object() == nullptr)
            return state_.error(fmt::format("nil pointer evaluating {}.{}", type.name, name));
        return field->get(receiver.as_object(), arena_);
    }
    if (type.kind == Kind::Map) {
        if (has_arguments) return state_.error(fmt::format("{} is not a method but has arguments", name));
        if (const auto found = receiver.as_map().find(name)) return *found;
        return receiver.as_map().holds_texts ? Value::text("") : Value::nil_interface();
    }
    return state_.error(fmt::format("can't evaluate field {} in type {}", name, type.name));
}

Status Evaluator::check_count(const Function& function, std::string_view name, std::size_t given,
                              bool has_final) const {
    if (function.form == Function::Form::ManyResults) {
        return state_.error(fmt::format("can't call method/function {} with several results", go_quote(name)));
    }
    const std::size_t count = given + (has_final ? 1 : 0);
    const std::size_t fixed = function.parameter_count() - (function.variadic ? 1 : 0);
    if (function.variadic && count < fixed) {
        return state_.error(fmt::format("wrong number of args for {}: want at least {} got {}", name, fixed, given));
    }
    if (!function.variadic && count != fixed) {
        return state_.error(fmt::format("wrong number of args for {}: want {} got {}", name, fixed, count));
    }
    return {};
}

template <class Whole>
Result<Value> Evaluator::call(const Value& dot, const Function& function, std::string_view name, const Whole& whole,
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
        state_.at(whole);
        return state_.error(fmt::format("error calling {}: {}", name, result.error().message), result.error().kind);
    }
    if (arena_.used() > environment_.limits.memory_bytes) {
        return state_.exceeded("values take more than {} bytes", environment_.limits.memory_bytes);
    }
    return *result;
}

// `and` and `or` evaluate no further than to the argument that decides.
Result<Value> Evaluator::short_circuit(const Value& dot, const Function& function, Words arguments, Final final) {
    Value value;
    for (const Operand& argument : arguments) {
        TOCSIN_TRY(value, evaluate_argument(dot, types::any, argument));
        if (is_true(value) == (function.form == Function::Form::Or)) return value;
    }
    return final == nullptr ? value : *final;
}

Result<std::vector<Value>> Evaluator::arguments_of(const Value& dot, const Function& function, Words arguments,
                                                   Final final) {
    std::vector<Value> values;
    values.reserve(arguments.size() + 2);
    for (const Operand& argument : arguments) {
        TOCSIN_CHECK(state_.step());
        TOCSIN_TRY(const Value value, evaluate_argument(dot, parameter_at(function, values.size()), argument));
        TOCSIN_CHECK(state_.step(steps_for(value)));
        values.push_back(value);
    }
    if (final != nullptr) {
        TOCSIN_TRY(const Value value, validate(*final, parameter_at(function, values.size())));
        TOCSIN_CHECK(state_.step(steps_for(value)));
        values.push_back(value);
    }
    return values;
}

Result<Value> Evaluator::evaluate_argument(const Value& dot, const Type& type, const Operand& operand) {
    state_.at(operand);
    Value value;
    switch (operand.kind) {
        case Operand::Kind::Dot:
            return validate(dot, type);
        case Operand::Kind::Nil:
            if (type.kind == Kind::Interface) return Value();
            if (type.kind == Kind::List || type.kind == Kind::Map || type.is_pointer) return validate(Value(), type);
            return state_.error(fmt::format("cannot assign nil to {}", type.name));
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
Result<Value> Evaluator::constant_argument(const Type& type, const Operand& operand) {
    const bool is_number = operand.kind == Operand::Kind::Number;
    const auto expected = [&](std::string_view what) {
        return state_.error(fmt::format("expected {}; found {}", what, to_string(operand)));
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
    return state_.error(fmt::format("can't handle {} for arg of type {}", to_string(operand), type.name));
}

Result<Value> Evaluator::validate(const Value& value, const Type& type) {
    if (value.kind() == Kind::Nil) {
        if (type.kind == Kind::Interface) return value;
        if (type.kind == Kind::List) return Value::list({}, type);
        if (type.kind == Kind::Map) return Value::map(kEmptyMap, type);
        if (type.is_pointer && type.kind == Kind::Struct) return Value::object(nullptr, type);
        return state_.error(fmt::format("invalid value; expected {}", type.name));
    }
    if (!is_assignable(*value.type(), type)) {
        return state_.error(fmt::format("wrong type for value; expected {}; got {}", type.name, value.type_name()));
    }
    return value;
}

}  // namespace tocsin::templates
