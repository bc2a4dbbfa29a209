#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "base/time.h"
#include "base/worker_thread.h"

namespace tocsin {

/// Questions to the system that block without a deadline, such as name lookups. They are asked on at most 64 threads,
/// so that names for which nobody answers leave the others alone, and an answer is dropped when it comes after 5 s. Who
/// asks what is being asked already waits for the same answer.
///
/// A thread that hangs in a question when this is destroyed is left behind and ends when the question does. `Question`
/// is ordered and has to_text(). Scheduler's thread only.
template <class Question, class Answer>
class AsioLookups {
public:
    using Ask = std::function<Result<Answer>(const Question&)>;  // called on the threads
    using Answered = std::function<void(Result<Answer>)>;

    /// `scheduler` must outlive this.
    AsioLookups(Scheduler& scheduler, Ask ask)
        : waiters_(std::make_shared<Waiters>(scheduler)),
          threads_(std::make_shared<Threads>(scheduler, std::move(ask), waiters_)) {}
    ~AsioLookups() { threads_->close(); }
    AsioLookups(const AsioLookups&) = delete;
    AsioLookups& operator=(const AsioLookups&) = delete;

    void ask(const Question& question, Answered done) {
        if (waiters_->is_full()) {
            return waiters_->scheduler.post([done = std::move(done)] {
                done(fail(Error::Kind::LimitExceeded, "too many names are being looked up"));
            });
        }
        const bool is_new = !waiters_->is_being_asked(question);
        waiters_->add(question, std::move(done));
        if (is_new) threads_->enqueue(question);
    }

private:
    static constexpr std::size_t kThreadsMax = 64;
    static constexpr std::size_t kWaitersMax = 10'000;
    static constexpr Duration kDeadline{5'000};

    // Who waits for which answer. Scheduler's thread only.
    struct Waiters {
        struct Waiter {
            std::uint64_t id;
            Scheduler::TaskId deadline;
            Answered done;
        };

        explicit Waiters(Scheduler& its_scheduler) : scheduler(its_scheduler) {}

        ~Waiters() {
            for (const auto& entry : by_question) {
                for (const Waiter& waiter : entry.second) scheduler.cancel(waiter.deadline);
            }
        }

        bool is_full() const { return count >= kWaitersMax || by_question.size() >= kWaitersMax; }

        void add(const Question& question, Answered done) {
            auto& waiting = by_question[question];
            const std::uint64_t id = ++last_id;
            const auto deadline = scheduler.after(kDeadline, [this, question, id] { give_up(question, id); });
            waiting.push_back({id, deadline, std::move(done)});
            ++count;
        }

        void give_up(const Question& question, std::uint64_t id) {
            auto& waiting = by_question[question];
            const auto late =
                std::find_if(waiting.begin(), waiting.end(), [id](const Waiter& waiter) { return waiter.id == id; });
            const Answered done = std::move(late->done);
            waiting.erase(late);
            --count;
            // The question stays: the next one who asks it joins the lookup that hangs instead of hanging one more
            // thread.
            done(fail(Error::Kind::Timeout,
                      "name lookup of " + to_text(question) + " timed out after " + to_string(kDeadline)));
        }

        void answer(const Question& question, const Result<Answer>& answer) {
            const auto found = by_question.find(question);
            if (found == by_question.end()) return;
            const auto waiting = std::move(found->second);
            by_question.erase(found);
            count -= waiting.size();
            for (const Waiter& waiter : waiting) scheduler.cancel(waiter.deadline);
            for (const Waiter& waiter : waiting) waiter.done(answer);
        }

        bool is_being_asked(const Question& question) const { return by_question.find(question) != by_question.end(); }

        Scheduler& scheduler;
        std::map<Question, std::vector<Waiter>> by_question;  // all that are being asked
        std::size_t count = 0;
        std::uint64_t last_id = 0;
    };

    // The threads and their queue. Lives as long as the last thread does.
    struct Threads : std::enable_shared_from_this<Threads> {
        Threads(Scheduler& its_scheduler, Ask its_ask, std::weak_ptr<Waiters> its_waiters)
            : scheduler(its_scheduler), ask(std::move(its_ask)), waiters(std::move(its_waiters)) {}

        void enqueue(const Question& question) {
            const std::scoped_lock lock(mutex);
            queue.push_back(question);
            if (idle == 0 && started < kThreadsMax) {
                ++started;
                start_worker_thread([self = this->shared_from_this()] { self->serve(); }).detach();
            }
            work_came.notify_one();
        }

        void serve() {
            for (Question question; take(question);) report(question, ask(question));
        }

        bool take(Question& question) {
            std::unique_lock lock(mutex);
            ++idle;
            work_came.wait(lock, [this] { return closed || !queue.empty(); });
            --idle;
            if (closed) return false;
            question = std::move(queue.front());
            queue.pop_front();
            return true;
        }

        void report(const Question& question, Result<Answer> answer) {
            // Under the lock, so that close() cannot come between and the scheduler go away.
            const std::scoped_lock lock(mutex);
            if (closed) return;
            scheduler.post([weak = waiters, question, answer = std::move(answer)] {
                if (const auto alive = weak.lock()) alive->answer(question, answer);
            });
        }

        void close() {
            const std::scoped_lock lock(mutex);
            closed = true;
            work_came.notify_all();
        }

        Scheduler& scheduler;
        const Ask ask;
        const std::weak_ptr<Waiters> waiters;
        std::mutex mutex;
        std::condition_variable work_came;
        std::deque<Question> queue;
        std::size_t started = 0;
        std::size_t idle = 0;
        bool closed = false;
    };

    std::shared_ptr<Waiters> waiters_;
    std::shared_ptr<Threads> threads_;
};

}  // namespace tocsin
