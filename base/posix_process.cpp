#include "base/posix_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace tocsin {
namespace {

tl::unexpected<Error> cannot_run(const std::string& program, int code) {
    const auto kind = code == ENOENT ? Error::Kind::NotFound : Error::Kind::Unavailable;
    return fail(kind, fmt::format("{}: {}", program, std::generic_category().message(code)));
}

/// Something that a program writes into and we read from.
class Pipe {
public:
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
    }
    ~Pipe() {
        close_reader();
        close_writer();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    bool is_open() const { return ends_[0] >= 0; }
    int reader() const { return ends_[0]; }
    int writer() const { return ends_[1]; }
    void close_writer() { close_end(1); }
    void close_reader() { close_end(0); }

    /// What is there; closes itself at the end.
    void read_some(std::string& into) {
        std::array<char, 64 * 1024> buffer;
        const ssize_t count = ::read(reader(), buffer.data(), buffer.size());
        if (count > 0) into.append(buffer.data(), static_cast<std::size_t>(count));
        if (count == 0 || (count < 0 && errno != EINTR)) close_reader();
    }

private:
    void close_end(std::size_t end) {
        if (ends_[end] >= 0) ::close(std::exchange(ends_[end], -1));
    }
    std::array<int, 2> ends_{-1, -1};
};

/// What the program finds open.
class OpenFiles {
public:
    OpenFiles(const Pipe& output, const Pipe& errors) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, output.writer(), STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, errors.writer(), STDERR_FILENO);
    }
    ~OpenFiles() { ::posix_spawn_file_actions_destroy(&actions_); }
    OpenFiles(const OpenFiles&) = delete;
    OpenFiles& operator=(const OpenFiles&) = delete;

    const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

std::vector<std::string> environment_in_c() {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        if (!text.starts_with("LC_") && !text.starts_with("LANG")) variables.emplace_back(text);
    }
    variables.emplace_back("LC_ALL=C");
    return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// False when it says more than is good.
bool hear_out(Pipe& output, Pipe& errors, std::size_t bytes_max, ProgramOutcome& outcome) {
    while (output.is_open() || errors.is_open()) {
        std::array<pollfd, 2> ends{{{output.reader(), POLLIN, 0}, {errors.reader(), POLLIN, 0}}};
        if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) return false;
        if (output.is_open() && ends[0].revents != 0) output.read_some(outcome.output);
        if (errors.is_open() && ends[1].revents != 0) errors.read_some(outcome.errors);
        if (outcome.output.size() + outcome.errors.size() > bytes_max) return false;
    }
    return true;
}

int exit_code_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<ProgramOutcome> run_program(const std::vector<std::string>& words, std::size_t bytes_max) {
    Pipe output, errors;
    if (!output.is_open() || !errors.is_open()) return cannot_run(words.front(), errno);
    const OpenFiles files(output, errors);
    std::vector<std::string> arguments = words, environment = environment_in_c();
    pid_t child = 0;
    const int failure = ::posix_spawnp(&child, words.front().c_str(), files.get(), nullptr,
                                       pointers_to(arguments).data(), pointers_to(environment).data());
    if (failure != 0) return cannot_run(words.front(), failure);
    output.close_writer();
    errors.close_writer();
    ProgramOutcome outcome;
    const bool is_heard = hear_out(output, errors, bytes_max, outcome);
    if (!is_heard) ::kill(child, SIGKILL);
    outcome.code = exit_code_of(child);
    if (is_heard) return outcome;
    return fail(Error::Kind::LimitExceeded, fmt::format("{}: says more than {} bytes", words.front(), bytes_max));
}

}  // namespace tocsin
