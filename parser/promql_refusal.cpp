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

Diagnostic wanting(Diagnostic diagnostic, std::string_view expected) {
    if (diagnostic.hint.empty() && !expected.empty()) diagnostic.hint = fmt::format("expected {}", expected);
    return diagnostic;
}

std::string with_context(std::string what, const PromqlMessage& message) {
    if (!message.where.empty()) what += fmt::format(" in {}", message.where);
    if (!message.expected.empty()) what += fmt::format(", expected {}", message.expected);
    return what;
}

// Prometheus' message says only what is open, not what could have come next.
Diagnostic end_of_input(std::string_view text, TextSpan end, const PromqlMessage& message, const PromqlOpen& open) {
    const std::string_view next = message.wanted.empty() ? message.expected : message.wanted;
    if (open.braces) return wanting(finding(text, end, "unexpected end of input inside braces"), next);
    if (open.brackets) return wanting(finding(text, end, "unclosed left bracket"), next);
    if (open.parens > 0) return wanting(finding(text, end, "unclosed left parenthesis"), next);
    return wanting(finding(text, end, with_context("unexpected end of input", message)), message.wanted);
}

// Before by and without stands an aggregation, or what was meant to be one.
std::string meant_aggregation(std::string_view text, std::size_t offset) {
    const std::string_view word = text.substr(
        offset, text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", offset) - offset);
    if (!iequals(word, "by") && !iequals(word, "without")) return {};
    const std::string_view before = trim(text.substr(0, offset));
    const std::size_t blank =
        before.find_last_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    const std::string_view name = before.substr(blank == before.npos ? 0 : blank + 1);
    const std::string_view meant =
        nearest(name, {"avg", "bottomk", "count", "count_values", "group", "limit_ratio", "limitk", "max", "min",
                       "quantile", "stddev", "stdvar", "sum", "topk"});
    return meant.empty() ? std::string() : fmt::format("did you mean {}?", meant);
}

Diagnostic refused_token(std::string_view text, std::size_t offset, const PromqlMessage& message,
                         const PromqlOpen& open) {
    if (text[offset] == ')' && open.parens == 0 && !open.braces) {
        return finding(text, {offset, offset + 1}, "unexpected right parenthesis ')'");
    }
    const TokenPlace inside = open.brackets ? TokenPlace::Brackets : TokenPlace::Expression;
    UnexpectedToken found = unexpected_token(text, offset, open.braces ? TokenPlace::Braces : inside);
    if (!found.is_token) return finding(text, found.span, std::move(found.message), std::move(found.hint));
    if (found.hint.empty()) found.hint = meant_aggregation(text, offset);
    return wanting(finding(text, found.span, with_context(std::move(found.message), message), std::move(found.hint)),
                   message.wanted);
}

}  // namespace

Diagnostic refusal(std::string_view text, std::size_t offset, const PromqlMessage& message, const PromqlOpen& open) {
    const bool at_end = offset >= text.size();
    const TextSpan here{offset, std::min(offset + 1, text.size())};
    switch (message.kind) {
        case PromqlMessage::Kind::Whole:
            return finding(text, here, std::string(message.text));
        case PromqlMessage::Kind::Nothing:
            return finding(text, {0, 0}, std::string(message.text));
        case PromqlMessage::Kind::Escape:
            return finding(text, here, escape_problem(text, offset));
        case PromqlMessage::Kind::Quote: {
            const bool unclosed = at_end || text[offset] == '\n';
            return finding(text, here, std::string(unclosed ? message.text : "invalid UTF-8 rune"));
        }
        case PromqlMessage::Kind::Number: {
            const std::string_view number = number_like(text, offset);
            return finding(text, {offset, offset + number.size()},
                           fmt::format("bad number or duration syntax: {}", go_quote(number)));
        }
        case PromqlMessage::Kind::Unexpected:
            break;
    }
    if (at_end) return end_of_input(text, here, message, open);
    return refused_token(text, offset, message, open);
}

}  // namespace tocsin
