#include "parser/promql_refusal.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/promql_token.h"

namespace tocsin {

namespace {

Diagnostic finding(std::string_view text, TextSpan span, std::string what, std::string hint = {}) {
    Diagnostic diagnostic;
    diagnostic.where = range_at(text, span);
    diagnostic.message = std::move(what);
    diagnostic.hint = std::move(hint);
    return diagnostic;
}

std::string with_context(std::string what, const PromqlMessage& message) {
    if (!message.where.empty()) what += fmt::format(" in {}", message.where);
    if (!message.expected.empty()) what += fmt::format(", expected {}", message.expected);
    return what;
}

std::string end_of_input(const PromqlMessage& message, const PromqlOpen& open) {
    if (open.braces) return "unexpected end of input inside braces";
    if (open.brackets) return "unclosed left bracket";
    if (open.parens > 0) return "unclosed left parenthesis";
    return with_context("unexpected end of input", message);
}

Diagnostic refused_token(std::string_view text, std::size_t offset, const PromqlMessage& message,
                         const PromqlOpen& open) {
    if (text[offset] == ')' && open.parens == 0 && !open.braces) {
        return finding(text, {offset, offset + 1}, "unexpected right parenthesis ')'");
    }
    const TokenPlace inside = open.brackets ? TokenPlace::Brackets : TokenPlace::Expression;
    UnexpectedToken found = unexpected_token(text, offset, open.braces ? TokenPlace::Braces : inside);
    if (found.is_token) found.message = with_context(std::move(found.message), message);
    return finding(text, found.span, std::move(found.message), std::move(found.hint));
}

}  // namespace

Diagnostic refusal(std::string_view text, std::size_t offset, const PromqlMessage& message, const PromqlOpen& open) {
    const bool at_end = offset >= text.size();
    const TextSpan here{offset, std::min(offset + 1, text.size())};
    switch (message.kind) {
        case PromqlMessage::Kind::Whole: return finding(text, here, std::string(message.text));
        case PromqlMessage::Kind::Nothing: return finding(text, {0, 0}, std::string(message.text));
        case PromqlMessage::Kind::Escape: return finding(text, here, escape_problem(text, offset));
        case PromqlMessage::Kind::Quote: {
            const bool unclosed = at_end || text[offset] == '\n';
            return finding(text, here, std::string(unclosed ? message.text : "invalid UTF-8 rune"));
        }
        case PromqlMessage::Kind::Number: {
            const std::string_view number = number_like(text, offset);
            return finding(text, {offset, offset + number.size()},
                           fmt::format("bad number or duration syntax: {}", go_quote(number)));
        }
        case PromqlMessage::Kind::Unexpected: break;
    }
    if (at_end) return finding(text, here, end_of_input(message, open));
    return refused_token(text, offset, message, open);
}

}  // namespace tocsin
