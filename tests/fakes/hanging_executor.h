#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "base/virtual_scheduler.h"

namespace tocsin::fakes {

/// The thread of a disk that may hang: work is done in place, or waits for go_on().
class HangingExecutor final : public Executor {
public:
    explicit HangingExecutor(VirtualScheduler& scheduler) : executor_(scheduler, 0) {}

    void run(std::function<void()> work, std::function<void()> done) override {
        if (!hangs_) return executor_.run(std::move(work), std::move(done));
        waiting_.push_back({std::move(work), std::move(done)});
    }

    /// What comes from now on waits.
    void hang() { hangs_ = true; }
    /// Does what has waited.
    void go_on() {
        hangs_ = false;
        for (Task& task : std::exchange(waiting_, {})) executor_.run(std::move(task.work), std::move(task.done));
    }

private:
    struct Task {
        std::function<void()> work, done;
    };
    VirtualExecutor executor_;
    std::vector<Task> waiting_;
    bool hangs_ = false;
};

}  // namespace tocsin::fakes
