#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "engine/eval/query.h"
#include "rules/rule_manager.h"
#include "rules/rule_test_file.h"

namespace tocsin {

struct RuleTestWorldSettings {
    Duration evaluation_interval{std::chrono::minutes(1)};
    /// Groups keep their own intervals, on the grid of production; otherwise all run on `evaluation_interval`, from the
    /// start of the test on.
    bool group_intervals = false;
    QueryOptions query;
};

/// The rules of a test at work: the rule manager that runs in production, on virtual time, over series that the test
/// gives. One thread.
///
/// Samples are there from the first evaluation on that is not before them, as if a target had just been polled.
class RuleTestWorld {
public:
    /// `groups` in the order in which they are evaluated at the same instant. Fails where a rule cannot be compiled.
    static Parsed<std::unique_ptr<RuleTestWorld>> create(const RuleTest& test, std::vector<RuleGroupDefinition> groups,
                                                         const RuleTestWorldSettings& settings, Disk& disk);
    ~RuleTestWorld();

    /// The series that the expression reads are kept from now on; evaluate() may be called whenever it likes.
    Result<std::unique_ptr<StandingQuery>> watch(const Expr& expr, std::string_view text);

    /// When the next evaluation is, from the start of the test; nothing when no group has one.
    std::optional<Duration> next_evaluation() const;
    /// Runs what is due at that time.
    void evaluate_next();

    /// No evaluation any more: the samples up to the last one before `length` are there.
    void finish(Duration length);

    /// As of the last evaluation.
    std::vector<RuleGroupView> groups() const;
    bool any_rule_failed() const;

private:
    struct Impl;
    explicit RuleTestWorld(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
