#include "base/digest.h"

#include "tests/catch.h"

namespace tocsin {

TEST_CASE("SHA-256 gives the published digests", "[base][digest]") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
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
}

}  // namespace tocsin
