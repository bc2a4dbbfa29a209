#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// A JSON value. Members keep the order in which they were added, since payloads have one.
class Json {
public:
    using Array = std::vector<Json>;
    using Member = std::pair<std::string, Json>;
    using Object = std::vector<Member>;

    Json() = default;  // null
    Json(std::nullptr_t) {}
    Json(bool value) : value_(value) {}
    Json(int value) : value_(static_cast<std::int64_t>(value)) {}
    Json(std::int64_t value) : value_(value) {}
    Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
    Json(double value) : value_(value) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(Array value) : value_(std::move(value)) {}
    Json(Object value) : value_(std::move(value)) {}

    static Json object() { return Json(Object{}); }
    static Json array() { return Json(Array{}); }

    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    bool is_bool() const { return std::holds_alternative<bool>(value_); }
    bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
    bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
    bool is_string() const { return std::holds_alternative<std::string>(value_); }
    bool is_array() const { return std::holds_alternative<Array>(value_); }
    bool is_object() const { return std::holds_alternative<Object>(value_); }

    /// Each with a harmless answer when the value is of another kind: false, 0, "", nothing.
    bool as_bool() const;
    std::int64_t as_integer() const;
    double as_number() const;
    const std::string& as_string() const;
    const Array& items() const;
    const Object& members() const;
    /// The member of that name, or null when there is none.
    const Json* find(std::string_view name) const;
    /// The same along a path: `at("data").at("status")`; a null value where there is none.
    const Json& at(std::string_view name) const;
    const Json& at(std::size_t index) const;

    /// Makes this an object or array if it is null. Does not look for an earlier member of that name.
    Json& add(std::string name, Json value);
    Json& push(Json value);

    bool operator==(const Json&) const = default;

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

enum class JsonStyle {
    Compact,  // as Go's encoding/json: < > & U+2028 U+2029 escaped, no blanks
    Plain,    // no blanks, only what must be escaped is
    Pretty,   // two blanks a level, like Plain otherwise
};

/// Never fails: invalid UTF-8 becomes U+FFFD, NaN and infinities become null.
std::string dump(const Json& value, JsonStyle style = JsonStyle::Compact);

/// Appends the text as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text, JsonStyle style = JsonStyle::Compact);

/// Writes JSON from front to back, for texts of which many or large ones are made: no value is built. Whoever writes
/// minds the order of its calls: a name before each value in an object and nowhere else, and every bracket closed.
class JsonWriter {
public:
    /// Appends to `out`, which outlives this. Not Pretty.
    JsonWriter(std::string& out, JsonStyle style) : out_(out), style_(style) {}

    JsonWriter& open_object() { return open('{'); }
    JsonWriter& close_object() { return close('}'); }
    JsonWriter& open_array() { return open('['); }
    JsonWriter& close_array() { return close(']'); }
    JsonWriter& name(std::string_view text);
    JsonWriter& text(std::string_view value);
    JsonWriter& number(std::int64_t value);
    JsonWriter& boolean(bool value);

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();

    std::string& out_;
    JsonStyle style_;
    bool is_first_ = true;  // of its object or array, or behind a name
};

struct JsonLimits {
    std::size_t depth = 32;
    std::size_t values = 1'000'000;
};

/// The message of a failure has the byte offset. Of a name given twice the last one counts.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Hears what is in a JSON text, from front to back. A call that returns false ends the reading. Texts are good for the
/// length of the call.
class JsonListener {
public:
    virtual ~JsonListener() = default;
    virtual bool open_object() = 0;
    virtual bool close_object() = 0;
    virtual bool open_array() = 0;
    virtual bool close_array() = 0;
    /// Of the member whose value comes next.
    virtual bool name(std::string_view text) = 0;
    virtual bool text(std::string_view value) = 0;
    /// A number, true, false or null.
    virtual bool other() = 0;
};

/// For bodies of which many come: nothing is built. False when the listener ended it, or when the text is not JSON in
/// UTF-8, or nested deeper than 32 levels; parse_json() knows what is wrong with it.
bool walk_json(std::string_view text, JsonListener& listener);

}  // namespace tocsin
