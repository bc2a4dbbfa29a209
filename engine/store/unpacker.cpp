#include "engine/store/unpacker.h"

#include <utility>

namespace tocsin {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

}  // namespace

Status Unpacker::put(std::string_view bytes, const Take& take) {
    if (packing_ != Packing::NotKnownYet) return unpack(bytes, take);
    begin_ += bytes;
    if (begin_.size() < kZstdMagic.size()) return {};
    packing_ = begin_.starts_with(kGzipMagic)   ? Packing::Gzip
               : begin_.starts_with(kZstdMagic) ? Packing::Zstd
                                                : Packing::Plain;
    const std::string begin = std::exchange(begin_, {});
    return unpack(begin, take);
}

Status Unpacker::unpack(std::string_view bytes, const Take& take) {
    if (packing_ == Packing::Plain) return take(bytes);
    Status taken;
    const auto take_piece = [&](std::string_view piece) {
        taken = take(piece);
        return taken.has_value();
    };
    const Status status = packing_ == Packing::Gzip ? gunzip_.put(bytes, take_piece) : zstd_.put(bytes, take_piece);
    return taken ? status : taken;
}

Status Unpacker::finish(const Take& take) {
    if (packing_ == Packing::Gzip) return gunzip_.finish();
    if (packing_ == Packing::Zstd) return zstd_.finish();
    return begin_.empty() ? Status{} : take(std::exchange(begin_, {}));
}

}  // namespace tocsin
