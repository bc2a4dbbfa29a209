#include "rules/rule_test_run.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "rules/rule_test_coverage.h"
#include "rules/rule_test_expectation.h"
#include "rules/rule_test_histograms.h"
#include "rules/rule_test_notification.h"

namespace tocsin {
namespace {

using When = AlertTestCase::When;


std::string when_of(const AlertTestCase& test_case) {
    const std::string window = to_string(test_case.from) + ".." + to_string(test_case.until);
    switch (test_case.when) {
        case When::At:
            return "at " + to_string(test_case.from);
        case When::Within:
            return "within " + window;
        case When::Throughout:
            return "throughout " + window;
        case When::Never:
            return "never in " + window;
    }
    return {};
}

std::string name_of(const AlertTestCase& test_case) {
    const char* state = test_case.state ? to_string(*test_case.state) : "active";
    return fmt::format("alert {} {} {}", test_case.alertname, state, when_of(test_case));
}

/// The alerts of a world after one evaluation; asked for only where a case looks.
class Views {
public:
    explicit Views(const RuleTestWorld& world) : groups_(world.groups()) {}

    std::vector<const RuleView*> of(const std::string& alertname) const {
        std::vector<const RuleView*> found;
        for (const RuleGroupView& group : groups_) {
            for (const RuleView& rule : group.rules) {
                const bool is_alert = rule.definition->kind == RuleDefinition::Kind::Alerting;
                if (is_alert && rule.definition->name == alertname) found.push_back(&rule);
            }
        }
        return found;
    }
    const std::vector<RuleGroupView>& groups() const { return groups_; }

private:
    std::vector<RuleGroupView> groups_;
};

/// One case and what became of it so far.
class AlertCheck {
public:
    AlertCheck(const AlertTestCase& test_case, Timestamp start) : case_(test_case), start_(start) {}

    const AlertTestCase& expected() const { return case_; }
    std::optional<RuleTestFailure>& failure() { return failure_; }
    bool is_window() const { return case_.when != When::At; }
    bool looks_at(Duration time) const { return case_.from <= time && time <= case_.until && !decided_; }

    /// For When::At: what there is when its time has come.
    void judge(const Views& views) {
        decided_ = true;
        const auto rules = views.of(case_.alertname);
        auto seen = alerts_looked_at(case_, rules);
        if (meets(case_, seen)) return;
        fail(compare_alerts(case_, seen, rules, start_));
        failure_->alerts = std::move(seen);
    }

    /// For windows: after each evaluation in it.
    void look(const Views& views, Duration time) {
        const auto rules = views.of(case_.alertname);
        const auto seen = alerts_looked_at(case_, rules);
        ++evaluations_;
        if (case_.when == When::Within) {
            if (meets(case_, seen)) {
                decided_ = true;
                failure_.reset();
            } else {
                fail(compare_alerts(case_, seen, rules, start_), "at the last evaluation, " + to_string(time) + ":");
            }
        } else if (case_.when == When::Throughout && !meets(case_, seen)) {
            decided_ = true;
            fail(compare_alerts(case_, seen, rules, start_), "at " + to_string(time) + ":");
        } else if (case_.when == When::Never && has_expected(case_, seen)) {
            decided_ = true;
            AlertTestCase nothing = case_;
            nothing.alerts.clear();
            fail(compare_alerts(nothing, seen, rules, start_), "at " + to_string(time) + ":");
        }
    }

    void finish() {
        if (is_window() && evaluations_ == 0) fail({"  there is no evaluation in this window"});
    }

private:
    void fail(DiffLines lines, std::string first = {}) {
        failure_ = RuleTestFailure{case_.where, name_of(case_), {}, case_.expectation, {}, {}, {}};
        if (!first.empty()) failure_->lines.push_back("  " + first);
        failure_->lines.insert(failure_->lines.end(), lines.begin(), lines.end());
    }

    const AlertTestCase& case_;
    Timestamp start_;
    std::optional<RuleTestFailure> failure_;
    std::size_t evaluations_ = 0;
    bool decided_ = false;
};

/// One test from its beginning to its end.
class Course {
public:
    Course(const RuleTestRun::Context& context, std::vector<RuleGroupDefinition> groups, const RuleTest& test)
        : context_(context), groups_(std::move(groups)), test_(test) {
        outcome_.name = test.name;
        outcome_.where = test.where;
        outcome_.checks = test.alert_cases.size() + test.expression_cases.size() + test.notification_cases.size();
        for (const AlertTestCase& test_case : test.alert_cases) checks_.emplace_back(test_case, test.start);
        for (AlertCheck& check : checks_) {
            (check.is_window() ? windows_ : moments_).push_back(&check);
        }
        std::stable_sort(moments_.begin(), moments_.end(),
                         [](const auto* a, const auto* b) { return a->expected().from < b->expected().from; });
    }

    RuleTestOutcome run() {
        for (std::string& problem : find_histogram_arithmetic(test_, groups_)) fail(test_.where, std::move(problem));
        if (!outcome_.failures.empty()) return std::move(outcome_);
        auto world = RuleTestWorld::create(test_, std::move(groups_), context_.settings, context_.disk);
        if (!world) {
            for (const Diagnostic& problem : world.error()) fail(test_.where, to_string(problem));
            return std::move(outcome_);
        }
        world_ = std::move(*world);
        if (context_.coverage != nullptr) context_.coverage->begin(*world_, test_.start);
        watch_expressions();
        if (evaluate()) {
            check_expressions();
            check_who_was_told();
        }
        if (context_.coverage != nullptr) context_.coverage->end();
        gather();
        return std::move(outcome_);
    }

private:
    void fail(const SourceRange& where, std::string what, DiffLines lines = {}) {
        outcome_.failures.push_back({where, std::move(what), std::move(lines), {}, {}, {}, {}});
    }

    void watch_expressions() {
        for (const ExpressionTestCase& test_case : test_.expression_cases) {
            queries_.push_back(world_->watch(*test_case.expr, test_case.text));
        }
    }

    /// False when a rule failed.
    bool evaluate() {
        const Duration length = test_.length();
        auto next = world_->next_event();
        for (; next && *next <= length; next = world_->next_event()) {
            judge_before(world_->next_is_step() ? *next + Duration{1} : *next);
            const bool was_evaluated = world_->run_next();
            if (!world_->problems().empty()) {
                for (const Diagnostic& problem : world_->problems()) fail(test_.where, to_string(problem));
                return false;
            }
            if (!was_evaluated) continue;
            if (context_.coverage != nullptr) context_.coverage->look(*next);
            if (world_->any_rule_failed()) {
                tell_failed_rules(*next);
                return false;
            }
            look(*next);
        }
        judge_before(Duration::max());
        world_->finish(length);
        return true;
    }

    void judge_before(Duration time) {
        if (next_moment_ == moments_.size() || moments_[next_moment_]->expected().from >= time) return;
        const Views views(*world_);
        while (next_moment_ < moments_.size() && moments_[next_moment_]->expected().from < time) {
            moments_[next_moment_++]->judge(views);
        }
    }

    void look(Duration time) {
        std::optional<Views> views;
        for (AlertCheck* check : windows_) {
            if (!check->looks_at(time)) continue;
            if (!views) views.emplace(*world_);
            check->look(*views, time);
        }
    }

    void tell_failed_rules(Duration time) {
        const Views views(*world_);
        for (const RuleGroupView& group : views.groups()) {
            for (const RuleView& rule : group.rules) {
                if (rule.health != RuleHealth::Error) continue;
                fail(test_.where,
                     fmt::format("rule {} of group {} at {}", rule.definition->name, group.name, to_string(time)),
                     {fmt::format("  {}:{}: {}", group.file, rule.definition->where.line, rule.last_error)});
            }
        }
    }

    void check_expressions() {
        for (std::size_t i = 0; i < queries_.size(); ++i) check_expression(test_.expression_cases[i], queries_[i]);
    }

    void check_expression(const ExpressionTestCase& test_case, Result<std::unique_ptr<StandingQuery>>& query) {
        const std::string what = fmt::format("expr {} at {}", go_quote(test_case.text), to_string(test_case.eval_time));
        if (!query) return fail(test_case.where, what, {"  " + query.error().message});
        const auto result = (*query)->evaluate(test_.start + test_case.eval_time);
        if (!result) return fail(test_case.where, what, {"  " + result.error().message});
        std::vector<SeenSample> seen;
        for (std::size_t row = 0; row < (*result)->size(); ++row) {
            if ((*result)->present[row] == 0) continue;
            const double value = (*result)->values[row];
            seen.push_back({(*result)->frame->labels[row], value, world_->histograms().text_of(value)});
        }
        std::sort(seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.labels < b.labels; });
        DiffLines lines = compare_samples(test_case.samples, seen, context_.file.fuzzy_compare);
        if (lines.empty()) return;
        outcome_.failures.push_back(
            {test_case.where, what, std::move(lines), test_case.expectation, std::nullopt, std::move(seen), {}});
    }

    void check_who_was_told() {
        std::set<std::string> named;
        for (const NotificationTestCase& test_case : test_.notification_cases) named.insert(test_case.receiver);
        for (const NotificationTestCase& test_case : test_.notification_cases) {
            if (auto failure = check_notifications(test_case, world_->timeline(), named)) {
                outcome_.failures.push_back(*std::move(failure));
            }
        }
    }

    // The values of a fixture are nowhere to be seen: what happened helps.
    void tell_what_happened(RuleTestFailure& failure, const AlertTestCase& test_case) const {
        if ((context_.settings.fixtures.empty() && test_.steps.empty()) || !world_) return;
        const auto happened = world_->timeline().around(test_case.from - RuleTestTimeline::kBefore, test_case.until, test_case.alertname);
        failure.lines.push_back(happened.empty() ? "  nothing happened in this time" : "  what happened:");
        failure.lines.insert(failure.lines.end(), happened.begin(), happened.end());
    }

    // In the order of the file.
    void gather() {
        std::vector<RuleTestFailure> failures;
        for (AlertCheck& check : checks_) {
            if (outcome_.failures.empty() || next_moment_ == moments_.size()) check.finish();
            if (!check.failure()) continue;
            tell_what_happened(*check.failure(), check.expected());
            failures.push_back(*std::move(check.failure()));
        }
        std::move(outcome_.failures.begin(), outcome_.failures.end(), std::back_inserter(failures));
        outcome_.failures = std::move(failures);
    }

    const RuleTestRun::Context& context_;
    std::vector<RuleGroupDefinition> groups_;
    const RuleTest& test_;
    RuleTestOutcome outcome_;
    std::unique_ptr<RuleTestWorld> world_;
    std::vector<AlertCheck> checks_;
    std::vector<AlertCheck*> moments_;  // by time
    std::size_t next_moment_ = 0;
    std::vector<AlertCheck*> windows_;
    std::vector<Result<std::unique_ptr<StandingQuery>>> queries_;
};

}  // namespace

RuleTestOutcome RuleTestRun::run(const RuleTest& test) const {
    // Coverage is about all rules, what is in a fixture is not known here, and a step may bring other rules.
    const bool all = context_.coverage != nullptr || !context_.settings.fixtures.empty() || !test.steps.empty();
    return Course(context_, all ? context_.groups : selection_.groups_for(test), test).run();
}

}  // namespace tocsin
