#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/result.h"
#include "base/state_store.h"
#include "notifiers/alert_store.h"

namespace tocsin {

inline constexpr const char* kAlertNewsTable = "alert_news";

/// What is to be kept of received alerts, in the order in which it was heard.
///
/// It is the most and the most often written part of the state, and most of it says again what was said before. So many
/// alerts are one record, which holds each text once; and of alerts that are heard of again unchanged but for their
/// end, runs with neighbouring numbers are one entry. Records stand in the table in the order of their keys: what is
/// known is what all of them say one after the other. From time to time the table is written anew.
class AlertNews {
public:
    /// An alert that only renews is kept as that.
    void add(const AlertPtr& alert);
    /// All of it, whatever was kept before.
    void add_whole(const AlertPtr& alert);

    bool empty() const { return parts_.empty(); }
    std::size_t records() const { return parts_.size(); }
    /// How much there is to read, counted in alerts.
    std::size_t weight() const;
    /// With the keys from `number` on. On any thread.
    void put_into(StateWriter& writer, std::uint64_t number) const;

    /// Alerts that were heard of one after the other and end at the same time.
    struct Renewal {
        std::uint64_t first = 0;  // StoredAlert::number
        std::uint64_t count = 0;
        Timestamp ends_at{};
        Timestamp updated_at{};
        bool ends_by_timeout = false;
    };

private:
    // Of one kind: a record.
    struct Part {
        std::vector<AlertPtr> whole;
        std::vector<Renewal> renewed;
    };
    std::vector<Part> parts_;
};

/// Alerts as the records left them.
class KeptAlerts {
public:
    /// In the order of their keys. Nothing is taken of a record that nothing of this version wrote.
    Status take(const StateRecord& record);
    /// In the order in which they were heard of.
    std::vector<Alert> alerts() &&;

private:
    void renew(const AlertNews::Renewal& by);

    std::map<std::uint64_t, Alert> alerts_;  // by StoredAlert::number
};

}  // namespace tocsin
