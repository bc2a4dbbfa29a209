#include "base/asio_resolver.h"

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/asio_scheduler.h"
#include "base/virtual_scheduler.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using Addresses = std::vector<std::string>;

constexpr Duration kLimit{20'000};

TEST_CASE("names of this machine are found, and those that cannot be are not", "[base][asio_resolver]") {
    const auto localhost = resolve_blocking("localhost");
    REQUIRE(localhost);
    CHECK_FALSE(localhost->empty());
    CHECK(resolve_blocking("127.0.0.1") == Addresses{"127.0.0.1"});
    CHECK(resolve_blocking("::1") == Addresses{"::1"});
    CHECK_FALSE(resolve_blocking("not a name"));
}

TEST_CASE("a name is looked up on another thread and answered on the scheduler's", "[base][asio_resolver]") {
    AsioScheduler scheduler;
    std::thread::id looked_up_on;
    AsioResolver resolver(scheduler, [&](const std::string& host) -> Result<Addresses> {
        if (host != "good.test") return fail(Error::Kind::NotFound, "name not found: " + host);
        looked_up_on = std::this_thread::get_id();
        return Addresses{"10.0.0.1", "10.0.0.2"};
    });
    std::optional<Result<Addresses>> good, bad;
    resolver.resolve("good.test", [&](Result<Addresses> answer) { good = std::move(answer); });
    resolver.resolve("bad.test", [&](Result<Addresses> answer) { bad = std::move(answer); });
    CHECK_FALSE(good);
    REQUIRE(scheduler.run_until([&] { return good && bad; }, kLimit));
    CHECK(**good == Addresses{"10.0.0.1", "10.0.0.2"});
    CHECK(bad->error().message == "name not found: bad.test");
    CHECK(looked_up_on != std::this_thread::get_id());
}

/// Lookups that hang until they are let go.
struct HangingLookups {
    std::promise<void> let_go;
    std::shared_future<void> gone = let_go.get_future().share();
    std::shared_ptr<std::atomic<int>> begun = std::make_shared<std::atomic<int>>(0);

    AsioResolver::Lookup lookup() {
        return [gone = gone, begun = begun](const std::string& host) -> Result<Addresses> {
            ++*begun;
            gone.wait();
            return Addresses{host};
        };
    }
};

TEST_CASE("questions for a name that is being looked up share its answer", "[base][asio_resolver]") {
    AsioScheduler scheduler;
    HangingLookups hanging;
    AsioResolver resolver(scheduler, hanging.lookup());
    int answered = 0;
    for (int i = 0; i < 10; ++i)
        resolver.resolve("same.test", [&](const Result<Addresses>& a) { answered += a ? 1 : 0; });
    hanging.let_go.set_value();
    REQUIRE(scheduler.run_until([&] { return answered == 10; }, kLimit));
    CHECK(*hanging.begun == 1);
    resolver.resolve("same.test", [&](const Result<Addresses>& a) { answered += a ? 1 : 0; });
    REQUIRE(scheduler.run_until([&] { return answered == 11; }, kLimit));
    CHECK(*hanging.begun == 2);
}

TEST_CASE("names for which nobody answers leave others alone, up to sixty-four", "[base][asio_resolver]") {
    AsioScheduler scheduler;
    HangingLookups hanging;
    AsioResolver resolver(scheduler, hanging.lookup());
    int answered = 0;
    for (int i = 0; i < 100; ++i) {
        resolver.resolve("host" + std::to_string(i), [&](const Result<Addresses>&) { ++answered; });
    }
    REQUIRE(scheduler.run_until([&] { return *hanging.begun == 64; }, kLimit));
    CHECK(answered == 0);
    hanging.let_go.set_value();
    REQUIRE(scheduler.run_until([&] { return answered == 100; }, kLimit));
}

TEST_CASE("a lookup that hangs is given up after five seconds, and its late answer dropped", "[base][asio_resolver]") {
    HangingLookups hanging;
    VirtualScheduler scheduler;
    std::vector<std::string> answers;
    {
        AsioResolver resolver(scheduler, hanging.lookup());
        const auto ask = [&] {
            resolver.resolve("slow.test",
                             [&](const Result<Addresses>& a) { answers.push_back(a ? "found" : a.error().message); });
        };
        ask();
        scheduler.advance(4999ms);
        CHECK(answers.empty());
        ask();
        scheduler.advance(1ms);
        CHECK(answers == std::vector<std::string>{"name lookup of slow.test timed out after 5s"});
        scheduler.advance(4999ms);
        CHECK(answers.size() == 2);
    }
    hanging.let_go.set_value();
    scheduler.advance(1h);
    CHECK(answers.size() == 2);
}

TEST_CASE("nothing is answered after the resolver is gone", "[base][asio_resolver]") {
    AsioScheduler scheduler;
    HangingLookups hanging;
    bool answered = false, later = false;
    {
        AsioResolver resolver(scheduler, hanging.lookup());
        resolver.resolve("slow.test", [&](const Result<Addresses>&) { answered = true; });
    }
    hanging.let_go.set_value();
    scheduler.after(20ms, [&] { later = true; });
    REQUIRE(scheduler.run_until([&] { return later; }, kLimit));
    CHECK_FALSE(answered);
}

}  // namespace
}  // namespace tocsin
