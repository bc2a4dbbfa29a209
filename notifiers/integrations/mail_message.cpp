#include "notifiers/integrations/mail_message.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::string_view kWordBegin = "=?utf-8?q?";
constexpr std::string_view kWordEnd = "?=";
constexpr std::size_t kWordMax = 75 - kWordBegin.size() - kWordEnd.size();
// The 76th character is the `=` of a soft line break.
constexpr std::size_t kLineMax = 75;

bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

std::string escaped(char c) {
    return fmt::format("={:02X}", static_cast<unsigned char>(c));
}

std::string encode_in_word(std::string_view rune) {
    if (rune == " ") return "_";
    std::string out;
    for (const char c : rune) {
        if (is_printable(c) && c != '=' && c != '?' && c != '_') {
            out += c;
        } else {
            out += escaped(c);
        }
    }
    return out;
}

/// Splits at commas that are in no quotes and no angle brackets.
std::vector<std::string> split_addresses(std::string_view list) {
    std::vector<std::string> parts(1);
    bool quoted = false;
    bool in_brackets = false;
    for (std::size_t at = 0; at < list.size(); ++at) {
        const char c = list[at];
        if (quoted && c == '\\' && at + 1 < list.size()) {
            parts.back() += c;
            parts.back() += list[++at];
            continue;
        }
        if (c == '"') quoted = !quoted;
        if (!quoted && c == '<') in_brackets = true;
        if (!quoted && c == '>') in_brackets = false;
        if (c == ',' && !quoted && !in_brackets) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

/// The address of `Name <address>`, or of `address`.
std::optional<std::string> address_of(std::string_view text) {
    text = trim(text);
    // A name may be anything else, but no second line.
    if (text.find_first_of("\r\n") != text.npos) return std::nullopt;
    if (text.ends_with('>')) {
        const auto begin = text.rfind('<');
        if (begin == text.npos) return std::nullopt;
        text = text.substr(begin + 1, text.size() - begin - 2);
    }
    const auto at = text.rfind('@');
    const bool clean = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '<' || c == '>' || c == ',' || c == '"';
    });
    if (at == text.npos || at == 0 || at + 1 == text.size() || !clean) return std::nullopt;
    return std::string(text);
}

}  // namespace

Result<std::vector<std::string>> parse_mail_addresses(std::string_view list) {
    std::vector<std::string> addresses;
    for (const std::string& part : split_addresses(list)) {
        auto address = address_of(part);
        if (!address) {
            return fail(Error::Kind::InvalidInput,
                        fmt::format("{} is no mail address, expected name@host or Name <name@host>", go_quote(part)));
        }
        addresses.push_back(*std::move(address));
    }
    return addresses;
}

std::string encode_mail_header(std::string_view value) {
    if (std::all_of(value.begin(), value.end(), [](char c) { return is_printable(c) || c == '\t'; })) {
        return std::string(value);
    }
    std::string out(kWordBegin);
    std::size_t length = 0;
    for (std::size_t at = 0; at < value.size();) {
        const std::size_t bytes = decode_utf8(value.substr(at)).bytes;
        const std::string rune = encode_in_word(value.substr(at, bytes));
        if (length + rune.size() > kWordMax) {
            out += fmt::format("{}\r\n {}", kWordEnd, kWordBegin);
            length = 0;
        }
        out += rune;
        length += rune.size();
        at += bytes;
    }
    return out.append(kWordEnd);
}

std::string encode_quoted_printable(std::string_view text) {
    std::string out;
    std::size_t length = 0;
    const auto put = [&](std::string_view piece) {
        if (length + piece.size() > kLineMax) {
            out += "=\r\n";
            length = 0;
        }
        out += piece;
        length += piece.size();
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool ends_line = at + 1 == text.size() || text[at + 1] == '\n' || text[at + 1] == '\r';
        if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
        if (c == '\n' || c == '\r') {
            out += "\r\n";
            length = 0;
        } else if ((c == ' ' || c == '\t') && ends_line) {
            put(escaped(c));
        } else if ((is_printable(c) && c != '=') || c == '\t') {
            put(text.substr(at, 1));
        } else {
            put(escaped(c));
        }
    }
    return out;
}

std::string MailMessage::text() const {
    std::string out;
    for (const Field& field : header) out += fmt::format("{}: {}\r\n", field.name, encode_mail_header(field.value));
    out += fmt::format("Content-Type: multipart/alternative;  boundary={}\r\nMIME-Version: 1.0\r\n\r\n", boundary);
    for (const Part& part : parts) {
        out += fmt::format("--{}\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: {}\r\n\r\n{}\r\n",
                           boundary, part.content_type, encode_quoted_printable(part.text));
    }
    return out + fmt::format("--{}--\r\n", boundary);
}

}  // namespace tocsin
