#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// An absolute http or https URL in its parts.
struct Url {
    std::string scheme;  // "http" or "https"
    std::string user, password;
    std::string host;    // without brackets
    std::uint16_t port = 0;  // the scheme's default when none is given
    bool port_given = false;
    std::string path;    // as written, "/" when empty
    std::string query;   // without '?'
    std::string target() const;  // path and query, as a request line wants it
};

/// The message never repeats the text, which may hold a secret.
Result<Url> parse_url(std::string_view text);

/// The text with `xxxxx` in place of the password when it is a URL that has one, of whatever scheme (url.Redacted of
/// Go).
std::string without_password(std::string_view text);

std::string percent_decode(std::string_view text, bool plus_is_space = false);
/// application/x-www-form-urlencoded, as Go's url.QueryEscape: blank becomes `+`.
std::string query_escape(std::string_view text);

/// `a=1&b=2`, decoded, in order; at most `fields_max` are read.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text, std::size_t fields_max = 1000);

}  // namespace tocsin
