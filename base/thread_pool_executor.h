#pragma once

#include <functional>
#include <memory>

#include "base/time.h"

namespace tocsin {

/// A fixed number of threads that take work in the order of run(). Signals to the process are never handled on them.
///
/// Its destructor waits for the work that has begun and drops the rest; no `done` comes after it.
class ThreadPoolExecutor final : public Executor {
public:
    /// Low: the threads get what the others leave of the processor.
    enum class Priority { Normal, Low };

    /// `scheduler` must outlive this; at least one thread is made.
    ThreadPoolExecutor(Scheduler& scheduler, unsigned threads, Priority priority = Priority::Normal);
    ~ThreadPoolExecutor() override;
    ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
    ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;

    void run(std::function<void()> work, std::function<void()> done) override;

private:
    struct Pool;
    std::unique_ptr<Pool> pool_;
};

}  // namespace tocsin
