#include "rules/alert_state.h"

#include <string>

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

/// Runs one character an evaluation, a minute apart: `x` the alert is in the result, `.` it is not. Answers with the
/// phase after each: `-` inactive, `p` pending, `f` firing, `k` firing because of keep_firing_for, `r` resolved just
/// now.
std::string run(std::string_view present, const AlertTimers& timers) {
    std::string phases;
    AlertState state;
    Timestamp now{};
    for (const char in_result : present) {
        state = advance(state, in_result == 'x', now, timers);
        switch (state.phase) {
            case AlertPhase::Inactive:
                phases += state.resolved_at == now ? 'r' : '-';
                break;
            case AlertPhase::Pending:
                phases += 'p';
                break;
            case AlertPhase::Firing:
                phases += state.keep_firing_since ? 'k' : 'f';
                break;
        }
        now += 1min;
    }
    return phases;
}

}  // namespace

TEST_CASE("an alert goes through its phases as its timers say", "[rules][alert-state]") {
    struct Case {
        const char* what;
        const char* present;
        AlertTimers timers;
        const char* phases;
    };
    const auto c = GENERATE(values<Case>({
        {"without `for` it fires in the same evaluation", ".xx.", {}, "-ffr"},
        {"it fires when it has been active for `for`, not one evaluation later", "xxxx", {2min, 0min}, "ppff"},
        {"a `for` between two evaluations waits for the second", "xxxx", {90s, 0min}, "ppff"},
        {"a pending alert that recovers never was anything", "xx..x", {2min, 0min}, "pp--p"},
        {"a gap starts `for` anew", "xx.xxx", {2min, 0min}, "pp-ppf"},
        {"a firing alert that is gone has resolved", "xxx..", {2min, 0min}, "ppfr-"},
        {"one that comes back after that is pending again", "xxx.xxx", {2min, 0min}, "ppfrppf"},
        {"keep_firing_for counts from the first evaluation without it", "x.....", {0min, 3min}, "fkkkr-"},
        {"coming back ends keep_firing_for", "x..x....", {0min, 3min}, "fkkfkkkr"},
        {"keep_firing_for keeps no pending alert", "x.x.", {2min, 5min}, "p-p-"},
    }));
    CAPTURE(c.what);
    CHECK(run(c.present, c.timers) == c.phases);
}

TEST_CASE("raising `for` sends nobody back who was told", "[rules][alert-state]") {
    AlertState state = advance({}, true, Timestamp{1min}, {});
    REQUIRE(state.phase == AlertPhase::Firing);
    state = advance(state, true, Timestamp{2min}, {1h, 0min});
    CHECK(state.phase == AlertPhase::Firing);
    CHECK(state.fired_at == Timestamp{1min});
}

TEST_CASE("active_at is when it began, fired_at when it was told", "[rules][alert-state]") {
    const AlertTimers timers{2min, 0min};
    AlertState state;
    for (int minute = 3; minute <= 6; ++minute)
        state = advance(state, true, Timestamp{std::chrono::minutes(minute)}, timers);
    CHECK(state.active_at == Timestamp{3min});
    CHECK(state.fired_at == Timestamp{5min});
}
