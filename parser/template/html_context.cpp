#include "parser/template/html_context.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

using State = HtmlContext::State;
using Delimiter = HtmlContext::Delimiter;
using UrlPart = HtmlContext::UrlPart;
using Slash = HtmlContext::Slash;
using Attribute = HtmlContext::Attribute;
using Element = HtmlContext::Element;

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::string_view kSpace = " \t\n\f\r";

bool is_alpha(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_alnum(char c) { return is_alpha(c) || (c >= '0' && c <= '9'); }

std::string start_of(std::string_view text) { return go_quote(text.substr(0, bytes_of_runes(text, 32))); }

std::size_t after_space(std::string_view text, std::size_t from) {
    return std::min(text.find_first_not_of(kSpace, from), text.size());
}

// The whole text is consumed and the context stays.
HtmlStep stay(const HtmlContext& context, std::string_view text) { return {context, text.size()}; }

HtmlStep broken(std::string problem, std::string_view text) { return {HtmlContext::error(std::move(problem)), text.size()}; }

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

struct TagName {
    std::size_t end;
    Element element;
};

// `from` itself when there is no name.
TagName tag_name(std::string_view text, std::size_t from) {
    if (from == text.size() || !is_alpha(text[from])) return {from, Element::None};
    std::size_t end = from + 1;
    while (end < text.size()) {
        const bool joins = (text[end] == ':' || text[end] == '-') && end + 1 < text.size() && is_alnum(text[end + 1]);
        if (!is_alnum(text[end]) && !joins) break;
        end += joins ? 2 : 1;
    }
    constexpr std::array<std::pair<std::string_view, Element>, 5> kElements = {{{"script", Element::Script},
                                                                               {"style", Element::Style},
                                                                               {"textarea", Element::Textarea},
                                                                               {"title", Element::Title},
                                                                               {"meta", Element::Meta}}};
    const std::string_view name = text.substr(from, end - from);
    const auto known = std::ranges::find_if(kElements, [&](const auto& entry) { return iequals(entry.first, name); });
    return {end, known == kElements.end() ? Element::None : known->second};
}

HtmlStep step_text(const HtmlContext& context, std::string_view text) {
    for (std::size_t at = text.find('<'); at != kNone && at + 1 < text.size(); at = text.find('<', at)) {
        if (text.substr(at).starts_with("<!--")) return in_state(HtmlContext{}, State::HtmlComment, at + 4);
        ++at;
        const bool closes = text[at] == '/';
        if (closes && at + 1 == text.size()) break;
        if (closes) ++at;
        const TagName name = tag_name(text, at);
        if (name.end != at) return {in_tag(closes ? Element::None : name.element), name.end};
    }
    return stay(context, text);
}

State content_state(Element element) {
    switch (element) {
        case Element::Script: return State::Js;
        case Element::Style: return State::Css;
        case Element::Textarea:
        case Element::Title: return State::Rcdata;
        case Element::None:
        case Element::Meta: return State::Text;
    }
    return State::Text;
}

struct NameEnd {
    std::size_t end = 0;
    std::string problem;
};
NameEnd attribute_name_end(std::string_view text, std::size_t from) {
    const std::size_t end = std::min(text.find_first_of(" \t\n\f\r=>'\"<", from), text.size());
    if (end < text.size() && std::string_view("'\"<").find(text[end]) != kNone) {
        return {end, fmt::format("{} in attribute name: {}", go_quote(text.substr(end, 1)), start_of(text))};
    }
    return {end, {}};
}

Attribute attribute_of(Element element, const std::string& name) {
    if (element == Element::Script && name == "type") return Attribute::ScriptType;
    if (element == Element::Meta && name == "content") return Attribute::MetaContent;
    switch (attribute_kind(name)) {
        case AttributeKind::Url: return Attribute::Url;
        case AttributeKind::Css: return Attribute::Style;
        case AttributeKind::Js: return Attribute::Script;
        case AttributeKind::Srcset: return Attribute::Srcset;
        case AttributeKind::Plain:
        case AttributeKind::Html:
        case AttributeKind::Unsafe: return Attribute::None;
    }
    return Attribute::None;
}

HtmlStep step_tag(const HtmlContext& context, std::string_view text) {
    const std::size_t begin = after_space(text, 0);
    if (begin == text.size()) return stay(context, text);
    if (text[begin] == '>') {
        HtmlContext inside;
        inside.state = content_state(context.element);
        inside.element = context.element;
        return {inside, begin + 1};
    }
    const NameEnd name = attribute_name_end(text, begin);
    if (!name.problem.empty()) return broken(name.problem, text);
    if (name.end == begin) {
        return broken("expected space, attr name, or end of tag, but got " + start_of(text.substr(begin)), text);
    }
    HtmlContext next = in_tag(context.element);
    next.attribute = attribute_of(context.element, to_lower(text.substr(begin, name.end - begin)));
    return in_state(next, name.end == text.size() ? State::AttrName : State::AfterName, name.end);
}

HtmlStep step_attr_name(const HtmlContext& context, std::string_view text) {
    const NameEnd name = attribute_name_end(text, 0);
    if (!name.problem.empty()) return broken(name.problem, text);
    return in_state(context, name.end == text.size() ? State::AttrName : State::AfterName, name.end);
}

HtmlStep step_after_name(const HtmlContext& context, std::string_view text) {
    const std::size_t at = after_space(text, 0);
    if (at == text.size()) return stay(context, text);
    // An attribute without a value.
    if (text[at] != '=') return in_state(context, State::Tag, at);
    return in_state(context, State::BeforeValue, at + 1);
}

State value_state(Attribute attribute) {
    switch (attribute) {
        case Attribute::None:
        case Attribute::ScriptType: return State::Attr;
        case Attribute::Script: return State::Js;
        case Attribute::Style: return State::Css;
        case Attribute::Url: return State::Url;
        case Attribute::Srcset: return State::Srcset;
        case Attribute::MetaContent: return State::MetaContent;
    }
    return State::Attr;
}

HtmlStep step_before_value(HtmlContext context, std::string_view text) {
    std::size_t at = after_space(text, 0);
    if (at == text.size()) return stay(context, text);
    context.delimiter = Delimiter::SpaceOrTagEnd;
    if (text[at] == '\'') context.delimiter = Delimiter::SingleQuote;
    if (text[at] == '"') context.delimiter = Delimiter::DoubleQuote;
    if (context.delimiter != Delimiter::SpaceOrTagEnd) ++at;
    const State state = value_state(context.attribute);
    return in_state(std::move(context), state, at);
}

HtmlStep step_html_comment(const HtmlContext& context, std::string_view text) {
    const std::size_t end = text.find("-->");
    return end == kNone ? stay(context, text) : HtmlStep{HtmlContext{}, end + 3};
}

HtmlStep step_url(HtmlContext context, std::string_view text) {
    if (text.find_first_of("#?") != kNone) {
        context.url_part = UrlPart::QueryOrFragment;
    } else if (after_space(text, 0) != text.size() && context.url_part == UrlPart::None) {
        context.url_part = UrlPart::PreQuery;
    }
    return stay(context, text);
}

HtmlStep step_meta_content(const HtmlContext& context, std::string_view text) {
    const std::size_t url = to_lower(text).find("url=");
    return url == kNone ? stay(context, text) : in_state(context, State::MetaContentUrl, url + 4);
}

HtmlStep step_meta_content_url(const HtmlContext& context, std::string_view text) {
    const std::size_t end = text.find(';');
    return end == kNone ? stay(context, text) : in_state(context, State::MetaContent, end + 1);
}

bool is_identifier_part(char c) { return is_alnum(c) || c == '$' || c == '_'; }

// What a slash would mean behind these tokens of JavaScript.
Slash slash_after(std::string_view text, Slash before) {
    text = text.substr(0, text.find_last_not_of(kSpace) + 1);
    if (text.empty()) return before;
    const char last = text.back();
    if (last == '+' || last == '-') {
        // `++` and `--` end a value, a sign alone does not.
        const std::size_t first = text.find_last_not_of(last) + 1;
        return (text.size() - first) % 2 == 1 ? Slash::Regexp : Slash::Division;
    }
    if (last == '.') {
        const bool number = text.size() > 1 && text[text.size() - 2] >= '0' && text[text.size() - 2] <= '9';
        return number ? Slash::Division : Slash::Regexp;
    }
    if (std::string_view(",<>=*%&|^?!~([:;{}").find(last) != kNone) return Slash::Regexp;
    std::size_t begin = text.size();
    while (begin > 0 && is_identifier_part(text[begin - 1])) --begin;
    constexpr std::array<std::string_view, 14> kBeforeRegexp = {"break",  "case", "continue",   "delete", "do",
                                                               "else",   "finally", "in",      "instanceof", "return",
                                                               "throw",  "try",  "typeof",     "void"};
    return std::ranges::count(kBeforeRegexp, text.substr(begin)) > 0 ? Slash::Regexp : Slash::Division;
}

HtmlStep step_js_slash(HtmlContext context, std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("//")) return in_state(context, State::JsLineComment, at + 2);
    if (rest.starts_with("/*")) return in_state(context, State::JsBlockComment, at + 2);
    if (context.slash == Slash::Unknown) {
        return broken("'/' could start a division or regexp: " + start_of(rest), text);
    }
    if (context.slash == Slash::Regexp) return in_state(context, State::JsRegexp, at + 1);
    context.slash = Slash::Regexp;
    return {context, at + 1};
}

HtmlStep step_js(HtmlContext context, std::string_view text) {
    const std::size_t at = text.find_first_of("\"'`/<-#");
    context.slash = slash_after(text.substr(0, at), context.slash);
    if (at == kNone) return stay(context, text);
    const std::string_view rest = text.substr(at);
    switch (rest[0]) {
        case '/': return step_js_slash(context, text, at);
        case '<':
            if (rest.starts_with("<!--")) return in_state(context, State::JsHtmlOpenComment, at + 4);
            break;
        case '-':
            if (rest.starts_with("-->")) return in_state(context, State::JsHtmlCloseComment, at + 3);
            break;
        case '#':
            if (rest.starts_with("#!")) return in_state(context, State::JsLineComment, at + 2);
            break;
        default:
            context.slash = Slash::Regexp;
            return in_state(context, rest[0] == '"'   ? State::JsDoubleQuoted
                                     : rest[0] == '`' ? State::JsTemplate
                                                      : State::JsSingleQuoted,
                            at + 1);
    }
    context.slash = slash_after(rest.substr(0, 1), context.slash);
    return {context, at + 1};
}

std::string_view ends_of_js(State state) {
    switch (state) {
        case State::JsDoubleQuoted: return "\\\"";
        case State::JsSingleQuoted: return "\\'";
        case State::JsTemplate: return "\\`";
        default: return "\\/[]";
    }
}

HtmlStep step_js_delimited(HtmlContext context, std::string_view text) {
    const std::string_view ends = ends_of_js(context.state);
    bool in_charset = false;
    for (std::size_t at = text.find_first_of(ends); at != kNone; at = text.find_first_of(ends, at + 1)) {
        if (text[at] == '\\') {
            if (++at == text.size()) return broken("unfinished escape sequence in JS string: " + start_of(text), text);
        } else if (text[at] == '[' || text[at] == ']') {
            in_charset = text[at] == '[';
        } else if (!in_charset) {
            context.slash = Slash::Division;
            return in_state(context, State::Js, at + 1);
        }
    }
    if (in_charset) return broken("unfinished JS regexp charset: " + start_of(text), text);
    return stay(context, text);
}

HtmlStep step_block_comment(const HtmlContext& context, std::string_view text) {
    const std::size_t end = text.find("*/");
    if (end == kNone) return stay(context, text);
    return in_state(context, context.state == State::JsBlockComment ? State::Js : State::Css, end + 2);
}

HtmlStep step_line_comment(const HtmlContext& context, std::string_view text) {
    const bool css = context.state == State::CssLineComment;
    std::size_t end = text.find_first_of(css ? "\n\f\r" : "\n\r");
    // JavaScript's lines end with U+2028 and U+2029, too.
    if (!css) end = std::min({end, text.find("\xE2\x80\xA8"), text.find("\xE2\x80\xA9")});
    return end == kNone ? stay(context, text) : in_state(context, css ? State::Css : State::Js, end);
}

bool ends_with_url_keyword(std::string_view text) {
    text = text.substr(0, text.find_last_not_of(kSpace) + 1);
    if (text.size() < 3 || !iequals(text.substr(text.size() - 3), "url")) return false;
    return text.size() == 3 || !(is_alnum(text[text.size() - 4]) || text[text.size() - 4] == '-' || text[text.size() - 4] == '_');
}

HtmlStep step_css(const HtmlContext& context, std::string_view text) {
    for (std::size_t at = text.find_first_of("(\"'/"); at != kNone; at = text.find_first_of("(\"'/", at + 1)) {
        if (text[at] == '"') return in_state(context, State::CssDoubleQuoted, at + 1);
        if (text[at] == '\'') return in_state(context, State::CssSingleQuoted, at + 1);
        if (text.substr(at).starts_with("//")) return in_state(context, State::CssLineComment, at + 2);
        if (text.substr(at).starts_with("/*")) return in_state(context, State::CssBlockComment, at + 2);
        if (text[at] != '(' || !ends_with_url_keyword(text.substr(0, at))) continue;
        const std::size_t begin = after_space(text, at + 1);
        if (begin < text.size() && text[begin] == '"') return in_state(context, State::CssDoubleQuotedUrl, begin + 1);
        if (begin < text.size() && text[begin] == '\'') return in_state(context, State::CssSingleQuotedUrl, begin + 1);
        return in_state(context, State::CssUrl, begin);
    }
    return stay(context, text);
}

HtmlStep step_css_string(HtmlContext context, std::string_view text) {
    std::string_view ends = "\\\t\n\f\r )";
    if (context.state == State::CssDoubleQuoted || context.state == State::CssDoubleQuotedUrl) ends = "\\\"";
    if (context.state == State::CssSingleQuoted || context.state == State::CssSingleQuotedUrl) ends = "\\'";
    std::size_t done = 0;
    while (true) {
        std::size_t at = text.find_first_of(ends, done);
        if (at == kNone) return {step_url(context, text.substr(done)).context, text.size()};
        if (text[at] != '\\') return in_state(context, State::Css, at + 1);
        if (++at == text.size()) return broken("unfinished escape sequence in CSS string: " + start_of(text), text);
        context = step_url(context, text.substr(0, at + 1)).context;
        done = at + 1;
    }
}

HtmlStep step_state(const HtmlContext& context, std::string_view text) {
    switch (context.state) {
        case State::Text: return step_text(context, text);
        case State::Tag: return step_tag(context, text);
        case State::AttrName: return step_attr_name(context, text);
        case State::AfterName: return step_after_name(context, text);
        case State::BeforeValue: return step_before_value(context, text);
        case State::HtmlComment: return step_html_comment(context, text);
        case State::Url: return step_url(context, text);
        case State::MetaContent: return step_meta_content(context, text);
        case State::MetaContentUrl: return step_meta_content_url(context, text);
        case State::Js: return step_js(context, text);
        case State::JsDoubleQuoted:
        case State::JsSingleQuoted:
        case State::JsTemplate:
        case State::JsRegexp: return step_js_delimited(context, text);
        case State::JsBlockComment:
        case State::CssBlockComment: return step_block_comment(context, text);
        case State::JsLineComment:
        case State::JsHtmlOpenComment:
        case State::JsHtmlCloseComment:
        case State::CssLineComment: return step_line_comment(context, text);
        case State::Css: return step_css(context, text);
        case State::CssDoubleQuoted:
        case State::CssSingleQuoted:
        case State::CssDoubleQuotedUrl:
        case State::CssSingleQuotedUrl:
        case State::CssUrl: return step_css_string(context, text);
        case State::Rcdata:
        case State::Attr:
        case State::Srcset:
        case State::Error:
        case State::Dead: return stay(context, text);
    }
    return stay(context, text);
}

std::string_view element_name(Element element) {
    switch (element) {
        case Element::Script: return "script";
        case Element::Style: return "style";
        case Element::Textarea: return "textarea";
        case Element::Title: return "title";
        case Element::None:
        case Element::Meta: return {};
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
        case Delimiter::DoubleQuote: return "\"";
        case Delimiter::SingleQuote: return "'";
        case Delimiter::None:
        case Delimiter::SpaceOrTagEnd: return " \t\n\f\r>";
    }
    return {};
}

// Character references as far as they matter for quotes and delimiters: numeric ones and those of XML.
std::string unescape_html(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, char>, 5> kNamed = {
        {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
    std::string out;
    while (!text.empty()) {
        const auto named = std::ranges::find_if(kNamed, [&](const auto& entry) { return text.starts_with(entry.first); });
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
    constexpr std::array<std::string_view, 8> kPrefixes = {"application/ecmascript", "application/javascript",
                                                           "application/json",       "application/ld+json",
                                                           "application/x-ecmascript", "application/x-javascript",
                                                           "module",                 "text/"};
    return name.empty() || std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

HtmlStep step_attribute_value(HtmlContext context, std::string_view text) {
    std::size_t end = std::min(text.find_first_of(ends_of(context.delimiter)), text.size());
    const std::string_view value = text.substr(0, end);
    if (context.delimiter == Delimiter::SpaceOrTagEnd) {
        const std::size_t bad = value.find_first_of("\"'<=`");
        if (bad != kNone) {
            return broken(fmt::format("{} in unquoted attr: {}", go_quote(value.substr(bad, 1)), go_quote(value)), text);
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
        case State::CssLineComment: return true;
        default: return false;
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
        case State::Tag: context.state = State::AttrName; break;
        case State::BeforeValue:
            context.state = value_state(context.attribute);
            context.delimiter = Delimiter::SpaceOrTagEnd;
            context.attribute = Attribute::None;
            break;
        case State::AfterName:
            context.state = State::AttrName;
            context.attribute = Attribute::None;
            break;
        default: break;
    }
    return context;
}

AttributeKind attribute_kind(std::string_view name) {
    using enum AttributeKind;
    constexpr std::array<std::pair<std::string_view, AttributeKind>, 41> kKinds = {
        {{"accept-charset", Unsafe}, {"action", Url},      {"archive", Url},    {"async", Unsafe},
         {"background", Url},        {"challenge", Unsafe}, {"charset", Unsafe}, {"cite", Url},
         {"classid", Url},           {"codebase", Url},    {"content", Unsafe}, {"crossorigin", Unsafe},
         {"data", Url},              {"defer", Unsafe},    {"enctype", Unsafe}, {"form", Unsafe},
         {"formaction", Url},        {"formenctype", Unsafe}, {"formmethod", Unsafe}, {"formnovalidate", Unsafe},
         {"href", Url},              {"http-equiv", Unsafe}, {"icon", Url},     {"keytype", Unsafe},
         {"language", Unsafe},       {"longdesc", Url},    {"manifest", Url},   {"method", Unsafe},
         {"novalidate", Unsafe},     {"pattern", Unsafe},  {"poster", Url},     {"profile", Url},
         {"rel", Unsafe},            {"sandbox", Unsafe},  {"src", Url},        {"srcdoc", Html},
         {"srcset", Srcset},         {"style", Css},       {"type", Unsafe},    {"usemap", Url},
         {"value", Unsafe}}};
    if (name.starts_with("data-")) {
        name.remove_prefix(5);
    } else if (const std::size_t colon = name.find(':'); colon != kNone) {
        if (name.substr(0, colon) == "xmlns") return Url;
        name.remove_prefix(colon + 1);
    }
    if (name == "xmlns") return Url;
    const auto known = std::ranges::find(kKinds, name, [](const auto& entry) { return entry.first; });
    if (known != kKinds.end()) return known->second;
    if (name.starts_with("on")) return Js;
    // Names that nobody knows but which look like an address are taken for one.
    for (const std::string_view part : {"src", "uri", "url"}) {
        if (name.find(part) != kNone) return Url;
    }
    return Plain;
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
