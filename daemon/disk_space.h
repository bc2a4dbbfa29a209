#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/disk.h"
#include "base/disk_patience.h"
#include "base/time.h"

namespace tocsin {

/// Whether there is room below a folder, asked on a thread that may wait for the disk as long as the disk likes.
///
/// Scheduler's thread. A question that is not answered for the length of `patience` is answered with no: nothing can be
/// written to a disk that hangs.
class DiskSpace {
public:
    /// All of them must outlive it.
    DiskSpace(Scheduler& scheduler, Executor& thread, Disk& disk, std::string folder,
              Duration patience = kDiskPatience);
    ~DiskSpace();
    DiskSpace(const DiskSpace&) = delete;
    DiskSpace& operator=(const DiskSpace&) = delete;

    /// Asks, unless a question waits for its answer. One at a time, so that a disk that hangs is not given a heap of
    /// them.
    void look();
    /// The last answer; before the first one, yes.
    bool has_room() const { return has_room_; }
    /// Called when has_room() has changed.
    void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

private:
    void answered(bool has_room);
    void set(bool has_room);

    Scheduler& scheduler_;
    Executor& thread_;
    Disk& disk_;
    const std::string folder_;
    const Duration patience_;
    bool asking_ = false;
    bool has_room_ = true;
    Scheduler::TaskId give_up_ = 0;
    std::function<void()> changed_;
    std::shared_ptr<DiskSpace*> self_ = std::make_shared<DiskSpace*>(this);
};

}  // namespace tocsin
