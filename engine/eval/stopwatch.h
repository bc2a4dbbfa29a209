#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "base/time.h"

namespace tocsin {

class Operator;

/// What each operator of an evaluation costs by itself, without the operators that it calls.
class Stopwatch {
public:
    using Clock = std::function<MonotonicTime()>;
    explicit Stopwatch(Clock clock) : clock_(std::move(clock)) {}

    template <class Work>
    auto measure(const Operator& op, Work&& work) {
        const MonotonicTime begin = clock_();
        inner_.emplace_back(0);
        auto result = std::forward<Work>(work)();
        const auto elapsed = clock_() - begin;
        own_[&op] += elapsed - inner_.back();
        inner_.pop_back();
        if (inner_.empty()) {
            total_ += elapsed;
        } else {
            inner_.back() += elapsed;
        }
        return result;
    }

    /// Nothing for an operator that was not evaluated.
    std::chrono::nanoseconds own(const Operator* op) const {
        const auto found = own_.find(op);
        return found == own_.end() ? std::chrono::nanoseconds{0} : found->second;
    }
    std::chrono::nanoseconds total() const { return total_; }

private:
    Clock clock_;
    std::map<const Operator*, std::chrono::nanoseconds> own_;
    std::vector<std::chrono::nanoseconds> inner_;  // of each operator at work: what those that it called took
    std::chrono::nanoseconds total_{0};
};

}  // namespace tocsin
