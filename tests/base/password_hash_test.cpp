#include "base/password_hash.h"

#include "tests/catch.h"

namespace tocsin {
namespace {

const std::string kOfSecret = "$2b$04$Ad/HDxMqtyBw8SpGr8xSQujq8zhN8kV1ylNhyo/e3s1.QESAvJUhu";

TEST_CASE("a bcrypt hash tells its cost", "[base][password_hash]") {
    struct Case {
        std::string hash;
        std::optional<int> cost;
    };
    const auto with = [](std::size_t at, char c) {
        std::string hash = kOfSecret;
        hash[at] = c;
        return hash;
    };
    const Case cases[] = {{kOfSecret, 4},
                          {with(2, 'a'), 4},
                          {with(2, 'y'), 4},
                          {with(4, '3'), std::nullopt},  // 34
                          {with(5, '3'), std::nullopt},  // 3
                          {with(4, '1'), 14},
                          {with(2, 'x'), std::nullopt},
                          {with(0, ' '), std::nullopt},
                          {with(6, '.'), std::nullopt},
                          {with(20, ':'), std::nullopt},
                          {kOfSecret + "u", std::nullopt},
                          {kOfSecret.substr(0, 59), std::nullopt},
                          {"secret", std::nullopt},
                          {"", std::nullopt}};
    for (const auto& [hash, cost] : cases) {
        CAPTURE(hash);
        CHECK(bcrypt_cost(hash) == cost);
    }
}

TEST_CASE("a password is compared with its hash", "[base][password_hash]") {
    CHECK(matches_bcrypt(Secret("secret"), kOfSecret));
    CHECK_FALSE(matches_bcrypt(Secret("Secret"), kOfSecret));
    CHECK_FALSE(matches_bcrypt(Secret(""), kOfSecret));
    CHECK_FALSE(matches_bcrypt(Secret(std::string("secret\0more", 11)), kOfSecret));
    CHECK_FALSE(matches_bcrypt(Secret("secret"), "secret"));
    std::string as_htpasswd = kOfSecret;
    as_htpasswd[2] = 'y';
    CHECK(matches_bcrypt(Secret("secret"), as_htpasswd));
}

}  // namespace
}  // namespace tocsin
