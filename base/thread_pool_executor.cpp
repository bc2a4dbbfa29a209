#include "base/thread_pool_executor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "base/worker_thread.h"

namespace tocsin {
namespace {

constexpr int kLowPriority = 10;

// On Linux a thread has a priority of its own, and 0 is the one that asks. Without the right to it things stay as they
// are.
void yield_to_others() {
    static_cast<void>(setpriority(PRIO_PROCESS, 0, kLowPriority));
}

}  // namespace

struct ThreadPoolExecutor::Pool {
    struct Job {
        std::function<void()> work, done;
    };

    explicit Pool(Scheduler& its_scheduler) : scheduler(its_scheduler) {}

    void serve() {
        for (Job job; take(job); job = {}) {
            job.work();
            job.work = nullptr;  // what it holds is let go on this thread, before `done` may touch it
            post_done(std::move(job.done));
        }
    }

    bool take(Job& job) {
        std::unique_lock lock(mutex);
        work_came.wait(lock, [this] { return closing || !jobs.empty(); });
        if (closing) return false;
        job = std::move(jobs.front());
        jobs.pop_front();
        return true;
    }

    void post_done(std::function<void()> done) {
        // A done that was posted must not run after the destructor, either.
        scheduler.post([alive = std::weak_ptr<bool>(alive), done = std::move(done)] {
            if (!alive.expired()) done();
        });
    }

    Scheduler& scheduler;
    std::mutex mutex;
    std::condition_variable work_came;
    std::deque<Job> jobs;
    bool closing = false;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    std::vector<std::thread> threads;
};

ThreadPoolExecutor::ThreadPoolExecutor(Scheduler& scheduler, unsigned threads, Priority priority)
    : pool_(std::make_unique<Pool>(scheduler)) {
    for (unsigned i = 0; i < std::max(threads, 1U); ++i) {
        pool_->threads.push_back(start_worker_thread([pool = pool_.get(), priority] {
            if (priority == Priority::Low) yield_to_others();
            pool->serve();
        }));
    }
}

ThreadPoolExecutor::~ThreadPoolExecutor() {
    {
        const std::scoped_lock lock(pool_->mutex);
        pool_->closing = true;
    }
    pool_->work_came.notify_all();
    for (std::thread& thread : pool_->threads) thread.join();
}

void ThreadPoolExecutor::run(std::function<void()> work, std::function<void()> done) {
    {
        const std::scoped_lock lock(pool_->mutex);
        pool_->jobs.push_back({std::move(work), std::move(done)});
    }
    pool_->work_came.notify_one();
}

}  // namespace tocsin
