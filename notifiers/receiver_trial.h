#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "notifiers/notification.h"
#include "notifiers/receiver.h"

namespace tocsin {

/// One message of a trial, and what became of it.
struct TrialStep {
    std::string integration;  // `slack[0]`
    bool firing = true;       // or it is the end of what fired
    Outcome outcome;
};

/// Tells a receiver that somebody tries it, by each of its integrations at the same time: of an alert `TocsinTest` that
/// fires and, when that was taken and the integration hears of ends, of its end, so that no incident stays open.
///
/// Each message is tried once. Scheduler's thread only.
class ReceiverTrial {
public:
    using Told = std::function<void(const TrialStep&)>;

    /// `clock` outlives this.
    ReceiverTrial(std::shared_ptr<Receiver> receiver, const Scheduler& clock, std::string external_url)
        : receiver_(std::move(receiver)), clock_(clock), external_url_(std::move(external_url)) {}

    /// `told` is called after each message, then `done`, both at once or later; this must live until then. An attempt
    /// may take `timeout`, but for an integration with one of its own.
    void start(Duration timeout, Told told, std::function<void()> done);

private:
    void send(const std::shared_ptr<Integration>& integration, bool firing, DeliveryNotes notes);
    void end_of(const std::shared_ptr<Integration>& integration, bool firing, Outcome outcome);
    Notification message(bool firing) const;

    std::shared_ptr<Receiver> receiver_;
    const Scheduler& clock_;
    std::string external_url_;
    Timestamp started_{};
    Duration timeout_{};
    Told told_;
    std::function<void()> done_;
    std::size_t under_way_ = 0;
};

}  // namespace tocsin
