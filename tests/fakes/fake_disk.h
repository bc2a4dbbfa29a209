#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/random.h"

namespace tocsin::fakes {

/// A file system in memory that knows what a power cut would leave of it.
///
/// Bytes survive when their file was synced after they were written, names when their directory was synced after they
/// were made, renamed or removed. Directories survive at once. Handles opened before a power cut fail from then on.
/// Usable from any thread.
class FakeDisk final : public Disk {
public:
    FakeDisk();
    /// With these directories.
    FakeDisk(std::initializer_list<std::string> directories);
    ~FakeDisk() override;

    Result<std::unique_ptr<DiskFile>> open(const std::string& path, Open mode) override;
    bool exists(const std::string& path) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Status make_directories(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Status sync_directory(const std::string& directory) override;
    Result<std::vector<std::string>> glob(const std::string& pattern) override;
    Result<std::uint64_t> free_bytes(const std::string& path) override;

    /// Puts a file there, directories included, as if it had been there for long.
    void put(const std::string& path, std::string_view content);
    /// What a reader would see now.
    std::optional<std::string> content(const std::string& path) const;
    /// All files, sorted.
    std::vector<std::string> files() const;

    /// Nothing survives but what was synced.
    void power_cut();
    /// As it may happen: of what was not synced, each written piece of 512 bytes survives or not, and of the changes of
    /// names those up to some point, as `random` will have it.
    void power_cut(Random& random);

    /// Writes, truncations, syncs and changes of names so far, failed ones included.
    std::uint64_t changes() const;
    /// The paths that were looked at, changed or closed since the last call: each was a moment at which a disk that
    /// hangs holds up whoever asks.
    std::set<std::string> take_touched();
    /// From the change of this number on (counted from 0 over the life of the disk) everything fails, until
    /// power_cut().
    void stop_at_change(std::uint64_t number);

    enum class Operation { Open, Read, Write, Truncate, Sync, Lock, Rename, Remove, List, SyncDirectory };
    /// The next `times` operations of that kind fail with `message`; on `path` only unless that is empty.
    void fail_next(Operation operation, const std::string& path, std::string message, std::uint64_t times = 1);

    /// Room for this many bytes of files; what goes beyond fails with `no space left on device`.
    void set_capacity(std::uint64_t bytes);

private:
    class File;
    struct Inode;
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace tocsin::fakes
