#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/state_store.h"
#include "base/time.h"
#include "base/timed_table.h"
#include "notifiers/observer.h"

namespace tocsin {

/// An alert that fired and ended without a receiver of it ever taking a message about it.
struct UntoldAlert {
    LabelSet labels;
    Timestamp starts_at{};
    Timestamp ends_at{};
    Timestamp noted_at{};  // when its group let it go
    std::string receiver;
    std::string group_key;
    /// `silence`, `inhibition`, `active_time_interval`, `mute_time_interval`, `unseen`, `refused`, `no integration`.
    std::string why;
    std::vector<std::string> by;  // as Mute::by
    std::string error;            // of the last attempt, without a secret
    bool told_others = false;     // another receiver was told of it
};

/// What fired and who was never told, over restarts. Alerts that fire still are not here: nobody knows yet. Scheduler's
/// thread only.
class UntoldAlerts final : public NotificationObserver {
public:
    static constexpr std::size_t kAlertsMax = 20'000;

    /// What is older than `retention` is forgotten, and the oldest when there are too many. `clock` and `log` outlive
    /// this.
    UntoldAlerts(const Scheduler& clock, Log& log, Duration retention);
    UntoldAlerts(const UntoldAlerts&) = delete;
    UntoldAlerts& operator=(const UntoldAlerts&) = delete;

    /// Goes on with what `state` has, and keeps it there from now on. Before the first alert; `state` outlives this.
    void keep_in(StateStore& state);

    void on_end(const EndEvent& end) override;

    /// Calls `visit` for each, the last one first, for as long as it answers true.
    void for_each(const std::function<bool(const UntoldAlert&)>& visit) const;
    std::size_t size() const { return alerts_.size(); }

private:
    using Incident = std::pair<std::uint64_t, Timestamp>;  // log hash of the alert, and when it began

    void note_told(const Incident& incident);
    void add(const EndEvent& end, const Incident& incident);
    void forget_key(const TimedKey& key, const UntoldAlert& alert);

    TimedTable<UntoldAlert> alerts_;         // by when they were noted
    std::multimap<Incident, TimedKey> keys_;  // of alerts_
    // Those of which somebody was told lately: another of their groups may let them go later.
    std::set<Incident> told_;
    std::vector<Incident> told_in_order_;  // a ring
    std::size_t next_told_ = 0;
};

}  // namespace tocsin
