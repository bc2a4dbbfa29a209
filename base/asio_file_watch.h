#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/asio_scheduler.h"
#include "base/process.h"

namespace tocsin {

/// Files by inotify.
///
/// What is watched are the directories on the way to a file, not the file: so a file that is replaced by a rename, one
/// that does not exist yet, a directory that comes later, and a symlink anywhere on the way that is turned elsewhere
/// (as Kubernetes does with mounted configuration) are all seen. A path that is a directory stands for everything in
/// it. `changed` comes a tenth of a second after the first change of a burst.
///
/// File systems of other machines tell nothing, and the system has a limit of watches: what must not be missed is to be
/// looked at from time to time as well.
class AsioFileWatch final : public FileWatch {
public:
    /// `scheduler` must outlive this.
    explicit AsioFileWatch(AsioScheduler& scheduler);
    ~AsioFileWatch() override;
    AsioFileWatch(const AsioFileWatch&) = delete;
    AsioFileWatch& operator=(const AsioFileWatch&) = delete;

    WatchId watch(std::vector<std::string> paths, std::function<void()> changed) override;
    void cancel(WatchId id) override;

private:
    struct Watches;
    std::shared_ptr<Watches> watches_;
};

}  // namespace tocsin
