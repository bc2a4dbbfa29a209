#include "rules/rule_test_comments.h"

#include <optional>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

constexpr auto kNone = std::string_view::npos;

/// Where the quoted text ends that begins at `at`: at its last quote, or at the end of the line.
std::size_t end_of_quoted(std::string_view line, std::size_t at) {
    const char quote = line[at];
    for (++at; at < line.size(); ++at) {
        if (quote == '"' && line[at] == '\\') {
            ++at;
        } else if (line[at] == quote) {
            if (quote == '"' || at + 1 == line.size() || line[at + 1] != quote) return at;
            ++at;
        }
    }
    return at;
}

/// Where the comment of a line begins.
std::size_t find_comment(std::string_view line) {
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char before = at == 0 ? ' ' : line[at - 1];
        const bool after_blank = before == ' ' || before == '\t';
        if (line[at] == '#' && after_blank) return at;
        const bool begins = after_blank || std::string_view("[{,:").find(before) != kNone;
        if ((line[at] == '"' || line[at] == '\'') && begins) at = end_of_quoted(line, at);
    }
    return kNone;
}

std::size_t first_of_content(std::string_view line) {
    return line.find_first_not_of(' ');
}

/// The column of the key or item, behind its dashes, of a line whose value is a block text (`|`, `>`); nothing
/// otherwise. `without_comment` has no blanks at its end.
std::optional<std::size_t> column_of_block_text(std::string_view without_comment) {
    const std::size_t mark = without_comment.find_last_of("|>");
    if (mark == kNone || mark == 0 || without_comment[mark - 1] != ' ') return std::nullopt;
    if (without_comment.find_first_not_of("+-123456789", mark + 1) != kNone) return std::nullopt;
    return without_comment.find_first_not_of(" -");
}

/// Goes through the lines of one list.
class CommentReader {
public:
    void read(std::string_view line) {
        const std::size_t first = first_of_content(line);
        if (first == kNone) return;
        if (text_column_ && first > *text_column_) return;
        text_column_.reset();
        const std::size_t comment = find_comment(line);
        if (comment == first) return add(belongs_to(first), line.substr(comment));
        if (is_key_read_ && line[first] == '-') take_dash(first);
        const std::string_view content = line.substr(0, comment);
        text_column_ = column_of_block_text(trim_right(content));
        if (comment != kNone) add(current(), line.substr(comment));
        is_key_read_ = true;
    }

    std::vector<ListComment> found;

private:
    static std::string_view trim_right(std::string_view text) {
        const std::size_t last = text.find_last_not_of(" \t\r");
        return last == kNone ? std::string_view() : text.substr(0, last + 1);
    }

    void take_dash(std::size_t column) {
        if (!dash_column_) dash_column_ = column;
        if (column == *dash_column_) ++items_;
    }

    std::size_t current() const { return items_ == 0 ? ListComment::kBesideKey : items_ - 1; }

    std::size_t belongs_to(std::size_t column) const {
        return items_ > 0 && column > *dash_column_ ? items_ - 1 : items_;
    }

    void add(std::size_t item, std::string_view text) { found.push_back({item, std::string(trim_right(text))}); }

    bool is_key_read_ = false;
    std::size_t items_ = 0;
    std::optional<std::size_t> dash_column_;
    std::optional<std::size_t> text_column_;  // of the key whose text goes over the lines that are deeper
};

}  // namespace

std::vector<ListComment> comments_of_list(std::span<const std::string> lines) {
    CommentReader reader;
    for (const std::string& line : lines) reader.read(line);
    return std::move(reader.found);
}

std::vector<std::string> with_comments(const std::vector<std::string>& lines,
                                       const std::vector<ListComment>& comments) {
    std::vector<std::string> all;
    const std::size_t key = lines.front().find_first_not_of(" -");
    const std::string indent(key + 2, ' ');
    std::size_t items = 0;
    const auto add_comments = [&](std::size_t from, std::size_t until) {
        for (const ListComment& comment : comments) {
            if (comment.item >= from && comment.item < until) all.push_back(indent + comment.text);
        }
    };
    for (const std::string& line : lines) {
        if (!all.empty() && first_of_content(line) == indent.size() && line[indent.size()] == '-') {
            add_comments(items, items + 1);
            ++items;
        }
        all.push_back(line);
        if (all.size() > 1) continue;
        for (const ListComment& comment : comments) {
            if (comment.item == ListComment::kBesideKey) all.front() += " " + comment.text;
        }
    }
    add_comments(items, ListComment::kBesideKey);
    return all;
}

}  // namespace tocsin
