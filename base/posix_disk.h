#pragma once

#include <string>
#include <vector>

#include "base/disk.h"

namespace tocsin {

/// The file system of this machine. Usable from any thread; a DiskFile by one at a time.
///
/// Only regular files are opened: a pipe or a device instead of a file is refused and never waited for. A symbolic link
/// is followed for reading and refused for writing, so nobody can point a state file elsewhere. Nothing is inherited by
/// other programs.
class PosixDisk final : public Disk {
public:
    /// New files and directories get these modes, less the umask. By default nobody else sees what is stored.
    explicit PosixDisk(unsigned file_mode = 0600, unsigned directory_mode = 0700)
        : file_mode_(file_mode), directory_mode_(directory_mode) {}

    Result<std::unique_ptr<DiskFile>> open(const std::string& path, Open mode) override;
    bool exists(const std::string& path) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    /// What was created is on the medium when this returns.
    Status make_directories(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Status sync_directory(const std::string& directory) override;
    /// A leading dot is matched like any other character, as in Go's filepath.Glob.
    Result<std::vector<std::string>> glob(const std::string& pattern) override;
    Result<std::uint64_t> free_bytes(const std::string& path) override;

private:
    unsigned file_mode_;
    unsigned directory_mode_;
};

}  // namespace tocsin
