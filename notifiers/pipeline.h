#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "notifiers/inhibit.h"
#include "notifiers/silence.h"
#include "notifiers/stage.h"
#include "notifiers/time_interval.h"

namespace tocsin {

/// The stages that an alert passes before anybody is told, in Alertmanager's order: inhibition, active and mute times,
/// silences.
class Pipeline {
public:
    /// All must outlive the pipeline.
    Pipeline(const Inhibitor& inhibitor, const std::vector<TimeInterval>& intervals, const Silences& silences);

    /// The first objection.
    std::optional<Mute> mute(const StoredAlert& alert, const Route& route, Timestamp now) const;

private:
    std::vector<std::unique_ptr<Stage>> stages_;
};

/// By which of its intervals a route is muted, if it is.
std::optional<Mute> time_mute(const Route& route, const std::vector<TimeInterval>& intervals, Timestamp now);

/// When a route that is muted by its times is not any more; none when that is more than a quarter of a year away.
std::optional<Timestamp> unmuted_at(const Route& route, const std::vector<TimeInterval>& intervals, Timestamp now);

/// The names of a route's intervals by which it is muted; none when it is not.
std::vector<std::string> muting_intervals(const Route& route, const std::vector<TimeInterval>& intervals,
                                          Timestamp now);

/// Which routes are muted by their times at one instant; each is looked at once.
class RouteMutes {
public:
    /// `intervals` outlive it.
    RouteMutes(const std::vector<TimeInterval>& intervals, Timestamp now) : intervals_(intervals), now_(now) {}

    /// As muting_intervals(). The route lives as long as this.
    const std::vector<std::string>& of(const Route& route);
    /// None as long as one of the routes is not muted. Each name once, in the order of the routes.
    std::vector<std::string> of_all(const std::vector<const Route*>& routes);
    bool any(const std::vector<const Route*>& routes);

private:
    const std::vector<TimeInterval>& intervals_;
    Timestamp now_;
    std::unordered_map<const Route*, std::vector<std::string>> known_;
};

}  // namespace tocsin
