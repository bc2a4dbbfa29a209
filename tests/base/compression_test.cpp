#include "base/compression.h"

#include "tests/catch.h"

namespace tocsin {

namespace {

constexpr std::uint64_t kPlenty = 64 * 1024 * 1024;

}  // namespace

TEST_CASE("what was compressed comes back", "[base][compression]") {
    std::string noise;
    std::uint64_t state = 1;
    for (int i = 0; i < 300'000; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        noise += static_cast<char>(state >> 56);
    }
    const std::string bytes = GENERATE_COPY(std::string(), std::string("x"), std::string(1'000'000, 'a'), noise);
    CHECK(gunzip(gzip(bytes), kPlenty).value() == bytes);
}

TEST_CASE("several members one after the other are one text", "[base][compression]") {
    CHECK(gunzip(gzip("one ") + gzip("") + gzip("two"), kPlenty).value() == "one two");
}

TEST_CASE("a text may be as long as the limit, not longer", "[base][compression]") {
    const std::string compressed = gzip(std::string(1000, 'a'));
    CHECK(gunzip(compressed, 1000).has_value());
    const auto refused = gunzip(compressed, 999);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == Error::Kind::LimitExceeded);
    CHECK(refused.error().message == "gzip: more than 999 bytes when decompressed");
    CHECK_FALSE(gunzip(gzip("a") + gzip("b"), 1).has_value());
    CHECK(gunzip(gzip(""), 0).has_value());
}

TEST_CASE("what is not gzip is refused", "[base][compression]") {
    const std::string good = gzip("some text, some text, some text");
    std::string flipped = good;
    flipped[good.size() - 6] = static_cast<char>(flipped[good.size() - 6] ^ 1);  // in the checksum
    const std::string bad = GENERATE_COPY(std::string(), std::string("plain"), good.substr(0, good.size() - 1),
                                          good.substr(0, 5), good + "trailing", good + good.substr(0, 8), flipped);
    const auto refused = gunzip(bad, kPlenty);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == Error::Kind::InvalidInput);
    CHECK(refused.error().message.starts_with("gzip: "));
}

TEST_CASE("no cut and no flipped bit is read as something else", "[base][compression]") {
    const std::string text = "a text of some length, with some length of text";
    const std::string good = gzip(text);
    for (std::size_t i = 0; i < good.size(); ++i) {
        REQUIRE_FALSE(gunzip(good.substr(0, i), kPlenty).has_value());
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
            const auto read = gunzip(bad, kPlenty);
            if (read) REQUIRE(*read == text);  // fields of the header which nobody reads
        }
    }
}

}  // namespace tocsin
