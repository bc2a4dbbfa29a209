#include "daemon/alert_lanes.h"

#include <string>

#include <fmt/format.h>

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

constexpr Timestamp kBegin{1'772'359'200s};

AlertTransition change_of(const LabelSet& labels, AlertPhase from, AlertPhase to, Duration at) {
    AlertTransition change;
    change.labels = labels;
    change.from = from;
    change.to = to;
    change.at = kBegin + at;
    return change;
}

LabelSet nth(int n) {
    return LabelSet{{"n", fmt::format("{:03}", n)}};
}

/// An alert that is pending for a minute, fires for one, and is over.
void come_and_go(AlertLanes& lanes, const LabelSet& labels, Duration at) {
    lanes.add(change_of(labels, AlertPhase::Inactive, AlertPhase::Pending, at));
    lanes.add(change_of(labels, AlertPhase::Pending, AlertPhase::Firing, at + 1min));
    lanes.add(change_of(labels, AlertPhase::Firing, AlertPhase::Inactive, at + 2min));
}

}  // namespace

TEST_CASE("an alert is a lane of stretches", "[daemon][alert-lanes]") {
    std::size_t budget = 10;
    AlertLanes lanes(kBegin, kBegin + 1h, {}, budget);
    come_and_go(lanes, nth(1), 10min);
    lanes.add(change_of(nth(2), AlertPhase::Inactive, AlertPhase::Firing, 50min));  // and fires to the end
    const auto view = lanes.view();
    REQUIRE(view.lanes.size() == 2);
    const auto& first = view.lanes[0].stretches;
    REQUIRE(first.size() == 2);
    CHECK(first[0].from == kBegin + 10min);
    CHECK(first[0].until == kBegin + 11min);
    CHECK(first[0].phase == AlertPhase::Pending);
    CHECK(first[1].until == kBegin + 12min);
    CHECK(first[1].phase == AlertPhase::Firing);
    REQUIRE(view.lanes[1].stretches.size() == 1);
    CHECK(view.lanes[1].stretches[0].until == kBegin + 1h);
    CHECK(view.alerts == 2);
    CHECK(view.firing_alerts == 2);
    CHECK(view.firings == 2);
    CHECK(view.firing_time == 11min);
    CHECK_FALSE(view.lanes[0].is_coarse);
}

TEST_CASE("where not all alerts can be shown those that fired are, and the rest is counted", "[daemon][alert-lanes]") {
    std::size_t budget = 1000;
    AlertLanes lanes(kBegin, kBegin + 1h, {.kept = 20, .shown = 5, .stretches = 100, .cells = 400}, budget);
    for (int n = 0; n < 18; ++n) lanes.add(change_of(nth(n), AlertPhase::Inactive, AlertPhase::Pending, 1min));
    come_and_go(lanes, nth(18), 30min);
    come_and_go(lanes, nth(19), 20min);
    for (int n = 20; n < 30; ++n) come_and_go(lanes, nth(n), 40min);  // beyond those that are kept
    const auto view = lanes.view();
    CHECK(view.alerts == 30);
    CHECK(view.firing_alerts == 12);
    REQUIRE(view.lanes.size() == 5);
    CHECK(view.lanes[0].labels == nth(0));  // by time; three that were pending only had room
    CHECK(view.lanes[3].labels == nth(19));
    CHECK(view.lanes[4].labels == nth(18));
    CHECK(budget == 980);
}

TEST_CASE("an alert that changes all the time is drawn in steps, and nothing of it is lost", "[daemon][alert-lanes]") {
    std::size_t budget = 10;
    AlertLanes lanes(kBegin, kBegin + 100h, {.kept = 5, .shown = 5, .stretches = 10, .cells = 100}, budget);
    for (int n = 0; n < 1000; ++n) come_and_go(lanes, nth(1), n * 5min);
    const auto view = lanes.view();
    REQUIRE(view.lanes.size() == 1);
    const AlertLane& lane = view.lanes[0];
    CHECK(lane.is_coarse);
    CHECK(lane.firings == 1000);
    CHECK(lane.firing_time == 1000min);
    CHECK(lane.stretches.size() <= 110);
    CHECK(lane.stretches[9].until == kBegin + 22min);
    CHECK(lane.stretches.back().phase == AlertPhase::Firing);
    CHECK(lane.stretches.back().until >= kBegin + 83h);
    CHECK(lane.stretches.back().until <= kBegin + 85h);
    for (std::size_t i = 1; i < lane.stretches.size(); ++i)
        CHECK(lane.stretches[i].from >= lane.stretches[i - 1].until);
    CHECK(view.resolution == 1h);
}

TEST_CASE("alerts of all rules share one budget", "[daemon][alert-lanes]") {
    std::size_t budget = 1;
    AlertLanes one(kBegin, kBegin + 1h, {}, budget), other(kBegin, kBegin + 1h, {}, budget);
    come_and_go(one, nth(1), 1min);
    come_and_go(other, nth(1), 1min);
    CHECK(one.view().lanes.size() == 1);
    CHECK(other.view().lanes.empty());
    CHECK(other.view().alerts == 1);
    CHECK(other.view().firing_alerts == 1);
}
