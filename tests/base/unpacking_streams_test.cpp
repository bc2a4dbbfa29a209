#include <string>
#include <string_view>

#include "base/compression.h"
#include "base/gunzip_stream.h"
#include "base/zstd_stream.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

/// One kind of stream with what packs for it.
struct Gzip {
    using Stream = GunzipStream;
    static constexpr std::string_view kName = "gzip";
    static constexpr std::size_t kChecksumFromEnd = 6;
    static std::string pack(std::string_view text) { return gzip(text); }
};
struct Zstd {
    using Stream = ZstdStream;
    static constexpr std::string_view kName = "zstd";
    static constexpr std::size_t kChecksumFromEnd = 1;
    static std::string pack(std::string_view text) { return zstd_compress(text); }
};

std::string text_of(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * 7919) + "\n";
    return text;
}

template <class Stream>
Status unpack(Stream& stream, std::string_view packed, std::size_t step, std::string& out) {
    for (; !packed.empty(); packed.remove_prefix(std::min(step, packed.size()))) {
        const auto put = stream.put(packed.substr(0, step), [&](std::string_view piece) {
            out += piece;
            return true;
        });
        if (!put) return put;
    }
    return stream.finish();
}

TEMPLATE_TEST_CASE("what is packed is unpacked in whatever pieces it comes", "[base][unpacking_streams]", Gzip, Zstd) {
    const std::size_t step = GENERATE(1U, 7U, 1000U, 10'000'000U);
    const std::string text = text_of(700'000);
    typename TestType::Stream stream;
    std::string out;
    REQUIRE(unpack(stream, TestType::pack(text), step, out));
    CHECK(out == text);
}

TEMPLATE_TEST_CASE("packings one after the other are one text", "[base][unpacking_streams]", Gzip, Zstd) {
    const std::size_t step = GENERATE(1U, 1'000'000U);
    typename TestType::Stream stream;
    std::string out;
    REQUIRE(unpack(stream, TestType::pack("one ") + TestType::pack("") + TestType::pack("two"), step, out));
    CHECK(out == "one two");
}

TEMPLATE_TEST_CASE("what is not packed so, or ends too early, is an error", "[base][unpacking_streams]", Gzip, Zstd) {
    const std::string whole = TestType::pack(text_of(10'000));
    std::string broken = whole;
    char& checksum = broken[broken.size() - TestType::kChecksumFromEnd];
    checksum = static_cast<char>(checksum ^ 1);
    struct Case {
        std::string bytes, message;
    };
    const auto [bytes, message] = GENERATE_COPY(values<Case>({
        {"plain text, nothing else", "invalid "},
        {broken, "invalid "},
        {whole + "rubbish", "invalid "},
        {whole.substr(0, whole.size() - 1), "unexpected end of "},
        {whole.substr(0, whole.size() - 9), "unexpected end of "},
        {whole.substr(0, 5), "unexpected end of "},
        {"", "unexpected end of "},
    }));
    typename TestType::Stream stream;
    std::string out;
    const Status status = unpack(stream, bytes, 100, out);
    REQUIRE_FALSE(status);
    CHECK(status.error().message == message + std::string(TestType::kName) + " data");
}

TEMPLATE_TEST_CASE("unpacking stops when no more is wanted", "[base][unpacking_streams]", Gzip, Zstd) {
    typename TestType::Stream stream;
    int pieces = 0;
    REQUIRE(stream.put(TestType::pack(std::string(10'000'000, 'a')), [&](std::string_view) { return ++pieces < 3; }));
    CHECK(pieces == 3);
}

TEST_CASE("a gzip stream counts what came out of it", "[base][unpacking_streams]") {
    const std::string text = text_of(300'000);
    GunzipStream stream;
    std::string out;
    REQUIRE(unpack(stream, gzip(text), 1000, out));
    CHECK(stream.bytes_out() == text.size());
}

}  // namespace
}  // namespace tocsin
