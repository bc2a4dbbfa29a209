#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "daemon/alert_lanes.h"
#include "daemon/replay.h"
#include "daemon/value_curves.h"

namespace tocsin {

/// A notification as it can be shown.
struct ToldNotification {
    struct Alert {
        bool firing = true;
        LabelSet labels, annotations;
        Timestamp since{};
    };
    Timestamp at{};
    std::string receiver, integration;  // `slack[0]`
    std::string status, reason;
    LabelSet group_labels;
    std::vector<Alert> alerts;     // the first of them
    std::size_t more_alerts = 0;   // that are not among them
    std::string message;           // the requests: method, address, body
    std::size_t message_left = 0;  // bytes of it that were left out
    std::string problem;           // why it was not sent, or a template that failed; empty: neither
};

/// Notifications that are so close together that they are one mark.
struct ToldMark {
    Timestamp at{};  // of the first
    std::size_t firing = 0, resolved = 0, failed = 0;
    std::vector<std::size_t> notifications;  // the first ones; places among those that are shown

    std::size_t count() const { return firing + resolved + failed; }
};

struct ReceiverHistory {
    std::string receiver;
    std::size_t firing = 0, resolved = 0, failed = 0;
    std::vector<ToldMark> marks;
};

struct RuleHistory {
    RuleView rule;  // as of the last evaluation
    std::string group, file;
    AlertLanesView alerts;
    std::optional<ValueCurvesView> values;
    std::vector<ToldMark> marks;  // of notifications that name its alerts
};

/// All of a replay, within bounds, whatever its length.
struct ReplayView {
    Timestamp start{}, end{};
    std::vector<RuleHistory> rules;  // alerting rules, in the order of the files
    std::size_t recording_rules = 0;
    std::vector<ReceiverHistory> receivers;       // by name
    std::vector<ToldNotification> notifications;  // the first ones
    std::size_t notifications_left = 0;           // that are not among them
};

/// Gathers what happened in a replay for somebody to look at: the same replay gives the same view. One thread.
class ReplayHistory {
public:
    struct Limits {
        std::size_t notifications = 1000;
        std::size_t alerts_of_notification = 20;
        std::size_t message_bytes = 8 * 1024;
        std::size_t messages_bytes = 2 * 1024 * 1024;  // of all notifications
        std::size_t marks = 100;                       // in a line
        std::size_t notifications_of_mark = 12;
        std::size_t alerts = 20'000;  // whose course is kept, of all rules
        std::size_t series = 20'000;  // likewise
        AlertLanes::Limits lanes;
        ValueCurves::Limits curves;
    };
    ReplayHistory(Timestamp start, Timestamp end, const Limits& limits);
    ReplayHistory(Timestamp start, Timestamp end) : ReplayHistory(start, end, Limits{}) {}
    ReplayHistory(const ReplayHistory&) = delete;
    ReplayHistory& operator=(const ReplayHistory&) = delete;

    void add(const OfflineNotification& told);
    void add(const AlertTransition& change);
    void add(const ComparedValue& compared);

    /// `groups`: those of the replay.
    ReplayView view(const std::vector<RuleGroupView>& groups) const;

private:
    struct Marks {
        std::map<std::size_t, ToldMark> by_step;
    };
    struct Course {
        std::optional<AlertLanes> lanes;
        std::optional<ValueCurves> curves;
        bool has_threshold = true;
    };
    std::optional<std::size_t> keep(const OfflineNotification& told);
    std::string message_of(const OfflineNotification& told, std::size_t& left);
    void mark(Marks& marks, const OfflineNotification& told, std::optional<std::size_t> kept) const;
    static std::vector<ToldMark> list(const Marks& marks);
    RuleHistory history_of(const RuleGroupView& group, const RuleView& rule) const;

    Timestamp start_, end_;
    Limits limits_;
    std::size_t alerts_budget_, series_budget_, message_budget_;
    std::unordered_map<const RuleDefinition*, Course> courses_;
    std::map<std::string, Marks, std::less<>> by_receiver_, by_alert_name_;
    std::vector<ToldNotification> notifications_;
    std::size_t notifications_left_ = 0;
};

}  // namespace tocsin
