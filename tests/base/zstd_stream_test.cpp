#include "base/zstd_stream.h"

#include <algorithm>
#include <string>

#include "tests/catch.h"

namespace tocsin {
namespace {

std::string text_of(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * 7919) + "\n";
    return text;
}

Status decode(ZstdStream& stream, std::string_view compressed, std::size_t step, std::string& out) {
    for (; !compressed.empty(); compressed.remove_prefix(std::min(step, compressed.size()))) {
        const auto put = stream.put(compressed.substr(0, step), [&](std::string_view piece) {
            out += piece;
            return true;
        });
        if (!put) return put;
    }
    return stream.finish();
}

TEST_CASE("zstd is decoded in whatever pieces it comes", "[base][zstd_stream]") {
    const std::size_t step = GENERATE(1U, 7U, 1000U, 10'000'000U);
    const std::string text = text_of(700'000);
    ZstdStream stream;
    std::string out;
    REQUIRE(decode(stream, zstd_compress(text), step, out));
    CHECK(out == text);
}

TEST_CASE("frames one after the other are one text", "[base][zstd_stream]") {
    const std::size_t step = GENERATE(1U, 1'000'000U);
    ZstdStream stream;
    std::string out;
    REQUIRE(decode(stream, zstd_compress("one ") + zstd_compress("") + zstd_compress("two"), step, out));
    CHECK(out == "one two");
}

TEST_CASE("what is not zstd, or ends too early, is refused", "[base][zstd_stream]") {
    const std::string whole = zstd_compress(text_of(10'000));
    std::string broken = whole;
    broken[broken.size() - 1] = static_cast<char>(broken[broken.size() - 1] ^ 1);  // of the checksum
    struct Case {
        std::string bytes;
        std::string message;
    };
    const auto given = GENERATE_COPY(values<Case>({{"not zstd at all", "invalid zstd data"},
                                                   {broken, "invalid zstd data"},
                                                   {whole.substr(0, whole.size() - 9), "unexpected end of zstd data"},
                                                   {"", "unexpected end of zstd data"}}));
    ZstdStream stream;
    std::string out;
    const Status status = decode(stream, given.bytes, 4096, out);
    REQUIRE_FALSE(status);
    CHECK(status.error().message == given.message);
}

TEST_CASE("decoding ends when nobody takes more", "[base][zstd_stream]") {
    ZstdStream stream;
    std::size_t pieces = 0;
    REQUIRE(stream.put(zstd_compress(text_of(1'000'000)), [&](std::string_view) {
        ++pieces;
        return false;
    }));
    CHECK(pieces == 1);
}

}  // namespace
}  // namespace tocsin
