#include "base/gunzip_stream.h"

#include <string>

#include "base/compression.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

std::string text_of(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * 7919) + "\n";
    return text;
}

Status decode(GunzipStream& stream, std::string_view compressed, std::size_t step, std::string& out) {
    for (; !compressed.empty(); compressed.remove_prefix(std::min(step, compressed.size()))) {
        const auto put = stream.put(compressed.substr(0, step), [&](std::string_view piece) {
            out += piece;
            return true;
        });
        if (!put) return put;
    }
    return stream.finish();
}

TEST_CASE("gzip is decoded in whatever pieces it comes", "[base][gunzip_stream]") {
    const std::size_t step = GENERATE(1U, 7U, 1000U, 1'000'000U);
    const std::string text = text_of(300'000);
    GunzipStream stream;
    std::string out;
    REQUIRE(decode(stream, gzip(text), step, out));
    CHECK(out == text);
    CHECK(stream.bytes_out() == text.size());
}

TEST_CASE("members one after the other are one text", "[base][gunzip_stream]") {
    const std::size_t step = GENERATE(1U, 1'000'000U);
    GunzipStream stream;
    std::string out;
    REQUIRE(decode(stream, gzip("one ") + gzip("") + gzip("two"), step, out));
    CHECK(out == "one two");
}

TEST_CASE("what is not gzip, or ends too early, is an error", "[base][gunzip_stream]") {
    const std::string whole = gzip(text_of(10'000));
    std::string broken = whole;
    broken[broken.size() - 6] ^= 1;  // of the checksum
    struct Case {
        std::string bytes, message;
    };
    const auto [bytes, message] = GENERATE_COPY(values<Case>({
        {"plain text", "invalid gzip data"},
        {broken, "invalid gzip data"},
        {whole + "rubbish", "invalid gzip data"},
        {whole.substr(0, whole.size() - 1), "unexpected end of gzip data"},
        {whole.substr(0, 5), "unexpected end of gzip data"},
        {"", "unexpected end of gzip data"},
    }));
    GunzipStream stream;
    std::string out;
    const Status decoded = decode(stream, bytes, 100, out);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().message == message);
}

TEST_CASE("decoding stops when no more is wanted", "[base][gunzip_stream]") {
    GunzipStream stream;
    int pieces = 0;
    CHECK(stream.put(gzip(std::string(10'000'000, 'a')), [&](std::string_view) { return ++pieces < 3; }));
    CHECK(pieces == 3);
}

}  // namespace
}  // namespace tocsin
