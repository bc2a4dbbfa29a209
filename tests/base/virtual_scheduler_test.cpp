#include "base/virtual_scheduler.h"

#include <algorithm>
#include <set>
#include <string>

#include "tests/catch.h"

namespace tocsin {

namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart = from_unix_ms(1'767'323'045'000);

}  // namespace

TEST_CASE("tasks run in the order of their time, at their own instant", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(kStart);
    std::vector<std::pair<std::string, Duration>> ran;
    const auto note = [&](std::string name) {
        return [&scheduler, &ran, name] { ran.emplace_back(name, scheduler.now() - kStart); };
    };
    scheduler.after(30ms, note("c"));
    scheduler.after(10ms, note("a"));
    scheduler.at(kStart + 20ms, note("b"));
    scheduler.advance(25ms);
    CHECK(ran == decltype(ran){{"a", 10ms}, {"b", 20ms}});
    CHECK(scheduler.now() == kStart + 25ms);
    CHECK(scheduler.monotonic() == MonotonicTime{25ms});
    CHECK(scheduler.next_due() == kStart + 30ms);
    scheduler.advance_to(kStart + 1s);
    CHECK(ran.back() == std::pair<std::string, Duration>{"c", 30ms});
    CHECK(scheduler.next_due() == Timestamp::max());
}

TEST_CASE("tasks due at the same instant run in the order of adding", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(kStart);
    std::string ran;
    scheduler.after(5ms, [&] { ran += 'a'; });
    scheduler.at(kStart + 5ms, [&] { ran += 'b'; });
    scheduler.after(5ms, [&] {
        ran += 'c';
        scheduler.post([&] { ran += 'e'; });
    });
    scheduler.after(5ms, [&] { ran += 'd'; });
    scheduler.advance(5ms);
    CHECK(ran == "abcde");
}

TEST_CASE("what is added while time advances runs when it is due", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(kStart);
    int ticks = 0;
    std::function<void()> tick = [&] {
        ++ticks;
        scheduler.after(1s, tick);
    };
    scheduler.after(1s, tick);
    scheduler.advance(10s);
    CHECK(ticks == 10);
}

TEST_CASE("what is due already runs as soon as time is told to go on", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(kStart);
    std::string ran;
    scheduler.at(kStart - 1h, [&] { ran += 'a'; });
    scheduler.after(-5s, [&] { ran += 'b'; });
    CHECK(ran.empty());
    scheduler.settle();
    CHECK(ran == "ab");
    CHECK(scheduler.now() == kStart);
}

TEST_CASE("a cancelled task does not run", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(kStart);
    int ran = 0;
    const auto first = scheduler.after(1s, [&] { ++ran; });
    Scheduler::TaskId second = 0;
    scheduler.after(1s, [&] { scheduler.cancel(second); });
    second = scheduler.after(1s, [&] { ++ran; });
    scheduler.cancel(first);
    scheduler.cancel(first);
    scheduler.cancel(0);
    scheduler.cancel(12345);
    scheduler.advance(2s);
    CHECK(ran == 0);
}

TEST_CASE("a step of the wall clock moves what waits for it, and nothing else", "[base][virtual_scheduler]") {
    const Duration step = GENERATE(Duration{2h}, Duration{-2h}, Duration{500ms});
    VirtualScheduler scheduler(kStart);
    Timestamp wall_at{};
    MonotonicTime after_at{};
    scheduler.at(kStart + 3h, [&] { wall_at = scheduler.now(); });
    scheduler.after(3h, [&] { after_at = scheduler.monotonic(); });
    scheduler.advance(10min);
    scheduler.step_wall_clock(step);
    CHECK(scheduler.now() == kStart + 10min + step);
    CHECK(scheduler.monotonic() == MonotonicTime{10min});
    scheduler.advance(24h);
    CHECK(wall_at == kStart + 3h);
    CHECK(after_at == MonotonicTime{3h});
}

TEST_CASE("what a step makes due runs at once, late and in order", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(kStart);
    std::string ran;
    scheduler.at(kStart + 2h, [&] { ran += 'b'; });
    scheduler.at(kStart + 1h, [&] { ran += 'a'; });
    scheduler.step_wall_clock(3h);
    CHECK(ran.empty());
    scheduler.settle();
    CHECK(ran == "ab");
    CHECK(scheduler.now() == kStart + 3h);
}

TEST_CASE("a step of more than a second is told", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(kStart);
    std::vector<Duration> steps;
    scheduler.on_clock_step([&](Duration step) { steps.push_back(step); });
    scheduler.step_wall_clock(1s);
    scheduler.step_wall_clock(1001ms);
    scheduler.step_wall_clock(-1h);
    CHECK(steps == std::vector<Duration>{1001ms, -1h});
}

TEST_CASE("the ends of time do not overflow", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(from_unix_ms(-1000));
    int ran = 0;
    scheduler.at(Timestamp::max(), [&] { ++ran; });
    scheduler.after(Duration::max(), [&] { ++ran; });
    scheduler.at(Timestamp::min(), [&] { ++ran; });
    scheduler.step_wall_clock(-1h);
    scheduler.step_wall_clock(1h);
    scheduler.advance(1h);
    CHECK(ran == 1);
}

TEST_CASE("the trace hash tells one course of events from another", "[base][virtual_scheduler]") {
    const auto hash_of = [](Duration first, Duration second, std::uint64_t observed) {
        VirtualScheduler scheduler(kStart);
        scheduler.after(first, [&] { scheduler.trace(observed); });
        scheduler.after(second, [] {});
        scheduler.advance(1h);
        return scheduler.trace_hash();
    };
    CHECK(hash_of(1s, 2s, 7) == hash_of(1s, 2s, 7));
    const std::set<std::uint64_t> hashes{hash_of(1s, 2s, 7), hash_of(2s, 1s, 7), hash_of(1s, 2s, 8), hash_of(1s, 3s, 7),
                                         VirtualScheduler(kStart).trace_hash()};
    CHECK(hashes.size() == 5);
}

TEST_CASE("a run gives the same trace for any number of threads", "[base][virtual_scheduler]") {
    const auto run = [](unsigned threads) {
        VirtualScheduler scheduler(kStart);
        VirtualExecutor executor(scheduler, threads);
        std::vector<int> results(50, 0);
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < results.size(); ++i) {
            const auto work = [&results, i] {
                volatile std::size_t n = 0;  // the first ones take longest
                while (n < 2000 * (50 - i)) n = n + 1;
                results[i] = static_cast<int>(i) + 1;
            };
            const auto done = [&, i] {
                REQUIRE(results[i] == static_cast<int>(i) + 1);
                order.push_back(i);
                if (i == 3) executor.run([] {}, [&] { order.push_back(1000); });
            };
            executor.run(work, done);
        }
        scheduler.advance(1s);
        return std::pair(order, scheduler.trace_hash());
    };
    const auto alone = run(0);
    REQUIRE(alone.first.size() == 51);
    CHECK(std::is_sorted(alone.first.begin(), alone.first.end()));
    CHECK(run(1) == alone);
    CHECK(run(4) == alone);
}

TEST_CASE("an executor that goes away finishes its work", "[base][virtual_scheduler]") {
    VirtualScheduler scheduler(kStart);
    std::vector<int> results(20, 0);
    int done = 0;
    {
        VirtualExecutor executor(scheduler, 2);
        for (int& result : results) executor.run([&result] { result = 1; }, [&done] { ++done; });
    }
    CHECK(results == std::vector<int>(20, 1));
    scheduler.settle();
    CHECK(done == 20);
}

TEST_CASE("what a work holds is let go before it is done", "[base][virtual_scheduler]") {
    const unsigned threads = GENERATE(0U, 1U, 4U);
    VirtualScheduler scheduler(kStart);
    VirtualExecutor executor(scheduler, threads);
    int held_too_long = 0;
    for (int i = 0; i < 500; ++i) {
        auto thing = std::make_shared<int>(i);
        const std::weak_ptr<int> seen = thing;
        executor.run([thing = std::move(thing)] {}, [&, seen] { held_too_long += seen.expired() ? 0 : 1; });
        scheduler.settle();
    }
    CHECK(held_too_long == 0);
}

TEST_CASE("a seed gives SplitMix64's stream", "[base][virtual_scheduler]") {
    SeededRandom random(1234567);
    CHECK(random.next() == 6457827717110365317U);
    CHECK(random.next() == 3203168211198807973U);
    CHECK(random.next() == 9817491932198370423U);
    for (int i = 0; i < 1000; ++i) {
        const double fraction = random.fraction();
        REQUIRE(fraction >= 0);
        REQUIRE(fraction < 1);
    }
}

}  // namespace tocsin
