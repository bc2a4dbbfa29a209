#include "base/compression.h"

#include <algorithm>
#include <array>
#include <limits>

#include <zlib.h>

#include "base/assert.h"

namespace tocsin {

namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 asks zlib for gzip's header and checksum

/// A zlib stream that is ended when it goes.
class Inflater {
public:
    Inflater() { TOCSIN_ASSERT(inflateInit2(&stream, kGzipWindow) == Z_OK); }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    z_stream stream{};
};

class Deflater {
public:
    Deflater() {
        TOCSIN_ASSERT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) ==
                      Z_OK);
    }
    ~Deflater() { deflateEnd(&stream); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    z_stream stream{};
};

/// Hands the stream the next piece of `rest` when it has read what it had; zlib counts in 32 bits.
void feed(z_stream& stream, std::string_view& rest) {
    if (stream.avail_in > 0) return;
    const std::size_t bytes = std::min<std::size_t>(rest.size(), std::numeric_limits<uInt>::max());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));  // zlib only reads it
    stream.avail_in = static_cast<uInt>(bytes);
    rest.remove_prefix(bytes);
}

/// Runs `step` (inflate or deflate) until it has read all it has or filled `piece`, and appends what came out.
template <class Step>
int run(z_stream& stream, std::array<char, kPieceBytes>& piece, std::string& out, Step step) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int result = step(&stream);
    out.append(piece.data(), piece.size() - stream.avail_out);
    return result;
}

tl::unexpected<Error> broken(std::string message) {
    return fail(Error::Kind::InvalidInput, "gzip: " + std::move(message));
}

tl::unexpected<Error> unpacks_too_large(std::uint64_t bytes_max) {
    return fail(Error::Kind::LimitExceeded,
                "gzip: more than " + std::to_string(bytes_max) + " bytes when decompressed");
}

}  // namespace

Result<std::string> gunzip(std::string_view compressed, std::uint64_t bytes_max) {
    if (compressed.empty()) return broken("expected data, found none");
    Inflater inflater;
    z_stream& stream = inflater.stream;
    std::array<char, kPieceBytes> piece;
    std::string out;
    for (std::string_view rest = compressed;;) {
        feed(stream, rest);
        const int result = run(stream, piece, out, [](z_stream* s) { return inflate(s, Z_NO_FLUSH); });
        if (out.size() > bytes_max) return unpacks_too_large(bytes_max);
        const bool all_read = stream.avail_in == 0 && rest.empty();
        if (result == Z_STREAM_END) {
            if (all_read) return out;
            inflateReset(&stream);  // a file may be several gzip members one after the other (RFC 1952, 2.2)
        } else if (result == Z_BUF_ERROR || (result == Z_OK && all_read && stream.avail_out > 0)) {
            return broken("unexpected end of data");
        } else if (result != Z_OK) {
            return broken(stream.msg ? stream.msg : "invalid data");
        }
    }
}

std::string gzip(std::string_view bytes) {
    Deflater deflater;
    z_stream& stream = deflater.stream;
    std::array<char, kPieceBytes> piece;
    std::string out;
    std::string_view rest = bytes;
    int result = Z_OK;
    do {
        feed(stream, rest);
        const int flush = rest.empty() ? Z_FINISH : Z_NO_FLUSH;
        result = run(stream, piece, out, [flush](z_stream* s) { return deflate(s, flush); });
        TOCSIN_ASSERT(result == Z_OK || result == Z_STREAM_END);
    } while (result != Z_STREAM_END);
    return out;
}

}  // namespace tocsin
