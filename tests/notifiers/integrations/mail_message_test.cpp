#include "notifiers/integrations/mail_message.h"

#include "tests/catch.h"

namespace tocsin {
namespace {

TEST_CASE("headers are printable ASCII on one logical line", "[notifiers][email]") {
    CHECK(encode_mail_header("[FIRING:1] a = b?_c") == "[FIRING:1] a = b?_c");
    CHECK(encode_mail_header("bar é") == "=?utf-8?q?bar_=C3=A9?=");
    CHECK(encode_mail_header("a_=?\r\nBcc: x@y") == "=?utf-8?q?a=5F=3D=3F=0D=0ABcc:_x@y?=");
    const std::string longer = encode_mail_header(std::string(62, 'a') + "éé");
    CHECK(longer == "=?utf-8?q?" + std::string(62, 'a') + "?=\r\n =?utf-8?q?=C3=A9=C3=A9?=");
}

TEST_CASE("text is quoted-printable", "[notifiers][email]") {
    struct Case {
        std::string text, want;
    };
    const auto c = GENERATE(values<Case>({
        {"", ""},
        {"a=b", "a=3Db"},
        {"é", "=C3=A9"},
        {"a\nb\r\nc", "a\r\nb\r\nc"},
        {"blank \nend\t", "blank=20\r\nend=09"},
        {std::string(80, 'x'), std::string(75, 'x') + "=\r\n" + std::string(5, 'x')},
        {std::string(74, 'x') + "=", std::string(74, 'x') + "=\r\n=3D"},
        {std::string(75, 'x') + "\nx", std::string(75, 'x') + "\r\nx"},
    }));
    CHECK(encode_quoted_printable(c.text) == c.want);
}

}  // namespace
}  // namespace tocsin
