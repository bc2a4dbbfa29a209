#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "rules/rule_manager.h"
#include "rules/rule_test_routing.h"

namespace tocsin {

/// What happened in a test, in order: alerts that changed, and who was told.
class RuleTestTimeline {
public:
    /// What happened that long before something may be why it is not as expected.
    static constexpr Duration kBefore = std::chrono::minutes(10);

    explicit RuleTestTimeline(Timestamp start) : start_(start) {}

    void add(const AlertTransition& change);
    /// What several integrations of a receiver are told at the same time of the same group is one notification.
    void add(SeenNotification told);
    /// Something that happened to the daemon.
    void add_step(Timestamp at, std::string what);

    const std::vector<SeenNotification>& notifications() const { return notifications_; }
    /// As tests count it.
    Duration since_start(Timestamp at) const { return at - start_; }

    /// One line each, indented, of what happened from `from` to `until`: at most some lines around the middle of them.
    /// `alertname`: only changes of that alert.
    std::vector<std::string> around(Duration from, Duration until,
                                    const std::optional<std::string>& alertname = {}) const;

private:
    struct Event {
        Timestamp at;
        std::string text;
        std::string alertname;  // of a change
        std::optional<std::size_t> notification;
    };
    std::string text_of(const Event& event) const;

    Timestamp start_;
    std::vector<Event> events_;
    std::vector<SeenNotification> notifications_;
};

/// `firing {group labels}: {alert} {alert}`, without the receiver and the time.
std::string to_string(const SeenNotification& notification);

}  // namespace tocsin
