#include "rules/tick_scheduler.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "tests/catch.h"
#include "tests/rules/rule_world.h"

using namespace tocsin;
using namespace std::chrono_literals;
using fakes::FakeAnswer;

namespace {

/// Ticks over targets `a`, `b`, … and groups that the test gives. When groups are evaluated is kept.
struct Rig : fakes::RuleWorld {
    explicit Rig(ScrapeOptions scrape = {}) : RuleWorld(0, std::move(scrape)) {
        observers->evaluation.push_back([this](const std::string& group, Timestamp due) {
            const double late = seconds_since_start(scheduler.now()) - seconds_since_start(due);
            evaluations += fmt::format("{}{}@{}", evaluations.empty() ? "" : " ", group, seconds_since_start(due));
            if (late > 0) evaluations += fmt::format("+{:g}", late);
        });
    }

    void groups(const std::vector<std::string>& files) {
        std::vector<std::shared_ptr<RuleGroup>> made;
        std::map<std::string, std::shared_ptr<RuleGroup>> next;
        for (const std::string& file : files) {
            const std::string name = fakes::groups_of(file).front().name;
            made.push_back(next[name] = group_of(file, {}, in_force[name].get()));
        }
        ticks.set_groups(made);
        in_force = std::move(next);
    }
    std::string missed(const std::string& group) {
        return metric("prometheus_rule_group_iterations_missed_total{rule_group=\"f;" + group + "\"}");
    }

    std::string evaluations;
    std::map<std::string, std::shared_ptr<RuleGroup>> in_force;
    TickScheduler ticks{{scheduler, scrapes, store, log, metrics}};
};

std::string group(const std::string& name, const std::string& interval, const std::string& expr,
                  const std::string& more = "") {
    return "groups: [{name: " + name + ", interval: " + interval + ", rules: [{alert: " + name + ", expr: '" + expr +
           "'" + more + "}]}]";
}

}  // namespace

TEST_CASE("ticks are the multiples of intervals since 1970", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n");
    rig.scrapes.apply({Rig::job("j", {"a"}, 30s)});
    rig.groups({group("g", "15s", "x")});
    rig.scheduler.advance(5s);
    rig.ticks.start();
    rig.scheduler.advance(60s);
    // 1000 s are 10 s after a multiple of 15 s and of 30 s.
    CHECK(rig.polls() == "a@20 a@50");
    CHECK(rig.evaluations == "g@5 g@20 g@35 g@50 g@65");
}

TEST_CASE("with spread targets are polled at a share of their interval of their own", "[rules][tick_scheduler]") {
    Rig rig(ScrapeOptions{.spread = true});
    for (const char* name : {"a", "b", "c"}) rig.expose(name, "x 1\n");
    rig.scrapes.apply({Rig::job("j", {"a", "b", "c"}, 30s)});
    rig.groups({group("g", "15s", "x")});
    rig.ticks.start();
    rig.scheduler.advance(90s);
    std::map<std::string, std::set<std::int64_t>> shares;
    for (const auto& sent : rig.http.sent()) shares[sent.request.url].insert(to_unix_ms(sent.at) % 30'000);
    CHECK(shares.size() == 3);
    std::set<std::int64_t> all;
    for (const auto& [url, share] : shares) {
        CHECK(share.size() == 1);
        all.insert(share.begin(), share.end());
    }
    CHECK(all.size() > 1);
    // Groups stay on the grid, and wait for nobody.
    CHECK(rig.evaluations == "g@5 g@20 g@35 g@50 g@65 g@80");
}

TEST_CASE("an instant of the grid is a tick even if ticks begin at it", "[rules][tick_scheduler]") {
    Rig rig;
    rig.groups({group("g", "20s", "x")});
    rig.ticks.start();
    rig.scheduler.advance(40s);
    CHECK(rig.evaluations == "g@0 g@20 g@40");
}

TEST_CASE("a target without an interval is polled on that of the groups that read it", "[rules][tick_scheduler]") {
    Rig rig;
    for (const char* host : {"a", "b", "c"}) rig.expose(host, "x 1\n");
    rig.scrapes.apply({Rig::job("one", {"a"}), Rig::job("two", {"b"}), Rig::job("three", {"c"})});
    rig.groups({group("slow", "40s", "x{job=~\"one|two\"}"), group("fast", "20s", "x{job=\"two\"}")});
    rig.ticks.start();
    rig.scheduler.advance(79s);
    CHECK(rig.polls() == "b@0 a@0 b@20 b@40 a@40 b@60");
}

TEST_CASE("a group is evaluated as soon as the targets that it reads have answered", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n", 100ms);
    rig.expose("b", "x 1\n", 3s);
    rig.scrapes.apply({Rig::job("quick", {"a"}), Rig::job("slow", {"b"})});
    rig.groups({group("both", "20s", "x"), group("one", "20s", "x{job=\"quick\"}"), group("none", "20s", "vector(1)")});
    rig.ticks.start();
    rig.scheduler.advance(10s);
    CHECK(rig.evaluations == "none@0 one@0+0.1 both@0+3");
}

TEST_CASE("what a target says at a tick is judged at that tick", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 0\n", 50ms);
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.groups({group("g", "20s", "x > 0")});
    rig.ticks.start();
    rig.scheduler.advance(10s);
    rig.expose("a", "x 1\n", 50ms);
    rig.scheduler.advance(20s);
    CHECK(rig.told() == R"(20.05: {alertname="g", instance="a", job="j"} firing 20..260)");
}

TEST_CASE("a target that does not answer holds the groups that read it until its timeout, no others",
          "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n");
    rig.http.always(Rig::url("b"), FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    rig.scrapes.apply({Rig::job("good", {"a"}), Rig::job("dead", {"b"})});
    rig.groups({group("all", "20s", "x"), group("one", "20s", "x{job=\"good\"}")});
    rig.ticks.start();
    rig.scheduler.advance(59s);
    // It is waited for once, then for half of the timeout, then no more.
    CHECK(rig.evaluations == "one@0 all@0+10 one@20 all@20+5 all@40 one@40");
    CHECK(rig.missed("all") == "0");
}

TEST_CASE("series that rules record make no group wait for targets", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n", 2s);
    rig.scrapes.apply({Rig::job("j", {"a"}, 20s)});
    rig.groups({"groups: [{name: records, interval: 20s, rules: [{record: total, expr: x}]}]",
                group("reads", "20s", "total > 0 or ALERTS{alertname=\"none\"}")});
    rig.ticks.start();
    rig.scheduler.advance(10s);
    CHECK(rig.evaluations == "reads@0 records@0+2");
}

TEST_CASE("a group that still waits when it is due again misses that iteration", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n", 12s);
    auto job = *Rig::job("j", {"a"}, 20s);
    job.scrape_timeout = 20s;
    rig.scrapes.apply({std::make_shared<const ScrapeConfig>(job)});
    rig.groups({group("g", "5s", "x")});
    rig.ticks.start();
    rig.scheduler.advance(19s);
    CHECK(rig.evaluations == "g@0+12 g@15");
    CHECK(rig.missed("g") == "2");
    CHECK(rig.metric("prometheus_rule_group_iterations_total{rule_group=\"f;g\"}") == "4");
}

TEST_CASE("groups are evaluated one at a time and only while nobody has frozen the store", "[rules][tick_scheduler]") {
    Rig rig;
    rig.groups({group("g", "20s", "vector(1)"), group("h", "20s", "vector(1)")});
    rig.store.freeze();
    rig.ticks.start();
    rig.scheduler.advance(5s);
    CHECK(rig.evaluations.empty());
    rig.store.thaw();
    rig.scheduler.settle();
    CHECK(rig.evaluations == "g@0+5 h@0+5");
}

TEST_CASE("what is late is done once, for the last instant of its grid", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n");
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.groups({group("g", "20s", "x"), group("h", "1m", "x")});
    rig.ticks.start();
    rig.scheduler.advance(1s);
    // A second or less is not told as a step: the tick at 20 s becomes due a little early, nothing is done twice.
    rig.scheduler.step_wall_clock(-900ms);
    rig.scheduler.advance(20s);
    CHECK(rig.polls() == "a@0 a@20");
    CHECK(rig.evaluations == "g@0 g@20 h@20");
    CHECK(rig.missed("g") == "0");
}

TEST_CASE("the thread may be blocked over ticks", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n");
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.groups({group("g", "20s", "x"), group("h", "50s", "x")});
    rig.ticks.start();
    rig.scheduler.advance(10s);
    // Small steps add up to 70 s that nobody ran.
    for (int i = 0; i < 70; ++i) rig.scheduler.step_wall_clock(1s);
    rig.scheduler.advance(1s);
    CHECK(rig.evaluations == "g@0 h@0 g@80 h@50+30");
    CHECK(rig.missed("g") == "3");
    CHECK(rig.missed("h") == "0");
    rig.scheduler.advance(20s);
    CHECK(rig.evaluations == "g@0 h@0 g@80 h@50+30 g@100 h@100");
}

TEST_CASE("targets that come and go are polled and waited for", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n");
    rig.expose("b", "x 1\n", 1s);
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.groups({group("g", "20s", "x")});
    rig.ticks.start();
    rig.scheduler.advance(10s);
    rig.scrapes.apply({Rig::job("j", {"a", "b"})});
    rig.scheduler.advance(20s);
    rig.scrapes.apply({Rig::job("j", {"b"})});
    rig.scheduler.advance(20s);
    CHECK(rig.polls() == "a@0 a@20 b@20 b@40");
    CHECK(rig.evaluations == "g@0 g@20+1 g@40+1");
}

TEST_CASE("a target that goes while a group waits for it holds it no longer", "[rules][tick_scheduler]") {
    Rig rig;
    rig.http.always(Rig::url("a"), FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.groups({group("g", "20s", "x")});
    rig.ticks.start();
    rig.scheduler.advance(3s);
    rig.scrapes.apply({});
    rig.scheduler.advance(3s);
    CHECK(rig.evaluations == "g@0+3");
}

TEST_CASE("a group that is replaced while it waits is evaluated in its new form", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x 1\n", 3s);
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.groups({group("g", "20s", "x > 5"), group("gone", "20s", "x")});
    rig.ticks.start();
    rig.scheduler.advance(1s);
    rig.groups({group("g", "20s", "x > 0")});
    rig.scheduler.advance(25s);
    CHECK(rig.evaluations == "g@0+3 g@20+3");
    CHECK(rig.told() == R"(3: {alertname="g", instance="a", job="j"} firing 0..240)");
    CHECK(rig.missed("g") == "0");
}

TEST_CASE("another interval is no missed iteration", "[rules][tick_scheduler]") {
    Rig rig;
    rig.groups({group("g", "50s", "vector(1)")});
    rig.ticks.start();
    rig.scheduler.advance(45s);
    rig.groups({group("g", "5s", "vector(1)")});
    rig.scheduler.advance(10s);
    CHECK(rig.evaluations == "g@0 g@45 g@50 g@55");
    CHECK(rig.missed("g") == "0");
}

TEST_CASE("stop waits for the evaluation that runs, and nothing comes after it", "[rules][tick_scheduler]") {
    Rig rig;
    rig.groups({group("g", "20s", "vector(1)"), group("h", "20s", "vector(1)")});
    rig.ticks.start();
    bool stopped = false;
    rig.observers->evaluation.push_back([&](const std::string&, Timestamp) {
        if (!stopped) rig.ticks.stop([&] { stopped = true; });
    });
    rig.scheduler.advance(1min);
    CHECK(stopped);
    CHECK(rig.evaluations == "g@0");
    CHECK(!rig.store.frozen());

    Rig idle;
    bool idle_stopped = false;
    idle.ticks.stop([&] { idle_stopped = true; });
    CHECK(idle_stopped);
}

TEST_CASE("what is old is collected now and then", "[rules][tick_scheduler]") {
    Rig rig;
    rig.expose("a", "x{i=\"1\"} 1\n");
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.groups({group("g", "20s", "x")});
    rig.ticks.start();
    rig.scheduler.advance(1s);
    CHECK(rig.store.stats().series == 1);
    rig.expose("a", "x{i=\"2\"} 1\n");
    rig.scheduler.advance(30min);
    CHECK(rig.store.stats().series == 1);
}

// ---- the wall clock steps

namespace {

/// A counter that grows by one a second, whatever the wall clock says.
struct ClockRig : Rig {
    ClockRig() {
        scheduler.advance(1s);
        http.handle([this](const HttpRequest&) {
            const auto seconds =
                std::chrono::duration_cast<std::chrono::seconds>(scheduler.monotonic() - MonotonicTime{});
            return answer(fmt::format("ticks_total {}\nlow 0\nhigh 1\n", seconds.count()));
        });
        scrapes.apply({job("j", {"a"})});
    }
};

}  // namespace

TEST_CASE("no alert fires, resolves or loses its `for` by a step of the wall clock", "[rules][tick_scheduler][clock]") {
    const auto step = GENERATE(2s, 7s, 15s, 100s, 3600s, 315'360'000s);
    const auto sign = GENERATE(1, -1);
    CAPTURE(step.count() * sign);
    ClockRig rig;
    rig.groups(
        {"groups: [{name: g, interval: 15s, rules: ["
         "{alert: Steady, expr: 'rate(ticks_total[1m]) > 0.9'},"
         "{alert: Quick, expr: 'rate(ticks_total[1m]) > 1.1'},"
         "{alert: Never, expr: 'low > 0'},"
         "{alert: Absent, expr: 'absent(high)'},"
         "{alert: Pending, expr: 'high > 0', for: 10m}]}]"});
    rig.ticks.start();
    rig.scheduler.advance(2min + 3s);
    REQUIRE(rig.told().find("Steady") != std::string::npos);
    rig.sink.clear();

    rig.scheduler.step_wall_clock(step * sign);
    const Timestamp stepped = rig.scheduler.now();
    rig.scheduler.advance(5min);
    CHECK(rig.sink.batches().size() == 5);  // at once, and then each minute
    for (const auto& [when, alerts] : rig.sink.batches()) {
        REQUIRE(alerts.size() == 1);
        CHECK(alerts[0].labels.get("alertname") == "Steady");
        CHECK(!alerts[0].resolved_at(when));
        CHECK(alerts[0].starts_at == rig.sink.alerts()[0].starts_at);
        CHECK(alerts[0].starts_at > stepped - 2min);
        CHECK(alerts[0].updated_at == when);
    }
    CHECK(rig.missed("g") == "0");

    // `for` has seen ten minutes when ten minutes have passed.
    rig.sink.clear();
    rig.scheduler.advance(2min);
    CHECK(rig.told().find("Pending") == std::string::npos);
    rig.scheduler.advance(2min);
    CHECK(rig.told().find("Pending") != std::string::npos);
}

TEST_CASE("evaluation goes on at once when the wall clock goes back an hour", "[rules][tick_scheduler][clock]") {
    ClockRig rig;
    rig.groups({group("g", "15s", "high > 0")});
    rig.ticks.start();
    rig.scheduler.advance(2min);
    rig.evaluations.clear();
    rig.scheduler.step_wall_clock(-1h);
    rig.scheduler.advance(1min);
    // 121 s after the beginning it is an hour earlier; the grid goes on from there.
    CHECK(rig.evaluations == "g@-3475 g@-3460 g@-3445 g@-3430");
    CHECK(rig.metric("tocsin_clock_steps_total") == "1");
}

TEST_CASE("alerts are told at once with the times of the new clock", "[rules][tick_scheduler][clock]") {
    ClockRig rig;
    rig.groups({group("g", "15s", "high > 0"), group("was", "15s", "ticks_total < 100")});
    rig.ticks.start();
    rig.scheduler.advance(2min + 3s);
    rig.sink.clear();
    rig.scheduler.step_wall_clock(1h);
    CHECK(rig.told() ==
          "3724: {alertname=\"g\", instance=\"a\", job=\"j\"} firing 3605..3964\n"
          "3724: {alertname=\"was\", instance=\"a\", job=\"j\"} resolved 3605..3710");
}

TEST_CASE("a poll that is under way when the clock steps is still of its own time", "[rules][tick_scheduler][clock]") {
    const auto step = GENERATE(3600s, -3600s);
    CAPTURE(step.count());
    ClockRig rig;
    rig.http.always(Rig::url("a"), Rig::answer("high 1\n").after(4s));
    const auto wanted = fakes::keep(rig.store, "high");
    rig.groups({group("g", "15s", "high > 0")});
    rig.ticks.start();
    rig.scheduler.advance(5s);
    rig.evaluations.clear();
    rig.scheduler.step_wall_clock(step);
    rig.scheduler.advance(40s);
    std::vector<Timestamp> times;
    rig.store.for_each_series({Matcher::equal("__name__", "high")},
                              [&](const LabelSet&, const Timeline& timeline, ColumnIndex) {
                                  for (std::size_t row = 0; row < timeline.rows(); ++row)
                                      times.push_back(timeline.time(row));
                                  return true;
                              });
    REQUIRE(times.size() >= 3);
    CHECK(times.front() == from_unix_ms(1'005'000) + step);
    for (std::size_t i = 1; i < times.size(); ++i) CHECK(times[i] > times[i - 1]);
    CHECK(times.back() <= rig.scheduler.now());
    CHECK(rig.sink.alerts().back().starts_at == times.front());
}

TEST_CASE("several steps in a row add up", "[rules][tick_scheduler][clock]") {
    ClockRig rig;
    rig.groups({"groups: [{name: g, interval: 15s, rules: [{alert: g, expr: 'rate(ticks_total[1m]) > 0.9'}]}]"});
    rig.ticks.start();
    rig.scheduler.advance(2min);
    rig.sink.clear();
    for (const Duration step : {Duration(1h), Duration(-2h), Duration(5s), Duration(30min)}) {
        rig.scheduler.step_wall_clock(step);
        rig.scheduler.advance(2s);
    }
    rig.scheduler.advance(3min);
    for (const auto& batch : rig.sink.batches()) CHECK(!batch.alerts[0].resolved_at(batch.at));
    CHECK(rig.missed("g") == "0");
}

TEST_CASE("series with the target's own timestamps stay where they are when our clock steps",
          "[rules][tick_scheduler][clock]") {
    ClockRig rig;
    std::int64_t target_ms = 1'000'123;
    rig.http.handle(
        [&](const HttpRequest&) { return Rig::answer(fmt::format("own 1 {}\nhigh 1\n", target_ms += 15'000)); });
    const auto wanted = fakes::keep(rig.store, "own");
    rig.groups({group("g", "15s", "own > 0 and high > 0")});
    rig.ticks.start();
    rig.scheduler.advance(50s);
    const std::string before = fakes::samples_of(rig.store, "own");
    rig.scheduler.step_wall_clock(30s);
    rig.scheduler.advance(1s);
    CHECK(fakes::samples_of(rig.store, "own").starts_with(before));
}
