#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "base/hash.h"
#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto kPagerDuty = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
constexpr auto kSlack = "https://hooks.slack.com/services/YOUR/WEBHOOK/URL";

std::string example_file(const std::string& name) {
    std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/examples/ironforge/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The backend's metrics as they develop over the 30 minutes: the pool is dry from 1:00 to 6:00, requests are slow from 8:00 to 20:00,
/// requests fail from 15:00 on, Redis fails from 22:00 on.
std::string metrics_at(Duration t) {
    const auto within = [&](Duration from, Duration to) { return t >= from && t < to; };
    const auto seconds = t.count() / 1000;
    const auto since = [&](Duration from) { return t > from ? (t - from).count() / 1000 : 0; };
    const bool slow = within(8min, 20min);
    std::string text = "# TYPE db_pool_connections gauge\n";
    text += fmt::format("db_pool_connections{{state=\"idle\"}} {}\n", within(1min, 6min) ? 2 : 16);
    text += fmt::format("db_pool_connections{{state=\"active\"}} {}\n", within(1min, 6min) ? 18 : 4);
    for (const auto& [bound, share] : {std::pair{"0.5", slow ? 0 : 98}, {"1", slow ? 10 : 99}, {"2.5", 100}, {"+Inf", 100}}) {
        text += fmt::format(
            "http_request_duration_seconds_bucket{{method=\"GET\",path=\"/api/v1/wallets\",le=\"{}\"}} {}\n", bound,
            share * 1000);
    }
    text += fmt::format("http_requests_total{{method=\"GET\",path=\"/api/v1/wallets\",status=\"200\"}} {}\n", seconds * 40);
    text += fmt::format("http_requests_total{{method=\"GET\",path=\"/api/v1/wallets\",status=\"503\"}} {}\n", since(15min));
    text += fmt::format("redis_operations_total{{operation=\"get\",status=\"error\"}} {}\n", since(22min));
    text += "process_resident_memory_bytes 3.1e+08\n";
    return text;
}

class IronforgeWorld : public SimulatedDaemon {
public:
    explicit IronforgeWorld(unsigned threads = 0) : SimulatedDaemon(threads) {
        put("alerts.yml", example_file("alerts.yml"));
        put("alertmanager.yml", example_file("alertmanager.yml"));
        put("prometheus.yml",
            "rule_files: [alerts.yml]\n"
            "scrape_configs:\n  - job_name: ironforge\n    static_configs: [{targets: ['localhost:8088']}]\n");
        targets.handle([this](const HttpRequest&) {
            return fakes::FakeAnswer::ok(metrics_at(elapsed())).header("Content-Type", "text/plain; version=0.0.4").after(40ms);
        });
        receivers.handle([this](const HttpRequest& request) {
            scheduler.trace(hash_bytes(request.url + request.body));
            return request.url == kSlack ? fakes::FakeAnswer::ok("ok") : fakes::FakeAnswer::ok("{}");
        });
    }

    /// `3m10s`-like time, address and body of everything that was sent.
    struct Message {
        Duration at;
        std::string url;
        std::string body;
    };
    std::vector<Message> messages() const {
        std::vector<Message> all;
        for (const auto& sent : receivers.sent()) {
            all.push_back({sent.at - kStart, sent.request.url, sent.request.body});
        }
        return all;
    }
};

std::string incident_key(const std::string& alertname, const std::string& severity) {
    return sha256_hex(fmt::format("{{}}/{{severity=\"{}\"}}:{{alertname=\"{}\", severity=\"{}\"}}", severity, alertname, severity));
}

}  // namespace

TEST_CASE("the user's own files give exactly these notifications over half an hour", "[daemon][main-job]") {
    IronforgeWorld world;
    const auto started = world.start();
    REQUIRE(started);
    REQUIRE(started->ok());
    world.advance(30min);
    for (const auto& message : world.messages()) WARN(message.at.count() / 1000.0 << " " << message.url << " " << message.body);
    CHECK(world.messages().size() == 5);
}

TEST_CASE("a run's trace is the same for any number of threads", "[daemon][main-job]") {
    const auto trace_with = [](unsigned threads) {
        IronforgeWorld world(threads);
        REQUIRE(world.start());
        world.advance(30min);
        return world.scheduler.trace_hash();
    };
    const auto expected = trace_with(0);
    for (const unsigned threads : {0U, 1U, 2U, 8U}) {
        CAPTURE(threads);
        CHECK(trace_with(threads) == expected);
    }
}
