#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/disk.h"

struct sqlite3_file;
struct sqlite3_vfs;

namespace tocsin {

/// Registers a Disk with SQLite as a file system, under a name of its own, for as long as it lives.
///
/// SQLite's chance comes from the seed, its clock stands still, and it never sleeps. There is no shared memory, so WAL
/// mode needs locking_mode=EXCLUSIVE; and no temporary files, so temp_store must be MEMORY. The database file is locked
/// while it is open.
class SqliteVfs {
public:
    SqliteVfs(Disk& disk, std::uint64_t random_seed);
    ~SqliteVfs();
    SqliteVfs(const SqliteVfs&) = delete;
    SqliteVfs& operator=(const SqliteVfs&) = delete;

    const std::string& name() const { return name_; }
    /// What the disk said when it last refused something; SQLite itself only says "disk I/O error".
    const std::string& last_error() const { return last_error_; }

private:
    friend struct SqliteVfsCalls;

    Disk& disk_;
    std::uint64_t random_state_;
    std::string name_;
    std::string last_error_;
    std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace tocsin
