#pragma once

#include <string>
#include <string_view>
#include <vector>

// The text of a mail: RFC 5322 for its header, MIME for what is not ASCII and for its parts.

namespace tocsin {

/// The value of a header field: as it is when it is printable ASCII, otherwise in words of RFC 2047's Q encoding. A
/// line feed cannot come out.
std::string encode_mail_header(std::string_view value);

/// RFC 2045 6.7, lines of at most 76 characters that end in CRLF.
std::string encode_quoted_printable(std::string_view text);

/// A mail of one or two parts that say the same, the preferred one last.
struct MailMessage {
    struct Field {
        std::string name;
        std::string value;  // not encoded
    };
    struct Part {
        std::string content_type;
        std::string text;
    };

    std::vector<Field> header;
    std::vector<Part> parts;
    std::string boundary;  // must not occur in the parts

    /// Header and body, with CRLF.
    std::string text() const;
};

}  // namespace tocsin
