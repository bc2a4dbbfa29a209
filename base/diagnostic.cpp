#include "base/diagnostic.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {

namespace {

/// Hostile files have lines of megabytes; more than this is cut around the place in question.
constexpr std::size_t kShownBytesMax = 160;

std::string_view prefix_of(Severity severity) {
    switch (severity) {
        case Severity::Hint:
            return "hint: ";
        case Severity::Warning:
            return "warning: ";
        case Severity::Error:
            return "";
    }
    return "";
}

std::string position_of(const Diagnostic& diagnostic) {
    std::string out = escape_control_characters(diagnostic.file);
    if (diagnostic.where.line > 0) {
        out += fmt::format("{}{}", out.empty() ? "" : ":", diagnostic.where.line);
        if (diagnostic.where.column > 0) out += fmt::format(":{}", diagnostic.where.column);
    }
    return out.empty() ? out : out + ": ";
}

/// Without its line feed; empty when there are not so many lines.
std::string_view line_of(std::string_view source, std::size_t line) {
    for (; line > 1; --line) {
        const std::size_t feed = source.find('\n');
        if (feed == source.npos) return {};
        source.remove_prefix(feed + 1);
    }
    source = source.substr(0, source.find('\n'));
    return source.ends_with('\r') ? source.substr(0, source.size() - 1) : source;
}

bool continues_rune(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// How wide `text` is shown, in characters. Tabs were replaced before.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues_rune(c); }));
}

std::string shown(std::string_view text) {
    std::string out(text);
    std::replace(out.begin(), out.end(), '\t', ' ');
    return escape_control_characters(out);
}

std::string marked_line(std::string_view line, const SourceRange& where) {
    std::size_t begin = std::min(where.column > 0 ? where.column - 1 : 0, line.size());
    std::size_t end = where.end_line == where.line ? std::min(where.end_column - 1, line.size()) : line.size();
    std::size_t first = begin > kShownBytesMax / 2 && line.size() > kShownBytesMax ? begin - kShownBytesMax / 2 : 0;
    while (first > 0 && continues_rune(line[first])) --first;
    std::size_t last = std::min(first + kShownBytesMax, line.size());
    while (last < line.size() && continues_rune(line[last])) ++last;
    end = std::clamp(end, begin, last);
    const std::string before = shown(line.substr(first, begin - first));
    const std::string marked = shown(line.substr(begin, end - begin));
    const std::string after = shown(line.substr(end, last - end));
    const std::size_t tildes = std::max<std::size_t>(width_of(marked), 1) - 1;
    return fmt::format("    {}{}{}\n    {:{}}^{:~>{}}\n", before, marked, after, "", width_of(before), "", tildes);
}

/// Distance in insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::array<std::vector<std::size_t>, 3> rows;  // of a's prefixes, by their length modulo 3
    for (auto& row : rows) row.resize(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto& row = rows[i % 3];
        const auto& above = rows[(i - 1) % 3];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a.size() % 3][b.size()];
}

}  // namespace

bool has_errors(const Diagnostics& diagnostics) {
    return std::any_of(diagnostics.begin(), diagnostics.end(),
                       [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::Error; });
}

std::string to_string(const Diagnostic& diagnostic) {
    std::string out = position_of(diagnostic);
    out += prefix_of(diagnostic.severity);
    out += escape_control_characters(diagnostic.message);
    if (!diagnostic.expected.empty()) out += "; expected " + escape_control_characters(diagnostic.expected);
    return out;
}

std::string render_with_caret(const Diagnostic& diagnostic, std::string_view source) {
    std::string out = to_string(diagnostic) + "\n";
    const std::string_view line = diagnostic.where.line > 0 ? line_of(source, diagnostic.where.line) : "";
    if (!line.empty()) out += marked_line(line, diagnostic.where);
    if (!diagnostic.hint.empty()) out += "    hint: " + escape_control_characters(diagnostic.hint) + "\n";
    return out;
}

SourceRange range_at(std::string_view text, TextSpan span) {
    const std::size_t begin = std::min(span.begin, text.size());
    const std::size_t end = std::clamp(span.end, begin, text.size());
    const auto line_at = [text](std::size_t offset) {
        return 1 + static_cast<std::size_t>(
                       std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
    };
    const auto column_at = [text](std::size_t offset) {
        const std::size_t feed = text.substr(0, offset).rfind('\n');
        return feed == text.npos ? offset + 1 : offset - feed;
    };
    return {line_at(begin), column_at(begin), line_at(end), column_at(end)};
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    constexpr std::size_t kWordBytesMax = 100;
    if (word.size() > kWordBytesMax) return {};
    const std::string wanted = to_lower(word);
    std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
    std::string_view best;
    for (const std::string_view candidate : candidates) {
        if (candidate.size() > kWordBytesMax) continue;
        const std::size_t distance = edit_distance(wanted, to_lower(candidate));
        // A short word is not a misspelling of one that shares no letter with it.
        if (distance >= std::max(word.size(), candidate.size())) continue;
        // Of two that are as close, the one that the word is the beginning of: a letter is forgotten more often than mistaken.
        const bool begun = distance == best_distance && !best.empty() && !to_lower(best).starts_with(wanted) &&
                           to_lower(candidate).starts_with(wanted);
        if (distance < best_distance || begun) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace tocsin
