#include "cli/html.h"

#include "base/assert.h"
#include "base/text.h"

namespace tocsin::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool can_be_shown(unsigned char byte) {
    return (byte >= 0x20 && byte != 0x7F) || byte == '\n' || byte == '\t';
}

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '&':
            out += "&amp;";
            return;
        case '<':
            out += "&lt;";
            return;
        case '>':
            out += "&gt;";
            return;
        case '"':
            out += "&quot;";
            return;
        case '\'':
            out += "&#39;";
            return;
        default:
            can_be_shown(static_cast<unsigned char>(c)) ? out.push_back(c) : void(out += kReplacement);
    }
}

}  // namespace

std::string escape_markup(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : replace_invalid_utf8(text)) append_escaped(out, c);
    return out;
}

void Html::tag(std::string_view element, Attributes attributes) {
    out_ += '<';
    out_ += element;
    for (const auto& [name, value] : attributes) {
        if (value.empty()) continue;
        out_ += ' ';
        out_ += name;
        out_ += "=\"";
        out_ += escape_markup(value);
        out_ += '"';
    }
}

Html& Html::open(std::string_view element, Attributes attributes) {
    tag(element, attributes);
    out_ += '>';
    open_.push_back(element);
    return *this;
}

Html& Html::close() {
    TOCSIN_ASSERT(!open_.empty());
    out_ += "</";
    out_ += open_.back();
    out_ += '>';
    open_.pop_back();
    return *this;
}

Html& Html::text(std::string_view text) {
    out_ += escape_markup(text);
    return *this;
}

Html& Html::element(std::string_view element, Attributes attributes, std::string_view text) {
    return open(element, attributes).text(text).close();
}

Html& Html::leaf(std::string_view element, Attributes attributes) {
    tag(element, attributes);
    out_ += "/>";
    return *this;
}

Html& Html::raw(std::string_view markup) {
    out_ += markup;
    return *this;
}

}  // namespace tocsin::cli
