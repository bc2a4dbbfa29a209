#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// Decodes gzip as it comes. Several members one after the other count as one, as for Go and gunzip.
class GunzipStream {
public:
    /// Takes a decoded piece; false stops the decoding.
    using Take = std::function<bool(std::string_view piece)>;

    GunzipStream();
    ~GunzipStream();
    GunzipStream(const GunzipStream&) = delete;
    GunzipStream& operator=(const GunzipStream&) = delete;

    /// Gives what can be decoded so far to `take`. Pieces are at most 64 KiB.
    Status put(std::string_view compressed, const Take& take);
    /// No more comes: an error when that is too early.
    Status finish() const;

    std::uint64_t bytes_in() const { return bytes_in_; }
    std::uint64_t bytes_out() const { return bytes_out_; }

private:
    struct State;
    std::unique_ptr<State> state_;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
};

}  // namespace tocsin
