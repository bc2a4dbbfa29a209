#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// Decodes Zstandard as it comes. Several frames one after the other count as one, as for the command zstd. One whose
/// window is larger than 128 MiB is refused.
class ZstdStream {
public:
    /// Takes a decoded piece; false stops the decoding.
    using Take = std::function<bool(std::string_view piece)>;

    ZstdStream();
    ~ZstdStream();
    ZstdStream(const ZstdStream&) = delete;
    ZstdStream& operator=(const ZstdStream&) = delete;

    /// Gives what can be decoded so far to `take`. Pieces are at most 128 KiB.
    Status put(std::string_view compressed, const Take& take);
    /// No more comes: an error when that is too early.
    Status finish() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One frame with a checksum, at the command's usual level.
std::string zstd_compress(std::string_view bytes);

}  // namespace tocsin
