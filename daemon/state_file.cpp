#include "daemon/state_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/sqlite.h"

namespace tocsin {
namespace {

bool is_table_name(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

std::int64_t digest_of(std::string_view table, std::string_view key, std::string_view value) {
    const std::string size = std::to_string(key.size());
    std::string bytes;
    bytes.reserve(table.size() + size.size() + key.size() + value.size() + 3);
    for (const std::string_view part : {table, std::string_view(size), key}) bytes.append(part).append("\n");
    bytes += value;
    return static_cast<std::int64_t>(xxhash64(bytes));
}

Status remove_if_there(Disk& disk, const std::string& path) {
    const Status removed = disk.remove(path);
    return !removed && removed.error().kind == Error::Kind::NotFound ? Status{} : removed;
}

std::string log_of(const std::string& path) {
    return path + "-wal";
}
std::string successor_of(const std::string& path) {
    return path + ".new";
}

/// The database goes first: without it nobody reads a log that was left behind.
Status remove_database(Disk& disk, const std::string& path) {
    if (auto removed = remove_if_there(disk, path); !removed) return removed;
    return remove_if_there(disk, log_of(path));
}

Status put_successor_in_place(Disk& disk, const std::string& path) {
    if (auto removed = remove_database(disk, path); !removed) return removed;
    if (auto renamed = disk.rename(successor_of(path), path); !renamed) return renamed;
    return disk.sync_directory(directory_of(path));
}

/// The statements of one table.
struct TableStatements {
    Statement put, erase, erase_before, clear;
};

Result<TableStatements> prepare_table(Database& database, std::string_view table) {
    TOCSIN_ASSERT(is_table_name(table));
    const auto created =
        database.execute(fmt::format("CREATE TABLE IF NOT EXISTS {} (key BLOB PRIMARY KEY, value BLOB NOT NULL, digest "
                                     "INTEGER NOT NULL) WITHOUT ROWID",
                                     table));
    if (!created) return tl::unexpected(created.error());
    TOCSIN_TRY(auto put, database.prepare(fmt::format("INSERT OR REPLACE INTO {} VALUES (?, ?, ?)", table)));
    TOCSIN_TRY(auto erase, database.prepare(fmt::format("DELETE FROM {} WHERE key = ?", table)));
    TOCSIN_TRY(auto erase_before, database.prepare(fmt::format("DELETE FROM {} WHERE key < ?", table)));
    TOCSIN_TRY(auto clear, database.prepare(fmt::format("DELETE FROM {}", table)));
    return TableStatements{std::move(put), std::move(erase), std::move(erase_before), std::move(clear)};
}

}  // namespace

struct StateFile::Impl {
    Database database;
    std::map<std::string, TableStatements, std::less<>> tables;
    bool has_version = false;  // some transaction has written it
};

namespace {

/// Does what it is told until something fails.
template <class Impl>
class Transcript final : public StateWriter {
public:
    explicit Transcript(Impl& file) : file_(file) {}

    void put(std::string_view table, std::string_view key, std::string_view value) override {
        run(table, [&](TableStatements& of) {
            of.put.bind_blob(1, key).bind_blob(2, value).bind(3, digest_of(table, key, value));
            return of.put.run();
        });
    }
    void erase(std::string_view table, std::string_view key) override {
        run(table, [&](TableStatements& of) { return of.erase.bind_blob(1, key).run(); });
    }
    void erase_before(std::string_view table, std::string_view key) override {
        run(table, [&](TableStatements& of) { return of.erase_before.bind_blob(1, key).run(); });
    }
    void clear(std::string_view table) override {
        run(table, [](TableStatements& of) { return of.clear.run(); });
    }

    const Status& status() const { return status_; }

private:
    template <class Action>
    void run(std::string_view table, const Action& action) {
        if (!status_) return;
        auto known = file_.tables.find(table);
        if (known == file_.tables.end()) {
            auto prepared = prepare_table(file_.database, table);
            if (!prepared) {
                status_ = tl::unexpected(prepared.error());
                return;
            }
            known = file_.tables.emplace(std::string(table), *std::move(prepared)).first;
        }
        status_ = action(known->second);
    }

    Impl& file_;
    Status status_;
};

Result<std::vector<std::string>> list_tables(Database& database) {
    TOCSIN_TRY(auto names, database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"));
    std::vector<std::string> tables;
    for (;;) {
        TOCSIN_TRY(const bool more, names.step());
        if (!more) return tables;
        tables.emplace_back(names.text(0));
    }
}

Status read_table(Database& database, const std::string& table, std::vector<StateRecord>& records,
                  std::vector<std::string>& damage) {
    if (!is_table_name(table)) return fail(Error::Kind::InvalidInput, "table of an unknown name");
    TOCSIN_TRY(auto rows, database.prepare(fmt::format("SELECT key, value, digest FROM {} ORDER BY key", table)));
    for (;;) {
        TOCSIN_TRY(const bool more, rows.step());
        if (!more) return {};
        if (rows.integer(2) == digest_of(table, rows.blob(0), rows.blob(1))) {
            records.push_back({std::string(rows.blob(0)), std::string(rows.blob(1))});
        } else {
            damage.push_back(fmt::format("{}: a record is not what was written: {}", table, rows.blob(0)));
        }
    }
}

}  // namespace

StateFile::StateFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StateFile::StateFile(StateFile&&) noexcept = default;
StateFile& StateFile::operator=(StateFile&&) noexcept = default;
StateFile::~StateFile() = default;

Result<StateFile> StateFile::open(Disk& disk, const std::string& path, std::uint64_t random_seed) {
    TOCSIN_TRY(auto database, Database::open(disk, path, {.random_seed = random_seed}));
    return StateFile(std::unique_ptr<Impl>(new Impl{std::move(database), {}, false}));
}

Result<StateFile> StateFile::replace(Disk& disk, const std::string& path, std::uint64_t random_seed,
                                     const std::vector<StateStore::Write>& writes) {
    const std::string successor = successor_of(path);
    if (auto removed = remove_database(disk, successor); !removed) return tl::unexpected(removed.error());
    {
        TOCSIN_TRY(auto file, open(disk, successor, random_seed));
        if (auto written = file.commit(writes); !written) return tl::unexpected(written.error());
        if (auto moved = file.impl_->database.checkpoint(); !moved) return tl::unexpected(moved.error());
    }
    if (auto removed = remove_if_there(disk, log_of(successor)); !removed) return tl::unexpected(removed.error());
    if (auto synced = disk.sync_directory(directory_of(path)); !synced) return tl::unexpected(synced.error());
    if (auto placed = put_successor_in_place(disk, path); !placed) return tl::unexpected(placed.error());
    return open(disk, path, random_seed + 1);
}

// The old database is removed only when the new one is whole.
Status StateFile::finish_replacement(Disk& disk, const std::string& path) {
    const std::string successor = successor_of(path);
    if (!disk.exists(successor)) return {};
    if (!disk.exists(path)) return put_successor_in_place(disk, path);
    return remove_database(disk, successor);
}

Status StateFile::set_aside(Disk& disk, const std::string& path, const std::string& aside) {
    if (auto renamed = disk.rename(path, aside); !renamed) return renamed;
    if (disk.exists(log_of(path))) {
        if (auto renamed = disk.rename(log_of(path), log_of(aside)); !renamed) return renamed;
    }
    return disk.sync_directory(directory_of(path));
}

Result<std::int64_t> StateFile::version() {
    return impl_->database.user_version();
}

StateFile::Contents StateFile::read() {
    Contents contents;
    Database& database = impl_->database;
    if (auto sound = database.check_integrity(); !sound) contents.damage.push_back(sound.error().message);
    const auto tables = list_tables(database);
    if (!tables) {
        contents.damage.push_back(tables.error().message);
        return contents;
    }
    for (const std::string& table : *tables) {
        auto& records = contents.tables[table];
        if (auto read = read_table(database, table, records, contents.damage); !read) {
            contents.damage.push_back(fmt::format("{}: {}", table, read.error().message));
        }
    }
    return contents;
}

Status StateFile::commit(const std::vector<StateStore::Write>& writes) {
    TOCSIN_TRY(auto transaction, impl_->database.begin());
    if (!impl_->has_version) {
        if (auto set = impl_->database.set_user_version(kVersion); !set) return set;
    }
    Transcript<Impl> transcript(*impl_);
    for (const auto& write : writes) write(transcript);
    if (!transcript.status()) return transcript.status();
    auto committed = transaction.commit();
    impl_->has_version = impl_->has_version || committed;
    return committed;
}

}  // namespace tocsin
