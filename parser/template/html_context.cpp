#include "parser/template/html_context.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/html_steps.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

using State = HtmlContext::State;
using Delimiter = HtmlContext::Delimiter;
using Attribute = HtmlContext::Attribute;
using Element = HtmlContext::Element;

HtmlStep step_state(const HtmlContext& context, std::string_view text) {
    switch (context.state) {
        case State::Text:
            return step_text(context, text);
        case State::Tag:
            return step_tag(context, text);
        case State::AttrName:
            return step_attr_name(context, text);
        case State::AfterName:
            return step_after_name(context, text);
        case State::BeforeValue:
            return step_before_value(context, text);
        case State::HtmlComment:
            return step_html_comment(context, text);
        case State::Url:
            return step_url(context, text);
        case State::MetaContent:
            return step_meta_content(context, text);
        case State::MetaContentUrl:
            return step_meta_content_url(context, text);
        case State::Js:
            return step_js(context, text);
        case State::JsDoubleQuoted:
        case State::JsSingleQuoted:
        case State::JsTemplate:
        case State::JsRegexp:
            return step_js_delimited(context, text);
        case State::JsBlockComment:
        case State::CssBlockComment:
            return step_block_comment(context, text);
        case State::JsLineComment:
        case State::JsHtmlOpenComment:
        case State::JsHtmlCloseComment:
        case State::CssLineComment:
            return step_line_comment(context, text);
        case State::Css:
            return step_css(context, text);
        case State::CssDoubleQuoted:
        case State::CssSingleQuoted:
        case State::CssDoubleQuotedUrl:
        case State::CssSingleQuotedUrl:
        case State::CssUrl:
            return step_css_string(context, text);
        case State::Rcdata:
        case State::Attr:
        case State::Srcset:
        case State::Error:
        case State::Dead:
            return stay(context, text);
    }
    return stay(context, text);
}

std::string_view element_name(Element element) {
    switch (element) {
        case Element::Script:
            return "script";
        case Element::Style:
            return "style";
        case Element::Textarea:
            return "textarea";
        case Element::Title:
            return "title";
        case Element::None:
        case Element::Meta:
            return {};
    }
    return {};
}

// Where `</script` and the like close the element whose content this is.
std::size_t closing_tag(std::string_view text, std::string_view name) {
    for (std::size_t at = text.find("</"); at != kNone; at = text.find("</", at + 2)) {
        const std::size_t end = at + 2 + name.size();
        const bool named = end <= text.size() && iequals(text.substr(at + 2, name.size()), name);
        if (named && (end == text.size() || std::string_view("> \t\n\f/").find(text[end]) != kNone)) return at;
    }
    return kNone;
}

std::string_view ends_of(Delimiter delimiter) {
    switch (delimiter) {
        case Delimiter::DoubleQuote:
            return "\"";
        case Delimiter::SingleQuote:
            return "'";
        case Delimiter::None:
        case Delimiter::SpaceOrTagEnd:
            return " \t\n\f\r>";
    }
    return {};
}

// Character references as far as they matter for quotes and delimiters: numeric ones and those of XML.
std::string unescape_html(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, char>, 5> kNamed = {
        {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
    std::string out;
    while (!text.empty()) {
        const auto named =
            std::ranges::find_if(kNamed, [&](const auto& entry) { return text.starts_with(entry.first); });
        if (named != kNamed.end()) {
            out += named->second;
            text.remove_prefix(named->first.size());
            continue;
        }
        const std::size_t semicolon = text.find(';');
        if (text.starts_with("&#") && semicolon != kNone && semicolon > 2 && semicolon < 12) {
            const bool hex = (text[2] | 0x20) == 'x';
            const std::string digits(text.substr(hex ? 3 : 2, semicolon - (hex ? 3 : 2)));
            char* end = nullptr;
            const unsigned long value = std::strtoul(digits.c_str(), &end, hex ? 16 : 10);
            if (!digits.empty() && *end == '\0') {
                append_rune(out, static_cast<char32_t>(std::min<unsigned long>(value, kRuneMax + 1)));
                text.remove_prefix(semicolon + 1);
                continue;
            }
        }
        out += text[0];
        text.remove_prefix(1);
    }
    return out;
}

bool is_js_type(std::string_view type) {
    std::string name = to_lower(trim(type.substr(0, type.find(';'))));
    constexpr std::array<std::string_view, 8> kPrefixes = {
        "application/ecmascript",   "application/javascript",   "application/json", "application/ld+json",
        "application/x-ecmascript", "application/x-javascript", "module",           "text/"};
    return name.empty() ||
           std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

HtmlStep step_attribute_value(HtmlContext context, std::string_view text) {
    std::size_t end = std::min(text.find_first_of(ends_of(context.delimiter)), text.size());
    const std::string_view value = text.substr(0, end);
    if (context.delimiter == Delimiter::SpaceOrTagEnd) {
        const std::size_t bad = value.find_first_of("\"'<=`");
        if (bad != kNone) {
            return broken(fmt::format("{} in unquoted attr: {}", go_quote(value.substr(bad, 1)), go_quote(value)),
                          text);
        }
    }
    if (end == text.size()) {
        const std::string decoded = unescape_html(text);
        for (std::string_view rest = decoded; !rest.empty();) {
            HtmlStep step = step_state(context, rest);
            // A quote or slash may change the state without a byte taken; two such steps do not follow each other.
            rest.remove_prefix(step.bytes);
            context = std::move(step.context);
            if (context.is_error()) break;
        }
        return {std::move(context), text.size()};
    }
    Element element = context.element;
    const bool is_type = context.state == State::Attr && context.attribute == Attribute::ScriptType;
    if (is_type && element == Element::Script && !is_js_type(value)) element = Element::None;
    if (context.delimiter != Delimiter::SpaceOrTagEnd) ++end;
    return {in_tag(element), end};
}

}  // namespace

bool is_alpha(char c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
bool is_alnum(char c) {
    return is_alpha(c) || (c >= '0' && c <= '9');
}

std::string start_of(std::string_view text) {
    return go_quote(text.substr(0, bytes_of_runes(text, 32)));
}

std::size_t after_space(std::string_view text, std::size_t from) {
    return std::min(text.find_first_not_of(kHtmlSpace, from), text.size());
}

HtmlStep stay(const HtmlContext& context, std::string_view text) {
    return {context, text.size()};
}

HtmlStep broken(std::string problem, std::string_view text) {
    return {HtmlContext::error(std::move(problem)), text.size()};
}

HtmlStep in_state(HtmlContext context, State state, std::size_t bytes) {
    context.state = state;
    return {std::move(context), bytes};
}

HtmlContext in_tag(Element element) {
    HtmlContext context;
    context.state = State::Tag;
    context.element = element;
    return context;
}

HtmlContext HtmlContext::error(std::string problem) {
    HtmlContext context;
    context.state = State::Error;
    context.problem = std::move(problem);
    return context;
}

bool HtmlContext::is_comment() const {
    switch (state) {
        case State::HtmlComment:
        case State::JsBlockComment:
        case State::JsLineComment:
        case State::JsHtmlOpenComment:
        case State::JsHtmlCloseComment:
        case State::CssBlockComment:
        case State::CssLineComment:
            return true;
        default:
            return false;
    }
}

bool HtmlContext::same_place(const HtmlContext& other) const {
    return state == other.state && delimiter == other.delimiter && url_part == other.url_part && slash == other.slash &&
           attribute == other.attribute && element == other.element;
}

std::string HtmlContext::key() const {
    return fmt::format("{}.{}.{}.{}.{}.{}", static_cast<int>(state), static_cast<int>(delimiter),
                       static_cast<int>(url_part), static_cast<int>(slash), static_cast<int>(attribute),
                       static_cast<int>(element));
}

HtmlStep step_html(const HtmlContext& context, std::string_view text) {
    if (context.delimiter != Delimiter::None) return step_attribute_value(context, text);
    const std::string_view name = element_name(context.element);
    const bool in_content = context.state != State::Tag && context.state != State::AttrName &&
                            context.state != State::AfterName && context.state != State::BeforeValue;
    if (!name.empty() && in_content) {
        const std::size_t end = closing_tag(text, name);
        if (end == 0) return {HtmlContext{}, 0};
        text = text.substr(0, end);
    }
    return step_state(context, text);
}

HtmlContext before_action(HtmlContext context) {
    switch (context.state) {
        case State::Tag:
            context.state = State::AttrName;
            break;
        case State::BeforeValue:
            context.state = value_state(context.attribute);
            context.delimiter = Delimiter::SpaceOrTagEnd;
            context.attribute = Attribute::None;
            break;
        case State::AfterName:
            context.state = State::AttrName;
            context.attribute = Attribute::None;
            break;
        default:
            break;
    }
    return context;
}

AttributeKind attribute_kind(std::string_view name) {
    constexpr std::array<std::string_view, 17> kUrls = {
        "action", "archive",  "background", "cite",   "classid", "codebase", "data",   "formaction", "href",
        "icon",   "longdesc", "manifest",   "poster", "profile", "src",      "usemap", "xmlns"};
    constexpr std::array<std::string_view, 22> kUnsafe = {
        "accept-charset", "async",          "challenge",  "charset", "content",
        "crossorigin",    "defer",          "enctype",    "form",    "formenctype",
        "formmethod",     "formnovalidate", "http-equiv", "keytype", "language",
        "method",         "novalidate",     "pattern",    "rel",     "sandbox",
        "type",           "value"};
    if (name.starts_with("data-")) {
        name.remove_prefix(5);
    } else if (const std::size_t colon = name.find(':'); colon != kNone) {
        if (name.substr(0, colon) == "xmlns") return AttributeKind::Url;
        name.remove_prefix(colon + 1);
    }
    if (name == "srcdoc") return AttributeKind::Html;
    if (name == "srcset") return AttributeKind::Srcset;
    if (name == "style") return AttributeKind::Css;
    if (std::ranges::count(kUrls, name) > 0) return AttributeKind::Url;
    if (std::ranges::count(kUnsafe, name) > 0) return AttributeKind::Unsafe;
    if (name.starts_with("on")) return AttributeKind::Js;
    // Names that nobody knows but which look like an address are taken for one.
    const auto has = [&](std::string_view part) { return name.find(part) != kNone; };
    return has("src") || has("uri") || has("url") ? AttributeKind::Url : AttributeKind::Plain;
}

std::string strip_tags(std::string_view html) {
    std::string out;
    HtmlContext context;
    while (!html.empty()) {
        if (context.delimiter != Delimiter::None) {
            std::size_t end = html.find_first_of(ends_of(context.delimiter));
            if (end == kNone) return out;
            if (context.delimiter != Delimiter::SpaceOrTagEnd) ++end;
            context = in_tag(context.element);
            html.remove_prefix(end);
            continue;
        }
        // Scripts and styles are text here.
        const bool in_element = !element_name(context.element).empty() && context.state != State::Tag &&
                                context.state != State::AttrName && context.state != State::AfterName &&
                                context.state != State::BeforeValue;
        if (in_element) {
            const std::size_t end = std::min(closing_tag(html, element_name(context.element)), html.size());
            out += html.substr(0, end);
            html.remove_prefix(end);
            context = {};
            continue;
        }
        HtmlStep step = step_state(context, html);
        if (context.state == State::Text) {
            std::size_t end = step.bytes;
            if (step.context.state != State::Text) end = html.substr(0, end).rfind('<');
            out += html.substr(0, end);
        }
        html.remove_prefix(step.bytes);
        context = std::move(step.context);
        if (context.is_error()) return out;
    }
    return out;
}

}  // namespace tocsin::templates
