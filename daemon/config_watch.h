#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/process.h"
#include "base/time.h"
#include "daemon/file_digests.h"

namespace tocsin {

/// Tells when the files of a configuration have changed and are at rest again.
///
/// A change is what the files say, not that they were touched. After a sign of one (the system's, or a look every
/// interval, for file systems that tell nothing) the files are read every second until two looks find the same: a
/// checkout that replaces many files, or a symbolic link that is turned while they are read, counts once and whole.
/// Scheduler's thread.
class ConfigWatch {
public:
    struct Context {
        Scheduler& scheduler;
        Disk& disk;
        FileWatch& file_watch;
    };
    /// `changed` is called for each new state of the files, also for one that turns out to be bad.
    ConfigWatch(const Context& context, Duration interval, std::function<void()> changed);
    ~ConfigWatch();
    ConfigWatch(const ConfigWatch&) = delete;
    ConfigWatch& operator=(const ConfigWatch&) = delete;

    /// Shell patterns of the files that count. What they say now is taken as known, good or bad: call it before they
    /// are read.
    void follow(std::vector<std::string> patterns);

private:
    void watch_files();
    void look_later();
    void look();

    Context context_;
    Duration interval_;
    std::function<void()> changed_;
    std::vector<std::string> patterns_;
    FileDigests known_;
    std::optional<FileDigests> seen_;  // by the last look, while the files are not at rest
    FileWatch::WatchId watch_ = 0;
    Scheduler::TaskId timer_ = 0;
};

}  // namespace tocsin
