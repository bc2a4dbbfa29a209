#include "base/asio_signals.h"

#include <csignal>
#include <memory>
#include <string>

#include "tests/catch.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLimit{20'000};

// SIGHUP only: Catch2 has handlers of its own for the two others.
TEST_CASE("a signal calls its handlers, each time and in their order", "[base][asio_signals]") {
    AsioScheduler scheduler;
    AsioSignals signals(scheduler);
    std::string heard;
    signals.on(Signal::Hangup, [&] { heard += 'a'; });
    signals.on(Signal::Hangup, [&] { heard += 'b'; });
    std::raise(SIGHUP);
    REQUIRE(scheduler.run_until([&] { return heard.size() == 2; }, kLimit));
    std::raise(SIGHUP);
    REQUIRE(scheduler.run_until([&] { return heard.size() == 4; }, kLimit));
    CHECK(heard == "abab");
}

TEST_CASE("nothing is called when the signals are gone", "[base][asio_signals]") {
    AsioScheduler scheduler;
    bool heard = false, later = false;
    {
        AsioSignals signals(scheduler);
        signals.on(Signal::Hangup, [&] { heard = true; });
        std::raise(SIGHUP);
    }
    scheduler.after(10ms, [&] { later = true; });
    REQUIRE(scheduler.run_until([&] { return later; }, kLimit));
    CHECK_FALSE(heard);
}

}  // namespace
}  // namespace tocsin
