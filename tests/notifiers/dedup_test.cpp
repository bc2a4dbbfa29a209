#include "notifiers/dedup.h"

#include "tests/catch.h"

namespace tocsin {
namespace {

using Hashes = AlertHashes;

struct Case {
    const char* name;
    bool sent;  // something was sent an hour ago
    Hashes told, told_resolved, unheard, was_muted;
    Hashes firing, resolved, muted_firing, muted_resolved;
    bool send_resolved;
    Duration repeat_interval;
    const char* reason;  // empty: nothing is sent
};

constexpr Duration kLong = std::chrono::hours(4);
constexpr Duration kHour = std::chrono::hours(1);

// clang-format off
const std::vector<Case> kCases = {
    {"nothing was sent and something fires", false, {}, {}, {}, {}, {1}, {}, {}, {}, true, kLong, "first notification"},
    {"nothing was sent and all is over", false, {}, {}, {}, {}, {}, {1}, {}, {}, true, kLong, ""},
    {"nothing was sent, all is over, and an attempt had failed", false, {}, {}, {1}, {}, {}, {1}, {}, {}, false, kLong,
     "first notification"},
    {"fires again after all was resolved", true, {}, {1}, {}, {}, {1}, {}, {}, {}, true, kLong, "first notification"},
    {"another one fires", true, {1}, {}, {}, {}, {1, 2}, {}, {}, {}, true, kLong, "new alerts added"},
    {"another one fires and the first is over", true, {1}, {}, {}, {}, {2}, {1}, {}, {}, true, kLong, "new alerts added"},
    {"all is over", true, {1}, {}, {}, {}, {}, {1}, {}, {}, true, kLong, "all alerts resolved"},
    {"all is over, for one that does not want to know", true, {1}, {}, {}, {}, {}, {1}, {}, {}, false, kLong,
     "all alerts resolved"},
    {"what was told is nowhere to be seen", true, {9}, {}, {}, {}, {}, {1}, {}, {}, true, kLong, "all alerts resolved"},
    {"came and went between two flushes", true, {}, {}, {}, {}, {}, {1}, {}, {}, true, kLong, ""},
    {"came and went unheard", true, {}, {}, {1}, {}, {}, {1}, {}, {}, true, kLong, "all alerts resolved"},
    {"one of two is over", true, {1, 2}, {}, {}, {}, {1}, {2}, {}, {}, true, kLong, "some alerts resolved"},
    {"one of two is over, told already", true, {1}, {2}, {}, {}, {1}, {2}, {}, {}, true, kLong, ""},
    {"one of two is over, for one that does not want to know", true, {1, 2}, {}, {}, {}, {1}, {2}, {}, {}, false, kLong,
     ""},
    {"nothing new", true, {1}, {}, {}, {}, {1}, {}, {}, {}, true, kLong, ""},
    {"nothing new for exactly the repeat interval", true, {1}, {}, {}, {}, {1}, {}, {}, {}, true, kHour,
     "repeat interval elapsed"},
    {"nothing new for a little less", true, {1}, {}, {}, {}, {1}, {}, {}, {}, true, kHour + Duration{1}, ""},
    {"the mute is over and it still fires", true, {1}, {}, {}, {1}, {1}, {}, {}, {}, true, kLong, "mute ended"},
    {"the mute is over and it does not fire any more", true, {1}, {}, {}, {1}, {}, {1}, {}, {}, true, kLong,
     "all alerts resolved"},
    {"a told one is muted and the other is over", true, {1, 2}, {}, {}, {}, {}, {2}, {1}, {}, true, kLong,
     "some alerts resolved"},
    {"a told one is muted and the other is over, told already", true, {1}, {2}, {}, {}, {}, {2}, {1}, {}, true, kLong, ""},
    {"a told one ended while muted and the other is over", true, {1, 2}, {}, {}, {}, {}, {2}, {}, {1}, true, kLong,
     "all alerts resolved"},
    {"a told one ended while muted, and one that nobody heard of is over", true, {1}, {}, {}, {}, {}, {2}, {}, {1}, true,
     kLong, ""},
    {"a muted one that was never told does not hold the others back", true, {2}, {}, {}, {}, {}, {2}, {1}, {}, true, kLong,
     "all alerts resolved"},
};
// clang-format on

TEST_CASE("what is sent follows the table", "[notifiers][dedup]") {
    for (const Case& c : kCases) {
        CAPTURE(c.name);
        LogEntry entry;
        const Timestamp now = from_unix_ms(1'000'000'000);
        if (c.sent) entry.sent_at = now - kHour;
        entry.firing = c.told;
        entry.resolved = c.told_resolved;
        entry.unheard = c.unheard;
        entry.muted = c.was_muted;
        const GroupFacts facts{c.firing, c.resolved, c.muted_firing, c.muted_resolved, now, {}};
        const auto reason = decide(&entry, facts, {c.send_resolved, c.repeat_interval});
        CHECK((reason ? to_string(*reason) : "") == c.reason);
    }
}

TEST_CASE("no entry is as nothing sent", "[notifiers][dedup]") {
    GroupFacts facts;
    CHECK_FALSE(decide(nullptr, facts, {}).has_value());
    facts.resolved = {1};
    CHECK_FALSE(decide(nullptr, facts, {}).has_value());
    facts.firing = {2};
    CHECK(decide(nullptr, facts, {}) == NotifyReason::FirstNotification);
}

}  // namespace
}  // namespace tocsin
