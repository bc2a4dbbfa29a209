#include "engine/scrape/poll_queue.h"

#include <utility>

#include "base/assert.h"

namespace tocsin {
namespace {

constexpr Duration kSlow{250};

}  // namespace

PollQueue::~PollQueue() {
    scheduler_.cancel(slow_timer_);
    for (const Scheduler::TaskId timer : timers_) scheduler_.cancel(timer);
}

void PollQueue::add(Timestamp tick, const std::vector<Due>& due, std::function<void()> done) {
    const auto batch = std::make_shared<Batch>(Batch{due.size(), std::move(done)});
    std::map<Duration, std::vector<std::pair<TargetId, std::uint64_t>>> by_patience;
    for (const Due& one : due) {
        const auto [it, is_new] = polls_.emplace(one.target, Poll{.tick = tick,
                                                                  .number = next_number_++,
                                                                  .bytes_expected = one.bytes_expected,
                                                                  .batch = batch,
                                                                  .out_of_patience = one.patience <= Duration{0},
                                                                  .waiters = {}});
        TOCSIN_ASSERT(is_new);
        if (!it->second.out_of_patience) by_patience[one.patience].emplace_back(one.target, it->second.number);
        queue_.push_back(one.target);
    }
    for (auto& [patience, polls] : by_patience) {
        const auto timer = std::make_shared<Scheduler::TaskId>();
        *timer = scheduler_.after(patience, [this, timer, polls = std::move(polls)] {
            timers_.erase(*timer);
            lose_patience(polls);
        });
        timers_.insert(*timer);
    }
    if (due.empty() && batch->done) batch->done();
    start_some();
}

void PollQueue::start_some() {
    // A poll that is over as soon as it is begun comes back here.
    if (starting_) return;
    starting_ = true;
    while (!queue_.empty() && under_way_ < limits_.polls_max) {
        const auto it = polls_.find(queue_.front());
        if (it == polls_.end() || it->second.started) {
            queue_.pop_front();
            continue;
        }
        Poll& poll = it->second;
        if (under_way_ > 0 && bytes_under_way_ + poll.bytes_expected > limits_.bytes_max) break;
        queue_.pop_front();
        poll.started = scheduler_.monotonic();
        ++under_way_;
        bytes_under_way_ += poll.bytes_expected;
        start_(it->first, poll.tick);
    }
    starting_ = false;
    if (queue_.empty() || slow_timer_ != 0) return;
    slow_timer_ = scheduler_.after(kSlow, [this] {
        slow_timer_ = 0;
        count_slow_ones_no_more();
        start_some();
    });
}

void PollQueue::end_count(Poll& poll) {
    if (poll.started) bytes_under_way_ -= std::exchange(poll.bytes_expected, 0);
}

void PollQueue::count_slow_ones_no_more() {
    const MonotonicTime before = scheduler_.monotonic() - kSlow;
    for (auto& [target, poll] : polls_) {
        if (poll.started && *poll.started <= before) end_count(poll);
    }
}

// All are gone from the list before anybody is told: he may ask for them, or start others.
void PollQueue::over(const std::vector<TargetId>& targets) {
    std::vector<Poll> polls;
    for (const TargetId target : targets) {
        const auto it = polls_.find(target);
        if (it == polls_.end()) continue;
        if (it->second.started) --under_way_;
        end_count(it->second);
        polls.push_back(std::move(it->second));
        polls_.erase(it);
    }
    for (const Poll& poll : polls) {
        for (const auto& waiter : poll.waiters) go_on(waiter);
        if (--poll.batch->left == 0 && poll.batch->done) std::exchange(poll.batch->done, nullptr)();
    }
    start_some();
}

void PollQueue::lose_patience(const std::vector<std::pair<TargetId, std::uint64_t>>& polls) {
    std::vector<std::shared_ptr<Waiter>> waiters;
    for (const auto& [target, number] : polls) {
        const auto it = polls_.find(target);
        if (it == polls_.end() || it->second.number != number) continue;
        it->second.out_of_patience = true;
        for (auto& waiter : std::exchange(it->second.waiters, {})) waiters.push_back(std::move(waiter));
    }
    for (const auto& waiter : waiters) go_on(waiter);
}

void PollQueue::when_settled(std::vector<TargetId> targets, std::function<void()> ready) {
    go_on(std::make_shared<Waiter>(Waiter{.targets = std::move(targets), .ready = std::move(ready)}));
}

void PollQueue::go_on(const std::shared_ptr<Waiter>& waiter) {
    for (; waiter->next < waiter->targets.size(); ++waiter->next) {
        const auto it = polls_.find(waiter->targets[waiter->next]);
        if (it == polls_.end() || it->second.out_of_patience) continue;
        it->second.waiters.push_back(waiter);
        return;
    }
    std::exchange(waiter->ready, nullptr)();
}

}  // namespace tocsin
