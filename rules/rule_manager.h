#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/diagnostic.h"
#include "base/log.h"
#include "base/result.h"
#include "base/self_metrics.h"
#include "base/time.h"
#include "engine/eval/query.h"
#include "engine/store/store.h"
#include "rules/alert_state.h"
#include "rules/rule_file.h"
#include "rules/stored_alert.h"

namespace tocsin {

class ScrapeLog;
class ScrapeManager;

/// What rules stand on. All must outlive the RuleManager.
struct RuleManagerContext {
    Scheduler& scheduler;
    Executor& executor;
    Store& store;
    ScrapeManager& scrapes;
    Log& log;
    SelfMetrics& metrics;
    AlertSink& alerts;
    /// Where the rows that rules write are kept over a restart; open when there is one.
    ScrapeLog* scrape_log = nullptr;
};

/// What the rules of one configuration may be, at most. More than that is refused when they are prepared; alerts beyond
/// it put their rule in error, and those that are there stay.
struct RuleLimits {
    std::size_t rules = 100'000;
    std::size_t groups = 20'000;
    std::size_t alerts_per_rule = 100'000;

    bool operator==(const RuleLimits&) const = default;
};

/// What configuration and flags say about all rules.
struct RuleSettings {
    Duration evaluation_interval{std::chrono::minutes(1)};
    Duration query_offset{0};
    /// Alerts that stay active are sent again after this long.
    Duration resend_delay{std::chrono::minutes(1)};
    LabelSet external_labels;
    std::string external_url;  // without a slash at the end
    OutagePolicy outage;
    QueryOptions query;
    RuleLimits limits;

    bool operator==(const RuleSettings&) const = default;
};

/// What a reload did, for the log and for whoever asked for it.
struct RuleReloadSummary {
    std::size_t groups = 0;
    std::size_t rules = 0;
    std::vector<std::string> added, removed, changed;  // `file;group;rule`
    std::vector<std::string> groups_changed;           // `file;group: interval 1m -> 30s`; not for their rules
    std::vector<std::string> resolved;                 // alerts that ended because their rule went away
};

enum class RuleHealth { Unknown, Ok, Error };

/// What /api/v1/rules and /api/v1/alerts show.
struct ActiveAlertView {
    LabelSet labels;
    LabelSet annotations;
    AlertState state;
    double value = 0;
};

/// One evaluation of a rule, as it went.
struct RuleEvaluation {
    Timestamp at;
    std::chrono::nanoseconds duration{0};
    std::size_t samples = 0;
    std::string error;  // empty when it went well
};

struct RuleView {
    const RuleDefinition* definition = nullptr;
    RuleHealth health = RuleHealth::Unknown;
    std::string last_error;
    Timestamp last_evaluation{};
    std::chrono::nanoseconds evaluation_time{0};
    AlertPhase phase = AlertPhase::Inactive;  // of an alerting rule: the furthest of its alerts
    std::vector<ActiveAlertView> alerts;      // pending and firing, by label set
    std::vector<StandingQuery::SelectorUse> selectors;
    std::vector<std::string> warnings;        // what PromQL had to say
    std::vector<RuleEvaluation> evaluations;  // the last ones, the latest at the end
};

struct RuleGroupView {
    std::string name, file;
    Duration interval{0};
    std::size_t limit = 0;
    Timestamp last_evaluation{};
    std::chrono::nanoseconds evaluation_time{0};
    std::vector<RuleView> rules;
};

/// What a selector of a rule finds.
struct RuleSelectorUse {
    std::string group;  // `file;name`
    std::string rule;   // its name; the second of that name in the group is `name#2`
    std::string selector;
    std::size_t series = 0;
};

/// A change of phase of one alert, told with the evaluation, the reload or the start that brought it.
struct AlertTransition {
    std::string file, group, rule;
    const RuleDefinition* definition = nullptr;  // until the next reload; null when that has taken it away
    LabelSet labels;
    AlertPhase from = AlertPhase::Inactive, to = AlertPhase::Inactive;
    Timestamp at{};
    double value = 0;
    std::optional<Timestamp> active_at;  // nothing for one that was pending
    std::string reason;                  // why it ended, when no evaluation said so
};

/// What the expression of an alerting rule compares with a number (rules/threshold.h), as an evaluation found it.
struct ComparedValue {
    const RuleDefinition& rule;  // until the next reload
    Duration interval;           // of its evaluations
    Timestamp at;
    const InstantVector& value;  // during the call
};

/// What became of an alert: `pending`, `firing`, `resolved`, or `gone` for one that never fired.
std::string_view phase_word(AlertPhase from, AlertPhase to);
inline std::string_view phase_word(const AlertTransition& change) {
    return phase_word(change.from, change.to);
}

/// All rule groups: compiled, evaluated on their ticks, their alerts sent to the sink. Scheduler's thread only.
///
/// On a tick of the grid the targets that are due are polled; a group due at that tick is evaluated as soon as the last
/// of them which its selectors can match has answered or timed out (rules/tick_scheduler.h).
class RuleManager {
public:
    explicit RuleManager(RuleManagerContext context);
    /// Not while a group is evaluated: stop() first.
    ~RuleManager();

    /// Rules that are compiled and wait to be put in force; nothing that runs was touched. Void once another one was
    /// applied.
    class Prepared {
    public:
        Prepared();
        Prepared(Prepared&&) noexcept;
        Prepared& operator=(Prepared&&) noexcept;
        ~Prepared();

    private:
        friend class RuleManager;
        struct Impl;
        std::unique_ptr<Impl> impl_;
    };
    /// Of groups that are given twice (a file that two patterns name) the first one counts.
    Parsed<Prepared> prepare(std::vector<RuleFile> files, RuleSettings settings);

    /// Cannot fail. Unchanged groups keep timers and state; edited rules keep the alerts whose identity is the same;
    /// alerts of rules that are gone resolve now, with the reason in the annotation `tocsin_reason`. Only while the
    /// store is thawed: call it from Store::when_thawed().
    RuleReloadSummary apply(Prepared prepared);

    /// Begins to tick. Before it nothing is polled or evaluated.
    void start();
    /// No tick after this; `done` when the evaluation that runs has ended. Not to be started again.
    void stop(std::function<void()> done);

    /// What the pages show, a copy: as expensive as there are rules and alerts.
    std::vector<RuleGroupView> groups() const;
    std::size_t rule_count() const;
    /// How many rules failed at their last evaluation.
    std::size_t failing_rule_count() const;
    /// Of all selectors of all rules.
    std::vector<RuleSelectorUse> selector_uses() const;

    void on_transition(std::function<void(const AlertTransition&)> observer);
    /// After each evaluation of a group, with the instant at which it was due.
    void on_evaluation(std::function<void(const std::string& group, Timestamp due)> observer);

    /// At each evaluation that went well, of each alerting rule that compares something with a number. Before apply():
    /// rules that are in force already are not watched.
    void on_compared_value(std::function<void(const ComparedValue&)> observer);

    StoredRules snapshot() const;
    /// After apply() and before start(). Who was told that an alert fires whose rule is not there any more is told that
    /// it is over.
    void restore(const StoredRules& stored);
    /// The same with what the last run left in `state`, where from now on everything is kept: all that an evaluation or
    /// a reload changes is one write. `state` must outlive this.
    void keep_in(StateStore& state);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
