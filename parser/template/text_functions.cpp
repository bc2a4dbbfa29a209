#include "parser/template/text_functions.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/regex.h"
#include "base/text.h"
#include "parser/template/humanize.h"
#include "parser/template/regex_table.h"
#include "parser/template/types.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

// Patterns that templates compute are seldom long; large ones cost memory to compile.
constexpr std::size_t kPatternBytesMax = 10'000;
// What one of them takes, about, as long as the text is executed.
constexpr std::size_t kProgramBytes = 32 * 1024;

Result<Regex> find_regex(Call& call, std::string_view pattern) {
    const RegexTable* known = call.environment.regexes;
    if (const Regex* regex = known == nullptr ? nullptr : known->find(pattern)) return *regex;
    if (pattern.size() > kPatternBytesMax) return fail_call("pattern is too large");
    TOCSIN_TRY(Regex regex, Regex::compile(pattern, Regex::Anchoring::None));
    call.arena.own(std::make_shared<const Regex>(regex), kProgramBytes);
    return regex;
}

// An upper bound of what replacing can give: the text, the replacement at each place, and each `$` with all that was
// matched.
std::size_t replaced_bytes_max(std::string_view text, std::string_view replacement) {
    const auto references = static_cast<std::size_t>(std::ranges::count(replacement, '$'));
    return text.size() + (text.size() + 1) * replacement.size() + references * text.size();
}

}  // namespace

Result<Value> call_to_upper(Call& call) {
    return call.keep_text(to_upper(call.text(0)));
}
Result<Value> call_to_lower(Call& call) {
    return call.keep_text(to_lower(call.text(0)));
}
Result<Value> call_title_keep(Call& call) {
    return call.keep_text(to_title(call.text(0), Rest::Keep));
}
Result<Value> call_title_lower(Call& call) {
    return call.keep_text(to_title(call.text(0), Rest::Lower));
}

Result<Value> call_match(Call& call) {
    TOCSIN_TRY(const Regex regex, find_regex(call, call.text(0)));
    return Value::boolean(regex.matches(call.text(1)));
}

Result<Value> call_re_replace_all(Call& call) {
    const std::string_view pattern = call.text(0), replacement = call.text(1), text = call.text(2);
    const auto regex = find_regex(call, pattern);
    if (!regex) {
        const bool plain = pattern.find('`') == std::string_view::npos;
        return fail_call(fmt::format("regexp: Compile({}): {}",
                                     plain ? fmt::format("`{}`", pattern) : go_quote(pattern), regex.error().message));
    }
    if (replaced_bytes_max(text, replacement) > call.environment.limits.value_bytes) {
        return fail(Error::Kind::LimitExceeded, "text is larger than the limit");
    }
    return call.keep_text(regex->replace_all(text, replacement));
}

Result<Value> call_safe_html(Call& call) {
    return Value::text(call.text(0), types::html);
}
Result<Value> call_safe_url(Call& call) {
    return Value::text(call.text(0), types::url);
}

Result<Value> call_humanize_duration(Call& call) {
    TOCSIN_TRY(const double seconds, to_float(call.arguments[0]));
    return call.keep_text(humanize_duration(seconds));
}

}  // namespace tocsin::templates
