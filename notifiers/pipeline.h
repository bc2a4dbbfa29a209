#pragma once

#include <memory>
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

/// The names of a route's intervals by which it is muted; none when it is not.
std::vector<std::string> muting_intervals(const Route& route, const std::vector<TimeInterval>& intervals,
                                          Timestamp now);

}  // namespace tocsin
