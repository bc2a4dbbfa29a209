#pragma once

#include <span>
#include <vector>

#include "base/alert.h"

namespace tocsin::fakes {

/// An AlertSink that keeps what it got.
class RecordingSink final : public AlertSink {
public:
    /// Without a clock all batches are at the epoch.
    explicit RecordingSink(const Scheduler* clock = nullptr) : clock_(clock) {}

    struct Batch {
        Timestamp at;
        std::vector<Alert> alerts;
    };

    void receive(std::span<const Alert> alerts) override {
        batches_.push_back({clock_ == nullptr ? Timestamp{} : clock_->now(), {alerts.begin(), alerts.end()}});
    }

    const std::vector<Batch>& batches() const { return batches_; }
    /// The alerts of all batches, one behind the other.
    std::vector<Alert> alerts() const {
        std::vector<Alert> all;
        for (const auto& batch : batches_) all.insert(all.end(), batch.alerts.begin(), batch.alerts.end());
        return all;
    }
    void clear() { batches_.clear(); }

private:
    const Scheduler* clock_;
    std::vector<Batch> batches_;
};

}  // namespace tocsin::fakes
