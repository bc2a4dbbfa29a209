#include "notifiers/pipeline.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr Duration kUnmutedWithin = std::chrono::hours(24 * 92);

class InhibitStage final : public Stage {
public:
    explicit InhibitStage(const Inhibitor& inhibitor) : inhibitor_(inhibitor) {}
    std::optional<Mute> mute(const StoredAlert& alert, const Route&, Timestamp now) const override {
        const auto source = inhibitor_.inhibiting(alert.alert.labels, now);
        if (!source) return std::nullopt;
        return Mute{MuteReason::Inhibition, {to_string_fingerprint(*source)}};
    }

private:
    const Inhibitor& inhibitor_;
};

std::vector<std::string> holding(const std::vector<std::string>& names, const std::vector<TimeInterval>& intervals,
                                 Timestamp now) {
    std::vector<std::string> out;
    for (const TimeInterval& interval : intervals) {
        const bool named = std::find(names.begin(), names.end(), interval.name) != names.end();
        if (named && interval.contains(now)) out.push_back(interval.name);
    }
    return out;
}

class ActiveTimeStage final : public Stage {
public:
    explicit ActiveTimeStage(const std::vector<TimeInterval>& intervals) : intervals_(intervals) {}
    std::optional<Mute> mute(const StoredAlert&, const Route& route, Timestamp now) const override {
        const auto& names = route.options.active_time_intervals;
        if (names.empty() || !holding(names, intervals_, now).empty()) return std::nullopt;
        return Mute{MuteReason::ActiveTimeInterval, names};
    }

private:
    const std::vector<TimeInterval>& intervals_;
};

class MuteTimeStage final : public Stage {
public:
    explicit MuteTimeStage(const std::vector<TimeInterval>& intervals) : intervals_(intervals) {}
    std::optional<Mute> mute(const StoredAlert&, const Route& route, Timestamp now) const override {
        auto names = holding(route.options.mute_time_intervals, intervals_, now);
        if (names.empty()) return std::nullopt;
        return Mute{MuteReason::MuteTimeInterval, std::move(names)};
    }

private:
    const std::vector<TimeInterval>& intervals_;
};

class SilenceStage final : public Stage {
public:
    explicit SilenceStage(const Silences& silences) : silences_(silences) {}
    std::optional<Mute> mute(const StoredAlert& alert, const Route&, Timestamp now) const override {
        auto ids = silences_.muting(alert.alert.labels, now);
        if (ids.empty()) return std::nullopt;
        return Mute{MuteReason::Silence, std::move(ids)};
    }

private:
    const Silences& silences_;
};

}  // namespace

std::string_view to_string(MuteReason reason) {
    switch (reason) {
        case MuteReason::Silence:
            return "silence";
        case MuteReason::Inhibition:
            return "inhibition";
        case MuteReason::ActiveTimeInterval:
            return "active_time_interval";
        case MuteReason::MuteTimeInterval:
            return "mute_time_interval";
    }
    return {};
}

Pipeline::Pipeline(const Inhibitor& inhibitor, const std::vector<TimeInterval>& intervals, const Silences& silences) {
    stages_.push_back(std::make_unique<InhibitStage>(inhibitor));
    stages_.push_back(std::make_unique<ActiveTimeStage>(intervals));
    stages_.push_back(std::make_unique<MuteTimeStage>(intervals));
    stages_.push_back(std::make_unique<SilenceStage>(silences));
}

std::optional<Mute> Pipeline::mute(const StoredAlert& alert, const Route& route, Timestamp now) const {
    for (const auto& stage : stages_) {
        if (auto mute = stage->mute(alert, route, now)) return mute;
    }
    return std::nullopt;
}

std::optional<Mute> time_mute(const Route& route, const std::vector<TimeInterval>& intervals, Timestamp now) {
    const auto& active = route.options.active_time_intervals;
    if (!active.empty() && holding(active, intervals, now).empty()) {
        return Mute{MuteReason::ActiveTimeInterval, active};
    }
    auto muting = holding(route.options.mute_time_intervals, intervals, now);
    if (muting.empty()) return std::nullopt;
    return Mute{MuteReason::MuteTimeInterval, std::move(muting)};
}

std::optional<Timestamp> unmuted_at(const Route& route, const std::vector<TimeInterval>& intervals, Timestamp now) {
    const Timestamp end = now + kUnmutedWithin;
    for (Timestamp t = now; t <= end;) {
        if (!time_mute(route, intervals, t)) return t;
        Timestamp next = t + std::chrono::hours(1);
        for (const TimeInterval& interval : intervals) next = std::min(next, interval.next_edge(t));
        t = next;
    }
    return std::nullopt;
}

std::vector<std::string> muting_intervals(const Route& route, const std::vector<TimeInterval>& intervals,
                                          Timestamp now) {
    auto mute = time_mute(route, intervals, now);
    return mute ? std::move(mute->by) : std::vector<std::string>();
}

const std::vector<std::string>& RouteMutes::of(const Route& route) {
    const auto known = known_.find(&route);
    if (known != known_.end()) return known->second;
    return known_[&route] = muting_intervals(route, intervals_, now_);
}

std::vector<std::string> RouteMutes::of_all(const std::vector<const Route*>& routes) {
    std::vector<std::string> names;
    for (const Route* route : routes) {
        const auto& muting = of(*route);
        if (muting.empty()) return {};
        for (const std::string& name : muting) {
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        }
    }
    return names;
}

bool RouteMutes::any(const std::vector<const Route*>& routes) {
    return std::any_of(routes.begin(), routes.end(), [&](const Route* route) { return !of(*route).empty(); });
}

}  // namespace tocsin
