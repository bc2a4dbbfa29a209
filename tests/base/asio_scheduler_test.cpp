#include "base/asio_scheduler.h"

#include <string>
#include <thread>
#include <vector>

#include "base/thread_pool_executor.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLimit{20'000};

/// A wall clock that goes with the monotonic one, and can be turned.
struct TurnableClock {
    std::chrono::nanoseconds turned{0};
    AsioScheduler::WallClock read() {
        return [this] {
            const auto steady = std::chrono::steady_clock::now().time_since_epoch();
            return std::chrono::sys_time<std::chrono::nanoseconds>(1'800'000'000s + steady + turned);
        };
    }
};

TEST_CASE("tasks due at the same instant run in the order in which they were added", "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    std::string order;
    const Timestamp soon = scheduler.now() + 5ms;
    scheduler.at(soon + 1ms, [&] { order += 'd'; });
    scheduler.at(soon, [&] { order += 'a'; });
    scheduler.at(soon, [&] { order += 'b'; });
    scheduler.at(soon, [&] { order += 'c'; });
    REQUIRE(scheduler.run_until([&] { return order.size() == 4; }, kLimit));
    CHECK(order == "abcd");
}

TEST_CASE("what is posted and what is due at once run in the order in which they were added",
          "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    std::string order;
    scheduler.post([&] {
        scheduler.post([&] { order += 'a'; });
        scheduler.after(0ms, [&] { order += 'b'; });
        scheduler.post([&] { order += 'c'; });
    });
    REQUIRE(scheduler.run_until([&] { return order.size() == 3; }, kLimit));
    CHECK(order == "abc");
}

TEST_CASE("a task is not run before its time", "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    const Timestamp due = scheduler.now() + 20ms;
    Timestamp ran{};
    scheduler.at(due, [&] { ran = scheduler.now(); });
    REQUIRE(scheduler.run_until([&] { return ran != Timestamp{}; }, kLimit));
    CHECK(ran >= due);
}

TEST_CASE("times beyond all reason are never due, and those long past at once", "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    bool past = false, future = false;
    scheduler.at(Timestamp::max(), [&] { future = true; });
    scheduler.after(Duration::max(), [&] { future = true; });
    scheduler.at(Timestamp::min(), [&] { past = true; });
    REQUIRE(scheduler.run_until([&] { return past; }, kLimit));
    CHECK_FALSE(future);
}

TEST_CASE("a cancelled task does not run, and cancelling what has run does nothing", "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    bool cancelled_ran = false, other_ran = false;
    const auto id = scheduler.after(1ms, [&] { cancelled_ran = true; });
    scheduler.cancel(id);
    scheduler.cancel(0);
    const auto other = scheduler.after(5ms, [&] { other_ran = true; });
    REQUIRE(scheduler.run_until([&] { return other_ran; }, kLimit));
    scheduler.cancel(other);
    CHECK_FALSE(cancelled_ran);
}

TEST_CASE("posts of a thread run in their order, on the scheduler's thread", "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    std::vector<int> seen;
    const auto here = std::this_thread::get_id();
    bool on_this_thread = true;
    std::thread other([&] {
        for (int i = 0; i < 1000; ++i) {
            scheduler.post([&, i] {
                seen.push_back(i);
                on_this_thread = on_this_thread && std::this_thread::get_id() == here;
            });
        }
    });
    REQUIRE(scheduler.run_until([&] { return seen.size() == 1000; }, kLimit));
    other.join();
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(on_this_thread);
}

TEST_CASE("stop ends run, which can be called again", "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    int ran = 0;
    scheduler.post([&] {
        ++ran;
        scheduler.stop();
        scheduler.post([&] {
            ++ran;
            scheduler.stop();
        });
    });
    scheduler.run();
    CHECK(ran == 1);
    scheduler.run();
    CHECK(ran == 2);
}

TEST_CASE("run_until gives up at its limit", "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    CHECK_FALSE(scheduler.run_until([] { return false; }, 5ms));
}

TEST_CASE("a step of the wall clock is told, and moves the tasks that wait for a wall time", "[base][asio_scheduler]") {
    TurnableClock clock;
    AsioScheduler scheduler(clock.read());
    const Timestamp start = scheduler.now();
    std::vector<Duration> steps;
    scheduler.on_clock_step([&](Duration step) { steps.push_back(step); });
    bool wall = false, elapsed = false;
    scheduler.at(start + 1h, [&] { wall = true; });
    scheduler.after(1h, [&] { elapsed = true; });

    clock.turned = 2h;
    scheduler.post([] {});  // each turn looks at the clock
    REQUIRE(scheduler.run_until([&] { return wall; }, kLimit));
    REQUIRE(steps.size() == 1);
    CHECK(std::chrono::abs(steps[0] - Duration(2h)) < 1s);
    CHECK(scheduler.now() >= start + 2h);
    CHECK_FALSE(elapsed);
}

TEST_CASE("a wait for a wall time grows when the clock is turned back", "[base][asio_scheduler]") {
    TurnableClock clock;
    AsioScheduler scheduler(clock.read());
    bool wall = false, elapsed = false;
    Duration step{0};
    scheduler.on_clock_step([&](Duration by) { step = by; });
    scheduler.at(scheduler.now() + 10ms, [&] { wall = true; });
    clock.turned = -1h;
    scheduler.post([] {});
    REQUIRE(scheduler.run_until([&] { return step != Duration{0}; }, kLimit));
    scheduler.after(30ms, [&] { elapsed = true; });
    REQUIRE(scheduler.run_until([&] { return elapsed; }, kLimit));
    CHECK(std::chrono::abs(step + Duration(1h)) < 1s);
    CHECK_FALSE(wall);
}

TEST_CASE("a clock that is set by less than a second is followed without a word", "[base][asio_scheduler]") {
    TurnableClock clock;
    AsioScheduler scheduler(clock.read());
    bool told = false, ran = false;
    scheduler.on_clock_step([&](Duration) { told = true; });
    const Timestamp start = scheduler.now();
    clock.turned = 900ms;
    scheduler.post([&] { ran = true; });
    REQUIRE(scheduler.run_until([&] { return ran; }, kLimit));
    CHECK(scheduler.now() >= start + 900ms);
    CHECK_FALSE(told);
}

TEST_CASE("tasks that beget tasks do not keep others from their turn", "[base][asio_scheduler]") {
    AsioScheduler scheduler;
    bool other = false;
    std::function<void()> again = [&] { scheduler.post(again); };
    again();
    scheduler.after(5ms, [&] { other = true; });
    CHECK(scheduler.run_until([&] { return other; }, kLimit));
}

TEST_CASE("a task that was never run is let go with the scheduler", "[base][asio_scheduler]") {
    const auto held = std::make_shared<int>(1);
    {
        AsioScheduler scheduler;
        scheduler.after(1h, [held] {});
        scheduler.post([held] {});
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("work runs on another thread and its completion on the scheduler's", "[base][thread_pool_executor]") {
    AsioScheduler scheduler;
    ThreadPoolExecutor executor(scheduler, 2);
    std::thread::id worked, done;
    executor.run([&] { worked = std::this_thread::get_id(); }, [&] { done = std::this_thread::get_id(); });
    REQUIRE(scheduler.run_until([&] { return done != std::thread::id{}; }, kLimit));
    CHECK(done == std::this_thread::get_id());
    CHECK(worked != std::this_thread::get_id());
}

TEST_CASE("all work is done, whatever the number of threads", "[base][thread_pool_executor]") {
    const unsigned threads = GENERATE(0U, 1U, 4U);
    AsioScheduler scheduler;
    ThreadPoolExecutor executor(scheduler, threads);
    std::vector<int> results(100, 0);
    int done = 0;
    for (int i = 0; i < 100; ++i) {
        executor.run([&results, i] { results[static_cast<std::size_t>(i)] = i; }, [&done] { ++done; });
    }
    REQUIRE(scheduler.run_until([&] { return done == 100; }, kLimit));
    for (int i = 0; i < 100; ++i) CHECK(results[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("no completion comes after the executor is gone", "[base][thread_pool_executor]") {
    AsioScheduler scheduler;
    bool done = false, later = false;
    {
        ThreadPoolExecutor executor(scheduler, 1);
        for (int i = 0; i < 10; ++i) executor.run([] {}, [&] { done = true; });
    }
    scheduler.after(1ms, [&] { later = true; });
    REQUIRE(scheduler.run_until([&] { return later; }, kLimit));
    CHECK_FALSE(done);
}

}  // namespace
}  // namespace tocsin
