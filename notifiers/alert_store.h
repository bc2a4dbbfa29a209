#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/alert.h"

namespace tocsin {

/// An alert as store, groups and messages under way share it. Immutable: news of an alert is another one.
struct StoredAlert {
    explicit StoredAlert(Alert of, std::uint64_t number = 0);
    /// News of the same labels, heard at `now`.
    StoredAlert(Alert of, const StoredAlert& before, Timestamp now);

    Alert alert;
    Fingerprint fingerprint;
    std::uint64_t log_hash;  // how the notification log knows it: xxHash64 over `name 0xFF value 0xFF`
    std::uint64_t number;    // in the order in which alerts were first heard of; news of an alert has the same
    bool only_renews = false;  // of the alert before, which went on, it says anew when it ends, and nothing else
};

using AlertPtr = std::shared_ptr<const StoredAlert>;

/// What is now known of an alert of which `old` was known: as Alertmanager's provider/mem and alert.Merge have it.
/// Where their times overlap the earlier start counts, and an end that somebody said counts more than a timeout;
/// without overlap it is another incident of the same labels and `next` counts alone.
Alert merge_alert(const Alert& old, Alert next, Timestamp now);

/// All alerts that were heard of, until some time after they ended.
class AlertStore {
public:
    struct Limits {
        std::size_t alerts = 1'000'000;
        std::size_t per_alertname = 0;  // 0: none
    };

    explicit AlertStore(Limits limits) : limits_(limits) {}

    /// Null when a limit keeps an alert out that is not there yet.
    AlertPtr put(Alert alert, Timestamp now);
    AlertPtr find(const LabelSet& labels) const;
    /// Forgets alerts that are resolved at `now`; returns them.
    std::vector<AlertPtr> collect(Timestamp now);
    /// By label set.
    std::vector<AlertPtr> sorted() const;
    /// In no order; for counting.
    template <class Visit>
    void for_each(const Visit& visit) const {
        for (const auto& [labels, alert] : alerts_) visit(alert);
    }
    std::size_t size() const { return alerts_.size(); }

    /// The wall clock stepped: ends that are still to come move with it, so that no alert ends by the step.
    std::vector<AlertPtr> shift_ends(Timestamp before, Duration step);

private:
    bool is_overfull(const LabelSet& labels) const;

    Limits limits_;
    std::uint64_t last_number_ = 0;
    boost::unordered_flat_map<LabelSet, AlertPtr, LabelSetHash> alerts_;
    std::map<std::string, std::size_t, std::less<>> count_by_alertname_;
};

}  // namespace tocsin
