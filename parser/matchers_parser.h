#pragma once

#include <string>
#include <string_view>

#include "base/matcher.h"
#include "base/result.h"

namespace tocsin {

/// How Alertmanager's matcher syntax is read. There are two grammars: the classic one, and the one of version 0.27
/// where names and values may be any UTF-8 and quotes have Go's escapes.
enum class MatchersSyntax {
    Fallback,  // the UTF-8 grammar; where it refuses what the classic one takes, or they differ, the classic result
    Classic,
    Utf8Strict,
};

/// Whether a label may have that name: any UTF-8 that is not empty, in classic mode `[a-zA-Z_][a-zA-Z0-9_]*`.
bool is_label_name(std::string_view name, MatchersSyntax syntax);

struct ParsedMatchers {
    Matchers matchers;    // in the order of the text; none for `{}` and for empty text
    std::string warning;  // why the classic grammar had to decide; empty when both agree
};

/// Reads `{a="b", c=~"d"}`; braces and a last comma are optional. Regular expressions are anchored as Alertmanager's
/// are. In fallback mode the message of a failure is the classic grammar's: `bad matcher format: foo`.
Result<ParsedMatchers> parse_matchers(std::string_view text, MatchersSyntax syntax = MatchersSyntax::Fallback);

/// Reads exactly one matcher, without braces: the `filter` of the API.
Result<Matcher> parse_matcher(std::string_view text, MatchersSyntax syntax = MatchersSyntax::Fallback);

/// `a` before `b` in Alertmanager's order: by name, value, operator.
bool matcher_less(const Matcher& a, const Matcher& b);

/// As Alertmanager prints a matcher, in group keys among other places: `\`, line feed and `"` of the value escaped; the
/// name quoted only when it holds a blank or one of ``{}!=~,\"'` ``, and then the value in Go's quotes too.
std::string matcher_text(const Matcher& matcher);

/// `{a="b",c=~"d"}` in the given order.
std::string matchers_text(const Matchers& matchers);

}  // namespace tocsin
