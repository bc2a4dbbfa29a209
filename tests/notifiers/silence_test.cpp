#include "notifiers/silence.h"

#include "base/virtual_scheduler.h"
#include "parser/matchers_parser.h"
#include "tests/catch.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

const Timestamp kNow = from_unix_ms(1'000'000'000'000);

Silence silence(const char* matchers, Duration start, Duration end) {
    Silence out;
    out.matchers = parse_matchers(matchers)->matchers;
    out.starts_at = kNow + start;
    out.ends_at = kNow + end;
    return out;
}

struct Fixture {
    SeededRandom random{1};
    Silences silences{{}, random};
};

TEST_CASE("a silence is in force for ten years at most, from now or from its start", "[notifiers][silence]") {
    Fixture f;
    constexpr Duration kTenYears = std::chrono::days(3653);
    CHECK(f.silences.set(silence("a=1", 0ms, kTenYears), kNow).has_value());
    CHECK(f.silences.set(silence("a=1", -1h, kTenYears), kNow).has_value());
    CHECK(f.silences.set(silence("a=1", 1h, kTenYears + 1h), kNow).has_value());
    const auto refused = f.silences.set(silence("a=1", 0ms, kTenYears + 1ms), kNow);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message == "silence is in force for more than 3653 days");
}

TEST_CASE("a silence mutes what it matches from its start to its end", "[notifiers][silence]") {
    Fixture f;
    const auto id = f.silences.set(silence("a=1,b=~\"x.*\"", 1h, 2h), kNow);
    REQUIRE(id.has_value());
    const LabelSet labels{{"a", "1"}, {"b", "xy"}};
    CHECK_FALSE(f.silences.mutes(labels, kNow));
    CHECK(f.silences.find(*id)->state(kNow) == SilenceState::Pending);
    CHECK(f.silences.muting(labels, kNow + 1h) == std::vector<std::string>{*id});
    CHECK(f.silences.find(*id)->state(kNow + 1h) == SilenceState::Active);
    CHECK(f.silences.mutes(labels, kNow + 2h - 1ms));
    CHECK_FALSE(f.silences.mutes(labels, kNow + 2h));
    CHECK(f.silences.find(*id)->state(kNow + 2h) == SilenceState::Expired);
    CHECK_FALSE(f.silences.mutes({{"a", "1"}}, kNow + 1h));
}

TEST_CASE("a change of silences shows at once in what is muted", "[notifiers][silence]") {
    Fixture f;
    const LabelSet labels{{"a", "1"}, {"b", "2"}};
    CHECK_FALSE(f.silences.mutes(labels, kNow));
    const std::string one = *f.silences.set(silence("a=1", 0s, 1h), kNow);
    CHECK(f.silences.mutes(labels, kNow));
    const std::string two = *f.silences.set(silence("b=~\"2|3\"", 0s, 1h), kNow);
    CHECK(f.silences.muting(labels, kNow).size() == 2);
    REQUIRE(f.silences.expire(one, kNow).has_value());
    CHECK(f.silences.muting(labels, kNow) == std::vector<std::string>{two});
    f.silences.restore({});
    CHECK_FALSE(f.silences.mutes(labels, kNow));
}

TEST_CASE("ids are UUIDs of version 4", "[notifiers][silence]") {
    Fixture f;
    const std::string id = *f.silences.set(silence("a=1", 0s, 1h), kNow);
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '4');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
    CHECK(id != *f.silences.set(silence("a=1", 0s, 1h), kNow));
}

TEST_CASE("a silence that begins in the past begins now", "[notifiers][silence]") {
    Fixture f;
    const std::string id = *f.silences.set(silence("a=1", -1h, 1h), kNow);
    CHECK(f.silences.find(id)->starts_at == kNow);
}

TEST_CASE("bad silences are refused with Alertmanager's words", "[notifiers][silence]") {
    Fixture f;
    const auto error = [&](const Silence& bad) { return f.silences.set(bad, kNow).error().message; };
    CHECK(error(silence("a=1", 2h, 1h)) == "start time must be before end time");
    CHECK(error(silence("a=1", -2h, -1h)) == "end time can't be in the past");
    CHECK(error(silence("", 0s, 1h)) == "invalid silence: at least one matcher required");
    CHECK(error(silence("a=~\".*\",b=\"\"", 0s, 1h)) ==
          "invalid silence: matcher set 0: at least one matcher must not match the empty string");
    CHECK(error(silence("a=~\"x|\"", 0s, 1h)).ends_with("must not match the empty string"));
    Silence unknown = silence("a=1", 0s, 1h);
    unknown.id = "nope";
    CHECK(error(unknown) == "silence not found");
    Silence large = silence("a=1", 0s, 1h);
    large.comment.assign(70'000, 'x');
    CHECK(f.silences.set(large, kNow).error().kind == Error::Kind::LimitExceeded);
}

TEST_CASE("a silence may say of a label only what it is not, and holds for alerts without it too",
          "[notifiers][silence]") {
    Fixture f;
    CHECK(f.silences.set(silence("a!=1", 0s, 1h), kNow).has_value());
    CHECK(f.silences.mutes({{"b", "1"}}, kNow));
    CHECK_FALSE(f.silences.mutes({{"a", "1"}}, kNow));
    CHECK(f.silences.set(silence("a!~\"1|2\"", 0s, 1h), kNow).has_value());
    CHECK(f.silences.mutes({{"a", "3"}}, kNow));
    CHECK_FALSE(f.silences.mutes({{"a", "1"}}, kNow));
}

TEST_CASE("a change that leaves the past alone keeps the id", "[notifiers][silence]") {
    Fixture f;
    Silence active = silence("a=1", 0s, 1h);
    active.id = *f.silences.set(active, kNow);
    SECTION("an active one may end at another time") {
        active.ends_at = kNow + 3h;
        CHECK(*f.silences.set(active, kNow + 1min) == active.id);
        CHECK(f.silences.mutes({{"a", "1"}}, kNow + 2h));
    }
    SECTION("other matchers make another silence and end the old one") {
        Silence changed = silence("a=2", 0s, 1h);
        changed.id = active.id;
        CHECK(*f.silences.set(changed, kNow + 1min) != active.id);
        CHECK(f.silences.find(active.id)->state(kNow + 1min) == SilenceState::Expired);
        CHECK_FALSE(f.silences.mutes({{"a", "1"}}, kNow + 2min));
        CHECK(f.silences.mutes({{"a", "2"}}, kNow + 2min));
    }
    SECTION("another start of an active one makes another silence") {
        active.starts_at = kNow + 30min;
        CHECK(*f.silences.set(active, kNow + 1min) != active.id);
    }
    SECTION("a pending one may begin at another time") {
        Silence pending = silence("b=1", 1h, 2h);
        pending.id = *f.silences.set(pending, kNow);
        pending.starts_at = kNow + 90min;
        CHECK(*f.silences.set(pending, kNow + 1min) == pending.id);
    }
    SECTION("one that has ended makes another silence") {
        REQUIRE(f.silences.expire(active.id, kNow + 1min).has_value());
        CHECK(*f.silences.set(active, kNow + 2min) != active.id);
    }
}

TEST_CASE("a silence can be ended before its time", "[notifiers][silence]") {
    Fixture f;
    const std::string active = *f.silences.set(silence("a=1", 0s, 1h), kNow);
    const std::string pending = *f.silences.set(silence("a=1", 1h, 2h), kNow);
    CHECK(f.silences.expire(active, kNow + 1min).has_value());
    CHECK(f.silences.expire(pending, kNow + 1min).has_value());
    CHECK(f.silences.find(active)->ends_at == kNow + 1min);
    CHECK(f.silences.find(pending)->starts_at == kNow + 1min);
    CHECK(f.silences.find(pending)->ends_at == kNow + 1min);
    CHECK(f.silences.expire(active, kNow + 5min).has_value());
    CHECK(f.silences.find(active)->ends_at == kNow + 1min);
    CHECK(f.silences.expire("nope", kNow).error().kind == Error::Kind::NotFound);
}

TEST_CASE("silences are forgotten when they ended longer ago than the retention", "[notifiers][silence]") {
    Fixture f;
    f.silences.set(silence("a=1", 0s, 1h), kNow).value();
    f.silences.collect(kNow + 1h + 119h);
    CHECK(f.silences.all().size() == 1);
    f.silences.collect(kNow + 1h + 120h);
    CHECK(f.silences.all().empty());
}

TEST_CASE("the number of silences is limited", "[notifiers][silence]") {
    SeededRandom random{1};
    Silences silences({.silences = 1}, random);
    REQUIRE(silences.set(silence("a=1", 0s, 1h), kNow).has_value());
    CHECK(silences.set(silence("a=2", 0s, 1h), kNow).error().message ==
          "exceeded maximum number of silences: 1 (limit: 1)");
}

}  // namespace
}  // namespace tocsin
