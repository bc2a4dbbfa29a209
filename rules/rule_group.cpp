#include "rules/rule_group.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/duration.h"
#include "base/url.h"
#include "rules/threshold.h"

namespace tocsin {
namespace {

using AlertObserver = AlertingRule::Observer;

std::variant<AlertingRule, RecordingRule> make_action(const RuleDefinition& rule, GroupTimeline& timeline,
                                                      AlertObserver observer) {
    if (rule.kind == RuleDefinition::Kind::Recording) return RecordingRule(rule, timeline);
    return AlertingRule(rule, timeline, std::move(observer));
}

using MetricNames = std::set<std::string_view>;

bool reads_one_of(const Matchers& selector, const MetricNames& names) {
    if (const auto name = metric_name_of(selector); !name.empty()) return names.contains(name);
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
        return std::all_of(selector.begin(), selector.end(), [&](const Matcher& matcher) {
            return matcher.name() != kMetricNameLabel || matcher.matches(name);
        });
    });
}

void add_written_names(const RuleDefinition& rule, MetricNames& names) {
    if (rule.kind == RuleDefinition::Kind::Recording) {
        names.insert(rule.name);
    } else {
        names.insert({"ALERTS", "ALERTS_FOR_STATE"});
    }
}

double seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

std::string metric_label(const GroupRule& rule) {
    return rule.nth == 0 ? rule.definition.name : fmt::format("{}#{}", rule.definition.name, rule.nth + 1);
}

// So little is computed on the scheduler's thread, which has other things to do, too: in one batch, and of one cycle.
constexpr std::size_t kSmallBatchSeries = 8192;
constexpr std::chrono::microseconds kSmallBatchTime{300};
constexpr std::chrono::milliseconds kSmallBatchesTime{5};

// As vmalert keeps them.
constexpr std::size_t kEvaluationsKept = 20;

Duration offset_of(const RuleGroupDefinition& group, const RuleSettings& settings) {
    return group.query_offset.value_or(settings.query_offset);
}

// No target has such a label. With another offset its rows could lie before those that are there.
ScrapeOwner owner_of_rows(const std::string& group, Duration offset) {
    return {LabelSet{{"__rule_group__", group}}, static_cast<std::uint64_t>(offset.count())};
}

}  // namespace

LabelSet with_external_labels(const LabelSet& labels, const LabelSet& external_labels) {
    LabelBuilder builder(labels);
    for (const Label label : external_labels) {
        if (!builder.has(label.name)) builder.set(label.name, label.value);
    }
    return builder.build();
}

GroupRule::GroupRule(const RuleDefinition& rule, std::unique_ptr<StandingQuery> compiled, GroupTimeline& timeline,
                     AlertObserver observer)
    : definition(rule), query(std::move(compiled)), action(make_action(rule, timeline, std::move(observer))) {}

RuleGroup::RuleGroup(RuleGroupDefinition definition, GroupQueries queries, RuleSettings settings,
                     const RuleManagerContext& context, std::shared_ptr<const RuleObservers> observers,
                     RuleGroup* predecessor)
    : definition_(std::make_unique<const RuleGroupDefinition>(std::move(definition))),
      settings_(std::move(settings)),
      context_(context),
      observers_(std::move(observers)),
      key_(definition_->file + ";" + definition_->name),
      shared_queries_(std::move(queries.shared)),
      template_queries_(context.store, settings_.query) {
    TOCSIN_ASSERT(interval() > Duration{0});
    if (predecessor != nullptr) take_over(*predecessor);
    if (!metrics_) metrics_ = std::make_unique<RuleGroupMetrics>(context.metrics, key_);
    if (!timeline_) {
        const ScrapeOwner owner = owner_of_rows(key_, offset_of(*definition_, settings_));
        timeline_ = std::make_unique<GroupTimeline>(context.store, context.scrape_log, owner);
    }
    for (std::size_t i = 0; i < definition_->rules.size(); ++i) {
        add_rule(definition_->rules[i], std::move(queries.queries[i]));
    }
    std::set<std::string> names;
    for (const auto& rule : rules_) names.insert(metric_label(*rule));
    metrics_->keep_rules(names);
    for (Matchers& matchers : template_queries_.selectors()) selectors_.push_back(std::move(matchers));
    mark_batches();
    metrics_->interval.set(seconds(interval()));
    metrics_->rules.set(static_cast<double>(rules_.size()));
    answer_query_ = [this](std::string_view text) { return template_queries_.answer(text, cycle_.query_time); };
}

void RuleGroup::take_over(RuleGroup& predecessor) {
    metrics_ = std::move(predecessor.metrics_);
    last_evaluation_ = predecessor.last_evaluation_;
    // With another offset its rows could lie before those that are there.
    if (offset_of(*definition_, settings_) != offset_of(*predecessor.definition_, predecessor.settings_)) return;
    timeline_ = std::move(predecessor.timeline_);
    timeline_->change_hands();
}

void RuleGroup::add_rule(const RuleDefinition& definition, std::unique_ptr<StandingQuery> query) {
    for (Matchers& matchers : query->selector_matchers()) selectors_.push_back(std::move(matchers));
    template_queries_.expect(definition);
    const std::size_t index = rules_.size();
    const auto observer = [this, index](const auto&... change) { tell_transition(*rules_[index], change...); };
    auto rule = std::make_unique<GroupRule>(definition, std::move(query), *timeline_, observer);
    const auto same_name = [&](const auto& other) { return other->definition.name == definition.name; };
    rule->nth = static_cast<std::size_t>(std::count_if(rules_.begin(), rules_.end(), same_name));
    rule->metrics = &metrics_->of_rule(metric_label(*rule));
    if (!observers_->compared_value.empty()) watch_comparison(*rule);
    rules_.push_back(std::move(rule));
}

// It shares its operators with the rule's own expression: to watch it costs next to nothing.
void RuleGroup::watch_comparison(GroupRule& rule) {
    if (rule.alerting() == nullptr) return;
    const auto threshold = threshold_of(*rule.definition.expr);
    if (!threshold) return;
    auto query = StandingQuery::create(*threshold->value, rule.definition.expr_text, context_.store, settings_.query,
                                       shared_queries_);
    if (query) rule.compared = *std::move(query);
}

void RuleGroup::mark_batches() {
    MetricNames written;  // by the batch so far
    for (const auto& rule : rules_) {
        const auto selectors = rule->query->selector_matchers();
        rule->begins_batch = std::any_of(selectors.begin(), selectors.end(),
                                         [&](const Matchers& selector) { return reads_one_of(selector, written); });
        if (rule->begins_batch) written.clear();
        add_written_names(rule->definition, written);
    }
}

Duration RuleGroup::interval() const {
    return definition_->interval.value_or(settings_.evaluation_interval);
}

void RuleGroup::evaluate(Timestamp due, std::function<void()> done) {
    cycle_ = Cycle{};
    cycle_.due = due;
    cycle_.query_time = due - offset_of(*definition_, settings_);
    cycle_.started = context_.scheduler.monotonic();
    cycle_.done = std::move(done);
    context_.store.freeze();
    timeline_->begin(cycle_.query_time);
    end_outage();
    run_batches();
}

// Until one is handed to the pool, which comes back here, or the last one is done.
void RuleGroup::run_batches() {
    while (cycle_.begin < rules_.size()) {
        find_batch_end();
        if (!is_small_batch()) return run_on_pool();
        compute_batch();
        apply_batch();
    }
    finish();
}

// Whoever lets go of the group meanwhile does not end it.
void RuleGroup::run_on_pool() {
    computing_ = true;
    context_.executor.run([self = shared_from_this()] { self->compute_batch(); },
                          [self = shared_from_this()] {
                              self->computing_ = false;
                              self->apply_batch();
                              self->run_batches();
                          });
}

void RuleGroup::find_batch_end() {
    cycle_.end = cycle_.begin;
    do {
        ++cycle_.end;
    } while (cycle_.end < rules_.size() && !rules_[cycle_.end]->begins_batch);
}

// Done sooner than handed to another thread and back.
bool RuleGroup::is_small_batch() {
    std::size_t series = 0;
    std::chrono::nanoseconds time{0};
    for (std::size_t i = cycle_.begin; i < cycle_.end; ++i) {
        if (rules_[i]->health == RuleHealth::Unknown) return false;
        series += rules_[i]->series_matched;
        time += rules_[i]->computing_time;
    }
    if (series > kSmallBatchSeries || time > kSmallBatchTime) return false;
    cycle_.time_here += time;
    return cycle_.time_here <= kSmallBatchesTime;
}

// On the pool, or on the scheduler's thread.
void RuleGroup::compute_batch() {
    // The batch before has written series, and somebody else may have since the last evaluation.
    shared_queries_->forget_values();
    for (std::size_t i = cycle_.begin; i < cycle_.end; ++i) {
        GroupRule& rule = *rules_[i];
        const auto started = context_.scheduler.monotonic();
        rule.result = rule.query->evaluate(cycle_.query_time);
        if (rule.compared) rule.compared_value = rule.compared->evaluate(cycle_.query_time);
        rule.computing_time = context_.scheduler.monotonic() - started;
        rule.series_matched = rule.query->series_matched();
    }
}

void RuleGroup::apply_batch() {
    const Store::OwnWrites writing(context_.store);
    for (std::size_t i = cycle_.begin; i < cycle_.end; ++i) apply(*rules_[i]);
    cycle_.begin = cycle_.end;
}

void RuleGroup::apply(GroupRule& rule) {
    const auto started = context_.scheduler.monotonic();
    const Status status = take_result(rule);
    rule.evaluation_time = rule.computing_time + (context_.scheduler.monotonic() - started);
    rule.last_evaluation = cycle_.due;
    cycle_.rule_durations += rule.evaluation_time;
    if (status) cycle_.samples += rule.samples();
    if (status && rule.compared && rule.compared_value) tell_compared_value(rule);
    note_outcome(rule, status);
    note_evaluation(rule, status);
}

void RuleGroup::note_evaluation(GroupRule& rule, const Status& status) {
    const std::size_t samples = status ? rule.samples() : 0;
    rule.evaluations.push_back(
        {cycle_.due, rule.evaluation_time, samples, status ? std::string() : status.error().message});
    if (rule.evaluations.size() > kEvaluationsKept) rule.evaluations.pop_front();
    rule.metrics->last_samples->set(static_cast<double>(samples));
    rule.metrics->last_duration->set(seconds(rule.evaluation_time));
    if (!status) rule.metrics->failures->add();
}

Status RuleGroup::take_result(GroupRule& rule) {
    AlertingRule* alerting = rule.alerting();
    if (!rule.result) {
        if (alerting != nullptr) alerting->keep(cycle_.due);
        return tl::unexpected(rule.result.error());
    }
    if (alerting == nullptr) return std::get<RecordingRule>(rule.action).apply(**rule.result, limit_of(rule));
    const auto expansions_before = alerting->template_expansions();
    const auto failures_before = alerting->template_failures();
    const Status status = alerting->apply(
        **rule.result, limit_of(rule), {cycle_.due, settings_.external_labels, settings_.external_url, answer_query_});
    const auto failures = static_cast<double>(alerting->template_failures() - failures_before);
    metrics_->template_expansions.add(static_cast<double>(alerting->template_expansions() - expansions_before));
    metrics_->template_failures.add(failures);
    rule.metrics->template_failures->add(failures);
    return status;
}

std::size_t RuleGroup::limit_of(const GroupRule& rule) const {
    const std::size_t ceiling = rule.alerting() != nullptr ? settings_.limits.alerts_per_rule : 0;
    if (definition_->limit == 0 || ceiling == 0) return std::max(definition_->limit, ceiling);
    return std::min(definition_->limit, ceiling);
}

// A failure is told when it begins and when it is over, not at every evaluation.
void RuleGroup::note_outcome(GroupRule& rule, const Status& status) {
    rule.annotations = rule.query->annotations();
    metrics_->evaluations.add();
    metrics_->rule_duration.observe(seconds(rule.evaluation_time));
    const bool failed_before = rule.health == RuleHealth::Error;
    rule.health = status ? RuleHealth::Ok : RuleHealth::Error;
    if (!status) metrics_->failures.add();
    if (status && !failed_before) return;

    const std::string error = status ? std::string() : status.error().message;
    const bool is_news = std::exchange(rule.last_error, error) != error;
    if (!is_news) return;
    if (status) {
        context_.log.info("rules::group", "rule evaluation succeeds again",
                          {{"group", definition_->name}, {"rule", rule.definition.name}});
    } else {
        context_.log.warn("rules::group", "rule evaluation failed",
                          {{"group", definition_->name}, {"rule", rule.definition.name}, {"error", error}});
    }
}

void RuleGroup::finish() {
    end_row();
    // Whoever has to know may have forgotten it with the last run.
    send(cycle_.due, std::exchange(has_resumed_, false) ? Duration{0} : settings_.resend_delay);
    template_queries_.forget_unused(cycle_.query_time);
    last_evaluation_ = cycle_.due;
    measure();
    tell_changes();
    for (const auto& observe : observers_->evaluation) observe(definition_->name, cycle_.due + clock_lead_);
    Store& store = context_.store;
    std::exchange(cycle_.done, nullptr)();
    // Last of all: what waited for it may be a reload that ends this group.
    store.thaw();
}

void RuleGroup::end_row() {
    const Store::OwnWrites writing(context_.store);
    timeline_->end();
}

void RuleGroup::measure() {
    evaluation_time_ = context_.scheduler.monotonic() - cycle_.started;
    metrics_->iterations.add();
    metrics_->last_duration.set(seconds(evaluation_time_));
    metrics_->group_duration.observe(seconds(evaluation_time_));
    metrics_->last_rule_durations.set(seconds(cycle_.rule_durations));
    metrics_->last_timestamp.set(static_cast<double>(to_unix_ms(cycle_.due + clock_lead_)) / 1000);
    metrics_->last_samples.set(static_cast<double>(cycle_.samples));
    metrics_->failing_rules.set(static_cast<double>(failing_rules()));
    if (!context_.log.enabled(LogLevel::Debug)) return;
    context_.log.debug("rules::group", "group evaluated",
                       {{"group", definition_->name},
                        {"due", to_rfc3339_ms(cycle_.due)},
                        {"seconds", fmt::format("{:.6f}", seconds(evaluation_time_))}});
}

void RuleGroup::send(Timestamp now, Duration resend_delay) {
    // Long enough for three evaluations or resends to be missed (Prometheus rules/alerting.go sendAlerts).
    const Duration valid_for = 4 * std::max(interval(), settings_.resend_delay);
    std::vector<Alert> alerts;
    for (const auto& rule : rules_) {
        AlertingRule* alerting = rule->alerting();
        if (alerting == nullptr) continue;
        const auto before = alerts.size();
        alerting->collect_due(now, resend_delay, valid_for, alerts);
        if (alerts.size() == before) continue;
        const auto url = SharedText::of(generator_url(rule->definition));
        for (std::size_t i = before; i < alerts.size(); ++i) alerts[i].generator_url = url;
    }
    for (Alert& alert : alerts) {
        alert.labels = with_external_labels(alert.labels, settings_.external_labels);
        alert.starts_at += clock_lead_;
        alert.ends_at += clock_lead_;
        alert.updated_at += clock_lead_;
    }
    if (!alerts.empty()) context_.alerts.receive(alerts);
}

std::string RuleGroup::generator_url(const RuleDefinition& rule) const {
    return settings_.external_url + "/graph?g0.expr=" + query_escape(rule.expr_text) + "&g0.tab=1";
}

void RuleGroup::tell_transition(const GroupRule& rule, const LabelSet& labels, const ActiveAlert& alert,
                                AlertPhase before, Timestamp at, std::string_view reason) const {
    if (observers_->transition.empty()) return;
    const AlertState& state = alert.state;
    AlertTransition transition;
    transition.file = definition_->file;
    transition.group = definition_->name;
    transition.rule = rule.definition.name;
    transition.definition = &rule.definition;
    transition.labels = labels;
    transition.from = before;
    transition.to = state.phase;
    transition.at = at + clock_lead_;
    transition.value = alert.value;
    const bool was_something = state.phase != AlertPhase::Inactive || state.resolved_at;
    if (was_something) transition.active_at = state.active_at + clock_lead_;
    transition.reason = reason;
    for (const auto& observe : observers_->transition) observe(transition);
}

void RuleGroup::tell_compared_value(const GroupRule& rule) const {
    const ComparedValue told{rule.definition, interval(), cycle_.due + clock_lead_, **rule.compared_value};
    for (const auto& observe : observers_->compared_value) observe(told);
}

StoredRuleAlert RuleGroup::stored(const GroupRule& rule, const ActiveAlerts::value_type& entry) const {
    const auto& [labels, alert] = entry;
    return {definition_->file, definition_->name, rule.definition.name, rule.nth,       labels,
            alert.annotations, alert.state,       alert.value,          alert.last_sent};
}

void RuleGroup::snapshot(StoredRules& into) const {
    for (const auto& rule : rules_) {
        if (rule->alerting() == nullptr) continue;
        for (const auto& entry : rule->alerting()->alerts()) into.alerts.push_back(stored(*rule, entry));
    }
    if (counts_time()) into.evaluated.emplace(key_, last_evaluation_);
}

bool RuleGroup::counts_time() const {
    return std::any_of(rules_.begin(), rules_.end(),
                       [](const auto& rule) { return rule->alerting() != nullptr && rule->alerting()->counts_time(); });
}

// They are taken even if nobody wants them, so that they do not pile up.
void RuleGroup::tell_changes() {
    std::vector<StoredRuleAlert> changed, gone;
    for (const auto& rule : rules_) {
        AlertingRule* alerting = rule->alerting();
        if (alerting == nullptr) continue;
        const AlertingRule::Changes changes = alerting->take_changes();
        if (!observers_->changed) continue;
        for (const auto* entry : changes.changed) changed.push_back(stored(*rule, *entry));
        for (const LabelSet& labels : changes.gone) gone.push_back(stored(*rule, {labels, {}}));
    }
    const bool evaluated = observers_->changed && counts_time();
    if (changed.empty() && gone.empty() && !evaluated) return;
    observers_->changed([changed = std::move(changed), gone = std::move(gone), evaluated, key = key_,
                         at = last_evaluation_](StateWriter& writer) {
        for (const StoredRuleAlert& alert : gone) writer.erase(kAlertTable, stored_key(alert));
        for (const StoredRuleAlert& alert : changed) put(writer, alert);
        if (evaluated) put_evaluated(writer, key, at);
    });
}

bool RuleGroup::adopt(GroupRule& rule, LabelSet labels, ActiveAlert alert) {
    const auto started = context_.scheduler.monotonic();
    const bool adopted = rule.alerting()->adopt(std::move(labels), std::move(alert));
    adoption_time_ += context_.scheduler.monotonic() - started;
    return adopted;
}

void RuleGroup::resume_after(std::optional<Timestamp> last) {
    metrics_->last_restore_duration.set(seconds(adoption_time_));
    has_resumed_ = true;
    outage_since_ = last;
    if (last) last_evaluation_ = *last;
    // Whoever was told may have thought them over meanwhile; the first evaluation decides.
    send(context_.scheduler.now(), Duration{0});
}

// Where no evaluation was missed there was no outage.
void RuleGroup::end_outage() {
    const auto since = std::exchange(outage_since_, std::nullopt);
    if (!since || cycle_.due - *since <= interval()) return;
    for (const auto& rule : rules_) {
        if (AlertingRule* alerting = rule->alerting()) alerting->resume(*since, cycle_.due, settings_.outage);
    }
}

void RuleGroup::count_missed(std::uint64_t iterations) {
    metrics_->missed.add(static_cast<double>(iterations));
    metrics_->iterations.add(static_cast<double>(iterations));
}

void RuleGroup::clock_stepped(Duration step) {
    clock_lead_ += step;
    send(context_.scheduler.now() - clock_lead_, Duration{0});
}

void RuleGroup::settle_clock() {
    timeline_->move_time(clock_lead_);
    template_queries_.move_time(clock_lead_);
    if (outage_since_) *outage_since_ += clock_lead_;
    if (last_evaluation_ != Timestamp{}) last_evaluation_ += clock_lead_;
    for (const auto& rule : rules_) {
        if (rule->last_evaluation != Timestamp{}) rule->last_evaluation += clock_lead_;
        if (AlertingRule* alerting = rule->alerting()) alerting->move_time(clock_lead_);
    }
    clock_lead_ = Duration{0};
}

std::size_t RuleGroup::failing_rules() const {
    const auto failing =
        std::count_if(rules_.begin(), rules_.end(), [](const auto& rule) { return rule->health == RuleHealth::Error; });
    return static_cast<std::size_t>(failing);
}

const std::vector<StandingQuery::SelectorUse>& RuleGroup::selectors_of(GroupRule& rule) const {
    // While it is computed it is the pool's.
    if (!computing_) rule.selectors = rule.query->selectors();
    return rule.selectors;
}

void RuleGroup::add_selector_uses(std::vector<RuleSelectorUse>& into) const {
    for (const auto& rule : rules_) {
        for (const auto& use : selectors_of(*rule)) into.push_back({key_, metric_label(*rule), use.text, use.series});
    }
}

void RuleGroup::show_selectors() const {
    for (const auto& rule : rules_) metrics_->show_selectors(metric_label(*rule), selectors_of(*rule));
}

RuleGroupView RuleGroup::view() const {
    RuleGroupView view{definition_->name, definition_->file, interval(), definition_->limit,
                       last_evaluation_,  evaluation_time_,  {}};
    for (const auto& rule : rules_) {
        RuleView shown;
        shown.definition = &rule->definition;
        shown.health = rule->health;
        shown.last_error = rule->last_error;
        shown.last_evaluation = rule->last_evaluation;
        shown.evaluation_time = rule->evaluation_time;
        shown.selectors = selectors_of(*rule);
        shown.warnings = rule->annotations.warnings;
        const auto& infos = rule->annotations.infos;
        shown.warnings.insert(shown.warnings.end(), infos.begin(), infos.end());
        shown.evaluations.assign(rule->evaluations.begin(), rule->evaluations.end());
        if (const AlertingRule* alerting = rule->alerting()) {
            shown.phase = alerting->phase();
            for (const auto& [labels, alert] : alerting->alerts()) {
                if (alert.state.phase == AlertPhase::Inactive) continue;
                shown.alerts.push_back({labels, alert.annotations, alert.state, alert.value});
            }
        }
        view.rules.push_back(std::move(shown));
    }
    return view;
}

}  // namespace tocsin
