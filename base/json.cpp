#include "base/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tocsin {
namespace {

const Json kNull;

/// Shortest digits; an exponent below 1e-6 and from 1e21 on, without a leading zero (Go's encoding/json).
void append_double(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    const double magnitude = std::abs(value);
    const bool exponent = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21);
    std::array<char, 32> buffer;
    const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
    std::string_view digits(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    const std::size_t sign = digits.find("e-0");
    out += digits.substr(0, sign == std::string_view::npos ? digits.size() : sign + 2);
    if (sign != std::string_view::npos) out += digits.substr(sign + 3);
}

void append_integer(std::string& out, std::int64_t value) {
    std::array<char, 20> digits;
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

/// What stands in a JSON string for an ASCII character; empty when it stands for itself.
std::string_view json_escape(char c) {
    switch (c) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            return {};
    }
}

constexpr bool must_be_escaped(unsigned char c, JsonStyle style) {
    if (c < 0x20) return true;
    return style == JsonStyle::Compact && (c == '<' || c == '>' || c == '&');
}

/// What a byte may be else than itself.
enum class ByteKind : std::uint8_t {
    Plain,
    Beyond,   // part of a character beyond ASCII, which may be invalid
    Escaped,  // or may be: of U+2028 and U+2029 the first byte
};

constexpr std::array<ByteKind, 256> byte_kinds(JsonStyle style) {
    std::array<ByteKind, 256> kinds{};
    for (std::size_t c = 0; c < kinds.size(); ++c) {
        const bool is_escaped = c == '"' || c == '\\' || must_be_escaped(static_cast<unsigned char>(c), style) ||
                                (c == 0xE2 && style == JsonStyle::Compact);
        kinds[c] = is_escaped ? ByteKind::Escaped : c >= 0x80 ? ByteKind::Beyond : ByteKind::Plain;
    }
    return kinds;
}

const std::array<ByteKind, 256>& byte_kinds_of(JsonStyle style) {
    static constexpr auto kCompact = byte_kinds(JsonStyle::Compact);
    static constexpr auto kOthers = byte_kinds(JsonStyle::Plain);
    return style == JsonStyle::Compact ? kCompact : kOthers;
}

bool is_plain(std::string_view text, JsonStyle style) {
    const auto& kinds = byte_kinds_of(style);
    return std::all_of(text.begin(), text.end(),
                       [&](char c) { return kinds[static_cast<unsigned char>(c)] == ByteKind::Plain; });
}

/// Appends the escapes that valid UTF-8 needs.
void append_escaped(std::string& out, std::string_view text, JsonStyle style) {
    const auto& kinds = byte_kinds_of(style);
    const auto stands_for_itself = [&](char c) { return kinds[static_cast<unsigned char>(c)] != ByteKind::Escaped; };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char* const plain = text.data() + i;
        while (i < text.size() && stands_for_itself(text[i])) ++i;
        out.append(plain, static_cast<std::size_t>(text.data() + i - plain));
        if (i == text.size()) return;
        const char c = text[i];
        const std::string_view rest = text.substr(i);
        if (const std::string_view escape = json_escape(c); !escape.empty()) {
            out += escape;
        } else if (must_be_escaped(static_cast<unsigned char>(c), style)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        } else if (style == JsonStyle::Compact &&
                   (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9"))) {
            out += rest[2] == '\xA8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            out += c;
        }
    }
}

class Writer {
public:
    Writer(std::string& out, JsonStyle style) : out_(out), style_(style) {}

    void write(const Json& value) {
        if (value.is_null()) {
            out_ += "null";
        } else if (value.is_bool()) {
            out_ += value.as_bool() ? "true" : "false";
        } else if (value.is_integer()) {
            append_integer(out_, value.as_integer());
        } else if (value.is_number()) {
            append_double(out_, value.as_number());
        } else if (value.is_string()) {
            append_json_string(out_, value.as_string(), style_);
        } else if (value.is_array()) {
            write_all('[', value.items(), ']', [&](const Json& item) { write(item); });
        } else {
            write_all('{', value.members(), '}', [&](const Json::Member& member) {
                append_json_string(out_, member.first, style_);
                out_ += style_ == JsonStyle::Pretty ? ": " : ":";
                write(member.second);
            });
        }
    }

private:
    template <class Elements, class WriteOne>
    void write_all(char open, const Elements& elements, char close, WriteOne write_one) {
        out_ += open;
        ++level_;
        bool first = true;
        for (const auto& element : elements) {
            if (!first) out_ += ',';
            first = false;
            new_line();
            write_one(element);
        }
        --level_;
        if (!first) new_line();
        out_ += close;
    }

    void new_line() {
        if (style_ != JsonStyle::Pretty) return;
        out_ += '\n';
        out_.append(2 * level_, ' ');
    }

    std::string& out_;
    JsonStyle style_;
    std::size_t level_ = 0;
};

/// Builds the value from nlohmann's events; a limit ends the reading.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit Reader(const JsonLimits& limits) : limits_(limits) {}

    Json root;
    Error error;

    bool null() override { return add(Json{}); }
    bool boolean(bool value) override { return add(Json(value)); }
    bool number_integer(std::int64_t value) override { return add(Json(value)); }
    bool number_unsigned(std::uint64_t value) override {
        constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        return add(value <= kLargest ? Json(static_cast<std::int64_t>(value)) : Json(static_cast<double>(value)));
    }
    bool number_float(double value, const std::string&) override { return add(Json(value)); }
    bool string(std::string& value) override { return add(Json(std::move(value))); }
    bool binary(binary_t&) override { return false; }  // JSON has none
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool end_object() override {
        close();
        return true;
    }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override {
        close();
        return true;
    }
    bool key(std::string& name) override {
        open_.back().name = std::move(name);
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& exception) override {
        error = {Error::Kind::InvalidInput, fmt::format("invalid JSON at byte {}: {}", position, reason_of(exception))};
        return false;
    }

private:
    struct Open {
        std::string name;  // of the member that comes next
        Json value;
        Json::Object members;
    };

    /// The part of nlohmann's text that is a reason: neither its number, nor what stood in the text.
    static std::string reason_of(const nlohmann::json::exception& exception) {
        std::string_view text = exception.what();
        const auto cut_front = [&](std::string_view until) {
            const std::size_t at = text.find(until);
            if (at != std::string_view::npos) text.remove_prefix(at + until.size());
        };
        cut_front("] ");
        cut_front("syntax error while parsing ");
        if (exception.id == 406) return "number out of range";
        return std::string(text.substr(0, text.find("; last read: ")));
    }

    bool count() {
        if (++values_ <= limits_.values) return true;
        error = {Error::Kind::LimitExceeded, fmt::format("JSON has more than {} values", limits_.values)};
        return false;
    }

    bool open(Json value) {
        if (open_.size() >= limits_.depth) {
            error = {Error::Kind::LimitExceeded, fmt::format("JSON is nested deeper than {} levels", limits_.depth)};
            return false;
        }
        open_.push_back({{}, std::move(value), {}});
        return count();
    }

    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        if (done.value.is_object()) done.value = Json(keep_last(std::move(done.members)));
        place(std::move(done.value));
    }

    bool add(Json value) {
        place(std::move(value));
        return count();
    }

    void place(Json value) {
        if (open_.empty()) {
            root = std::move(value);
        } else if (open_.back().value.is_object()) {
            open_.back().members.emplace_back(std::move(open_.back().name), std::move(value));
        } else {
            open_.back().value.push(std::move(value));
        }
    }

    /// Of members of one name the last one, where the first one stood.
    static Json::Object keep_last(Json::Object members) {
        std::vector<std::size_t> order(members.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return members[a].first < members[b].first; });
        std::vector<bool> superseded(members.size(), false);
        bool any = false;
        for (std::size_t i = 0, first = 0; i < order.size(); ++i) {
            if (members[order[i]].first != members[order[first]].first) first = i;
            if (first == i) continue;
            std::swap(members[order[first]].second, members[order[i]].second);
            superseded[order[i]] = any = true;
        }
        if (!any) return members;
        Json::Object kept;
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (!superseded[i]) kept.push_back(std::move(members[i]));
        }
        return kept;
    }

    const JsonLimits& limits_;
    std::vector<Open> open_;
    std::size_t values_ = 0;
};

/// The escape that the text begins with, `\ud83d`; nothing when it begins otherwise.
std::optional<unsigned> escaped_code_unit(std::string_view text) {
    if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
    unsigned unit = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
    return end == text.data() + 6 ? std::optional(unit) : std::nullopt;
}

bool is_surrogate(std::optional<unsigned> unit) {
    return unit >= 0xD800U && unit <= 0xDFFFU;
}

bool is_pair(std::optional<unsigned> high, std::optional<unsigned> low) {
    return is_surrogate(high) && is_surrogate(low) && high < 0xDC00U && low >= 0xDC00U;
}

bool may_have_surrogates(std::string_view text) {
    return text.find("\\ud") != text.npos || text.find("\\uD") != text.npos;
}

/// Python writes bytes that are no UTF-8 as halves of pairs.
std::string replace_lone_surrogates(std::string_view text) {
    constexpr std::size_t kEscape = 6;
    std::string out;
    out.reserve(text.size());
    for (std::size_t length = 0; !text.empty(); text.remove_prefix(length)) {
        const std::size_t plain = std::min(text.find('\\'), text.size());
        const auto unit = escaped_code_unit(text.substr(plain));
        if (is_surrogate(unit) && !is_pair(unit, escaped_code_unit(text.substr(plain + kEscape)))) {
            out += text.substr(0, plain);
            out += "\\ufffd";
            length = plain + kEscape;
            continue;
        }
        length = std::min(plain + (is_surrogate(unit) ? 2 * kEscape : 2), text.size());
        out += text.substr(0, length);
    }
    return out;
}

}  // namespace

bool Json::as_bool() const {
    const bool* value = std::get_if<bool>(&value_);
    return value != nullptr && *value;
}

std::int64_t Json::as_integer() const {
    if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
    const auto* number = std::get_if<double>(&value_);
    if (number == nullptr || std::isnan(*number)) return 0;
    // The largest double below 2^63 is the first that may be cast.
    if (*number >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
    if (*number < -0x1p63) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(*number);
}

double Json::as_number() const {
    if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
    const auto* number = std::get_if<double>(&value_);
    return number == nullptr ? 0 : *number;
}

const std::string& Json::as_string() const {
    static const std::string kEmpty;
    const auto* value = std::get_if<std::string>(&value_);
    return value == nullptr ? kEmpty : *value;
}

const Json::Array& Json::items() const {
    static const Array kEmpty;
    const auto* value = std::get_if<Array>(&value_);
    return value == nullptr ? kEmpty : *value;
}

const Json::Object& Json::members() const {
    static const Object kEmpty;
    const auto* value = std::get_if<Object>(&value_);
    return value == nullptr ? kEmpty : *value;
}

const Json* Json::find(std::string_view name) const {
    const Object& all = members();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Member& member) { return member.first == name; });
    return found == all.end() ? nullptr : &found->second;
}

const Json& Json::at(std::string_view name) const {
    const Json* found = find(name);
    return found == nullptr ? kNull : *found;
}

const Json& Json::at(std::size_t index) const {
    const Array& all = items();
    return index < all.size() ? all[index] : kNull;
}

Json& Json::add(std::string name, Json value) {
    if (is_null()) value_ = Object{};
    if (auto* object = std::get_if<Object>(&value_)) object->emplace_back(std::move(name), std::move(value));
    return *this;
}

Json& Json::push(Json value) {
    if (is_null()) value_ = Array{};
    if (auto* array = std::get_if<Array>(&value_)) array->push_back(std::move(value));
    return *this;
}

std::string dump(const Json& value, JsonStyle style) {
    std::string out;
    Writer(out, style).write(value);
    return out;
}

void append_json_string(std::string& out, std::string_view text, JsonStyle style) {
    out += '"';
    if (is_plain(text, style)) {
        out += text;
    } else if (is_valid_utf8(text)) {
        append_escaped(out, text, style);
    } else {
        append_escaped(out, replace_invalid_utf8(text), style);
    }
    out += '"';
}

JsonWriter& JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
    is_first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    out_ += bracket;
    is_first_ = false;
    return *this;
}

JsonWriter& JsonWriter::name(std::string_view text) {
    this->text(text);
    out_ += ':';
    is_first_ = true;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    separate();
    append_json_string(out_, value, style_);
    return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
    separate();
    append_integer(out_, value);
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
    return *this;
}

void JsonWriter::separate() {
    if (!std::exchange(is_first_, false)) out_ += ',';
}

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
    // Go's decoder takes invalid UTF-8 and halves of surrogate pairs for U+FFFD, and so do the clients that were
    // written against it; nlohmann refuses them.
    std::string repaired;
    if (!is_valid_utf8(text)) text = repaired = replace_invalid_utf8(text);
    if (may_have_surrogates(text)) text = repaired = replace_lone_surrogates(text);
    Reader reader(limits);
    if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
        return tl::unexpected(std::move(reader.error));
    }
    return std::move(reader.root);
}

}  // namespace tocsin
