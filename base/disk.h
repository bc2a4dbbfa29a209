#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// An open file. Closing does not sync.
class DiskFile {
public:
    virtual ~DiskFile() = default;
    /// Fewer bytes than asked for means the end of the file.
    virtual Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t bytes) = 0;
    virtual Status write_at(std::uint64_t offset, std::string_view bytes) = 0;
    virtual Status append(std::string_view bytes) = 0;
    virtual Status truncate(std::uint64_t size) = 0;
    /// What was written is on the medium. A failed sync condemns the file: what was written since the last one is unknown and
    /// trying again proves nothing.
    virtual Status sync() = 0;
    virtual Result<std::uint64_t> size() = 0;
    /// One holder at a time over all processes, until the file is closed. Fails at once when somebody else has it.
    virtual Status lock() = 0;
};

/// The door to the file system. The real one may be used from any thread.
class Disk {
public:
    enum class Open { ReadOnly, ReadWrite, CreateOrOpen, CreateOrTruncate };

    virtual ~Disk() = default;
    virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, Open mode) = 0;
    virtual bool exists(const std::string& path) = 0;
    virtual Status rename(const std::string& from, const std::string& to) = 0;
    virtual Status remove(const std::string& path) = 0;
    virtual Status make_directories(const std::string& path) = 0;
    /// Names, not paths; sorted.
    virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
    /// A created or renamed name survives a power cut only after this.
    virtual Status sync_directory(const std::string& directory) = 0;
    /// Files that match a shell pattern (`*`, `?`, `[…]`), sorted. A pattern without magic gives itself, existing or not.
    virtual Result<std::vector<std::string>> glob(const std::string& pattern) = 0;
    virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
};

/// The whole file; more than `bytes_max` is an error. Only regular files.
Result<std::string> read_file(Disk& disk, const std::string& path, std::uint64_t bytes_max = 16 * 1024 * 1024);

/// Written beside, synced, renamed: readers see the old content or the new one.
Status write_file_atomically(Disk& disk, const std::string& path, std::string_view content);

/// `path` as seen from `directory` when it is relative.
std::string resolve_path(const std::string& directory, const std::string& path);
std::string directory_of(const std::string& path);

}  // namespace tocsin
