#include "notifiers/integrations/mail_addresses.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

bool is_beyond_ascii(char c) {
    return static_cast<unsigned char>(c) >= 0x80;
}

bool is_visible(char c) {
    return (c > ' ' && c <= '~') || is_beyond_ascii(c);
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/// Dots included.
bool is_atom_character(char c) {
    return is_visible(c) && std::string_view("()<>[]:;@\\,\"").find(c) == std::string_view::npos;
}

bool has_stray_dot(std::string_view atom) {
    return atom.starts_with('.') || atom.ends_with('.') || atom.find("..") != atom.npos;
}

/// Reads as Go's net/mail does, which Alertmanager reads with. Each step takes what it is about from the front of the
/// text; those that answer false may have taken a part of it.
class AddressReader {
public:
    explicit AddressReader(std::string_view text) : rest_(text) {}

    bool read_list(std::vector<std::string>& into) {
        skip_commas();
        while (!rest_.empty()) {
            if (!read_one_or_group(into) || !skip_comments()) return false;
            if (rest_.empty()) break;
            if (rest_.front() != ',') return false;
            skip_commas();
        }
        return true;
    }

private:
    bool read_one_or_group(std::vector<std::string>& into) {
        if (read_one(into)) return true;
        return read_name() && take(':') && read_group(into);
    }

    /// Takes no more than blanks where it answers false.
    bool read_one(std::vector<std::string>& into) {
        skip_blanks();
        const std::string_view before = rest_;
        std::string address;
        if (read_address(address) || (restore(before) && read_named(address))) {
            into.push_back(std::move(address));
            return true;
        }
        rest_ = before;
        return false;
    }

    bool read_named(std::string& address) {
        if (!rest_.starts_with('<') && !read_name()) return false;
        return take('<') && read_address(address) && take('>');
    }

    /// What stands behind the name of a group and its colon; it may have nobody.
    bool read_group(std::vector<std::string>& into) {
        if (take(';')) return true;
        while (read_one(into) && skip_comments()) {
            if (take(';')) return true;
            if (!take(',')) return false;
        }
        return false;
    }

    bool read_address(std::string& address) {
        std::string name, domain;
        skip_blanks();
        if (!read_word(name) || !is_mailbox(name) || !take_here('@') || !read_domain(domain)) return false;
        address = name + "@" + domain;
        return true;
    }
    static bool is_mailbox(std::string_view name) {
        return name.starts_with('"') ? name != "\"\"" : !has_stray_dot(name);
    }

    bool read_domain(std::string& domain) {
        skip_blanks();
        if (!rest_.starts_with('[')) return read_atom(domain) && !has_stray_dot(domain);
        const auto length = rest_.find(']');
        if (length == rest_.npos) return false;
        domain = take_front(length + 1);
        return std::all_of(domain.begin() + 1, domain.end() - 1, is_atom_character_or_colon);
    }
    static bool is_atom_character_or_colon(char c) { return c == ':' || is_atom_character(c); }

    /// A name is words with comments between them.
    bool read_name() {
        bool any = false;
        for (;; any = true) {
            if (!skip_comments()) return false;
            std::string word;
            if (!read_word(word)) return any;
        }
    }

    bool read_word(std::string& word) { return rest_.starts_with('"') ? read_quoted(word) : read_atom(word); }

    bool read_atom(std::string& atom) {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_atom_character);
        atom = take_front(static_cast<std::size_t>(end - rest_.begin()));
        return !atom.empty();
    }

    /// With its quotes.
    bool read_quoted(std::string& text) {
        std::size_t end = 1;
        for (; end < rest_.size() && rest_[end] != '"'; ++end) {
            if (rest_[end] == '\\') ++end;
            if (end == rest_.size() || !(is_visible(rest_[end]) || is_blank(rest_[end]))) return false;
        }
        if (end >= rest_.size()) return false;
        text = take_front(end + 1);
        return true;
    }

    /// Blanks and comments, which may have comments in them.
    bool skip_comments() {
        for (skip_blanks(); rest_.starts_with('('); skip_blanks()) {
            if (!skip_comment()) return false;
        }
        return true;
    }

    bool skip_comment() {
        std::size_t depth = 0;
        for (std::size_t at = 0; at < rest_.size(); ++at) {
            if (!is_visible(rest_[at]) && !is_blank(rest_[at])) return false;
            if (rest_[at] == '\\') {
                ++at;
            } else if (rest_[at] == '(') {
                ++depth;
            } else if (rest_[at] == ')' && --depth == 0) {
                take_front(at + 1);
                return true;
            }
        }
        return false;
    }

    /// An empty entry of a list is nobody. Lists may be written on several lines.
    void skip_commas() { rest_.remove_prefix(std::min(rest_.find_first_not_of(", \t\r\n"), rest_.size())); }

    void skip_blanks() {
        while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    }

    bool take(char c) {
        skip_blanks();
        return take_here(c);
    }
    bool take_here(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string take_front(std::size_t length) {
        std::string front(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return front;
    }
    bool restore(std::string_view before) {
        rest_ = before;
        return true;
    }

    std::string_view rest_;
};

}  // namespace

Result<std::vector<std::string>> parse_mail_addresses(std::string_view list) {
    std::vector<std::string> addresses;
    // Blanks around it, and line feeds as of a block in YAML, are of no meaning.
    if (AddressReader(trim(list)).read_list(addresses) && !addresses.empty()) return addresses;
    return fail(Error::Kind::InvalidInput,
                fmt::format("{} is no list of mail addresses, expected name@host or Name <name@host>, with commas "
                            "between them",
                            go_quote(list)));
}

}  // namespace tocsin
