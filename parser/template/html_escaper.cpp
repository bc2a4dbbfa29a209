#include "parser/template/html_escaper.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "base/url.h"
#include "parser/template/html_context.h"
#include "parser/template/printf.h"
#include "parser/template/to_json.h"
#include "parser/template/types.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

// What html/template puts where a value would have been dangerous.
constexpr std::string_view kFiltered = "ZgotmplZ";
// Of a value as text; more than any output may have.
constexpr std::size_t kBytesMax = 4 * 1024 * 1024;

std::string escapable_text_of(const Value& value) {
    std::string out;
    if (value.is_nil()) return out;
    if (value.kind() == Kind::String) return std::string(value.as_text());
    static_cast<void>(append_printable(out, {&value, 1}, kBytesMax));
    return out;
}

enum class Ampersand { Escape, Keep };
enum class Spaces { Keep, Escape };

// The references of html/template, `+` included since it would begin a UTF-7 sequence.
std::string_view html_reference(char c, Ampersand ampersand, Spaces spaces) {
    switch (c) {
        case '\0':
            return spaces == Spaces::Escape ? "&#xfffd;" : "\xEF\xBF\xBD";
        case '"':
            return "&#34;";
        case '&':
            return ampersand == Ampersand::Escape ? "&amp;" : "";
        case '\'':
            return "&#39;";
        case '+':
            return "&#43;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        default:
            break;
    }
    if (spaces == Spaces::Keep) return {};
    switch (c) {
        case '\t':
            return "&#9;";
        case '\n':
            return "&#10;";
        case '\v':
            return "&#11;";
        case '\f':
            return "&#12;";
        case '\r':
            return "&#13;";
        case ' ':
            return "&#32;";
        case '=':
            return "&#61;";
        case '`':
            return "&#96;";
        default:
            return {};
    }
}

std::string escape_html(std::string_view text, Ampersand ampersand, Spaces spaces) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const std::string_view reference = html_reference(c, ampersand, spaces);
        if (reference.empty()) {
            out += c;
        } else {
            out += reference;
        }
    }
    return out;
}

std::string escape_attribute(const Value& value, Spaces spaces) {
    const std::string text = escapable_text_of(value);
    if (spaces == Spaces::Escape && text.empty()) return std::string(kFiltered);
    if (value.type() == &types::html) return escape_html(strip_tags(text), Ampersand::Keep, spaces);
    return escape_html(text, Ampersand::Escape, spaces);
}

std::string filter_name(const Value& value) {
    const std::string name = to_lower(escapable_text_of(value));
    const bool harmless =
        std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
    // Attributes that mean something would have to be known when the rest is escaped.
    if (name.empty() || !harmless || attribute_kind(name) != AttributeKind::Plain) return std::string(kFiltered);
    return name;
}

bool is_safe_url(std::string_view url) {
    const std::size_t colon = url.find(':');
    if (colon == std::string_view::npos) return true;
    const std::string_view scheme = url.substr(0, colon);
    if (scheme.find('/') != std::string_view::npos) return true;
    return iequals(scheme, "http") || iequals(scheme, "https") || iequals(scheme, "mailto");
}

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
bool is_ascii_alnum(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

bool contains(std::string_view set, char c) {
    return set.find(c) != std::string_view::npos;
}

enum class UrlForm { Normalize, EscapeAll };

std::string encode_url(std::string_view url, UrlForm form) {
    std::string out;
    for (std::size_t i = 0; i < url.size(); ++i) {
        const char c = url[i];
        bool keep = is_ascii_alnum(c) || contains("-._~", c);
        if (form == UrlForm::Normalize) {
            keep = keep || contains("!#$&*+,/:;=?@[]", c);
            // What is encoded already stays as it is.
            keep = keep || (c == '%' && i + 2 < url.size() && is_hex(url[i + 1]) && is_hex(url[i + 2]));
        }
        if (keep) {
            out += c;
        } else {
            out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::string encode_url(const Value& value, UrlForm form) {
    return encode_url(escapable_text_of(value), value.type() == &types::url ? UrlForm::Normalize : form);
}

std::string filter_url(const Value& value) {
    const std::string url = escapable_text_of(value);
    if (value.type() == &types::url || is_safe_url(url)) return url;
    return "#" + std::string(kFiltered);
}

// One address of a srcset with its descriptor: `a.png 2x`.
std::string filter_srcset_part(std::string_view part) {
    const std::string_view trimmed = trim(part);
    const std::size_t space = std::min(trimmed.find_first_of(" \t\n\f\r"), trimmed.size());
    const std::string_view url = trimmed.substr(0, space);
    const std::string_view descriptor = trimmed.substr(space);
    const bool plain = std::ranges::all_of(descriptor, [](char c) { return is_ascii_alnum(c) || contains(" \t\n\f\r.", c); });
    if (!is_safe_url(url) || !plain) return "#" + std::string(kFiltered);
    std::string encoded = encode_url(url, UrlForm::Normalize);
    std::string out;
    for (const char c : encoded) out += c == ',' ? std::string("%2c") : std::string(1, c);
    return out + std::string(descriptor);
}

std::string filter_srcset(const Value& value) {
    if (value.type() == &types::url) return encode_url(escapable_text_of(value), UrlForm::Normalize);
    std::string out;
    const std::string text = escapable_text_of(value);
    for (const std::string_view part : split(text, ',')) {
        if (!out.empty()) out += ", ";
        out += filter_srcset_part(part);
    }
    return out;
}

bool is_identifier_part(char c) {
    return is_ascii_alnum(c) || c == '$' || c == '_';
}

// A literal of JavaScript, with blanks around what would grow together with a keyword.
std::string js_value(const Value& value) {
    const bool speaks = value.type() != nullptr && value.type()->append_text != nullptr && value.kind() != Kind::Time &&
                        value.type() != &types::duration;
    const std::string text = speaks ? escapable_text_of(value) : std::string();
    const auto json = to_json(speaks ? Value::text(text) : value, kBytesMax);
    if (!json) return " /* " + escape_html(json.error().message, Ampersand::Escape, Spaces::Keep) + " */null ";
    if (is_identifier_part(json->front()) || is_identifier_part(json->back())) return " " + *json + " ";
    return *json;
}

std::optional<std::string_view> common_js_escape(char32_t c) {
    switch (c) {
        case '\t':
            return "\\t";
        case '\n':
            return "\\n";
        case '\f':
            return "\\f";
        case '\r':
            return "\\r";
        case '/':
            return "\\/";
        case '\\':
            return "\\\\";
        default:
            return std::nullopt;
    }
}

std::string js_text(std::string_view text, bool regexp) {
    std::string out;
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        const std::string_view bytes = text.substr(0, rune.bytes);
        text.remove_prefix(rune.bytes);
        const bool ascii = rune.value < 0x80;
        if (const auto known = common_js_escape(rune.value)) {
            out += *known;
        } else if (ascii && regexp && contains("$()*-.?[]^{|}", bytes[0])) {
            out += '\\';
            out += bytes;
        } else if (rune.value < ' ' || (ascii && contains("\"&'+<>`", bytes[0])) || rune.value == 0x2028 ||
                   rune.value == 0x2029) {
            out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(rune.value));
        } else {
            out += bytes;
        }
    }
    return out;
}

// Every character that could end a string of CSS, or begin anything else, by its number.
std::string css_text(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\0' || contains("\t\n\f\r\"&'()+/:;<>{}", c)) {
            out += fmt::format("\\{:x}", static_cast<unsigned char>(c));
            const bool goes_on = i + 1 == text.size() || is_hex(text[i + 1]) || contains(" \t\n\f\r", text[i + 1]);
            if (goes_on) out += ' ';
        } else {
            out += c;
        }
    }
    return out;
}

// Numbers, colours, keywords and the like; nothing that could call something.
std::string filter_css_value(const Value& value) {
    const std::string text = escapable_text_of(value);
    std::string words;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dashes = text[i] == '-' && i > 0 && text[i - 1] == '-';
        if (text[i] == '\0' || contains("\"'()/;@[\\]`{}<>", text[i]) || dashes) return std::string(kFiltered);
        if (is_ascii_alnum(text[i]) || text[i] == '-' || text[i] == '_') words += text[i];
    }
    words = to_lower(words);
    const bool dangerous = words.find("expression") != std::string::npos ||
                           words.find("mozbinding") != std::string::npos ||
                           words.find("moz-binding") != std::string::npos;
    return dangerous ? std::string(kFiltered) : text;
}

}  // namespace

std::string escape(Escaper escaper, const Value& value) {
    switch (escaper) {
        case Escaper::Html:
            if (value.type() == &types::html) return escapable_text_of(value);
            return escape_html(escapable_text_of(value), Ampersand::Escape, Spaces::Keep);
        case Escaper::Attribute:
            return escape_attribute(value, Spaces::Keep);
        case Escaper::UnquotedValue:
            return escape_attribute(value, Spaces::Escape);
        case Escaper::Rcdata:
            return escape_html(escapable_text_of(value), value.type() == &types::html ? Ampersand::Keep : Ampersand::Escape,
                               Spaces::Keep);
        case Escaper::Comment:
            return {};
        case Escaper::Name:
            return filter_name(value);
        case Escaper::UrlFilter:
            return filter_url(value);
        case Escaper::UrlNormalizer:
            return encode_url(value, UrlForm::Normalize);
        case Escaper::UrlQuery:
            return encode_url(value, UrlForm::EscapeAll);
        case Escaper::Srcset:
            return filter_srcset(value);
        case Escaper::JsValue:
            return js_value(value);
        case Escaper::JsString:
            return js_text(escapable_text_of(value), false);
        case Escaper::JsRegexp: {
            const std::string text = escapable_text_of(value);
            return text.empty() ? "(?:)" : js_text(text, true);
        }
        case Escaper::CssString:
            return css_text(escapable_text_of(value));
        case Escaper::CssValue:
            return filter_css_value(value);
        case Escaper::PlainHtml: {
            std::string out;
            for (const char c : escapable_text_of(value)) {
                const std::string_view reference = c == '+' ? "" : html_reference(c, Ampersand::Escape, Spaces::Keep);
                out += reference.empty() ? std::string_view(&c, 1) : reference;
            }
            return out;
        }
        case Escaper::PlainUrlQuery:
            return query_escape(escapable_text_of(value));
    }
    return {};
}

}  // namespace tocsin::templates
