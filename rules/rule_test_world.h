#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "engine/eval/query.h"
#include "engine/store/fixture.h"
#include "rules/rule_manager.h"
#include "rules/rule_test_file.h"
#include "rules/rule_test_histograms.h"
#include "rules/rule_test_routing.h"
#include "rules/rule_test_timeline.h"

namespace tocsin {

struct RuleTestWorldSettings {
    Duration evaluation_interval{std::chrono::minutes(1)};
    /// Groups keep their own intervals, on the grid of production; otherwise all run on `evaluation_interval`, from the
    /// start of the test on.
    bool group_intervals = false;
    QueryOptions query;
    /// Recorded metrics, beside the series of a test. No two have samples of a series at the same time.
    std::vector<std::shared_ptr<const Fixture>> fixtures;
    std::shared_ptr<const RuleTestRouting> routing;  // null: nobody is told
};

/// The rules of a test at work: the rule manager that runs in production, on virtual time, over series that the test
/// gives. One thread.
///
/// Samples are there from the first evaluation on that is not before them, as if a target had just been polled.
class RuleTestWorld {
public:
    /// `groups` in the order in which they are evaluated at the same instant. Fails where a rule cannot be compiled.
    /// The test outlives it.
    static Parsed<std::unique_ptr<RuleTestWorld>> create(const RuleTest& test, std::vector<RuleGroupDefinition> groups,
                                                         const RuleTestWorldSettings& settings, Disk& disk);
    ~RuleTestWorld();

    /// The series that the expression reads are kept from now on; evaluate() may be called whenever it likes.
    Result<std::unique_ptr<StandingQuery>> watch(const Expr& expr, std::string_view text);

    /// When something is due next (an evaluation, a group of alerts, a step of the test), from the start of the test;
    /// nothing when nothing is.
    std::optional<Duration> next_event() const;
    /// Whether that is a step, and everything else that is due at its moment has been run. That the daemon starts again
    /// is none: it is followed by an evaluation.
    bool next_is_step() const;
    /// Runs what is due at that time. Whether a group was evaluated.
    bool run_next();
    /// Why a reload or a restart could not be done; empty when all went well.
    const Diagnostics& problems() const;

    /// No evaluation any more: the samples up to the last one before `length` are there.
    void finish(Duration length);

    /// As of the last evaluation; nothing while the daemon is down.
    std::vector<RuleGroupView> groups() const;
    bool any_rule_failed() const;
    /// What happened so far.
    /// The histograms of the series, by what stands for them in results.
    const RuleTestHistograms& histograms() const;
    const RuleTestTimeline& timeline() const;

private:
    struct Impl;
    explicit RuleTestWorld(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
