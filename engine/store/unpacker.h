#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/gunzip_stream.h"
#include "base/result.h"
#include "base/zstd_stream.h"

namespace tocsin {

/// Makes plain what may be packed with gzip or zstd, which is seen from the first bytes.
class Unpacker {
public:
    /// Takes a piece of the plain text; an error ends it.
    using Take = std::function<Status(std::string_view piece)>;

    Status put(std::string_view bytes, const Take& take);
    /// No more comes: an error when what is packed is not complete.
    Status finish(const Take& take);

private:
    enum class Packing { NotKnownYet, Plain, Gzip, Zstd };
    Status unpack(std::string_view bytes, const Take& take);

    Packing packing_ = Packing::NotKnownYet;
    std::string begin_;  // the first bytes, until it is known what they are
    GunzipStream gunzip_;
    ZstdStream zstd_;
};

}  // namespace tocsin
