#include "base/yaml_scalar.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
constexpr bool is_blank_or_break(char c) {
    return is_blank(c) || c == '\n' || c == '\r';
}

/// How many bytes of UTF-8 a code point takes.
constexpr std::size_t utf8_length(unsigned long code_point) {
    return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

/// Walks a scalar in the file and its text side by side.
class Walk {
public:
    Walk(std::string_view source, std::size_t begin, std::string_view text)
        : source_(source), text_(text), at_(begin) {}

    YamlScalarSource run() {
        if (at_ >= source_.size()) return {{}, at_, std::nullopt};
        switch (source_[at_]) {
            case '|':
                block(false);
                break;
            case '>':
                block(true);
                break;
            case '\'':
                quoted('\'');
                break;
            case '"':
                quoted('"');
                break;
            default:
                plain();
        }
        return {std::move(pieces_), at_, std::nullopt};
    }

private:
    bool text_done() const { return text_at_ >= text_.size(); }
    char here() const { return source_[at_]; }

    void mark() {
        if (!pieces_.empty() && pieces_.back().text_offset == text_at_) pieces_.pop_back();
        if (!text_done()) pieces_.push_back({text_at_, at_});
    }

    /// Blanks within a line are text; with line breaks among them they fold: one break is a blank, n are n - 1 line
    /// feeds. After an escaped line break the first one counts for nothing.
    void blanks(bool after_escaped_break) {
        const std::size_t begin = at_;
        std::size_t breaks = 0;
        for (; at_ < source_.size() && is_blank_or_break(here()); ++at_) breaks += here() == '\n';
        if (breaks == 0 && !after_escaped_break) {
            text_at_ += at_ - begin;
            return;
        }
        if (after_escaped_break) {
            text_at_ += breaks;
        } else {
            text_at_ += breaks == 1 ? 1 : breaks - 1;
        }
        mark();
    }

    void plain() {
        mark();
        while (!text_done() && at_ < source_.size()) {
            if (is_blank_or_break(here())) {
                blanks(false);
            } else if (here() == text_[text_at_]) {
                ++at_, ++text_at_;
            } else {
                return;
            }
        }
    }

    void quoted(char quote) {
        ++at_;
        mark();
        while (at_ < source_.size()) {
            const char c = here();
            if (c == quote && quote == '\'' && at_ + 1 < source_.size() && source_[at_ + 1] == quote) {
                at_ += 2, ++text_at_;
                mark();
            } else if (c == quote) {
                ++at_;
                return;
            } else if (c == '\\' && quote == '"') {
                escape();
            } else if (is_blank_or_break(c)) {
                blanks(false);
            } else {
                ++at_, ++text_at_;
            }
        }
    }

    void escape() {
        ++at_;
        if (at_ >= source_.size()) return;
        const char kind = here();
        ++at_;
        switch (kind) {
            case '\r':
                if (at_ < source_.size() && here() == '\n') ++at_;
                return blanks(true);
            case '\n':
                return blanks(true);
            case 'x':
                text_at_ += hex_length(2);
                break;
            case 'u':
                text_at_ += hex_length(4);
                break;
            case 'U':
                text_at_ += hex_length(8);
                break;
            case 'N':
            case '_':
                text_at_ += 2;
                break;
            case 'L':
            case 'P':
                text_at_ += 3;
                break;
            default:
                ++text_at_;
        }
        mark();
    }

    std::size_t hex_length(std::size_t digits) {
        unsigned long code_point = 0;
        for (; digits > 0 && at_ < source_.size(); --digits, ++at_) {
            const char c = here();
            const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
            code_point = code_point * 16 + static_cast<unsigned long>(digit);
        }
        return utf8_length(code_point);
    }

    /// The line from the current position on, without its break; moves behind the break.
    std::string_view next_line() {
        const std::size_t end = std::min(source_.find('\n', at_), source_.size());
        std::string_view line = source_.substr(at_, end - at_);
        at_ = std::min(end + 1, source_.size());
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }

    /// The indentation of a block is what its first written line has more than the text; so an indentation indicator
    /// needs no care.
    std::size_t block_indentation() const {
        const std::size_t in_source = blanks_before_word(source_, at_);
        const std::size_t in_text = blanks_before_word(text_, 0);
        return in_source > in_text ? in_source - in_text : 0;
    }

    /// How far the first thing that is no blank stands from the beginning of its line.
    static std::size_t blanks_before_word(std::string_view text, std::size_t from) {
        const std::size_t word = text.find_first_not_of("\r\n \t", from);
        if (word == std::string_view::npos) return 0;
        const std::size_t line_break = text.rfind('\n', word);
        return line_break == std::string_view::npos ? word : word - line_break - 1;
    }

    void block(bool folded) {
        next_line();
        const std::size_t indentation = block_indentation();
        std::size_t end = at_;
        if (folded) skip_breaks();  // empty lines in front
        while (at_ < source_.size() && text_.find_first_not_of('\n', text_at_) != std::string_view::npos) {
            const std::size_t line_begin = at_;
            const std::string_view line = next_line();
            const std::string_view content = line.substr(std::min(indentation, line.size()));
            if (content.empty() && folded) continue;
            if (!text_.substr(text_at_).starts_with(content)) break;
            at_ = line_begin + (line.size() - content.size());
            mark();
            text_at_ += content.size();
            at_ += content.size();
            end = at_;
            next_line();
            folded ? skip_fold() : skip_break();
        }
        at_ = end;
    }

    void skip_break() {
        if (!text_done() && text_[text_at_] == '\n') ++text_at_;
    }

    /// Between two lines of a folded block stand one blank or any number of line feeds.
    void skip_fold() {
        if (!text_done() && text_[text_at_] == ' ') {
            ++text_at_;
        } else {
            skip_breaks();
        }
    }

    void skip_breaks() {
        while (!text_done() && text_[text_at_] == '\n') ++text_at_;
    }

    std::string_view source_;
    std::string_view text_;
    std::size_t at_;
    std::size_t text_at_ = 0;
    std::vector<YamlTextPiece> pieces_;
};

/// Most scalars stand in the file as they are.
std::optional<YamlScalarSource> locate_verbatim(std::string_view source, std::size_t begin, std::string_view text) {
    if (begin >= source.size() || text.empty() || text.find('\n') != std::string_view::npos) return std::nullopt;
    const char first = source[begin];
    if (first == '|' || first == '>') return std::nullopt;
    const bool quoted = first == '\'' || first == '"';
    const std::size_t at = begin + (quoted ? 1 : 0);
    const std::size_t end = at + text.size();
    if (source.substr(at, text.size()) != text) return std::nullopt;
    if (!quoted) return YamlScalarSource{{}, end, at};
    // A quote in the text is one that was escaped, and so is one that another one follows.
    const bool closed = end < source.size() && source[end] == first && text.find(first) == std::string_view::npos;
    const bool doubled = first == '\'' && end + 1 < source.size() && source[end + 1] == first;
    const bool escaped = first == '"' && text.find('\\') != std::string_view::npos;
    if (!closed || doubled || escaped) return std::nullopt;
    return YamlScalarSource{{}, end + 1, at};
}

}  // namespace

YamlScalarSource locate_yaml_scalar(std::string_view source, std::size_t begin, std::string_view text) {
    if (auto simple = locate_verbatim(source, begin, text)) return *std::move(simple);
    return Walk(source, begin, text).run();
}

}  // namespace tocsin
