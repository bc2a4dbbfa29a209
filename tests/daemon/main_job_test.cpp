#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/digest.h"
#include "base/hash.h"
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

/// What a receiver got, and when since the start of the world.
struct Message {
    Duration at;
    std::string url;
    std::string body;
};

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

    /// Everything that was sent, in order.
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

/// The alert of a message as PagerDuty's details have it; `fingerprint` is Alertmanager's for these labels.
std::string alert_json(const char* annotations, const char* ends_at, const char* fingerprint, const char* query,
                       const char* labels, const char* starts_at, const char* status) {
    return fmt::format(
        R"({{"annotations":{{{}}},"endsAt":"{}","fingerprint":"{}","generatorURL":"http://tocsin.example/graph?g0.expr={}\u0026g0.tab=1","labels":{{{}}},"startsAt":"{}","status":"{}"}})",
        annotations, ends_at, fingerprint, query, labels, starts_at, status);
}

std::string trigger(const std::string& key, const char* summary, const std::string& alert) {
    return fmt::format(
        R"({{"service_key":"YOUR_PAGERDUTY_SERVICE_KEY","incident_key":"{}","event_type":"trigger","description":"[FIRING:1] {}","event_action":"","payload":null,"client":"Alertmanager","client_url":"http://tocsin.example/#/alerts?receiver=pagerduty","details":{{"firing":[{}],"num_firing":1,"num_resolved":0,"resolved":[]}}}})",
        key, summary, alert);
}

std::string resolve(const std::string& key, const char* summary, const std::string& alert) {
    return fmt::format(
        R"({{"service_key":"YOUR_PAGERDUTY_SERVICE_KEY","incident_key":"{}","event_type":"resolve","description":"[RESOLVED] {}","event_action":"","payload":null,"details":{{"firing":[],"num_firing":0,"num_resolved":1,"resolved":[{}]}}}})",
        key, summary, alert);
}

constexpr auto kStillFiring = "0001-01-01T00:00:00Z";

std::string pool_alert(const char* ends_at, const char* status) {
    return alert_json(
        R"("description":"空闲连接少于5个","summary":"数据库连接池即将耗尽")", ends_at, "4447f279cbe6af53",
        "db_pool_connections%7Bstate%3D%22idle%22%7D+%3C+5",
        R"("alertname":"DatabasePoolExhausted","instance":"localhost:8088","job":"ironforge","severity":"critical","state":"idle")",
        "2026-03-01T10:03:00Z", status);
}

}  // namespace

TEST_CASE("the user's own files give exactly these notifications over half an hour", "[daemon][main-job]") {
    IronforgeWorld world;
    const auto started = world.start();
    REQUIRE(started);
    REQUIRE(started->ok());
    world.advance(30min);

    const auto pool = incident_key("DatabasePoolExhausted", "critical");
    const auto errors = incident_key("HighErrorRate", "critical");
    const auto redis = incident_key("RedisDown", "critical");
    constexpr auto kPoolSummary = "DatabasePoolExhausted critical (localhost:8088 ironforge idle)";
    // Polls take 40 ms, so an evaluation ends 40 ms after its tick; group_wait and group_interval are 10 s.
    const std::vector<Message> expected{
        // Dry from 1:00 on, `for: 2m`.
        {3min + 10s + 40ms, kPagerDuty, trigger(pool, kPoolSummary, pool_alert(kStillFiring, "firing"))},
        // Well again at 6:00; the group's next flush is ten seconds after the one at 6:00.04.
        {6min + 10s + 40ms, kPagerDuty, resolve(pool, kPoolSummary, pool_alert("2026-03-01T10:06:00Z", "resolved"))},
        // Slow from 8:00 on, `for: 5m`. Slack is not told of the end: send_resolved is off by default.
        {13min + 10s + 40ms, kSlack,
         R"({"channel":"#alerts","username":"Alertmanager","attachments":[{"title":"IronForge Alert","title_link":"http://tocsin.example/#/alerts?receiver=slack","text":"","fallback":"[FIRING:1] HighLatency warning (localhost:8088 ironforge GET /api/v1/wallets) | http://tocsin.example/#/alerts?receiver=slack","callback_id":"","footer":"","color":"danger","mrkdwn_in":["fallback","pretext","text"]}]})"},
        // The first failed requests are seen at 15:30: 30 within the five minutes, 0.1 a second; `for: 5m`.
        {20min + 40s + 40ms, kPagerDuty,
         trigger(errors, "HighErrorRate critical (localhost:8088 ironforge GET /api/v1/wallets 503)",
                 alert_json(
                     R"("description":"过去5分钟错误率超过5%","summary":"高错误率检测")", kStillFiring, "e58aa0c103aaf808",
                     "rate%28http_requests_total%7Bstatus%3D~%225..%22%7D%5B5m%5D%29+%3E+0.05",
                     R"("alertname":"HighErrorRate","instance":"localhost:8088","job":"ironforge","method":"GET","path":"/api/v1/wallets","severity":"critical","status":"503")",
                     "2026-03-01T10:20:30Z", "firing"))},
        // The tenth error passes between 22:00 and 22:30; `for: 1m`.
        {23min + 40s + 40ms, kPagerDuty,
         trigger(redis, "RedisDown critical (localhost:8088 ironforge get error)",
                 alert_json(
                     R"("description":"Redis 操作失败超过10次","summary":"Redis 连接失败")", kStillFiring, "c7f299eaa215ca12",
                     "redis_operations_total%7Bstatus%3D%22error%22%7D+%3E+10",
                     R"("alertname":"RedisDown","instance":"localhost:8088","job":"ironforge","operation":"get","severity":"critical","status":"error")",
                     "2026-03-01T10:23:30Z", "firing"))},
    };
    const auto messages = world.messages();
    for (std::size_t i = 0; i < std::min(messages.size(), expected.size()); ++i) {
        CAPTURE(i);
        CHECK(messages[i].at == expected[i].at);
        CHECK(messages[i].url == expected[i].url);
        CHECK(messages[i].body == expected[i].body + "\n");
    }
    CHECK(messages.size() == expected.size());
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
