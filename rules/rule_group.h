#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/eval/frame.h"
#include "rules/alerting_rule.h"
#include "rules/group_queries.h"
#include "rules/group_timeline.h"
#include "rules/recording_rule.h"
#include "rules/rule_group_metrics.h"
#include "rules/rule_manager.h"
#include "rules/template_queries.h"

namespace tocsin {

/// One rule of a group in force: its compiled expression, and what it does with the result.
struct GroupRule {
    GroupRule(const RuleDefinition& rule, std::unique_ptr<StandingQuery> compiled, GroupTimeline& timeline,
              AlertingRule::Observer observer);

    const RuleDefinition& definition;
    std::size_t nth = 0;  // among the rules of its name in the group
    std::unique_ptr<StandingQuery> query;
    std::variant<AlertingRule, RecordingRule> action;
    /// It must see what an earlier rule of the group recorded in the same cycle, so a new batch begins with it.
    bool begins_batch = false;

    RuleHealth health = RuleHealth::Unknown;
    std::string last_error;
    Timestamp last_evaluation{};
    std::chrono::nanoseconds evaluation_time{0};
    Annotations annotations;                            // of the last evaluation
    std::vector<StandingQuery::SelectorUse> selectors;  // as they were shown last
    std::deque<RuleEvaluation> evaluations;             // the last kEvaluationsKept
    const RuleGroupMetrics::Rule* metrics = nullptr;

    /// The left side of its comparison with a number, where somebody watches that.
    std::unique_ptr<StandingQuery> compared;
    Result<const InstantVector*> compared_value = nullptr;

    /// The last result and what it took, written on the pool and read on the scheduler's thread after it.
    Result<const InstantVector*> result = nullptr;
    std::chrono::nanoseconds computing_time{0};
    std::size_t series_matched = 0;

    AlertingRule* alerting() { return std::get_if<AlertingRule>(&action); }
    const AlertingRule* alerting() const { return std::get_if<AlertingRule>(&action); }
    /// How many alerts or series the last evaluation that went well gave.
    std::size_t samples() const {
        return std::visit([](const auto& kind) { return kind.samples(); }, action);
    }
};

/// The labels an alert is sent with: those of the configuration where it has none of that name.
LabelSet with_external_labels(const LabelSet& labels, const LabelSet& external_labels);

class RuleGroup;

/// Observers of all groups.
struct RuleObservers {
    std::vector<std::function<void(const AlertTransition&)>> transition;
    std::vector<std::function<void(const std::string& group, Timestamp due)>> evaluation;
    std::vector<std::function<void(const ComparedValue&)>> compared_value;
    /// What an evaluation changed in the tables of the state store; not called when that is nothing.
    std::function<void(StateStore::Write)> changed;
};

/// The rules of a group, in order, at one evaluation timestamp. Scheduler's thread; only expressions are computed on
/// the pool.
///
/// An evaluation goes in batches. Rules that read nothing which the batch before them writes are computed in one go on
/// the pool; then, on the scheduler's thread, their results are taken in order: alerts step, series are written. The
/// store is frozen from the first batch to the last, so all rules see one instant, and what the group itself wrote.
class RuleGroup : public std::enable_shared_from_this<RuleGroup> {
public:
    /// `queries` are those of the definition's rules. `predecessor` may be null, or a group of the same key
    /// that is to be evaluated no more: its counters go on, and so do its recorded series.
    RuleGroup(RuleGroupDefinition definition, GroupQueries queries, RuleSettings settings,
              const RuleManagerContext& context, std::shared_ptr<const RuleObservers> observers,
              RuleGroup* predecessor);

    const RuleGroupDefinition& definition() const { return *definition_; }
    const RuleSettings& settings() const { return settings_; }
    /// `file;name`, unique among all groups.
    const std::string& key() const { return key_; }
    Duration interval() const;

    /// Evaluates all rules as of `due` and sends what is due to the sink; `done` comes on the scheduler's thread,
    /// maybe within the call, just before the store is thawed. One group at a time, and only while nobody else has
    /// frozen the store. Small groups are computed on this thread, the others on the pool.
    void evaluate(Timestamp due, std::function<void()> done);
    /// `iterations` came and went without an evaluation.
    void count_missed(std::uint64_t iterations);

    /// The wall clock has stepped. Alerts are told at once with the times of the new clock, for those they were told to
    /// with the old one's may think them over; what is evaluated still counts by the old one.
    void clock_stepped(Duration step);
    /// From here on evaluations count by the new clock. The past moves along with it: nothing lasts longer or shorter.
    void settle_clock();

    /// All alerts as they are to be stored.
    void snapshot(StoredRules& into) const;
    /// Gives `rule`, one of its own, an alert that was kept or that another rule had; whether there was none such yet.
    bool adopt(GroupRule& rule, LabelSet labels, ActiveAlert alert);
    /// Its alerts are from another run, in which it was evaluated last at `last`; the next evaluation goes on from
    /// there.
    void resume_after(std::optional<Timestamp> last);

    /// The matchers of all selectors, those of `query` in templates too: what targets it reads.
    const std::vector<Matchers>& selectors() const { return selectors_; }

    std::vector<std::unique_ptr<GroupRule>>& rules() { return rules_; }
    const std::vector<std::unique_ptr<GroupRule>>& rules() const { return rules_; }
    std::size_t failing_rules() const;
    RuleGroupView view() const;
    /// How many series each selector matches, rule by rule; the last known while it is computed.
    void add_selector_uses(std::vector<RuleSelectorUse>& into) const;
    /// The same into the metrics.
    void show_selectors() const;

private:
    struct Cycle {
        Timestamp due, query_time;
        MonotonicTime started;
        std::size_t begin = 0, end = 0;  // the batch being computed
        std::chrono::nanoseconds time_here{0};  // on the scheduler's thread, as long as it took the last time
        std::size_t samples = 0;
        std::chrono::nanoseconds rule_durations{0};
        std::function<void()> done;
    };

    void take_over(RuleGroup& predecessor);
    void add_rule(const RuleDefinition& definition, std::unique_ptr<StandingQuery> query);
    void watch_comparison(GroupRule& rule);
    void mark_batches();
    void run_batches();
    void run_on_pool();
    void find_batch_end();
    bool is_small_batch();
    void compute_batch();
    void apply_batch();
    void apply(GroupRule& rule);
    Status take_result(GroupRule& rule);
    void note_evaluation(GroupRule& rule, const Status& status);
    void note_outcome(GroupRule& rule, const Status& status);
    void finish();
    void end_row();
    void measure();
    void send(Timestamp now, Duration resend_delay);
    void tell_transition(const GroupRule& rule, const LabelSet& labels, const ActiveAlert& alert, AlertPhase before,
                         Timestamp at, std::string_view reason) const;
    void tell_compared_value(const GroupRule& rule) const;
    void tell_changes();
    bool counts_time() const;
    void end_outage();
    StoredRuleAlert stored(const GroupRule& rule, const ActiveAlerts::value_type& entry) const;
    std::size_t limit_of(const GroupRule& rule) const;
    std::string generator_url(const RuleDefinition& rule) const;
    const std::vector<StandingQuery::SelectorUse>& selectors_of(GroupRule& rule) const;

    std::unique_ptr<const RuleGroupDefinition> definition_;
    RuleSettings settings_;
    RuleManagerContext context_;
    std::shared_ptr<const RuleObservers> observers_;
    std::string key_;
    std::unique_ptr<RuleGroupMetrics> metrics_;
    std::unique_ptr<GroupTimeline> timeline_;
    std::shared_ptr<SharedQueries> shared_queries_;
    std::vector<std::unique_ptr<GroupRule>> rules_;
    TemplateQueries template_queries_;
    templates::RuleTemplateQuery answer_query_;
    std::vector<Matchers> selectors_;

    Cycle cycle_;
    bool has_resumed_ = false;  // from another run, and was not evaluated in this one yet
    std::optional<Timestamp> outage_since_;
    bool computing_ = false;  // a batch is on the pool
    Duration clock_lead_{0};  // what the wall clock shows more than the time that evaluations count by
    std::chrono::nanoseconds adoption_time_{0};  // of all alerts that it was given
    Timestamp last_evaluation_{};
    std::chrono::nanoseconds evaluation_time_{0};
};

}  // namespace tocsin
