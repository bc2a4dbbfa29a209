#include "base/zstd_stream.h"

#include <vector>

#include <zstd.h>

#include "base/assert.h"

namespace tocsin {
namespace {

constexpr int kLevel = 3;
constexpr int kWindowLogMax = 27;

struct FreeDecoder {
    void operator()(ZSTD_DCtx* decoder) const { ZSTD_freeDCtx(decoder); }
};
struct FreeEncoder {
    void operator()(ZSTD_CCtx* encoder) const { ZSTD_freeCCtx(encoder); }
};

}  // namespace

struct ZstdStream::State {
    std::unique_ptr<ZSTD_DCtx, FreeDecoder> decoder{ZSTD_createDCtx()};
    std::vector<char> piece = std::vector<char>(ZSTD_DStreamOutSize());
    bool between_frames = false;  // a whole frame has been read, and nothing of a next one
};

ZstdStream::ZstdStream() : state_(std::make_unique<State>()) {
    TOCSIN_ASSERT(state_->decoder != nullptr);
    ZSTD_DCtx_setParameter(state_->decoder.get(), ZSTD_d_windowLogMax, kWindowLogMax);
}

ZstdStream::~ZstdStream() = default;

Status ZstdStream::put(std::string_view compressed, const Take& take) {
    ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
    // Input that is used up may still have output to give, which shows by a piece that was filled.
    for (bool more = in.size > 0; more;) {
        ZSTD_outBuffer out{state_->piece.data(), state_->piece.size(), 0};
        const std::size_t left = ZSTD_decompressStream(state_->decoder.get(), &out, &in);
        if (ZSTD_isError(left) != 0) return fail(Error::Kind::InvalidInput, "invalid zstd data");
        state_->between_frames = left == 0;
        if (out.pos > 0 && !take({state_->piece.data(), out.pos})) return {};
        more = in.pos < in.size || (out.pos == out.size && left != 0);
    }
    return {};
}

Status ZstdStream::finish() const {
    if (state_->between_frames) return {};
    return fail(Error::Kind::InvalidInput, "unexpected end of zstd data");
}

std::string zstd_compress(std::string_view bytes) {
    const std::unique_ptr<ZSTD_CCtx, FreeEncoder> encoder(ZSTD_createCCtx());
    TOCSIN_ASSERT(encoder != nullptr);
    ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_checksumFlag, 1);
    std::string frame(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size = ZSTD_compress2(encoder.get(), frame.data(), frame.size(), bytes.data(), bytes.size());
    TOCSIN_ASSERT(ZSTD_isError(size) == 0);
    frame.resize(size);
    return frame;
}

}  // namespace tocsin
