#pragma once

#include "base/time.h"

namespace tocsin {

/// Gives memory that lies unused in the allocator back to the system: a minute after the start and every ten minutes
/// what is worth it, every minute when it is much.
///
/// The first scrapes of a large fleet, a reload and a burst of new series need several times what stays of them; spread
/// over the heaps of all threads, the allocator keeps it for good otherwise.
///
/// Scheduler's thread. Both must outlive it.
class HeapKeeper {
public:
    HeapKeeper(Scheduler& scheduler, Executor& executor) : scheduler_(scheduler), executor_(executor) {}
    ~HeapKeeper() { scheduler_.cancel(timer_); }
    HeapKeeper(const HeapKeeper&) = delete;
    HeapKeeper& operator=(const HeapKeeper&) = delete;

    void start();

private:
    Scheduler& scheduler_;
    Executor& executor_;
    unsigned looks_ = 0;
    Scheduler::TaskId timer_ = 0;
};

}  // namespace tocsin
