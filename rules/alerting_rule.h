#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/result.h"
#include "engine/eval/frame.h"
#include "rules/alert_state.h"
#include "rules/recorded_series.h"
#include "rules/template_expander.h"

namespace tocsin {

/// One alert of a rule: pending, firing, or resolved within the last 15 minutes.
struct ActiveAlert {
    LabelSet annotations;
    AlertState state;
    double value = 0;  // the last one it was active with
    std::optional<Timestamp> last_sent;

    bool is_changed = true;  // since take_changes() was called last

    std::uint64_t seen = 0;  // the evaluation in which it was in the result last
    /// Where its ALERTS and ALERTS_FOR_STATE go, as of that generation of the rule's series.
    struct Cells {
        std::uint64_t generation = 0;
        std::optional<RecordedSeries::Cell> pending, firing, for_state;
    };
    Cells cells;
};

/// By their labels. Entries stay where they are in memory.
using ActiveAlerts = std::map<LabelSet, ActiveAlert>;

/// The alerts of one rule through time. Scheduler's thread.
///
/// In the steady state, the same frame as last time and no template that depends on the value, an alert costs the
/// look-up of a pointer and a step of the state machine, and a row that is not in the result next to nothing.
class AlertingRule {
public:
    /// For each alert whose phase changed: the phase it was in `before`, the evaluation `at` which it changed, and the
    /// `reason` when that was not what the evaluation found.
    using Observer = std::function<void(const LabelSet& labels, const ActiveAlert& alert, AlertPhase before,
                                        Timestamp at, std::string_view reason)>;

    AlertingRule(const RuleDefinition& definition, GroupTimeline& timeline, Observer observer)
        : definition_(definition), texts_(definition), recorded_(timeline), observer_(std::move(observer)) {}

    /// Takes the result of an evaluation. On an error (the same label set twice, more than `limit` alerts) no alert
    /// changes: what was firing goes on firing.
    Status apply(const InstantVector& result, std::size_t limit, const ExpansionContext& context);

    /// Instead of apply(), when there is no result: no alert changes.
    void keep(Timestamp at);

    /// The firing and lately resolved alerts that nobody was told of since they became that or within `resend_delay`;
    /// they count as told at `now`. `valid_for` is how long a firing one counts as firing if nobody speaks of it again.
    void collect_due(Timestamp now, Duration resend_delay, Duration valid_for, std::vector<Alert>& into);

    const ActiveAlerts& alerts() const { return alerts_; }
    /// The furthest phase of its alerts.
    AlertPhase phase() const;
    /// How many alerts were pending or firing after the last evaluation that went well.
    std::size_t samples() const { return samples_; }
    std::uint64_t template_expansions() const { return texts_.expansions(); }
    std::uint64_t template_failures() const { return texts_.failures(); }

    /// Takes over an alert of the rule's earlier version, or of the last run. False when it has one with these labels.
    bool adopt(LabelSet labels, ActiveAlert alert);
    /// Gives up all alerts, for the next version to adopt.
    ActiveAlerts release();
    /// Whether an alert of these labels could be this rule's: its name and the labels that are plain text agree.
    bool could_own(const LabelSet& labels) const;

    /// The alerts that have become others since the last call, and the labels of those that are gone. What changes with
    /// every evaluation (value and annotations) makes no alert another one: it goes along with what does.
    struct Changes {
        std::vector<const ActiveAlerts::value_type*> changed;  // until the next change
        std::vector<LabelSet> gone;
    };
    Changes take_changes();
    /// Whether the next evaluation depends on when the last one was.
    bool counts_time() const;
    /// Goes on at `now` after an outage that began with the evaluation at `last`.
    void resume(Timestamp last, Timestamp now, const OutagePolicy& policy);

    /// The wall clock was set by `step`, and the past of the alerts moves along.
    void move_time(Duration step);

private:
    using Entry = ActiveAlerts::value_type;
    struct Row {
        std::size_t index;  // in the frame
        Entry* entry;
    };

    Status find_alerts(const InstantVector& result, const ExpansionContext& context);
    Entry& alert_of(const InstantVector& result, std::size_t row, const ExpansionContext& context);
    Status check_limit(std::size_t limit, Timestamp at) const;
    void drop_new();
    void step_present(const InstantVector& result, const ExpansionContext& context);
    void step_absent(Timestamp at);
    void step(Entry& entry, bool present, Timestamp at);
    void forget(Timestamp at);
    void record();
    void record(const LabelSet& labels, ActiveAlert& alert);
    void mark(ActiveAlert& alert);
    AlertTimers timers() const { return {definition_.for_duration, definition_.keep_firing_for}; }

    const RuleDefinition& definition_;
    TemplateExpander texts_;
    RecordedSeries recorded_;
    Observer observer_;
    ActiveAlerts alerts_;
    std::shared_ptr<const Frame> bound_;  // the frame that rows_ belongs to
    std::vector<Row> rows_;               // those of the last result, in order
    std::vector<Row> next_rows_;
    std::uint64_t evaluation_ = 0;
    std::size_t samples_ = 0;
    std::uint64_t recorded_generation_ = 0;
    bool has_changes_ = false;
    std::vector<LabelSet> gone_;
    bool alerts_wanted_ = false;  // ALERTS or ALERTS_FOR_STATE, as of that generation
};

}  // namespace tocsin
