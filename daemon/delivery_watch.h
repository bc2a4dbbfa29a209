#pragma once

#include "base/log.h"
#include "notifiers/observer.h"

namespace tocsin {

/// Writes to the log what was told to whom and what was not. Scheduler's thread only.
class DeliveryWatch final : public NotificationObserver {
public:
    explicit DeliveryWatch(Log& log) : log_(log) {}

    void on_attempt(const AttemptEvent& attempt) override;
    void on_mute(const MuteEvent& mute) override;
    void on_flap(const FlapEvent& flap) override;

private:
    Log& log_;
};

}  // namespace tocsin
