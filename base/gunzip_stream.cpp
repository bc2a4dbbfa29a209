#include "base/gunzip_stream.h"

#include <vector>

#include <zlib.h>

#include "base/assert.h"

namespace tocsin {

namespace {

constexpr std::size_t kOutputBytes = 64 * 1024;
constexpr int kGzipOnly = 16;  // added to the window bits, it means a gzip header and trailer (zlib.h, inflateInit2)

}  // namespace

struct GunzipStream::State {
    z_stream zlib{};
    std::vector<unsigned char> piece = std::vector<unsigned char>(kOutputBytes);
    bool between_members = false;  // a whole member has been read, and nothing of a next one
};

GunzipStream::GunzipStream() : state_(std::make_unique<State>()) {
    TOCSIN_ASSERT(inflateInit2(&state_->zlib, MAX_WBITS + kGzipOnly) == Z_OK);
}

GunzipStream::~GunzipStream() {
    inflateEnd(&state_->zlib);
}

Status GunzipStream::put(std::string_view compressed, const Take& take) {
    z_stream& zlib = state_->zlib;
    bytes_in_ += compressed.size();
    zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
    zlib.avail_in = static_cast<uInt>(compressed.size());
    // Input that is used up may still have output to give, which shows by a piece that was filled.
    for (bool more = !compressed.empty(); more; more = zlib.avail_in > 0 || zlib.avail_out == 0) {
        if (state_->between_members && zlib.avail_in == 0) break;
        if (state_->between_members) inflateReset(&zlib);
        state_->between_members = false;
        zlib.next_out = state_->piece.data();
        zlib.avail_out = kOutputBytes;
        const int outcome = inflate(&zlib, Z_NO_FLUSH);
        if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR) {
            return fail(Error::Kind::InvalidInput, "invalid gzip data");
        }
        state_->between_members = outcome == Z_STREAM_END;
        const std::size_t bytes = kOutputBytes - zlib.avail_out;
        bytes_out_ += bytes;
        if (bytes > 0 && !take({reinterpret_cast<const char*>(state_->piece.data()), bytes})) return {};
    }
    return {};
}

Status GunzipStream::finish() const {
    if (state_->between_members) return {};
    return fail(Error::Kind::InvalidInput, "unexpected end of gzip data");
}

}  // namespace tocsin
