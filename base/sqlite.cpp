#include "base/sqlite.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/assert.h"
#include "base/sqlite_vfs.h"

namespace tocsin {

/// A connection with the file system under it.
struct SqliteConnection {
    SqliteConnection(Disk& disk, std::string at, std::uint64_t random_seed)
        : path(std::move(at)), vfs(disk, random_seed) {}
    SqliteConnection(const SqliteConnection&) = delete;
    SqliteConnection& operator=(const SqliteConnection&) = delete;
    ~SqliteConnection() {
        sqlite3_finalize(begin);
        sqlite3_finalize(commit);
        TOCSIN_ASSERT(sqlite3_close(handle) == SQLITE_OK);
    }

    std::string path;
    SqliteVfs vfs;
    sqlite3* handle = nullptr;
    sqlite3_stmt* begin = nullptr;  // prepared when they are used first
    sqlite3_stmt* commit = nullptr;
};

namespace {

constexpr std::uint64_t kPageBytes = 4096;

Error::Kind kind_of_sqlite(int code) {
    switch (code & 0xFF) {
        case SQLITE_IOERR:
        case SQLITE_FULL:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
            return Error::Kind::Unavailable;
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
        case SQLITE_CONSTRAINT:
            return Error::Kind::InvalidInput;
        default:
            return Error::Kind::Internal;
    }
}

/// `database data/state.db: disk I/O error: sync data/state.db-wal: input/output error`.
tl::unexpected<Error> failed_sqlite(const SqliteConnection& connection, int code) {
    std::string message = fmt::format("database {}: {}", connection.path, sqlite3_errmsg(connection.handle));
    const int primary = code & 0xFF;
    const bool of_the_disk = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
    if (of_the_disk && !connection.vfs.last_error().empty()) message += ": " + connection.vfs.last_error();
    return fail(kind_of_sqlite(code), std::move(message));
}

Status run_sql(SqliteConnection& connection, const char* sql) {
    const int code = sqlite3_exec(connection.handle, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failed_sqlite(connection, code);
    return {};
}

/// The same each time: compiled once.
Status run_prepared(SqliteConnection& connection, sqlite3_stmt*& statement, const char* sql) {
    if (statement == nullptr) {
        const int code = sqlite3_prepare_v3(connection.handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
        if (code != SQLITE_OK) return failed_sqlite(connection, code);
    }
    const int code = sqlite3_step(statement);
    Status status;
    if (code != SQLITE_DONE) status = failed_sqlite(connection, code);
    sqlite3_reset(statement);
    return status;
}

/// Page numbers are 32 bits wide.
std::uint64_t pages_of(std::uint64_t bytes) {
    return std::min<std::uint64_t>(bytes / kPageBytes, 0xFFFFFFFE);
}

}  // namespace

Result<Database> Database::open(Disk& disk, const std::string& path, const Options& options) {
    auto connection = std::make_unique<SqliteConnection>(disk, path, options.random_seed);
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &connection->handle, kFlags, connection->vfs.name().c_str());
    if (code != SQLITE_OK) return failed_sqlite(*connection, code);
    // The order matters: exclusive before the first access, or WAL would want shared memory.
    const std::string settings = fmt::format(
        "PRAGMA locking_mode=EXCLUSIVE;"
        "PRAGMA page_size={};"
        "PRAGMA journal_mode=WAL;"
        "PRAGMA cache_size=-512;"  // KiB: what is written is mostly new, and what is read is in the system's cache
        "PRAGMA synchronous=FULL;"
        "PRAGMA temp_store=MEMORY;"
        "PRAGMA cell_size_check=ON;"
        "PRAGMA trusted_schema=OFF;"
        "PRAGMA max_page_count={};",
        kPageBytes, pages_of(options.bytes_max));
    if (auto set = run_sql(*connection, settings.c_str()); !set) return tl::unexpected(set.error());
    Database database(std::move(connection));
    TOCSIN_TRY(auto mode, database.prepare("PRAGMA journal_mode"));
    TOCSIN_TRY(const bool answered, mode.step());
    if (!answered || mode.text(0) != "wal") {
        return fail(Error::Kind::Internal, fmt::format("database {}: cannot be switched to WAL mode", path));
    }
    return database;
}

Database::Database(std::unique_ptr<SqliteConnection> connection) : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Status Database::execute(const std::string& sql) {
    return run_sql(*connection_, sql.c_str());
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(connection_->handle, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failed_sqlite(*connection_, code);
    TOCSIN_ASSERT(statement != nullptr);
    return Statement(*connection_, statement);
}

Result<Transaction> Database::begin() {
    if (auto begun = run_prepared(*connection_, connection_->begin, "BEGIN IMMEDIATE"); !begun) return tl::unexpected(begun.error());
    return Transaction(*connection_);
}

Result<std::int64_t> Database::user_version() {
    TOCSIN_TRY(auto statement, prepare("PRAGMA user_version"));
    TOCSIN_TRY(const bool answered, statement.step());
    return answered ? statement.integer(0) : 0;
}

Status Database::set_user_version(std::int64_t version) {
    return execute(fmt::format("PRAGMA user_version={}", version));
}

std::int64_t Database::last_insert_row_id() const {
    return sqlite3_last_insert_rowid(connection_->handle);
}

std::int64_t Database::changed_rows() const {
    return sqlite3_changes64(connection_->handle);
}

Status Database::checkpoint() {
    const int code =
        sqlite3_wal_checkpoint_v2(connection_->handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK) return failed_sqlite(*connection_, code);
    return {};
}

Status Database::check_integrity() {
    TOCSIN_TRY(auto statement, prepare("PRAGMA integrity_check(1)"));
    TOCSIN_TRY(const bool answered, statement.step());
    if (answered && statement.text(0) == "ok") return {};
    return fail(Error::Kind::InvalidInput,
                fmt::format("database {}: damaged: {}", connection_->path, answered ? statement.text(0) : "no answer"));
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(statement_, other.statement_);
    return *this;
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
    TOCSIN_ASSERT(sqlite3_bind_int64(statement_, parameter, value) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind(int parameter, double value) {
    TOCSIN_ASSERT(sqlite3_bind_double(statement_, parameter, value) == SQLITE_OK);
    return *this;
}

// A null pointer would bind NULL, and an empty view may have one.
Statement& Statement::bind(int parameter, std::string_view text) {
    const char* bytes = text.data() == nullptr ? "" : text.data();
    TOCSIN_ASSERT(sqlite3_bind_text64(statement_, parameter, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) ==
                  SQLITE_OK);
    return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
    const char* data = bytes.data() == nullptr ? "" : bytes.data();
    TOCSIN_ASSERT(sqlite3_bind_blob64(statement_, parameter, data, bytes.size(), SQLITE_TRANSIENT) == SQLITE_OK);
    return *this;
}

Statement& Statement::bind_null(int parameter) {
    TOCSIN_ASSERT(sqlite3_bind_null(statement_, parameter) == SQLITE_OK);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    auto error = failed_sqlite(*connection_, code);
    sqlite3_reset(statement_);
    return error;
}

Status Statement::run() {
    bool more = true;
    while (more) {
        const auto stepped = step();
        if (!stepped) return tl::unexpected(stepped.error());
        more = *stepped;
    }
    reset();
    return {};
}

// What it returns is the error of the last step, which step() has told.
void Statement::reset() {
    sqlite3_reset(statement_);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_, column);
}

std::string_view Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::blob(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Transaction::Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}

// SQLite may have rolled back by itself after an error; then there is nothing to do.
Transaction::~Transaction() {
    if (connection_ != nullptr && sqlite3_get_autocommit(connection_->handle) == 0) {
        (void)run_sql(*connection_, "ROLLBACK");
    }
}

Status Transaction::commit() {
    TOCSIN_ASSERT(connection_ != nullptr);
    auto committed = run_prepared(*connection_, connection_->commit, "COMMIT");
    if (committed) connection_ = nullptr;
    return committed;
}

}  // namespace tocsin
