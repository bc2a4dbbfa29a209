#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/process.h"
#include "base/time.h"

namespace tocsin::fakes {

/// Signals that a test raises.
class FakeSignals final : public Signals {
public:
    explicit FakeSignals(Scheduler& scheduler) : scheduler_(scheduler) {}

    void on(Signal signal, std::function<void()> handler) override { handlers_[signal].push_back(std::move(handler)); }

    /// The handlers run as tasks of the scheduler, at the present instant.
    void raise(Signal signal) {
        for (const auto& handler : handlers_[signal]) scheduler_.post(handler);
    }

private:
    Scheduler& scheduler_;
    std::map<Signal, std::vector<std::function<void()>>> handlers_;
};

/// A FileWatch that is told by the test what changed.
class FakeFileWatch final : public FileWatch {
public:
    explicit FakeFileWatch(Scheduler& scheduler) : scheduler_(scheduler) {}

    WatchId watch(std::vector<std::string> paths, std::function<void()> changed) override;
    void cancel(WatchId id) override { watches_.erase(id); }

    /// Whoever watches the file, or the directory it is in, is called as a task of the scheduler.
    void change(const std::string& path);
    std::size_t watches() const { return watches_.size(); }

private:
    struct Watch {
        std::vector<std::string> paths;
        std::function<void()> changed;
    };

    Scheduler& scheduler_;
    WatchId last_id_ = 0;
    std::map<WatchId, Watch> watches_;
};

}  // namespace tocsin::fakes
