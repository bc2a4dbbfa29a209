#include "base/digest.h"

#include "tests/catch.h"
#include "tests/fakes/test_key.h"

namespace tocsin {

TEST_CASE("SHA-256 gives the published digests", "[base][digest]") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a key of RSA signs as the command openssl does, and another one does not", "[base][digest]") {
    const auto digest_of = [](const char* algorithm) {
        return sha256_hex(rsa_signature(fakes::kTestKey, "abc", algorithm).value_or(""));
    };
    CHECK(digest_of("RS256") == "17aff0729eb1fe266d70e43748845bccb6f68623654f8ddd058381a7a3628a12");
    CHECK(digest_of("RS384") == "d84a8b3f88958cd98e0a5ea2081949073d1ef1ffebb8776ac6fd7fe9171b2217");
    CHECK(digest_of("RS512") == "dd7539bce512e185a5f74019e4676e688bd309a5883b23fbfe3e08fb10f9783c");
    CHECK(rsa_signature("nope", "abc", "RS256") == std::nullopt);
    CHECK(rsa_signature("", "abc", "RS256") == std::nullopt);
    CHECK(rsa_signature("-----BEGIN PRIVATE KEY-----\n"
                        "MC4CAQAwBQYDK2VwBCIEIMtKlxG+EXnAIMHTwo4mPYTXeOMXpR0wJkGJYBWQHF3L\n"
                        "-----END PRIVATE KEY-----\n",
                        "abc", "RS256") == std::nullopt);
}

TEST_CASE("base64 gives the examples of RFC 4648", "[base][digest]") {
    struct Case {
        std::string bytes;
        const char* text;
    };
    const auto c = GENERATE(values<Case>({
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {std::string("\0\xff\xfe", 3), "AP/+"},
    }));
    CHECK(base64_encode(c.bytes) == c.text);
    CHECK(base64_decode(c.text) == c.bytes);
}

TEST_CASE("what is not base64 is not decoded", "[base][digest]") {
    const std::string text = GENERATE("Zg", "Zg=", "Z===", "Zm9v\n", "Zm 9v===", "Zg==Zg==");
    CAPTURE(text);
    CHECK_FALSE(base64_decode(text).has_value());
}

TEST_CASE("HMAC-MD5 gives the examples of RFC 2202 and RFC 2195", "[base][digest]") {
    CHECK(hmac_md5_hex("Jefe", "what do ya want for nothing?") == "750c783e6ab0b503eaa86e310a5db738");
    CHECK(hmac_md5_hex(std::string(80, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
    CHECK(hmac_md5_hex("tanstaaftanstaaf", "<1896.697170952@postoffice.reston.mci.net>") ==
          "b913a602c7eda7a495b4e6e7334d3890");
}

}  // namespace tocsin
