#include "base/disk.h"

#include <algorithm>

#include <fmt/format.h>

namespace tocsin {
namespace {

Status write_and_sync(Disk& disk, const std::string& path, std::string_view content) {
    TOCSIN_TRY(const auto file, disk.open(path, Disk::Open::CreateOrTruncate));
    if (auto written = file->append(content); !written) return written;
    return file->sync();
}

}  // namespace

Result<std::string> read_file(Disk& disk, const std::string& path, std::uint64_t bytes_max) {
    constexpr std::size_t kChunk = 64 * 1024;
    TOCSIN_TRY(const auto file, disk.open(path, Disk::Open::ReadOnly));
    TOCSIN_TRY(const auto expected, file->size());
    std::string content;
    content.reserve(std::min(expected, bytes_max));
    // Some files do not know their size, so it is read until there is nothing left.
    for (std::string chunk(kChunk, '\0');;) {
        TOCSIN_TRY(const auto bytes, file->read_at(content.size(), chunk.data(), chunk.size()));
        if (content.size() + bytes > bytes_max) {
            return fail(Error::Kind::LimitExceeded, fmt::format("{}: larger than {} bytes", path, bytes_max));
        }
        content.append(chunk, 0, bytes);
        if (bytes < chunk.size()) return content;
    }
}

Status write_file_atomically(Disk& disk, const std::string& path, std::string_view content) {
    const std::string beside = path + ".tmp";
    if (auto written = write_and_sync(disk, beside, content); !written) {
        (void)disk.remove(beside);
        return written;
    }
    if (auto renamed = disk.rename(beside, path); !renamed) {
        (void)disk.remove(beside);
        return renamed;
    }
    return disk.sync_directory(directory_of(path));
}

std::string resolve_path(const std::string& directory, const std::string& path) {
    if (path.empty() || path.front() == '/' || directory.empty() || directory == ".") return path;
    return directory.back() == '/' ? directory + path : directory + "/" + path;
}

std::string directory_of(const std::string& path) {
    const auto without_slashes = [](std::string_view text) { return text.substr(0, text.find_last_not_of('/') + 1); };
    const std::string_view named = without_slashes(path);
    const std::size_t slash = named.rfind('/');
    if (slash == std::string_view::npos) return path.starts_with('/') && named.empty() ? "/" : ".";
    const std::string_view directory = without_slashes(named.substr(0, slash));
    return directory.empty() ? "/" : std::string(directory);
}

}  // namespace tocsin
