#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "notifiers/lookup_meter.h"

namespace tocsin {

enum class SilenceState { Pending, Active, Expired };
/// `pending`, `active`, `expired`.
std::string_view to_string(SilenceState state);

/// Somebody wants no messages about alerts that match, for a while.
struct Silence {
    std::string id;  // a UUID
    Matchers matchers;
    Timestamp starts_at{};
    Timestamp ends_at{};
    Timestamp updated_at{};
    std::string created_by;
    std::string comment;
    std::vector<std::pair<std::string, std::string>> annotations;

    SilenceState state(Timestamp now) const;
};

/// All silences, until some time after they ended. Scheduler's thread only.
class Silences {
public:
    struct Limits {
        std::size_t silences = 100'000;
        std::size_t bytes_each = 64 * 1024;
        std::size_t matchers_each = 100;
        std::chrono::days length{3653};  // ten years, from now or from its start if that is later
        Duration retention = std::chrono::hours(120);
    };

    Silences(Limits limits, Random& random) : limits_(limits), random_(random) {}

    /// Creates the silence, or changes the one whose id it has; returns its id. As in Alertmanager a change that would
    /// rewrite the past ends the old one and makes a new one. Error::Kind::NotFound is an unknown id; messages are
    /// Alertmanager's.
    Result<std::string> set(Silence silence, Timestamp now);
    /// Ends it now. One that has ended already is left alone.
    Status expire(std::string_view id, Timestamp now);
    const Silence* find(std::string_view id) const;
    /// By id.
    std::vector<const Silence*> all() const;

    /// The ids of the active silences that match, sorted.
    std::vector<std::string> muting(const LabelSet& labels, Timestamp now) const;
    bool mutes(const LabelSet& labels, Timestamp now) const;

    /// Forgets what ended longer ago than the retention.
    void collect(Timestamp now);
    void restore(std::vector<Silence> silences);

    /// How often muting() was asked.
    std::uint64_t queries() const { return queries_; }
    /// Measures from now on each search among all of them; what was found is remembered until a silence changes.
    void measure_with(LookupMeter meter) { meter_ = std::move(meter); }

private:
    Status check(const Silence& silence, Timestamp now) const;
    std::string make_id();
    void index() const;
    template <class Visit>
    void visit_candidates(const LabelSet& labels, const Visit& visit) const;
    const std::vector<const Silence*>& matching(const LabelSet& labels) const;

    Limits limits_;
    Random& random_;
    LookupMeter meter_;
    mutable std::uint64_t queries_ = 0;
    std::map<std::string, Silence, std::less<>> silences_;

    // By a label and the value that a silence wants it to have; without such a matcher a silence may match anything.
    // Made anew when it is looked into after a change.
    mutable std::map<Label, std::vector<const Silence*>> by_label_;
    mutable std::vector<const Silence*> unindexed_;
    mutable bool index_is_old_ = false;
    // Which ones match, whatever the time, of the labels that were asked for since the last change: as long as nothing
    // changes, the number of silences costs nothing.
    mutable std::unordered_map<LabelSet, std::vector<const Silence*>, LabelSetHash> matching_;
};

}  // namespace tocsin
