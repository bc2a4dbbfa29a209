#include "base/text.h"
#include "parser/template/html_steps.h"

namespace tocsin::templates {
namespace {

using State = HtmlContext::State;

bool ends_with_url_keyword(std::string_view text) {
    text = text.substr(0, text.find_last_not_of(kHtmlSpace) + 1);
    if (text.size() < 3 || !iequals(text.substr(text.size() - 3), "url")) return false;
    return text.size() == 3 ||
           !(is_alnum(text[text.size() - 4]) || text[text.size() - 4] == '-' || text[text.size() - 4] == '_');
}

}  // namespace

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

}  // namespace tocsin::templates
