#include "engine/store/sequential_file.h"

namespace tocsin {
namespace {

constexpr std::size_t kReadAtATime = 1024 * 1024;

}  // namespace

Result<std::string_view> SequentialFile::next() {
    piece_.resize(kReadAtATime);
    TOCSIN_TRY(const std::size_t count, file_->read_at(offset_, piece_.data(), piece_.size()));
    offset_ += count;
    return std::string_view(piece_).substr(0, count);
}

}  // namespace tocsin
