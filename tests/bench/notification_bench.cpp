// What the notifying half costs: taking alerts into groups, and a tick at which nothing has changed, whose cost must not
// depend on the number of silences.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/assert.h"
#include "base/virtual_scheduler.h"
#include "notifiers/notification_service.h"
#include "parser/matchers_parser.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_mail.h"
#include "tests/fakes/recording_log.h"

namespace tocsin {
namespace {

constexpr const char* kGroups = R"(
route: {receiver: hook, group_by: [group], group_wait: 1s, group_interval: 1m, repeat_interval: 10000h}
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
)";

/// A service on virtual time whose receiver takes everything.
struct World {
    World() {
        http.always("http://r/hook", fakes::FakeAnswer::ok("ok"));
        auto config = parse_alertmanager_config(kGroups, "alertmanager.yml");
        TOCSIN_ASSERT(config && service.load(*std::move(config)));
    }

    std::vector<Alert> alerts(std::size_t count, std::size_t groups) const {
        std::vector<Alert> all;
        for (std::size_t i = 0; i < count; ++i) {
            Alert alert;
            const std::string group = std::to_string(i % groups);
            const std::string instance = fmt::format("web-{}.example.org:9100", i);
            alert.labels = LabelSet{
                {"alertname", "HighLatency"}, {"group", group}, {"instance", instance}, {"severity", "page"}};
            alert.annotations = LabelSet{{"summary", "the instance is slow"}};
            alert.starts_at = scheduler.now();
            alert.ends_at = scheduler.now() + std::chrono::hours(100'000);
            all.push_back(std::move(alert));
        }
        return all;
    }

    /// Half of them by a label and its value, half by a regular expression; none matches.
    void add_silences(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            Silence silence;
            const auto text = i % 2 == 0 ? fmt::format("alertname=HighLatency,instance=db-{}", i)
                                         : fmt::format("instance=~\"db-{}[.].*\"", i);
            silence.matchers = parse_matchers(text)->matchers;
            silence.starts_at = scheduler.now();
            silence.ends_at = scheduler.now() + std::chrono::hours(10'000);
            TOCSIN_ASSERT(service.set_silence(std::move(silence)).has_value());
        }
    }

    VirtualScheduler scheduler{from_unix_ms(1'767'323'045'000)};
    SeededRandom random{7};
    fakes::FakeHttpClient http{scheduler};
    fakes::FakeMailClient mail{scheduler};
    fakes::FakeDisk disk;
    fakes::RecordingLog log;
    SelfMetrics metrics;
    NotificationService service{{scheduler, http, mail, random, disk, log, metrics}, {}};
};

/// A flush of 1,000 groups of 10 alerts each, all of which were told.
void tick_with_silences(benchmark::State& state) {
    World world;
    world.add_silences(static_cast<std::size_t>(state.range(0)));
    world.service.receive(world.alerts(10'000, 1'000));
    world.scheduler.advance(std::chrono::minutes(2));
    const std::size_t sent = world.http.sent().size();
    for (auto _ : state) world.scheduler.advance(std::chrono::minutes(1));
    TOCSIN_ASSERT(world.http.sent().size() == sent);
}
BENCHMARK(tick_with_silences)->Arg(0)->Arg(10)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

/// What Prometheus does every minute: the same alerts again.
void receive_again(benchmark::State& state) {
    World world;
    world.add_silences(static_cast<std::size_t>(state.range(0)));
    const auto alerts = world.alerts(10'000, 1'000);
    world.service.receive(alerts);
    world.scheduler.advance(std::chrono::minutes(2));
    for (auto _ : state) world.service.receive(alerts);
}
BENCHMARK(receive_again)->Arg(0)->Arg(10'000)->Unit(benchmark::kMillisecond);

/// Into groups of 100, and told.
void group_new_alerts(benchmark::State& state) {
    for (auto _ : state) {
        state.PauseTiming();
        World world;
        const auto count = static_cast<std::size_t>(state.range(0));
        const auto alerts = world.alerts(count, count / 100);
        state.ResumeTiming();
        world.service.receive(alerts);
        world.scheduler.advance(std::chrono::seconds(2));
        benchmark::DoNotOptimize(world.http.sent().size());
    }
}
BENCHMARK(group_new_alerts)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tocsin
