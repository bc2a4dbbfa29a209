#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/disk.h"
#include "base/result.h"

namespace tocsin {

/// A file that is read from its begin to its end, a piece at a time.
class SequentialFile {
public:
    static Result<SequentialFile> open(Disk& disk, const std::string& path) {
        TOCSIN_TRY(auto file, disk.open(path, Disk::Open::ReadOnly));
        return SequentialFile(std::move(file));
    }

    /// Good until the next call; empty at the end.
    Result<std::string_view> next();
    std::uint64_t bytes_read() const { return offset_; }

private:
    explicit SequentialFile(std::unique_ptr<DiskFile> file) : file_(std::move(file)) {}

    std::unique_ptr<DiskFile> file_;
    std::uint64_t offset_ = 0;
    std::string piece_;
};

}  // namespace tocsin
