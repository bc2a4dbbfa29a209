#include "daemon/api/expression_json.h"

#include <string>
#include <variant>
#include <vector>

#include "base/text.h"
#include "engine/functions/function.h"

namespace tocsin::api {
namespace {

ValueType type_of(const Expr& expr);

struct TypeOf {
    ValueType operator()(const Aggregate&) const { return ValueType::Vector; }
    ValueType operator()(const Binary& binary) const {
        const bool scalar = type_of(*binary.left) == ValueType::Scalar && type_of(*binary.right) == ValueType::Scalar;
        return scalar ? ValueType::Scalar : ValueType::Vector;
    }
    ValueType operator()(const Call& call) const {
        const FunctionDef* function = find_function(call.function);
        return function == nullptr ? ValueType::Vector : function->result;
    }
    ValueType operator()(const MatrixSelector&) const { return ValueType::Matrix; }
    ValueType operator()(const NumberLiteral&) const { return ValueType::Scalar; }
    ValueType operator()(const Paren& paren) const { return type_of(*paren.inner); }
    ValueType operator()(const StringLiteral&) const { return ValueType::String; }
    ValueType operator()(const Subquery&) const { return ValueType::Matrix; }
    ValueType operator()(const Unary& unary) const { return type_of(*unary.operand); }
    ValueType operator()(const VectorSelector&) const { return ValueType::Vector; }
};

ValueType type_of(const Expr& expr) {
    return std::visit(TypeOf{}, expr.node);
}

std::string_view name_of(VectorMatching::Cardinality cardinality) {
    switch (cardinality) {
        case VectorMatching::Cardinality::OneToOne:
            return "one-to-one";
        case VectorMatching::Cardinality::ManyToOne:
            return "many-to-one";
        case VectorMatching::Cardinality::OneToMany:
            return "one-to-many";
        case VectorMatching::Cardinality::ManyToMany:
            return "many-to-many";
    }
    return "";
}

Json list(const std::vector<std::string>& texts) {
    Json json = Json::array();
    for (const std::string& text : texts) json.push(text);
    return json;
}

Json optional_json(const ExprPtr& expr) {
    return expr ? expression_json(*expr) : Json();
}

Json number(const std::optional<double>& value) {
    return value ? Json(*value) : Json();
}

Json matchers_json(const Matchers& matchers) {
    Json json = Json::array();
    for (const Matcher& matcher : matchers) {
        json.push(
            Json::Object{{"name", matcher.name()}, {"type", to_string(matcher.op())}, {"value", matcher.value()}});
    }
    return json;
}

Json matching_json(const Binary& binary) {
    if (type_of(*binary.left) == ValueType::Scalar || type_of(*binary.right) == ValueType::Scalar) return {};
    VectorMatching matching = binary.matching.value_or(VectorMatching{});
    if (is_set_operator(binary.op)) matching.cardinality = VectorMatching::Cardinality::ManyToMany;
    return Json::Object{
        {"card", name_of(matching.cardinality)},
        {"fillValues", Json::Object{{"lhs", number(matching.fill_left)}, {"rhs", number(matching.fill_right)}}},
        {"include", list(matching.include)},
        {"labels", list(matching.labels)},
        {"on", matching.on}};
}

Json timestamp_json(const std::optional<AtModifier>& at) {
    return at && at->kind == AtModifier::Kind::Time ? Json(to_unix_ms(at->time)) : Json();
}

Json start_or_end_json(const std::optional<AtModifier>& at) {
    if (!at || at->kind == AtModifier::Kind::Time) return {};
    return at->kind == AtModifier::Kind::Start ? "start" : "end";
}

Json milliseconds(const DurationExpr& duration) {
    return static_cast<std::int64_t>(duration.value.count());
}

Json selector_json(const VectorSelector& selector, const DurationExpr* range) {
    Json json = Json::object();
    json.add("anchored", selector.extension == Extension::Anchored);
    json.add("matchers", matchers_json(selector.matchers));
    json.add("name", selector.name);
    json.add("offset", milliseconds(selector.offset));
    if (range != nullptr) json.add("range", milliseconds(*range));
    json.add("smoothed", selector.extension == Extension::Smoothed);
    json.add("startOrEnd", start_or_end_json(selector.at));
    json.add("timestamp", timestamp_json(selector.at));
    json.add("type", range != nullptr ? "matrixSelector" : "vectorSelector");
    return json;
}

Json function_json(const std::string& name) {
    const FunctionDef* function = find_function(name);
    Json types = Json::array();
    if (function != nullptr) {
        for (std::size_t i = 0; i < function->arguments.size(); ++i) types.push(type_name(function->arguments[i]));
    }
    return Json::Object{{"argTypes", std::move(types)},
                        {"name", name},
                        {"returnType", type_name(function == nullptr ? ValueType::Vector : function->result)},
                        {"variadic", function == nullptr ? 0 : function->variadic}};
}

// Members in alphabetical order, as the original has them.
struct ToJson {
    Json operator()(const Aggregate& aggregate) const {
        return Json::Object{{"expr", optional_json(aggregate.operand)},
                            {"grouping", list(aggregate.grouping)},
                            {"op", to_string(aggregate.op)},
                            {"param", optional_json(aggregate.parameter)},
                            {"type", "aggregation"},
                            {"without", aggregate.without}};
    }
    Json operator()(const Binary& binary) const {
        return Json::Object{{"bool", binary.return_bool},         {"lhs", optional_json(binary.left)},
                            {"matching", matching_json(binary)},  {"op", to_string(binary.op)},
                            {"rhs", optional_json(binary.right)}, {"type", "binaryExpr"}};
    }
    Json operator()(const Call& call) const {
        Json arguments = Json::array();
        for (const ExprPtr& argument : call.arguments) arguments.push(expression_json(*argument));
        return Json::Object{{"args", std::move(arguments)}, {"func", function_json(call.function)}, {"type", "call"}};
    }
    Json operator()(const MatrixSelector& matrix) const {
        return selector_json(*matrix.selector->as<VectorSelector>(), &matrix.range);
    }
    Json operator()(const NumberLiteral& literal) const {
        return Json::Object{{"type", "numberLiteral"}, {"val", format_value(literal.value)}};
    }
    Json operator()(const Paren& paren) const {
        return Json::Object{{"expr", optional_json(paren.inner)}, {"type", "parenExpr"}};
    }
    Json operator()(const StringLiteral& literal) const {
        return Json::Object{{"type", "stringLiteral"}, {"val", literal.value}};
    }
    Json operator()(const Subquery& subquery) const {
        return Json::Object{{"expr", optional_json(subquery.operand)},
                            {"offset", milliseconds(subquery.offset)},
                            {"range", milliseconds(subquery.range)},
                            {"startOrEnd", start_or_end_json(subquery.at)},
                            {"step", subquery.step ? milliseconds(*subquery.step) : Json(0)},
                            {"timestamp", timestamp_json(subquery.at)},
                            {"type", "subquery"}};
    }
    Json operator()(const Unary& unary) const {
        return Json::Object{
            {"expr", optional_json(unary.operand)}, {"op", unary.negative ? "-" : "+"}, {"type", "unaryExpr"}};
    }
    Json operator()(const VectorSelector& selector) const { return selector_json(selector, nullptr); }
};

}  // namespace

std::string_view type_name(ValueType type) {
    switch (type) {
        case ValueType::Scalar:
            return "scalar";
        case ValueType::Vector:
            return "vector";
        case ValueType::Matrix:
            return "matrix";
        case ValueType::String:
            return "string";
    }
    return "";
}

Json expression_json(const Expr& expr) {
    return std::visit(ToJson{}, expr.node);
}

}  // namespace tocsin::api
