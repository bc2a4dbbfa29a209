#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "base/state_store.h"

namespace tocsin {

/// The database file of a StateDatabase: each table of the store is a table of `key`, `value` and `digest`, a checksum
/// over all three names of a record, since SQLite itself would not notice a flipped bit in a value.
///
/// One thread at a time. After a failure it is good for nothing but being closed.
class StateFile {
public:
    /// What is written into the file as its schema; a file of a later one is not to be touched.
    static constexpr std::int64_t kVersion = 1;

    /// Opens or creates. Error::Kind::InvalidInput: it is no database.
    static Result<StateFile> open(Disk& disk, const std::string& path, std::uint64_t random_seed);

    /// A new file with what `writes` put into it, in the place of the one at `path`, whatever that was. A crash leaves
    /// the old one or the new one to be found.
    static Result<StateFile> replace(Disk& disk, const std::string& path, std::uint64_t random_seed,
                                     const std::vector<StateStore::Write>& writes);
    /// Before the first open(): ends a replacement that a crash interrupted.
    static Status finish_replacement(Disk& disk, const std::string& path);
    /// Renames it and what belongs to it to names that begin with `aside`.
    static Status set_aside(Disk& disk, const std::string& path, const std::string& aside);

    StateFile(StateFile&&) noexcept;
    StateFile& operator=(StateFile&&) noexcept;
    ~StateFile();

    Result<std::int64_t> version();

    struct Contents {
        std::map<std::string, std::vector<StateRecord>, std::less<>> tables;  // sorted by key
        std::vector<std::string> damage;                                      // for a person, one line each
    };
    /// Every record that is what was written. What is not is damage.
    Contents read();

    /// All of them in one transaction, in order.
    Status commit(const std::vector<StateStore::Write>& writes);

private:
    struct Impl;
    explicit StateFile(std::unique_ptr<Impl> impl);

    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
