#include "base/posix_disk.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file_patterns.h"
#include "base/text.h"

namespace tocsin {
namespace {

Error::Kind kind_of_errno(int code) {
    switch (code) {
        case ENOENT:
        case ENOTDIR:
            return Error::Kind::NotFound;
        case EINVAL:
        case EISDIR:
        case ENAMETOOLONG:
            return Error::Kind::InvalidInput;
        default:
            return Error::Kind::Unavailable;
    }
}

/// `open rules.yml: no such file or directory`.
tl::unexpected<Error> failed(std::string_view doing, std::string_view path, int code) {
    std::string reason = std::generic_category().message(code);
    reason.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(reason.front())));
    return fail(kind_of_errno(code), fmt::format("{} {}: {}", doing, path, reason));
}

/// Repeats a call that a signal interrupted.
template <class Call>
auto retried(Call call) {
    auto result = call();
    while (result == -1 && errno == EINTR) result = call();
    return result;
}

/// An open file descriptor.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }

private:
    int number_;
};

class PosixFile final : public DiskFile {
public:
    PosixFile(Descriptor descriptor, std::string path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t bytes) override {
        std::size_t done = 0;
        while (done < bytes) {
            const auto at = static_cast<off_t>(offset + done);
            const ssize_t got = retried([&] { return ::pread(number(), into + done, bytes - done, at); });
            if (got < 0) return failed("read", path_, errno);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

    Status write_at(std::uint64_t offset, std::string_view bytes) override {
        if (condemned_) return refuse();
        while (!bytes.empty()) {
            const auto at = static_cast<off_t>(offset);
            const ssize_t put = retried([&] { return ::pwrite(number(), bytes.data(), bytes.size(), at); });
            if (put < 0) return failed("write", path_, errno);
            bytes.remove_prefix(static_cast<std::size_t>(put));
            offset += static_cast<std::uint64_t>(put);
        }
        return {};
    }

    Status append(std::string_view bytes) override {
        TOCSIN_TRY(const auto end, size());
        return write_at(end, bytes);
    }

    Status truncate(std::uint64_t size) override {
        if (condemned_) return refuse();
        if (retried([&] { return ::ftruncate(number(), static_cast<off_t>(size)); }) != 0) {
            return failed("truncate", path_, errno);
        }
        return {};
    }

    Status sync() override {
        if (condemned_) return refuse();
        // Not repeated when interrupted: the kernel may have dropped what it could not write. The file's times, which
        // fsync would write too, are of no account.
        if (::fdatasync(number()) == 0) return {};
        condemned_ = true;
        return failed("sync", path_, errno);
    }

    Result<std::uint64_t> size() override {
        struct stat info {};
        if (::fstat(number(), &info) != 0) return failed("stat", path_, errno);
        return static_cast<std::uint64_t>(info.st_size);
    }

    Status lock() override {
        if (retried([&] { return ::flock(number(), LOCK_EX | LOCK_NB); }) == 0) return {};
        if (errno != EWOULDBLOCK) return failed("lock", path_, errno);
        return fail(Error::Kind::Unavailable, fmt::format("lock {}: held by another process", path_));
    }

private:
    int number() const { return descriptor_.number(); }

    Status refuse() const {
        return fail(Error::Kind::Unavailable, fmt::format("write {}: an earlier sync of the file failed", path_));
    }

    Descriptor descriptor_;
    std::string path_;
    bool condemned_ = false;
};

int flags_of(Disk::Open mode) {
    // O_NONBLOCK: opening a pipe must not wait for its other end.
    constexpr int kAlways = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    switch (mode) {
        case Disk::Open::ReadOnly:
            return kAlways | O_RDONLY;
        case Disk::Open::ReadWrite:
            return kAlways | O_RDWR | O_NOFOLLOW;
        case Disk::Open::CreateOrOpen:
            return kAlways | O_RDWR | O_NOFOLLOW | O_CREAT;
        case Disk::Open::CreateOrTruncate:
            break;
    }
    return kAlways | O_RDWR | O_NOFOLLOW | O_CREAT;
}

/// `*` matches the names `.` and `..` too when it matches a leading dot; nobody means those.
bool leads_astray(std::string_view path, std::string_view pattern) {
    const auto names = split(path, '/');
    const auto wanted = split(pattern, '/');
    for (std::size_t i = 0; i < names.size() && i < wanted.size(); ++i) {
        if ((names[i] == "." || names[i] == "..") && names[i] != wanted[i]) return true;
    }
    return false;
}

bool is_existing_directory(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

Result<std::unique_ptr<DiskFile>> PosixDisk::open(const std::string& path, Open mode) {
    Descriptor file(retried([&] { return ::open(path.c_str(), flags_of(mode), file_mode_); }));
    if (file.number() < 0) return failed("open", path, errno);
    struct stat info {};
    if (::fstat(file.number(), &info) != 0) return failed("open", path, errno);
    if (S_ISDIR(info.st_mode)) return failed("open", path, EISDIR);
    if (!S_ISREG(info.st_mode)) {
        return fail(Error::Kind::InvalidInput, fmt::format("open {}: not a regular file", path));
    }
    // Only now: a device must not be truncated before it was seen to be one.
    if (mode == Open::CreateOrTruncate && ::ftruncate(file.number(), 0) != 0) return failed("truncate", path, errno);
    return std::make_unique<PosixFile>(std::move(file), path);
}

bool PosixDisk::exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

Status PosixDisk::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from, errno);
    return {};
}

Status PosixDisk::remove(const std::string& path) {
    if (::unlink(path.c_str()) != 0) return failed("remove", path, errno);
    return {};
}

Status PosixDisk::make_directories(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (!part.empty() && !is_existing_directory(part)) {
            if (::mkdir(part.c_str(), directory_mode_) != 0 && errno != EEXIST) return failed("mkdir", part, errno);
            if (!is_existing_directory(part)) return failed("mkdir", part, ENOTDIR);
            if (auto synced = sync_directory(directory_of(part)); !synced) return synced;
        }
        if (end == std::string::npos) return {};
    }
}

Result<std::vector<std::string>> PosixDisk::list(const std::string& directory) {
    DIR* stream = ::opendir(directory.c_str());
    if (stream == nullptr) return failed("open", directory, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    const int code = errno;
    ::closedir(stream);
    if (code != 0) return failed("read", directory, code);
    std::sort(names.begin(), names.end());
    return names;
}

Status PosixDisk::sync_directory(const std::string& directory) {
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const Descriptor opened(retried([&] { return ::open(directory.c_str(), flags); }));
    if (opened.number() < 0) return failed("open", directory, errno);
    if (::fsync(opened.number()) != 0) return failed("sync", directory, errno);
    return {};
}

Result<std::vector<std::string>> PosixDisk::glob(const std::string& pattern) {
    if (!has_magic(pattern)) return std::vector{pattern};
    glob_t found{};
    const int code = ::glob(pattern.c_str(), GLOB_NOSORT | GLOB_PERIOD, nullptr, &found);
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
        const std::string_view path = found.gl_pathv[i];
        if (!leads_astray(path, pattern)) paths.emplace_back(path);
    }
    ::globfree(&found);
    if (code != 0 && code != GLOB_NOMATCH) {
        return fail(Error::Kind::Unavailable, fmt::format("glob {}: cannot be read", pattern));
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

Result<std::uint64_t> PosixDisk::free_bytes(const std::string& path) {
    struct statvfs info {};
    if (::statvfs(path.c_str(), &info) != 0) return failed("statvfs", path, errno);
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace tocsin
