#include "notifiers/integrations/mail_addresses.h"

#include "tests/catch.h"

namespace tocsin {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("addresses are read out of a list with names", "[notifiers][email]") {
    CHECK(*parse_mail_addresses("a@x.test") == Lines{"a@x.test"});
    CHECK(*parse_mail_addresses(R"( a@x.test , "B, \"b\"" <b@x.test>,C c <c@x.test>)") ==
          Lines{"a@x.test", "b@x.test", "c@x.test"});
}

TEST_CASE("a list of addresses is what RFC 5322 has, as read by Alertmanager", "[notifiers][email]") {
    struct Case {
        std::string list;
        Lines want;
    };
    const auto c = GENERATE(values<Case>({
        {"team: b@x.test, C <c@x.test>, <d@x.test>;", {"b@x.test", "c@x.test", "d@x.test"}},
        {"a@x.test,\n  b@x.test\n", {"a@x.test", "b@x.test"}},
        {"undisclosed-recipients:;, a@x.test", {"a@x.test"}},
        {"a@x.test, team: b@x.test; (all), c@x.test", {"a@x.test", "b@x.test", "c@x.test"}},
        {"b@x.test,", {"b@x.test"}},
        {",, b@x.test , ,a@x.test,\n", {"b@x.test", "a@x.test"}},
        {"bob@x.test (Bob \\) (the one)), a@x.test", {"bob@x.test", "a@x.test"}},
        {"Bob (b) B. <bob@x.test>", {"bob@x.test"}},
        {"<a@x.test>, \"\" <b@x.test>", {"a@x.test", "b@x.test"}},
        {R"("a b"@x.test, "<c,>"@x.test)", {R"("a b"@x.test)", R"("<c,>"@x.test)"}},
        {"a@[127.0.0.1], b@[IPv6:::1]", {"a@[127.0.0.1]", "b@[IPv6:::1]"}},
        {"j\xc3\xbcrgen@x.test", {"j\xc3\xbcrgen@x.test"}},
    }));
    CAPTURE(c.list);
    const auto addresses = parse_mail_addresses(c.list);
    REQUIRE(addresses.has_value());
    CHECK(*addresses == c.want);
}

TEST_CASE("what is no address does not get onto the wire", "[notifiers][email]") {
    const std::string list = GENERATE("", " ", ",", "a", "a@", "@x", "a b@x", "a@x\r\nRCPT TO:<b@x>", "<a@x", "a@x>",
                                      "\"a@x", "A <a@x> <b@x", "a@x;b@x d", "nobody:;", "a: b: c@x;;", "team: a@x",
                                      "a@x (b", "\"a\r\nb\"@x", "\"\"@x", "a..b@x", ".a@x", "a@x.", "a@[x\r\ny]",
                                      "a@[x", "A\r\nB <a@x>", "a@x (b\nc)", "a@x b@x", "\"a\\\r\"@x");
    CAPTURE(list);
    CHECK_FALSE(parse_mail_addresses(list).has_value());
}

}  // namespace
}  // namespace tocsin
