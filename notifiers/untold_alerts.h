#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
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

/// An incident is an alert since when it began. One of which a receiver was told.
struct ToldIncident {
    std::uint64_t alert = 0;  // its log hash
    Timestamp starts_at{};
    std::string receiver;
};

/// What fired and who was never told, over restarts: each incident once for a group of a receiver, however often its
/// source repeats the end. Alerts that fire still are not here: nobody knows yet. Scheduler's thread only.
class UntoldAlerts final : public NotificationObserver {
public:
    static constexpr std::size_t kAlertsMax = 20'000;
    /// Of so many incidents, the last ones, it is known that a receiver was told. Sources repeat ends for a while, so
    /// it is more than what is likely to end within that while.
    static constexpr std::size_t kToldMax = 100'000;

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
    using Incident = std::pair<std::uint64_t, Timestamp>;          // log hash of the alert, and when it began
    using Place = std::tuple<Incident, std::string, std::string>;  // receiver, group key

    void note_told(const EndEvent& end, const Incident& incident);
    void correct_untold(const std::string& told_receiver, const Incident& incident);
    void add(const EndEvent& end, const Incident& incident);
    void extend(const TimedKey& key, Timestamp ends_at);
    bool somebody_was_told(const Incident& incident) const;
    void forget_key(const TimedKey& key, const UntoldAlert& alert);

    TimedTable<UntoldAlert> alerts_;                   // by when they were noted
    std::map<Place, TimedKey> keys_;                   // of alerts_
    TimedTable<ToldIncident> told_incidents_;          // by when their ends were told
    std::set<std::pair<Incident, std::string>> told_;  // those, with the receiver
};

}  // namespace tocsin
