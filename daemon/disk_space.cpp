#include "daemon/disk_space.h"

#include <utility>

namespace tocsin {

DiskSpace::DiskSpace(Scheduler& scheduler, Executor& thread, Disk& disk, std::string folder, Duration patience)
    : scheduler_(scheduler), thread_(thread), disk_(disk), folder_(std::move(folder)), patience_(patience) {}

DiskSpace::~DiskSpace() {
    *self_ = nullptr;
    scheduler_.cancel(give_up_);
}

void DiskSpace::look() {
    if (std::exchange(asking_, true)) return;
    give_up_ = scheduler_.after(patience_, [this] { set(false); });
    const auto has_room = std::make_shared<bool>(false);
    thread_.run([has_room, &disk = disk_, folder = folder_] { *has_room = disk.free_bytes(folder).value_or(0) > 0; },
                [has_room, self = self_] {
                    if (*self != nullptr) (*self)->answered(*has_room);
                });
}

void DiskSpace::answered(bool has_room) {
    asking_ = false;
    scheduler_.cancel(give_up_);
    set(has_room);
}

void DiskSpace::set(bool has_room) {
    if (std::exchange(has_room_, has_room) != has_room && changed_) changed_();
}

}  // namespace tocsin
