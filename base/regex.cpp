#include "base/regex.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <re2/re2.h>

#include "base/text.h"

namespace tocsin {

namespace {

/// RE2 gives a sixth of this, counted in instructions of eight bytes, to the program: 1 MiB. The rest is its cache of
/// states, which it fills as it needs and empties when it is full.
constexpr std::int64_t kMemoryMax = 6 * 1024 * 1024;

/// Longer patterns are sums of literals, which need no RE2, or attacks.
constexpr std::size_t kPatternBytesMax = 64 * 1024;

constexpr std::string_view kMeta = R"(\.+*?()|[]{}^$)";

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// The texts that `pattern` matches, sorted, when it is nothing but a literal or an alternation of them, as `a`,
/// `a\.b|c` or `(?:a|b)`. Their order does not matter, since the whole text has to match.
std::optional<std::vector<std::string>> literals_of(std::string_view pattern) {
    if (pattern.starts_with("(?:") && pattern.ends_with(')')) pattern = pattern.substr(3, pattern.size() - 4);
    std::vector<std::string> literals(1);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '|') {
            literals.emplace_back();
        } else if (pattern[i] == '\\' && i + 1 < pattern.size() && kMeta.find(pattern[i + 1]) != kMeta.npos) {
            literals.back() += pattern[++i];
        } else if (kMeta.find(pattern[i]) != kMeta.npos) {
            return std::nullopt;
        } else {
            literals.back() += pattern[i];
        }
    }
    std::sort(literals.begin(), literals.end());
    return literals;
}

/// RE2 of Debian 12 knows named groups by the older of the two spellings only, Go by both: `(?<name>` to `(?P<name>`.
std::string with_old_group_names(std::string_view pattern) {
    std::string out;
    out.reserve(pattern.size());
    bool in_class = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        out += pattern[i];
        if (pattern[i] == '\\' && i + 1 < pattern.size()) {
            out += pattern[++i];
        } else if (pattern[i] == '[') {
            in_class = true;
        } else if (pattern[i] == ']') {
            in_class = false;
        } else if (!in_class && pattern.substr(i).starts_with("(?<")) {
            out += "?P";
            ++i;
        }
    }
    return out;
}

/// Whether there is `\C` outside of `\Q…\E`: any byte, in RE2 for C++ alone.
bool asks_for_any_byte(std::string_view pattern) {
    for (;;) {
        const std::size_t at = pattern.find('\\');
        if (at == pattern.npos || at + 1 == pattern.size()) return false;
        const char escaped = pattern[at + 1];
        if (escaped == 'C') return true;
        pattern.remove_prefix(at + 2);
        if (escaped != 'Q') continue;
        const std::size_t end = pattern.find("\\E");
        pattern.remove_prefix(std::min(end, pattern.size()));
    }
}

/// The words of Go's regexp/syntax for the same mistake.
std::string_view go_error_code(RE2::ErrorCode code) {
    switch (code) {
        case RE2::NoError:
            return "";
        case RE2::ErrorInternal:
            return "regexp/syntax: internal error";
        case RE2::ErrorBadEscape:
            return "invalid escape sequence";
        case RE2::ErrorBadCharClass:
            return "invalid character class";
        case RE2::ErrorBadCharRange:
            return "invalid character class range";
        case RE2::ErrorMissingBracket:
            return "missing closing ]";
        case RE2::ErrorMissingParen:
            return "missing closing )";
        case RE2::ErrorUnexpectedParen:
            return "unexpected )";
        case RE2::ErrorTrailingBackslash:
            return "trailing backslash at end of expression";
        case RE2::ErrorRepeatArgument:
            return "missing argument to repetition operator";
        case RE2::ErrorRepeatSize:
            return "invalid repeat count";
        case RE2::ErrorRepeatOp:
            return "invalid nested repetition operator";
        case RE2::ErrorBadPerlOp:
            return "invalid or unsupported Perl syntax";
        case RE2::ErrorBadUTF8:
            return "invalid UTF-8";
        case RE2::ErrorBadNamedCapture:
            return "invalid named capture";
        case RE2::ErrorPatternTooLarge:
            return "expression too large";
    }
    return "";
}

tl::unexpected<Error> parsing_failed(std::string_view code, std::string_view part) {
    return fail(Error::Kind::InvalidInput,
                "error parsing regexp: " + std::string(code) + ": `" + std::string(part) + "`");
}

tl::unexpected<Error> pattern_too_large() {
    return fail(Error::Kind::LimitExceeded, "error parsing regexp: expression too large");
}

RE2::Options re2_options_for(Regex::Anchoring anchoring) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMemoryMax);
    options.set_dot_nl(anchoring == Regex::Anchoring::Full);
    return options;
}

using Groups = std::vector<re2::StringPiece>;

std::string_view view(const re2::StringPiece& piece) {
    return {piece.data(), piece.size()};
}

/// A group's number as Go reads it: digits only, no leading zero; a number that is too large is no group.
std::optional<std::size_t> group_number(std::string_view name) {
    if (name.size() > 1 && name.front() == '0') return std::nullopt;
    std::size_t number = 0;
    for (const char c : name) {
        if (c < '0' || c > '9' || number >= 100'000'000) return std::nullopt;
        number = number * 10 + static_cast<std::size_t>(c - '0');
    }
    return number;
}

/// Takes `name` or `{name}` from the text behind a dollar; nothing is taken when there is neither.
std::string_view take_group_name(std::string_view& text) {
    const bool braced = text.starts_with('{');
    const std::size_t first = braced ? 1 : 0;
    std::size_t last = first;
    while (last < text.size() && is_name_character(text[last])) ++last;
    if (last == first || (braced && (last == text.size() || text[last] != '}'))) return {};
    const std::string_view name = text.substr(first, last - first);
    text.remove_prefix(last + (braced ? 1 : 0));
    return name;
}

void append_expanded(std::string& out, std::string_view replacement, const Groups& groups,
                     const std::map<std::string, int>& names) {
    while (!replacement.empty()) {
        const std::size_t dollar = replacement.find('$');
        out += replacement.substr(0, dollar);
        if (dollar == replacement.npos) return;
        replacement.remove_prefix(dollar + 1);
        if (replacement.starts_with('$')) {
            out += '$';
            replacement.remove_prefix(1);
            continue;
        }
        const std::string_view name = take_group_name(replacement);
        if (name.empty()) {
            out += '$';  // what does not name a group stands for itself
        } else if (const auto number = group_number(name)) {
            if (*number < groups.size()) out += view(groups[*number]);
        } else if (const auto named = names.find(std::string(name)); named != names.end()) {
            out += view(groups[static_cast<std::size_t>(named->second)]);
        }
    }
}

}  // namespace

struct Regex::Program {
    Program(std::string_view text, Anchoring how) : pattern(text), anchoring(how) {}

    std::string pattern;
    Anchoring anchoring;
    /// When these are there, they say the same as `re2` does, and `re2` is not.
    std::optional<std::vector<std::string>> literals;
    std::unique_ptr<RE2> re2;

    bool match(std::string_view text, std::size_t from, Groups& groups) const {
        const RE2::Anchor anchor = anchoring == Anchoring::None ? RE2::UNANCHORED : RE2::ANCHOR_BOTH;
        return re2->Match(re2::StringPiece(text.data(), text.size()), from, text.size(), anchor,
                          groups.empty() ? nullptr : groups.data(), static_cast<int>(groups.size()));
    }

    Groups make_groups() const { return Groups(1 + static_cast<std::size_t>(re2->NumberOfCapturingGroups())); }
};

Result<Regex> Regex::compile(std::string_view pattern, Anchoring anchoring) {
    const auto program = std::make_shared<Program>(pattern, anchoring);
    if (!is_valid_utf8(pattern)) return parsing_failed("invalid UTF-8", replace_invalid_utf8(pattern));
    if (anchoring != Anchoring::None) program->literals = literals_of(pattern);
    if (program->literals) return Regex(program);
    if (asks_for_any_byte(pattern)) return parsing_failed("invalid escape sequence", "\\C");
    if (pattern.size() > kPatternBytesMax) return pattern_too_large();
    std::string text = with_old_group_names(pattern);
    // As Alertmanager writes it, so that its messages, which show a part of the pattern, come out the same.
    if (anchoring == Anchoring::FullNoDot) text = "^(?:" + text + ")$";
    program->re2 = std::make_unique<RE2>(text, re2_options_for(anchoring));
    if (program->re2->error_code() == RE2::ErrorPatternTooLarge) return pattern_too_large();
    if (!program->re2->ok())
        return parsing_failed(go_error_code(program->re2->error_code()), program->re2->error_arg());
    return Regex(program);
}

bool Regex::matches(std::string_view text) const {
    if (program_->literals) return std::binary_search(program_->literals->begin(), program_->literals->end(), text);
    Groups none;
    return program_->match(text, 0, none);
}

const std::string& Regex::pattern() const {
    return program_->pattern;
}

bool Regex::expand(std::string_view text, std::string_view replacement, std::string& out) const {
    if (program_->literals) {
        if (!matches(text)) return false;
        append_expanded(out, replacement, {re2::StringPiece(text.data(), text.size())}, {});
        return true;
    }
    Groups groups = program_->make_groups();
    if (!program_->match(text, 0, groups)) return false;
    append_expanded(out, replacement, groups, program_->re2->NamedCapturingGroups());
    return true;
}

std::string Regex::replace_all(std::string_view text, std::string_view replacement) const {
    std::string out;
    Groups groups = program_->make_groups();
    std::size_t copied = 0;
    for (std::size_t from = 0; from <= text.size() && program_->match(text, from, groups);) {
        const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
        const std::size_t end = begin + groups[0].size();
        out += text.substr(copied, begin - copied);
        // An empty match right behind another one is not a match of its own.
        if (end > copied || begin == 0) {
            append_expanded(out, replacement, groups, program_->re2->NamedCapturingGroups());
        }
        copied = end;
        const std::size_t rune = std::max<std::size_t>(decode_utf8(text.substr(from)).bytes, 1);
        from = std::max(from + rune, end);
    }
    out += text.substr(copied);
    return out;
}

}  // namespace tocsin
