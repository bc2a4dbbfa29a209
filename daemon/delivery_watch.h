#pragma once

#include <set>
#include <string>

#include "base/log.h"
#include "notifiers/observer.h"

namespace tocsin {

/// Writes to the log what was told to whom and what was not, and remembers whose last attempt failed. Scheduler's thread only.
class DeliveryWatch final : public NotificationObserver {
public:
    explicit DeliveryWatch(Log& log) : log_(log) {}

    void on_attempt(const AttemptEvent& attempt) override;
    void on_mute(const MuteEvent& mute) override;
    void on_flap(const FlapEvent& flap) override;

    /// Whether the last attempt at every integration succeeded.
    bool all_well() const { return failing_.empty(); }

private:
    Log& log_;
    std::set<std::string> failing_;  // `receiver/kind[index]`
};

}  // namespace tocsin
