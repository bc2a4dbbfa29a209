#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/disk.h"
#include "base/result.h"

struct sqlite3_stmt;

namespace tocsin {

struct SqliteConnection;
class Statement;
class Transaction;

/// An SQLite database whose files lie on a Disk: WAL mode, synchronous=FULL, held by one process alone.
///
/// What a transaction wrote is on the medium when commit() has returned success; after a crash all of it is there, or
/// nothing. After a failure of the medium the database is good for nothing but being closed: a sync that failed is
/// never tried again.
///
/// Used by one thread at a time. Statements and transactions must be gone before their database.
class Database {
public:
    struct Options {
        /// The stream of chance that SQLite needs for its log; a different number each time a database is opened.
        std::uint64_t random_seed = 0;
        /// What would make the file larger fails, `database or disk is full`.
        std::uint64_t bytes_max = 1024 * 1024 * 1024;
    };

    /// Opens or creates. Somebody else having it open is an error, and so is a file that is no database.
    static Result<Database> open(Disk& disk, const std::string& path, const Options& options);
    static Result<Database> open(Disk& disk, const std::string& path) { return open(disk, path, {}); }

    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    /// Runs statements that give no rows, one behind the other.
    Status execute(const std::string& sql);
    Result<Statement> prepare(std::string_view sql);
    /// Nothing is visible to others or lasting before commit().
    Result<Transaction> begin();

    /// A number of the application's own in the file; 0 in a new one.
    Result<std::int64_t> user_version();
    Status set_user_version(std::int64_t version);

    std::int64_t last_insert_row_id() const;
    /// Rows that the last statement inserted, updated or deleted.
    std::int64_t changed_rows() const;

    /// Moves what is in the log into the database file, so that the log starts anew.
    Status checkpoint();
    /// Reads everything and says what is damaged first.
    Status check_integrity();

private:
    explicit Database(std::unique_ptr<SqliteConnection> connection);

    std::unique_ptr<SqliteConnection> connection_;
};

/// A prepared statement: bind, step until there is no row, reset, again.
///
/// Positions of parameters begin at 1 and those of columns at 0, as in SQLite. Views of columns live until the next
/// step() or reset(). A position that does not exist is a mistake of the programmer.
class Statement {
public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    Statement& bind(int parameter, std::int64_t value);
    Statement& bind(int parameter, int value) { return bind(parameter, static_cast<std::int64_t>(value)); }
    Statement& bind(int parameter, double value);
    /// Copied. Text that must come back byte for byte whatever it is, NUL included, goes through bind_blob().
    Statement& bind(int parameter, std::string_view text);
    Statement& bind(int parameter, const char* text) { return bind(parameter, std::string_view(text)); }
    Statement& bind_blob(int parameter, std::string_view bytes);
    Statement& bind_null(int parameter);

    /// True when there is a row to read.
    Result<bool> step();
    /// Runs it to its end, dropping rows, and resets it.
    Status run();
    /// Ready to be stepped anew; what was bound stays.
    void reset();

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;
    std::string_view blob(int column) const;

private:
    friend class Database;
    Statement(SqliteConnection& connection, sqlite3_stmt* statement)
        : connection_(&connection), statement_(statement) {}

    SqliteConnection* connection_;
    sqlite3_stmt* statement_;
};

/// Rolls back when it goes without having been committed.
class Transaction {
public:
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

    Status commit();

private:
    friend class Database;
    explicit Transaction(SqliteConnection& connection) : connection_(&connection) {}

    SqliteConnection* connection_;  // null once it is over
};

}  // namespace tocsin
