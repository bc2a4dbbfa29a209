#include "daemon/alert_sender.h"

#include <algorithm>

#include "base/json.h"
#include "base/virtual_scheduler.h"
#include "daemon/config.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/recording_log.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;
constexpr auto kOne = "http://one:9093/api/v2/alerts";
constexpr auto kTwo = "http://two:9093/api/v2/alerts";

struct Rig {
    explicit Rig(AlertSender::Options options = {.queue_capacity = 10'000, .batch_size = 256, .version = "1"})
        : sender({scheduler, executor, http, resolver, disk, metrics, log, ""}, std::move(options)) {}

    void load(const std::string& alerting) {
        Diagnostics problems;
        Config config = parse_config("alerting:\n" + alerting, "prometheus.yml", problems);
        REQUIRE(problems.empty());
        sender.apply(std::move(config.alerting));
        scheduler.settle();
    }
    void tell(int count = 1, const LabelSet& more = {}) {
        std::vector<Alert> alerts;
        for (int i = 0; i < count; ++i) {
            Alert alert;
            LabelBuilder labels(more);
            alert.labels = labels.set("alertname", "A").set("n", std::to_string(next++)).build();
            alert.annotations = {{"summary", "s"}};
            alert.starts_at = from_unix_ms(1'000'000);
            alert.ends_at = from_unix_ms(1'240'000);
            alert.generator_url = SharedText::of("http://tocsin.example/graph");
            alerts.push_back(std::move(alert));
        }
        sender.receive(alerts);
    }
    /// `n` of each alert of each request to that URL.
    Texts numbers_sent(const std::string& url) const {
        Texts requests;
        for (const auto& sent : http.sent()) {
            if (sent.request.url != url) continue;
            const auto alerts = parse_json(sent.request.body);
            Texts numbers;
            for (const Json& alert : alerts->items()) numbers.push_back(alert.at("labels").at("n").as_string());
            std::string text;
            for (const std::string& number : numbers) text += (text.empty() ? "" : " ") + number;
            requests.push_back(text);
        }
        return requests;
    }
    double figure(const char* name, const std::string& url) {
        return metrics.counter(name, "", {{"alertmanager", url}}).get();
    }

    VirtualScheduler scheduler;
    VirtualExecutor executor{scheduler, 0};
    fakes::FakeHttpClient http{scheduler};
    fakes::FakeResolver resolver{scheduler};
    fakes::FakeDisk disk;
    SelfMetrics metrics;
    fakes::RecordingLog log;
    AlertSender sender;
    int next = 0;
};

constexpr auto kTwoPeers = "  alertmanagers:\n  - static_configs: [{targets: ['one:9093', 'two:9093']}]\n";

}  // namespace

TEST_CASE("alerts are posted to each Alertmanager as its API takes them", "[daemon][alert-sender]") {
    Rig rig;
    rig.load(kTwoPeers);
    CHECK(rig.sender.active() == Texts{kOne, kTwo});
    rig.http.always(kOne, fakes::FakeAnswer::ok());
    rig.http.always(kTwo, fakes::FakeAnswer::ok());
    rig.tell();
    rig.scheduler.settle();
    REQUIRE(rig.http.sent().size() == 2);
    const HttpRequest& request = rig.http.sent().front().request;
    CHECK(request.method == "POST");
    CHECK(find_header(request.headers, "Content-Type") == "application/json");
    CHECK(find_header(request.headers, "User-Agent") == "tocsin/1");
    CHECK(find_header(request.headers, "Accept").empty());
    CHECK(request.timeout == 10s);
    CHECK(
        request.body ==
        R"([{"annotations":{"summary":"s"},"endsAt":"1970-01-01T00:20:40.000Z","startsAt":"1970-01-01T00:16:40.000Z",)"
        R"("generatorURL":"http://tocsin.example/graph","labels":{"alertname":"A","n":"0"}}])");
    CHECK(rig.figure("prometheus_notifications_sent_total", kOne) == 1);
    CHECK(rig.metrics.gauge("prometheus_notifications_alertmanagers_discovered", "").get() == 2);
}

TEST_CASE("one request at a time, with what has come meanwhile in the next", "[daemon][alert-sender]") {
    Rig rig({.queue_capacity = 100, .batch_size = 3, .version = "1"});
    rig.load("  alertmanagers:\n  - static_configs: [{targets: ['one:9093']}]\n");
    rig.http.always(kOne, fakes::FakeAnswer::ok().after(1s));
    rig.tell();
    rig.tell(4);
    rig.scheduler.advance(500ms);
    CHECK(rig.numbers_sent(kOne) == Texts{"0"});
    CHECK(rig.metrics.gauge("prometheus_notifications_queue_length", "", {{"alertmanager", kOne}}).get() == 4);
    rig.scheduler.advance(5s);
    CHECK(rig.numbers_sent(kOne) == Texts{"0", "1 2 3", "4"});
}

TEST_CASE("a dead Alertmanager costs its own alerts and nobody else's", "[daemon][alert-sender]") {
    Rig rig({.queue_capacity = 5, .batch_size = 2, .version = "1"});
    rig.load(kTwoPeers);
    rig.http.always(kOne, fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::NeverAnswers));
    rig.http.always(kTwo, fakes::FakeAnswer::ok());
    for (int i = 0; i < 10; ++i) {
        rig.tell();
        rig.scheduler.settle();
    }
    CHECK(rig.numbers_sent(kTwo).size() == 10);
    CHECK(rig.figure("prometheus_notifications_dropped_total", kTwo) == 0);
    // One is on its way, five wait, the oldest four were pushed out.
    CHECK(rig.figure("prometheus_notifications_dropped_total", kOne) == 4);
    rig.http.always(kOne, fakes::FakeAnswer::ok());
    rig.scheduler.advance(10s);
    CHECK(rig.numbers_sent(kOne) == Texts{"0", "5 6", "7 8", "9"});
    CHECK(rig.figure("prometheus_notifications_errors_total", kOne) == 1);
    CHECK(rig.figure("prometheus_notifications_dropped_total", kOne) == 5);
    CHECK(rig.log.contains("timed out"));
}

TEST_CASE("a refusal is counted and told", "[daemon][alert-sender]") {
    Rig rig;
    rig.load("  alertmanagers:\n  - static_configs: [{targets: ['one:9093']}]\n");
    rig.http.always(kOne, fakes::FakeAnswer::with_status(500));
    rig.tell(3);
    rig.scheduler.settle();
    CHECK(rig.figure("prometheus_notifications_errors_total", kOne) == 3);
    CHECK(rig.figure("prometheus_notifications_dropped_total", kOne) == 3);
    CHECK(rig.log.contains("bad response status 500"));
}

TEST_CASE("paths, schemes, credentials, time-outs and relabelling are as configured", "[daemon][alert-sender]") {
    Rig rig;
    rig.load(
        "  alert_relabel_configs:\n"
        "  - {regex: replica, action: labeldrop}\n"
        "  - {source_labels: [severity], regex: debug, action: drop}\n"
        "  alertmanagers:\n"
        "  - scheme: https\n    path_prefix: /am/\n    timeout: 3s\n"
        "    basic_auth: {username: me, password: secret}\n"
        "    static_configs: [{targets: ['one:9093', 'not-me:9093'], labels: {team: a}}]\n"
        "    relabel_configs: [{source_labels: [__address__], regex: 'not-.*', action: drop}]\n"
        "    alert_relabel_configs: [{target_label: via, replacement: one}]\n");
    CHECK(rig.sender.active() == Texts{"https://one:9093/am/api/v2/alerts"});
    CHECK(rig.sender.dropped() == Texts{"https://not-me:9093/am/api/v2/alerts"});
    rig.http.always("https://one:9093/am/api/v2/alerts", fakes::FakeAnswer::ok());
    rig.tell(1, {{"replica", "0"}, {"severity", "page"}});
    rig.tell(1, {{"severity", "debug"}});
    rig.scheduler.settle();
    REQUIRE(rig.http.sent().size() == 1);
    const HttpRequest& request = rig.http.sent().front().request;
    CHECK(find_header(request.headers, "Authorization") == "Basic bWU6c2VjcmV0");
    CHECK(request.timeout == 3s);
    CHECK(request.body.find(R"("labels":{"alertname":"A","n":"0","severity":"page","via":"one"})") !=
          std::string::npos);
}

TEST_CASE("after a reload those that stay keep what waits, and those that go lose their figures",
          "[daemon][alert-sender]") {
    Rig rig({.queue_capacity = 100, .batch_size = 1, .version = "1"});
    rig.load(kTwoPeers);
    rig.http.always(kOne, fakes::FakeAnswer::ok().after(1s));
    rig.http.always(kTwo, fakes::FakeAnswer::ok().after(1s));
    rig.tell(3);
    rig.load("  alertmanagers:\n  - static_configs: [{targets: ['one:9093']}]\n");
    rig.scheduler.advance(10s);
    CHECK(rig.numbers_sent(kOne) == Texts{"0", "1", "2"});
    CHECK(rig.numbers_sent(kTwo) == Texts{"0"});
    CHECK(rig.metrics.render().find("two:9093") == std::string::npos);
}

TEST_CASE("what waits is sent before the end, for a while", "[daemon][alert-sender]") {
    Rig rig({.queue_capacity = 100, .batch_size = 1, .version = "1"});
    rig.load("  alertmanagers:\n  - static_configs: [{targets: ['one:9093']}]\n");
    rig.http.always(kOne, fakes::FakeAnswer::ok().after(1s));
    rig.tell(3);
    bool drained = false;
    SECTION("all of it when there is time") {
        rig.sender.drain(20s, [&] { drained = true; });
        rig.scheduler.advance(2500ms);
        CHECK_FALSE(drained);
        rig.scheduler.advance(1s);
        CHECK(drained);
        CHECK(rig.numbers_sent(kOne).size() == 3);
    }
    SECTION("not longer than it is allowed") {
        rig.sender.drain(2s, [&] { drained = true; });
        rig.scheduler.advance(2s);
        CHECK(drained);
    }
}

TEST_CASE("mistakes of alerting are told with their place", "[daemon][config]") {
    const auto [text, message] = GENERATE(table<std::string, std::string>({
        {"  alertmanagers:\n  - api_version: v1\n",
         "3:18: expected Alertmanager api version to be one of [v2] but got v1"},
        {"  alertmanagers:\n  - metrics_path: /m\n", "3:5: field metrics_path not found in alertmanager config"},
        {"  alertmanagers:\n  - timeout: 0s\n", "3:14: timeout must be greater than zero"},
        {"  alertmanagers:\n  - nonsense: 1\n", "3:5: "},
        {"  alert_relabel_configs: [{action: jump}]\n", "2:36: unknown relabel action \"jump\""},
        {"  nonsense: 1\n", "2:3: "},
    }));
    CAPTURE(text);
    Diagnostics problems;
    parse_config("alerting:\n" + text, "prometheus.yml", problems);
    REQUIRE(problems.size() == 1);
    CHECK_THAT(to_string(problems.front()), Catch::Contains(message));
}
