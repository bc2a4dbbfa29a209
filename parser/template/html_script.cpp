#include <algorithm>
#include <array>

#include "parser/template/html_steps.h"

namespace tocsin::templates {
namespace {

using State = HtmlContext::State;
using Slash = HtmlContext::Slash;

// What a slash would mean behind these tokens of JavaScript.
Slash slash_after(std::string_view text, Slash before) {
    text = text.substr(0, text.find_last_not_of(kHtmlSpace) + 1);
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
    constexpr std::array<std::string_view, 14> kBeforeRegexp = {"break", "case",    "continue", "delete",     "do",
                                                                "else",  "finally", "in",       "instanceof", "return",
                                                                "throw", "try",     "typeof",   "void"};
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

std::string_view ends_of_js(State state) {
    switch (state) {
        case State::JsDoubleQuoted:
            return "\\\"";
        case State::JsSingleQuoted:
            return "\\'";
        case State::JsTemplate:
            return "\\`";
        default:
            return "\\/[]";
    }
}

}  // namespace

bool is_identifier_part(char c) {
    return is_alnum(c) || c == '$' || c == '_';
}

HtmlStep step_js(HtmlContext context, std::string_view text) {
    const std::size_t at = text.find_first_of("\"'`/<-#");
    context.slash = slash_after(text.substr(0, at), context.slash);
    if (at == kNone) return stay(context, text);
    const std::string_view rest = text.substr(at);
    switch (rest[0]) {
        case '/':
            return step_js_slash(context, text, at);
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
            return in_state(context,
                            rest[0] == '"'   ? State::JsDoubleQuoted
                            : rest[0] == '`' ? State::JsTemplate
                                             : State::JsSingleQuoted,
                            at + 1);
    }
    context.slash = slash_after(rest.substr(0, 1), context.slash);
    return {context, at + 1};
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

}  // namespace tocsin::templates
