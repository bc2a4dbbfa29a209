#include "base/sqlite_vfs.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace tocsin {
namespace {

constexpr int kMaxPath = 1024;
constexpr int kSectorBytes = 4096;

// More than this is not gathered.
constexpr std::size_t kGatheredBytesMax = 256 * 1024;

/// One open file of SQLite's.
struct OpenFile {
    Disk& disk;
    std::string& last_error;
    std::unique_ptr<DiskFile> file;
    std::string path;
    bool name_synced;
    bool is_log;
    std::string gathered = {};  // for the log, which is written in small pieces that adjoin: not written yet
    std::uint64_t gathered_at = 0;

    bool adjoins(std::uint64_t offset) const {
        return offset == gathered_at + gathered.size() && gathered.size() < kGatheredBytesMax;
    }
    Status write_gathered() {
        if (gathered.empty()) return {};
        Status written = file->write_at(gathered_at, gathered);
        gathered.clear();
        return written;
    }
};

/// SQLite allocates these bytes itself; ours begin with its part.
struct Handle {
    sqlite3_file base;
    OpenFile* open;
};

OpenFile& open_of(sqlite3_file* file) {
    return *reinterpret_cast<Handle*>(file)->open;
}

int refused(OpenFile& open, const Error& error, int code) {
    open.last_error = error.message;
    return code;
}

int answer(OpenFile& open, const Status& status, int code) {
    return status ? SQLITE_OK : refused(open, status.error(), code);
}

int close_file(sqlite3_file* file) {
    const std::unique_ptr<OpenFile> open(reinterpret_cast<Handle*>(file)->open);
    return answer(*open, open->write_gathered(), SQLITE_IOERR_WRITE);
}

int read_file_at(sqlite3_file* file, void* into, int bytes, sqlite3_int64 offset) {
    OpenFile& open = open_of(file);
    const auto wanted = static_cast<std::size_t>(bytes);
    if (const Status written = open.write_gathered(); !written) return refused(open, written.error(), SQLITE_IOERR_WRITE);
    const auto got = open.file->read_at(static_cast<std::uint64_t>(offset), static_cast<char*>(into), wanted);
    if (!got) return refused(open, got.error(), SQLITE_IOERR_READ);
    if (*got == wanted) return SQLITE_OK;
    // SQLite relies on zeros behind the end of the file.
    std::memset(static_cast<char*>(into) + *got, 0, wanted - *got);
    return SQLITE_IOERR_SHORT_READ;
}

int write_file_at(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    OpenFile& open = open_of(file);
    const std::string_view content(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    const auto at = static_cast<std::uint64_t>(offset);
    if (!open.is_log) return answer(open, open.file->write_at(at, content), SQLITE_IOERR_WRITE);
    if (!open.adjoins(at)) {
        if (const Status written = open.write_gathered(); !written) {
            return refused(open, written.error(), SQLITE_IOERR_WRITE);
        }
        open.gathered_at = at;
    }
    open.gathered += content;
    return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    OpenFile& open = open_of(file);
    if (const Status written = open.write_gathered(); !written) return refused(open, written.error(), SQLITE_IOERR_WRITE);
    return answer(open, open.file->truncate(static_cast<std::uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
}

/// A file that was created is nothing after a power cut unless its name was synced too.
int sync_file(sqlite3_file* file, int) {
    OpenFile& open = open_of(file);
    if (const Status written = open.write_gathered(); !written) return refused(open, written.error(), SQLITE_IOERR_WRITE);
    const Status synced = open.file->sync();
    if (!synced || open.name_synced) return answer(open, synced, SQLITE_IOERR_FSYNC);
    const Status named = open.disk.sync_directory(directory_of(open.path));
    open.name_synced = named.has_value();
    return answer(open, named, SQLITE_IOERR_DIR_FSYNC);
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
    OpenFile& open = open_of(file);
    if (const Status written = open.write_gathered(); !written) return refused(open, written.error(), SQLITE_IOERR_WRITE);
    const auto bytes = open.file->size();
    if (!bytes) return refused(open, bytes.error(), SQLITE_IOERR_FSTAT);
    *size = static_cast<sqlite3_int64>(*bytes);
    return SQLITE_OK;
}

// The database is held by its DiskFile's lock from open to close, so there is nobody to be locked out.
int lock_file(sqlite3_file*, int) {
    return SQLITE_OK;
}

int is_reserved(sqlite3_file*, int* reserved) {
    *reserved = 0;
    return SQLITE_OK;
}

int control_file(sqlite3_file*, int, void*) {
    return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*) {
    return kSectorBytes;
}
// As SQLite's own file systems assume: a write that is torn damages nothing beside it.
int device_characteristics(sqlite3_file*) {
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

// Version 1 has neither shared memory nor memory maps.
constexpr sqlite3_io_methods kFileCalls = {
    1,         close_file,  read_file_at, write_file_at, truncate_file,          sync_file, size_of_file, lock_file,
    lock_file, is_reserved, control_file, sector_size,   device_characteristics, nullptr,   nullptr,      nullptr,
    nullptr,   nullptr,     nullptr,
};

}  // namespace

/// The calls of the file system itself; SQLite hands them the sqlite3_vfs, whose pAppData is ours.
struct SqliteVfsCalls {
    static SqliteVfs& ours(sqlite3_vfs* vfs) { return *static_cast<SqliteVfs*>(vfs->pAppData); }

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out) {
        SqliteVfs& self = ours(vfs);
        file->pMethods = nullptr;
        if (path == nullptr) {
            self.last_error_ = "temporary files are not supported";
            return SQLITE_CANTOPEN;
        }
        const bool existed = self.disk_.exists(path);
        auto opened = self.disk_.open(path, (flags & SQLITE_OPEN_READONLY) != 0 ? Disk::Open::ReadOnly
                                            : (flags & SQLITE_OPEN_CREATE) != 0 ? Disk::Open::CreateOrOpen
                                                                                : Disk::Open::ReadWrite);
        Status ready = opened ? Status{} : tl::unexpected(opened.error());
        if (ready && (flags & SQLITE_OPEN_MAIN_DB) != 0) ready = (*opened)->lock();
        if (!ready) {
            self.last_error_ = ready.error().message;
            return SQLITE_CANTOPEN;
        }
        reinterpret_cast<Handle*>(file)->open =
            new OpenFile{self.disk_, self.last_error_, *std::move(opened), path, existed, (flags & SQLITE_OPEN_WAL) != 0};
        file->pMethods = &kFileCalls;
        if (flags_out != nullptr) *flags_out = flags;
        return SQLITE_OK;
    }

    static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
        SqliteVfs& self = ours(vfs);
        Status done = self.disk_.remove(path);
        if (!done && done.error().kind == Error::Kind::NotFound) return SQLITE_IOERR_DELETE_NOENT;
        if (done && sync_directory != 0) done = self.disk_.sync_directory(directory_of(path));
        if (done) return SQLITE_OK;
        self.last_error_ = done.error().message;
        return SQLITE_IOERR_DELETE;
    }

    /// SQLite's own file systems take an empty file for none.
    static int access(sqlite3_vfs* vfs, const char* path, int, int* result) {
        auto file = ours(vfs).disk_.open(path, Disk::Open::ReadOnly);
        *result = file && (*file)->size().value_or(0) > 0 ? 1 : 0;
        return SQLITE_OK;
    }

    static int full_path(sqlite3_vfs*, const char* path, int bytes, char* into) {
        const std::size_t length = std::strlen(path) + 1;
        if (length > static_cast<std::size_t>(bytes)) return SQLITE_CANTOPEN;
        std::memcpy(into, path, length);
        return SQLITE_OK;
    }

    /// SplitMix64.
    static int randomness(sqlite3_vfs* vfs, int bytes, char* into) {
        std::uint64_t& state = ours(vfs).random_state_;
        for (int at = 0; at < bytes; at += 8) {
            std::uint64_t mixed = state += 0x9E3779B97F4A7C15U;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
            mixed ^= mixed >> 31;
            std::memcpy(into + at, &mixed, static_cast<std::size_t>(std::min(8, bytes - at)));
        }
        return bytes;
    }

    static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

    /// 1970-01-01 as a Julian day, for ever.
    static int current_time(sqlite3_vfs*, double* julian_day) {
        *julian_day = 2440587.5;
        return SQLITE_OK;
    }

    static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

SqliteVfs::SqliteVfs(Disk& disk, std::uint64_t random_seed)
    : disk_(disk), random_state_(random_seed), vfs_(std::make_unique<sqlite3_vfs>()) {
    static std::atomic<std::uint64_t> number{0};
    name_ = fmt::format("tocsin-{}", ++number);
    *vfs_ = sqlite3_vfs{};
    vfs_->iVersion = 1;
    vfs_->szOsFile = static_cast<int>(sizeof(Handle));
    vfs_->mxPathname = kMaxPath;
    vfs_->zName = name_.c_str();
    vfs_->pAppData = this;
    vfs_->xOpen = SqliteVfsCalls::open;
    vfs_->xDelete = SqliteVfsCalls::remove;
    vfs_->xAccess = SqliteVfsCalls::access;
    vfs_->xFullPathname = SqliteVfsCalls::full_path;
    vfs_->xRandomness = SqliteVfsCalls::randomness;
    vfs_->xSleep = SqliteVfsCalls::sleep;
    vfs_->xCurrentTime = SqliteVfsCalls::current_time;
    vfs_->xGetLastError = SqliteVfsCalls::last_error;
    sqlite3_vfs_register(vfs_.get(), 0);
}

SqliteVfs::~SqliteVfs() {
    sqlite3_vfs_unregister(vfs_.get());
}

}  // namespace tocsin
