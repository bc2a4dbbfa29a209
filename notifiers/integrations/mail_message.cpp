#include "notifiers/integrations/mail_message.h"

#include <algorithm>

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

}  // namespace

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
