#include <algorithm>
#include <array>
#include <compare>
#include <optional>

#include <fmt/format.h>

#include "base/url.h"
#include "parser/template/functions.h"
#include "parser/template/printf.h"
#include "parser/template/types.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

constexpr std::string_view kIncompatible = "incompatible types for comparison";

bool is_basic(const Value& value) {
    switch (value.kind()) {
        case Kind::Bool:
        case Kind::Int:
        case Kind::Uint:
        case Kind::Float:
        case Kind::Complex:
        case Kind::String:
            return true;
        default:
            return false;
    }
}

bool are_integers(const Value& a, const Value& b) {
    const auto is_integer = [](const Value& v) { return v.kind() == Kind::Int || v.kind() == Kind::Uint; };
    return is_integer(a) && is_integer(b);
}

std::strong_ordering compare_integers(const Value& a, const Value& b) {
    if (a.kind() == b.kind()) return a.kind() == Kind::Int ? a.as_int() <=> b.as_int() : a.as_uint() <=> b.as_uint();
    if (a.kind() == Kind::Int) {
        return a.as_int() < 0 ? std::strong_ordering::less : static_cast<std::uint64_t>(a.as_int()) <=> b.as_uint();
    }
    return b.as_int() < 0 ? std::strong_ordering::greater : a.as_uint() <=> static_cast<std::uint64_t>(b.as_int());
}

tl::unexpected<Error> incompatible(const Value& a, const Value& b) {
    return fail_call(fmt::format("{}: {} and {}", kIncompatible, a.type_name(), b.type_name()));
}

Result<bool> equals(const Value& a, const Value& b) {
    if (a.is_nil() || b.is_nil()) return a.is_nil() && b.is_nil();
    if (are_integers(a, b)) return compare_integers(a, b) == 0;
    if (a.kind() != b.kind()) return incompatible(a, b);
    switch (a.kind()) {
        case Kind::Bool:
            return a.as_bool() == b.as_bool();
        case Kind::Float:
            return a.as_float() == b.as_float();
        case Kind::Complex:
            return a.as_complex() == b.as_complex();
        case Kind::String:
            return a.as_text() == b.as_text();
        case Kind::Time:
            return a.as_time().compare(b.as_time()) == 0;
        case Kind::Struct:
            if (a.type()->is_pointer) return a.as_object() == b.as_object();
            break;
        default:
            break;
    }
    return fail_call(fmt::format("non-comparable type {}", a.type_name()));
}

Result<bool> is_less(const Value& a, const Value& b) {
    if (!is_basic(a) || !is_basic(b)) return fail_call("invalid type for comparison");
    if (are_integers(a, b)) return compare_integers(a, b) < 0;
    if (a.kind() != b.kind()) return incompatible(a, b);
    if (a.kind() == Kind::Float) return a.as_float() < b.as_float();
    if (a.kind() == Kind::String) return a.as_text() < b.as_text();
    return fail_call("invalid type for comparison");
}

Result<bool> is_less_or_equal(const Value& a, const Value& b) {
    TOCSIN_TRY(const bool less, is_less(a, b));
    return less ? Result<bool>(true) : equals(a, b);
}

Result<Value> as_value(const Result<bool>& truth, bool wanted = true) {
    if (!truth) return tl::unexpected<Error>(truth.error());
    return Value::boolean(*truth == wanted);
}

Result<Value> call_eq(Call& call) {
    if (call.arguments.size() < 2) return fail_call("missing argument for comparison");
    for (const Value& other : call.arguments.subspan(1)) {
        TOCSIN_TRY(const bool equal, equals(call.arguments[0], other));
        if (equal) return Value::boolean(true);
    }
    return Value::boolean(false);
}

Result<Value> call_ne(Call& call) {
    return as_value(equals(call.arguments[0], call.arguments[1]), false);
}
Result<Value> call_lt(Call& call) {
    return as_value(is_less(call.arguments[0], call.arguments[1]));
}
Result<Value> call_le(Call& call) {
    return as_value(is_less_or_equal(call.arguments[0], call.arguments[1]));
}
// Written by way of the others, as in Go: NaN is greater than everything.
Result<Value> call_gt(Call& call) {
    return as_value(is_less_or_equal(call.arguments[0], call.arguments[1]), false);
}
Result<Value> call_ge(Call& call) {
    return as_value(is_less(call.arguments[0], call.arguments[1]), false);
}

Result<Value> call_not(Call& call) {
    return Value::boolean(!is_true(call.arguments[0]));
}

// Templates see no functions as values, so there is nothing that could be called.
Result<Value> call_call(Call& call) {
    const Value& callee = call.arguments[1];
    if (callee.is_nil()) return fail_call("call of nil");
    return fail_call(fmt::format("non-function {} of type {}", call.text(0), callee.type_name()));
}

std::optional<std::size_t> length_of(const Value& value) {
    switch (value.kind()) {
        case Kind::String:
            return value.as_text().size();
        case Kind::List:
            return value.as_list().size();
        case Kind::Map:
            return value.as_map().size();
        default:
            return std::nullopt;
    }
}

Result<Value> call_len(Call& call) {
    if (call.arguments[0].is_nil()) return fail_call("len of nil pointer");
    if (const auto length = length_of(call.arguments[0])) return Value::integer(static_cast<std::int64_t>(*length));
    return fail_call(fmt::format("len of type {}", call.arguments[0].type_name()));
}

Result<std::size_t> index_argument(const Value& index, std::size_t most) {
    if (index.is_nil()) return fail_call("cannot index slice/array with nil");
    if (index.kind() != Kind::Int && index.kind() != Kind::Uint) {
        return fail_call(fmt::format("cannot index slice/array with type {}", index.type_name()));
    }
    const std::int64_t at = index.kind() == Kind::Int ? index.as_int() : static_cast<std::int64_t>(index.as_uint());
    if (at < 0 || static_cast<std::uint64_t>(at) > most) return fail_call(fmt::format("index out of range: {}", at));
    return static_cast<std::size_t>(at);
}

Result<Value> element_of(const Value& item, const Value& index) {
    if (item.kind() == Kind::Map) {
        if (index.is_nil()) return fail_call("value is nil; should be of type string");
        if (index.kind() != Kind::String) {
            return fail_call(fmt::format("value has type {}; should be string", index.type_name()));
        }
        if (const auto found = item.as_map().find(index.as_text())) return *found;
        return item.as_map().holds_texts ? Value::text("") : Value::nil_interface();
    }
    const auto length = item.kind() == Kind::List || item.kind() == Kind::String ? length_of(item) : std::nullopt;
    if (!length) return fail_call(fmt::format("can't index item of type {}", item.type_name()));
    TOCSIN_TRY(const std::size_t at, index_argument(index, *length));
    const bool is_list = item.kind() == Kind::List;
    // One past the end passes the check above in Go, too, and fails here.
    if (at == *length) return fail_call(fmt::format("reflect: {} index out of range", is_list ? "slice" : "string"));
    if (is_list) return item.as_list()[at];
    return Value::unsigned_integer(static_cast<unsigned char>(item.as_text()[at]), types::byte);
}

Result<Value> call_index(Call& call) {
    Value item = call.arguments[0];
    if (item.is_nil()) return fail_call("index of untyped nil");
    for (const Value& index : call.arguments.subspan(1)) {
        if (item.is_nil()) return fail_call("index of nil pointer");
        TOCSIN_TRY(item, element_of(item, index));
    }
    return item;
}

Result<Value> call_slice(Call& call) {
    const Value& item = call.arguments[0];
    const auto indexes = call.arguments.subspan(1);
    if (item.is_nil()) return fail_call("slice of untyped nil");
    if (indexes.size() > 3) return fail_call(fmt::format("too many slice indexes: {}", indexes.size()));
    const auto length = item.kind() == Kind::List || item.kind() == Kind::String ? length_of(item) : std::nullopt;
    if (!length) return fail_call(fmt::format("can't slice item of type {}", item.type_name()));
    if (item.kind() == Kind::String && indexes.size() == 3) return fail_call("cannot 3-index slice a string");
    std::array<std::size_t, 3> at = {0, *length, *length};
    for (std::size_t i = 0; i < indexes.size(); ++i) {
        TOCSIN_TRY(at[i], index_argument(indexes[i], *length));
    }
    if (at[0] > at[1]) return fail_call(fmt::format("invalid slice index: {} > {}", at[0], at[1]));
    if (at[1] > at[2]) return fail_call(fmt::format("invalid slice index: {} > {}", at[1], at[2]));
    if (item.kind() == Kind::String) return Value::text(item.as_text().substr(at[0], at[1] - at[0]), *item.type());
    return Value::list(item.as_list().subspan(at[0], at[1] - at[0]), *item.type());
}

Result<Value> printed(Call& call, Status (*append)(std::string&, std::span<const Value>, std::size_t)) {
    std::string out;
    const auto done = append(out, call.arguments, call.environment.limits.value_bytes);
    if (!done) return tl::unexpected<Error>(done.error());
    return call.keep_text(out);
}

Result<Value> call_print(Call& call) {
    return printed(call, append_print);
}
Result<Value> call_println(Call& call) {
    return printed(call, append_println);
}

Result<Value> call_printf(Call& call) {
    const TemplateLimits& limits = call.environment.limits;
    std::string out;
    const auto done =
        append_printf(out, call.text(0), call.arguments.subspan(1), limits.value_bytes, limits.printf_width);
    if (!done) return tl::unexpected<Error>(done.error());
    return call.keep_text(out);
}

// The text that the escaping functions work on: their arguments as `print` would show them.
Result<std::string_view> text_of_arguments(Call& call) {
    if (call.arguments.size() == 1 && call.arguments[0].kind() == Kind::String) return call.text(0);
    TOCSIN_TRY(const Value text, printed(call, append_printable));
    return text.as_text();
}

Result<Value> call_html(Call& call) {
    TOCSIN_TRY(const std::string_view text, text_of_arguments(call));
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '\0':
                out += "\xEF\xBF\xBD";
                break;
            case '"':
                out += "&#34;";
                break;
            case '\'':
                out += "&#39;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            default:
                out += c;
        }
    }
    return call.keep_text(out);
}

void append_js(std::string& out, char32_t rune) {
    switch (rune) {
        case '\\':
            out += "\\\\";
            return;
        case '\'':
            out += "\\'";
            return;
        case '"':
            out += "\\\"";
            return;
        default:
            break;
    }
    const bool special = rune == '<' || rune == '>' || rune == '&' || rune == '=' || rune < ' ';
    if (special || (rune >= 0x80 && !is_print(rune))) {
        out += fmt::format("\\u{:04X}", static_cast<std::uint32_t>(rune));
    } else {
        append_rune(out, rune);
    }
}

Result<Value> call_js(Call& call) {
    TOCSIN_TRY(std::string_view text, text_of_arguments(call));
    std::string out;
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        append_js(out, rune.value);
        text.remove_prefix(rune.bytes);
    }
    return call.keep_text(out);
}

Result<Value> call_urlquery(Call& call) {
    TOCSIN_TRY(const std::string_view text, text_of_arguments(call));
    return call.keep_text(query_escape(text));
}

const Type* const any = &types::any;
const Type* const boolean = &types::boolean;
const Type* const string = &types::string;

const std::array<Function, 19> kBuiltins = {{
    {"and", {any, any}, true, nullptr, nullptr, Function::Form::And},
    {"call", {any, any}, true, nullptr, call_call, Function::Form::CallBuiltin},
    {"eq", {any, any}, true, boolean, call_eq},
    {"ge", {any, any}, false, boolean, call_ge},
    {"gt", {any, any}, false, boolean, call_gt},
    {"html", {any}, true, string, call_html},
    {"index", {any, any}, true, nullptr, call_index},
    {"js", {any}, true, string, call_js},
    {"le", {any, any}, false, boolean, call_le},
    {"len", {any}, false, &types::integer, call_len},
    {"lt", {any, any}, false, boolean, call_lt},
    {"ne", {any, any}, false, boolean, call_ne},
    {"not", {any}, false, boolean, call_not},
    {"or", {any, any}, true, nullptr, nullptr, Function::Form::Or},
    {"print", {any}, true, string, call_print},
    {"printf", {string, any}, true, string, call_printf},
    {"println", {any}, true, string, call_println},
    {"slice", {any, any}, true, nullptr, call_slice},
    {"urlquery", {any}, true, string, call_urlquery},
}};

}  // namespace

const FunctionTable& builtin_functions() {
    static const FunctionTable table = [] {
        FunctionTable made;
        for (const Function& function : kBuiltins) made.emplace(function.name, &function);
        return made;
    }();
    return table;
}

}  // namespace tocsin::templates
