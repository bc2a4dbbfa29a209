#include "base/go_url.h"

#include <algorithm>
#include <string>

namespace tocsin {
namespace {

bool is_scheme_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_port_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_escape_digit(char c) {
    return is_port_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_control_byte(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool has_good_escapes(std::string_view text) {
    for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
        if (at + 2 >= text.size() || !is_escape_digit(text[at + 1]) || !is_escape_digit(text[at + 2])) return false;
    }
    return true;
}

/// Takes `scheme:` off the front, if there is one.
bool take_go_scheme(std::string_view& text) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    if (end == text.npos || end == 0 || text[end] != ':' || !is_scheme_letter(text.front())) return false;
    text.remove_prefix(end + 1);
    return true;
}

bool is_port(std::string_view text) {
    return text.empty() || (text.front() == ':' && std::all_of(text.begin() + 1, text.end(), is_port_digit));
}

bool is_authority(std::string_view text) {
    const std::string_view host = text.substr(text.find_last_of('@') + 1);  // npos + 1 is 0
    if (host.find_first_of(" \"<>\\^`{|}") != host.npos || !has_good_escapes(text)) return false;
    if (!host.starts_with('[')) return is_port(host.substr(std::min(host.rfind(':'), host.size())));
    const std::size_t end = host.rfind(']');
    return end != host.npos && is_port(host.substr(end + 1));
}

/// `//authority/path`, or a path alone.
bool is_hierarchical(std::string_view text) {
    if (!text.starts_with("//")) return has_good_escapes(text);
    const std::size_t path = std::min(text.find('/', 2), text.size());
    return is_authority(text.substr(2, path - 2)) && has_good_escapes(text.substr(path));
}

}  // namespace

bool is_go_url(std::string_view text) {
    if (std::any_of(text.begin(), text.end(), is_control_byte)) return false;
    const std::size_t fragment = std::min(text.find('#'), text.size());
    if (!has_good_escapes(text.substr(fragment))) return false;
    text = text.substr(0, fragment);
    const bool has_scheme = take_go_scheme(text);
    text = text.substr(0, text.find('?'));
    if (!text.starts_with('/')) {
        return has_scheme || (text.substr(0, text.find('/')).find(':') == text.npos && has_good_escapes(text));
    }
    return has_scheme || !text.starts_with("///") ? is_hierarchical(text) : has_good_escapes(text);
}

bool is_request_uri(std::string_view text) {
    if (text.empty() || std::any_of(text.begin(), text.end(), is_control_byte)) return false;
    if (text == "*") return true;
    const bool has_scheme = take_go_scheme(text);
    text = text.substr(0, text.find('?'));
    if (!text.starts_with('/')) return has_scheme;
    return has_scheme ? is_hierarchical(text) : has_good_escapes(text);
}

}  // namespace tocsin
