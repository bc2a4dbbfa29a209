#include <algorithm>

#include "base/duration.h"
#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto kConfig =
    "rule_files: [rules.yml]\n"
    "scrape_configs:\n  - job_name: node\n    scrape_timeout: 2s\n    static_configs: [{targets: ['a:1', 'b:1']}]\n";
constexpr auto kRules =
    "groups:\n- name: g\n  interval: 10s\n  rules:\n"
    "  - alert: Hot\n    expr: temperature > 30\n    labels: {severity: page}\n"
    "  - alert: Down\n    expr: up == 0\n    for: 20s\n";
constexpr auto kRouting =
    "route: {receiver: hook, group_wait: 0s, group_interval: 1s, group_by: [alertname]}\n"
    "receivers:\n- name: hook\n  webhook_configs: [{url: 'http://hook/alerts'}]\n";

/// Two targets that say how warm they are, and a webhook that takes everything.
class World : public SimulatedDaemon {
public:
    World() {
        put("prometheus.yml", kConfig);
        put("rules.yml", kRules);
        put("alertmanager.yml", kRouting);
        set_temperature("a:1", 20);
        set_temperature("b:1", 20);
        receivers.always("http://hook/alerts", fakes::FakeAnswer::ok());
    }

    void set_temperature(const std::string& target, int degrees) {
        answer(target, fakes::FakeAnswer::ok("temperature " + std::to_string(degrees) + "\n")
                           .header("Content-Type", "text/plain; version=0.0.4"));
    }
    void answer(const std::string& target, fakes::FakeAnswer answer) {
        targets.always("http://" + target + "/metrics", std::move(answer));
    }

    Json get(const std::string& path) {
        const auto response = server.get(path);
        REQUIRE(response);
        return *parse_json(response->body);
    }
    std::string state_of_target(std::size_t index) {
        return get("/api/v1/targets").at("data").at("activeTargets").at(index).at("health").as_string();
    }
    std::string error_of_target(std::size_t index) {
        return get("/api/v1/targets").at("data").at("activeTargets").at(index).at("lastError").as_string();
    }
    /// `Hot firing`, by label set.
    std::vector<std::string> alerts() {
        std::vector<std::string> all;
        const Json answer = get("/api/v1/alerts");
        for (const Json& alert : answer.at("data").at("alerts").items()) {
            all.push_back(alert.at("labels").at("alertname").as_string() + " " +
                          alert.at("labels").at("instance").as_string() + " " + alert.at("state").as_string());
        }
        return all;
    }
    std::vector<std::string> statuses_sent() const {
        std::vector<std::string> all;
        for (const auto& sent : receivers.sent()) {
            all.push_back(parse_json(sent.request.body)->at("status").as_string());
        }
        return all;
    }
};

using Texts = std::vector<std::string>;

/// What is in force, as the API shows it.
std::string targets_of(World& world) {
    std::string all;
    const Json answer = world.get("/api/v1/targets");
    for (const Json& target : answer.at("data").at("activeTargets").items()) {
        all += target.at("scrapeUrl").as_string() + "\n";
    }
    return all;
}
std::string rules_of(World& world) {
    std::string all;
    const Json answer = world.get("/api/v1/rules");
    for (const Json& group : answer.at("data").at("groups").items()) {
        for (const Json& rule : group.at("rules").items()) {
            all += rule.at("name").as_string() + ": " + rule.at("query").as_string() + "\n";
        }
    }
    return all;
}
std::string receivers_of(World& world) {
    return world.get("/api/v2/status").at("config").at("original").as_string();
}

}  // namespace

TEST_CASE("a fault is told within the tick that shows it, and its end too", "[daemon][app]") {
    World world;
    REQUIRE(world.start());
    world.advance(15s);
    CHECK(world.alerts().empty());
    world.set_temperature("a:1", 40);
    world.advance(5s);
    CHECK(world.alerts() == Texts{"Hot a:1 firing"});
    CHECK(world.statuses_sent() == Texts{"firing"});
    CHECK(world.receivers.sent().front().at == SimulatedDaemon::kStart + 20s);
    world.set_temperature("a:1", 20);
    world.advance(11s);
    CHECK(world.statuses_sent() == Texts{"firing", "resolved"});
}

TEST_CASE("a target that is down, answers garbage or never ends is a state of its own", "[daemon][app]") {
    World world;
    using Fault = fakes::FakeAnswer::Fault;
    struct Case {
        const char* what;
        fakes::FakeAnswer answer;
        const char* error;
    };
    const std::vector<Case> cases{
        {"down", fakes::FakeAnswer::fails(Fault::Refused), "refused"},
        {"no answer", fakes::FakeAnswer::fails(Fault::NeverAnswers), "timed out"},
        {"endless", fakes::FakeAnswer::fails(Fault::NeverEnds), "timed out"},
        {"error", fakes::FakeAnswer::with_status(503), "503"},
        {"garbage", fakes::FakeAnswer::ok("<html>").header("Content-Type", "text/plain"), "expected"},
    };
    REQUIRE(world.start());
    world.advance(10s);
    REQUIRE(world.state_of_target(1) == "up");
    for (const Case& c : cases) {
        CAPTURE(c.what);
        world.answer("b:1", c.answer);
        world.advance(33s);  // three ticks, and the time for which a group waits for a target that hangs
        CHECK(world.state_of_target(0) == "up");
        CHECK(world.state_of_target(1) == "down");
        CHECK_THAT(world.error_of_target(1), Catch::Contains(c.error));
        CHECK(world.alerts() == Texts{"Down b:1 firing"});
        CHECK(world.server.get("/health")->status == 200);
        world.set_temperature("b:1", 20);
        world.advance(27s);
        CHECK(world.state_of_target(1) == "up");
        CHECK(world.alerts().empty());
    }
}

TEST_CASE("of many doubts about a configuration the log tells the first ones, and how many more there are", "[daemon]") {
    World world;
    std::string rules = "groups:\n- name: g\n  rules:\n";
    for (int i = 0; i < 26; ++i) rules += "  - {alert: Hot, expr: temperature > 35}\n";
    world.put("rules.yml", rules);
    REQUIRE(world.start());
    CHECK(world.log.count(LogLevel::Warn) == 11);
    CHECK(world.log.contains("Hot is defined again with the same labels"));
    const auto all = world.log.messages();
    const auto rest = std::find_if(all.begin(), all.end(), [](const auto& message) {
        return message.message == "more doubts about the configuration";
    });
    REQUIRE(rest != all.end());
    CHECK(rest->fields.front().second == "15");
}

TEST_CASE("a reload puts everything in force or nothing", "[daemon][app]") {
    World world;
    REQUIRE(world.start());
    world.set_temperature("a:1", 40);
    world.advance(15s);
    REQUIRE(world.alerts() == Texts{"Hot a:1 firing"});

    // Good rules with a bad routing: the rules do not change either.
    world.put("rules.yml", "groups: []\n");
    world.put("alertmanager.yml", "route: {receiver: nobody}\n");
    const auto refused = world.server.post("/-/reload", "");
    REQUIRE(refused);
    CHECK(refused->status == 500);
    CHECK_THAT(refused->body, Catch::Contains("/etc/tocsin/alertmanager.yml:1:8: undefined receiver \"nobody\""));
    CHECK(world.alerts() == Texts{"Hot a:1 firing"});
    CHECK_THAT(world.server.get("/metrics")->body, Catch::Contains("prometheus_config_last_reload_successful 0"));

    world.put("alertmanager.yml", kRouting);
    const auto accepted = world.server.post("/-/reload", "");
    REQUIRE(accepted);
    CHECK(accepted->status == 200);
    CHECK_THAT(accepted->body, Catch::Contains("rule removed: /etc/tocsin/rules.yml;g;Hot"));
    CHECK(world.alerts().empty());
    world.advance(2s);
    REQUIRE(world.statuses_sent() == Texts{"firing", "resolved"});
    const Json told = *parse_json(world.receivers.sent().back().request.body);
    CHECK(told.at("alerts").at(0).at("annotations").at("tocsin_reason").as_string() == "a reload took the rule away");
}

TEST_CASE("a refused reload leaves scrapes, rules and routing as they were, whichever file is bad",
          "[daemon][app][reload]") {
    constexpr auto kOtherConfig =
        "rule_files: [rules.yml]\nscrape_configs:\n- {job_name: node, static_configs: [{targets: ['c:1']}]}\n";
    constexpr auto kOtherRules = "groups: [{name: g, rules: [{alert: Cold, expr: temperature < 50}]}]\n";
    constexpr auto kOtherRouting =
        "route: {receiver: other, group_wait: 0s}\n"
        "receivers: [{name: other, webhook_configs: [{url: 'http://other/alerts'}]}]\n";
    struct Case {
        const char* what;
        const char* config;
        const char* rules;
        const char* routing;
        const char* told;
    };
    const auto c = GENERATE_COPY(values<Case>({
        {"routing", kOtherConfig, kOtherRules, "route: {receiver: nobody}\n", "undefined receiver \"nobody\""},
        {"scrapes", "scrape_configs: [{job_name: node, scrape_interval: often}]\n", kOtherRules, kOtherRouting,
         "/etc/tocsin/prometheus.yml:1:52: not a valid duration string"},
        {"rules", kOtherConfig, "groups: [{name: g, rules: [{alert: Cold, expr: temperature <}]}]\n", kOtherRouting,
         "/etc/tocsin/rules.yml:1:"},
    }));
    CAPTURE(c.what);
    World world;
    world.receivers.always("http://other/alerts", fakes::FakeAnswer::ok());
    REQUIRE(world.start());
    world.set_temperature("a:1", 40);
    world.advance(15s);
    const std::string targets = targets_of(world), rules = rules_of(world), routing = receivers_of(world);
    world.put("prometheus.yml", c.config);
    world.put("rules.yml", c.rules);
    world.put("alertmanager.yml", c.routing);
    const auto refused = world.server.post("/-/reload", "");
    CHECK(refused->status == 500);
    CHECK_THAT(refused->body, Catch::Contains(c.told));
    CHECK(targets_of(world) == targets);
    CHECK(rules_of(world) == rules);
    CHECK(receivers_of(world) == routing);

    // They are not only shown: both targets are polled, the rule sees the end, and the receiver hears of it.
    const auto polls = world.targets.sent().size();
    world.set_temperature("a:1", 20);
    world.advance(11s);
    CHECK(world.targets.sent().size() == polls + 2);
    CHECK(world.alerts().empty());
    REQUIRE(world.statuses_sent() == Texts{"firing", "resolved"});
    CHECK(world.receivers.sent().back().request.url == "http://hook/alerts");
}

TEST_CASE("a reload tells which files have changed beside the rules", "[daemon][app][reload]") {
    World world;
    REQUIRE(world.start());
    const auto reload = [&] { return world.server.post("/-/reload", "")->body; };
    CHECK(reload() == "configuration reloaded, nothing has changed\n");
    world.put("prometheus.yml", std::string(kConfig) + "scrape_config_files: [jobs/*.yml]\n");
    world.put("alertmanager.yml", std::string(kRouting) + "\n");
    CHECK(reload() ==
          "configuration reloaded\nfile changed: /etc/tocsin/alertmanager.yml\n"
          "file changed: /etc/tocsin/prometheus.yml\n");
    world.put("jobs/a.yml", "scrape_configs: []\n");
    CHECK(reload() == "configuration reloaded\nfile added: /etc/tocsin/jobs/a.yml\n");
    REQUIRE(world.disk.remove("/etc/tocsin/jobs/a.yml"));
    CHECK(reload() == "configuration reloaded\nfile removed: /etc/tocsin/jobs/a.yml\n");
    CHECK(reload() == "configuration reloaded, nothing has changed\n");
}

TEST_CASE("with --config.partial-reload a bad rule file stays as it was and keeps nobody back", "[daemon][app][reload]") {
    World world;
    world.options.partial_reload = true;
    world.put("prometheus.yml", std::string("rule_files: [rules.yml, more.yml]\n") + std::string(kConfig).substr(24));
    world.put("more.yml", "groups: []\n");
    REQUIRE(world.start());
    world.set_temperature("a:1", 40);
    world.advance(15s);
    REQUIRE(world.alerts() == Texts{"Hot a:1 firing"});
    const auto reload = [&] { return *world.server.post("/-/reload", ""); };
    const auto metric = [&](const std::string& line) {
        return world.server.get("/metrics")->body.find("\n" + line + "\n") != std::string::npos;
    };

    // One file is bad, the other one has a rule more.
    world.put("rules.yml", "groups:\n- name: g\n  rules:\n  - alert: Hot\n    expr: temperature >\n");
    world.put("more.yml", "groups:\n- name: h\n  interval: 10s\n  rules: [{alert: Warm, expr: temperature > 35}]\n");
    auto answer = reload();
    CHECK(answer.status == 200);
    CHECK_THAT(answer.body, Catch::Contains("rule added: /etc/tocsin/more.yml;h;Warm"));
    CHECK_THAT(answer.body, Catch::Contains("stay in force:\n/etc/tocsin/rules.yml:5:"));
    CHECK(world.log.contains("rule file refused, its last good version stays in force"));
    CHECK(metric("prometheus_config_last_reload_successful 0"));
    CHECK(metric("tocsin_rule_files_held_back 1"));
    world.advance(10s);
    CHECK(world.alerts() == Texts{"Warm a:1 firing", "Hot a:1 firing"});

    SECTION("again and again, and when it cannot be read") {
        CHECK(reload().status == 200);
        world.disk.remove("/etc/tocsin/rules.yml");
        answer = reload();
        CHECK(answer.status == 200);
        CHECK_THAT(answer.body, Catch::Contains("nothing has changed"));
        CHECK(metric("tocsin_rule_files_held_back 1"));
        CHECK(world.alerts() == Texts{"Warm a:1 firing", "Hot a:1 firing"});
    }
    SECTION("until it is good again") {
        world.put("rules.yml", "groups: []\n");
        answer = reload();
        CHECK_THAT(answer.body, Catch::Contains("rule removed: /etc/tocsin/rules.yml;g;Hot"));
        CHECK(metric("prometheus_config_last_reload_successful 1"));
        CHECK(metric("tocsin_rule_files_held_back 0"));
        CHECK(world.alerts() == Texts{"Warm a:1 firing"});
    }
    SECTION("a mistake elsewhere refuses everything") {
        world.put("rules.yml", "groups: []\n");
        world.put("alertmanager.yml", "route: {receiver: nobody}\n");
        CHECK(reload().status == 500);
        CHECK(world.alerts() == Texts{"Warm a:1 firing", "Hot a:1 firing"});
    }
    world.app.reset();
}

TEST_CASE("with --config.partial-reload a bad rule file at the start is an error", "[daemon][app][reload]") {
    World world;
    world.options.partial_reload = true;
    world.put("rules.yml", "groups:\n- name: g\n  rules:\n  - alert: Hot\n    expr: temperature >\n");
    const auto started = world.start();
    REQUIRE(started);
    CHECK_FALSE(started->ok());
}

TEST_CASE("SIGHUP reloads, SIGTERM stops after what is due was sent", "[daemon][app]") {
    World world;
    REQUIRE(world.start());
    world.put("rules.yml", "groups: []\n");
    world.signals.raise(Signal::Hangup);
    world.advance(0s);
    CHECK(world.get("/api/v1/rules").at("data").at("groups").items().empty());

    bool stopped = false;
    world.app->on_stopped([&] { stopped = true; });
    world.signals.raise(Signal::Terminate);
    world.advance(1s);
    CHECK(stopped);
    const auto polls = world.targets.sent().size();
    world.advance(1min);
    CHECK(world.targets.sent().size() == polls);
}

TEST_CASE("what keeps the daemon from starting is told in full", "[daemon][app]") {
    SECTION("a mistake in each file") {
        World world;
        world.put("prometheus.yml", std::string("global: {scrape_intervall: 1s}\n") + kConfig);
        world.put("rules.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: rat(up[5m]) > 0\n");
        world.put("alertmanager.yml", "route: {receiver: nobody}\n");
        const auto started = world.start();
        REQUIRE(started);
        Texts told;
        for (const Diagnostic& problem : started->errors) told.push_back(to_string(problem));
        REQUIRE(told.size() == 3);
        CHECK_THAT(told[0], Catch::Contains("/etc/tocsin/prometheus.yml:1:10: "));
        CHECK_THAT(told[1], Catch::Contains("/etc/tocsin/rules.yml:5:11: "));
        CHECK_THAT(told[2], Catch::Contains("/etc/tocsin/alertmanager.yml:1:8: "));
    }
    SECTION("a port in use") {
        World world;
        world.server.occupy();
        const auto started = world.start();
        REQUIRE_FALSE(started);
        CHECK_THAT(started.error().message, Catch::Contains("address already in use"));
    }
    SECTION("a file that is not there") {
        World world;
        world.options.config_file = "/etc/tocsin/other.yml";
        const auto started = world.start();
        REQUIRE_FALSE(started);
        CHECK_THAT(started.error().message, Catch::Contains("/etc/tocsin/other.yml: no such file"));
    }
    SECTION("an address that everybody reaches") {
        World world;
        world.options.listen_address = "0.0.0.0:9099";
        const auto started = world.start();
        REQUIRE_FALSE(started);
        CHECK_THAT(started.error().message, Catch::Contains("--web.allow-unauthenticated"));
    }
    SECTION("a storage folder in use") {
        World world;
        REQUIRE(world.start());
        App second(Doors{world.scheduler, world.executor, world.targets, world.receivers, world.mails, world.server, world.resolver,
                         world.disk, world.random, world.signals, world.file_watch, world.log, world.state_thread, world.query_threads},
                   world.options);
        const auto started = second.start();
        REQUIRE_FALSE(started);
        CHECK_THAT(started.error().message, Catch::Contains("storage folder /var/lib/tocsin"));
    }
}

TEST_CASE("health says what the originals' users expect, part by part where asked", "[daemon][app][health]") {
    World world;
    REQUIRE(world.start());
    for (const char* path : {"/health", "/api/health"}) {
        CHECK(world.server.get(path)->body == R"({"code":0,"message":"success","data":{"status":"ok"}})" "\n");
    }
    for (const char* path : {"/-/healthy", "/-/ready"}) CHECK(world.server.get(path)->status == 200);
    CHECK(world.server.get("/healthz")->status == 200);

    // A rule that fails makes it unready, at the next look.
    world.put("rules.yml",
              "groups:\n- name: g\n  interval: 10s\n  rules:\n  - record: x\n    expr: temperature * on() temperature\n");
    REQUIRE(world.server.post("/-/reload", "")->status == 200);
    world.advance(1min);
    const auto response = world.server.get("/healthz");
    CHECK(response->status == 503);
    CHECK_FALSE(parse_json(response->body)->at("data").at("rules_ok").as_bool());
    CHECK(world.server.get("/health")->status == 200);
}

TEST_CASE("a receiver that fails makes the notifiers ill until it is well or gone", "[daemon][app][health]") {
    World world;
    const auto notifiers_ok = [&] { return world.get("/healthz").at("data").at("notifiers_ok").as_bool(); };
    world.receivers.always("http://hook/alerts", fakes::FakeAnswer::with_status(400));
    world.set_temperature("a:1", 40);
    REQUIRE(world.start());
    world.advance(1min);
    CHECK_FALSE(notifiers_ok());
    SECTION("well") {
        world.receivers.always("http://hook/alerts", fakes::FakeAnswer::ok());
        world.advance(1min);
        CHECK(notifiers_ok());
    }
    SECTION("gone with a reload") {
        world.put("alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
        REQUIRE(world.server.post("/-/reload", "")->status == 200);
        world.advance(1min);
        CHECK(notifiers_ok());
    }
}

TEST_CASE("an alert posted with the zero times of Go fires from now on", "[daemon][app][api]") {
    World world;
    REQUIRE(world.start());
    const auto posted = world.server.post("/api/v2/alerts", R"([{"labels": {"alertname": "a"},
        "startsAt": "0001-01-01T00:00:00.000Z", "endsAt": "0001-01-01T00:00:00.000Z"}])");
    REQUIRE(posted->status == 200);
    const Json alerts = world.get("/api/v2/alerts");
    REQUIRE(alerts.items().size() == 1);
    CHECK(alerts.at(std::size_t{0}).at("startsAt").as_string() == to_rfc3339_ms(world.scheduler.now()));
    CHECK(alerts.at(std::size_t{0}).at("endsAt").as_string() == to_rfc3339_ms(world.scheduler.now() + 5min));
}

TEST_CASE("no page of another origin and no foreign name gets through", "[daemon][app][guard]") {
    World world;
    REQUIRE(world.start());
    CHECK(world.server.request({.target = "/metrics", .headers = {{"Host", "evil.example"}}})->status == 421);
    CHECK(world.server
              .request({.method = "POST", .target = "/-/reload", .headers = {{"Origin", "http://evil.example"}}})
              ->status == 403);
    const auto response = world.server.request(
        {.method = "POST", .target = "/api/v2/silences", .body = "{}", .headers = {{"Content-Type", "text/plain"}}});
    CHECK(response->status == 415);
    CHECK(world.server.get("/nowhere")->status == 404);
    CHECK(world.server.request({.method = "DELETE", .target = "/metrics"})->status == 405);
}

TEST_CASE("/metrics has the names that dashboards of the originals use", "[daemon][app][metrics]") {
    World world;
    REQUIRE(world.start());
    world.set_temperature("a:1", 40);
    world.advance(1min);
    world.disk.put("/proc/self/stat", "7 (a) b (c) S 1 2 3 0 -1 4 5 6 7 8 250 50 9 9 20 0 1 0 77 1000000 3 1 1\n");
    world.disk.put("/proc/self/fd/0", "");
    world.disk.put("/proc/self/fd/1", "");
    world.disk.put("/proc/self/limits",
                   "Limit          Soft Limit  Hard Limit  Units\nMax open files 1024  4096  files\n");
    REQUIRE(world.server.get("/api/v1/alerts"));
    const std::string text = world.server.get("/metrics")->body;
    for (const char* name :
         {"process_cpu_seconds_total 3\n",
          "process_resident_memory_bytes 12288\n",
          "process_virtual_memory_bytes 1e+06\n",
          "process_open_fds 2\n",
          "process_max_fds 1024\n",
          "prometheus_ready 1\n",
          "prometheus_http_request_duration_seconds_bucket{handler=\"/api/v1/alerts\",le=\"0.1\"} 1\n",
          "prometheus_http_request_duration_seconds_bucket{handler=\"/api/v1/alerts\",le=\"120\"} 1\n",
          "prometheus_http_response_size_bytes_bucket{handler=\"/api/v1/alerts\",le=\"100\"} 0\n",
          "prometheus_http_response_size_bytes_bucket{handler=\"/api/v1/alerts\",le=\"1e+09\"} 1\n",
          "prometheus_target_scrape_pools_total 1\n",
          "prometheus_target_scrape_pool_sync_total{scrape_job=\"node\"}",
          "prometheus_target_sync_length_seconds_count{scrape_job=\"node\"}",
          "prometheus_sd_file_read_errors_total 0\n",
          "prometheus_sd_file_scan_duration_seconds_count 0\n",
          "prometheus_sd_http_failures_total 0\n",
          "prometheus_sd_dns_lookups_total 0\n",
          "prometheus_sd_dns_lookup_failures_total 0\n",
          "prometheus_sd_updates_total{name=\"scrape\"}",
          "prometheus_template_text_expansions_total ",
          "prometheus_template_text_expansion_failures_total 0\n",
          "prometheus_rule_evaluations_total{rule_group=\"/etc/tocsin/rules.yml;g\"}",
          "prometheus_rule_evaluation_failures_total",
          "prometheus_rule_group_iterations_total",
          "prometheus_rule_group_iterations_missed_total",
          "prometheus_rule_group_last_duration_seconds",
          "prometheus_rule_group_interval_seconds",
          "prometheus_config_last_reload_successful 1",
          "prometheus_config_last_reload_success_timestamp_seconds",
          "prometheus_build_info",
          "process_start_time_seconds",
          "alertmanager_build_info",
          "alertmanager_config_last_reload_successful 1",
          "alertmanager_alerts{state=\"active\"} 1",
          "alertmanager_notifications_total{integration=\"webhook\",receiver_name=\"hook\"} 1",
          "alertmanager_notifications_failed_total",
          "alertmanager_notification_latency_seconds_bucket",
          "alertmanager_silences{state=\"active\"} 0",
          "prometheus_tsdb_head_series",
          "tocsin_build_info"}) {
        CHECK_THAT(text, Catch::Contains(name));
    }
}

TEST_CASE("/metrics has what Prometheus has of rules and of notifications to Alertmanagers", "[daemon][app][metrics]") {
    World world;
    world.put("prometheus.yml",
              std::string(kConfig) + "alerting:\n  alertmanagers:\n  - static_configs: [{targets: ['am:9093']}]\n");
    world.receivers.always("http://am:9093/api/v2/alerts", fakes::FakeAnswer::ok());
    REQUIRE(world.start());
    world.set_temperature("a:1", 40);
    world.advance(1min);
    const std::string text = world.server.get("/metrics")->body;
    const std::string group = "{rule_group=\"/etc/tocsin/rules.yml;g\"} ";
    for (const char* name :
         {"evaluations_total", "evaluation_failures_total", "group_iterations_total", "group_iterations_missed_total",
          "group_interval_seconds", "group_last_duration_seconds", "group_last_restore_duration_seconds",
          "group_last_rule_duration_sum_seconds", "group_last_evaluation_timestamp_seconds",
          "group_last_evaluation_samples", "group_rules"}) {
        CHECK_THAT(text, Catch::Contains("\nprometheus_rule_" + std::string(name) + group));
    }
    for (const char* name : {"evaluation_duration_seconds{quantile=\"0.5\"}", "evaluation_duration_seconds_sum",
                             "evaluation_duration_seconds_count", "group_duration_seconds{quantile=\"0.01\"}",
                             "group_duration_seconds{quantile=\"0.05\"}", "group_duration_seconds{quantile=\"0.5\"}",
                             "group_duration_seconds{quantile=\"0.9\"}", "group_duration_seconds{quantile=\"0.99\"}",
                             "group_duration_seconds_sum", "group_duration_seconds_count"}) {
        CHECK_THAT(text, Catch::Contains("\nprometheus_rule_" + std::string(name) + " "));
    }
    const std::string peer = "{alertmanager=\"http://am:9093/api/v2/alerts\"";
    for (const std::string& name :
         {"sent_total" + peer + "} ", "errors_total" + peer + "} 0", "dropped_total" + peer + "} 0",
          "queue_length" + peer + "} 0", "latency_seconds" + peer + ",quantile=\"0.99\"} ",
          "latency_seconds_sum" + peer + "} ", "latency_seconds_count" + peer + "} ", std::string("queue_capacity"),
          std::string("alertmanagers_discovered 1")}) {
        CHECK_THAT(text, Catch::Contains("\nprometheus_notifications_" + name));
    }
}

TEST_CASE("what /proc does not tell is not in /metrics", "[daemon][app][metrics]") {
    World world;
    REQUIRE(world.start());
    const auto shows_nothing = [&] {
        const std::string text = world.server.get("/metrics")->body;
        return text.find("process_cpu_") == text.npos && text.find("_memory_bytes") == text.npos &&
               text.find("_fds") == text.npos;
    };
    CHECK(shows_nothing());
    world.disk.put("/proc/self/stat", "7 (a) S 1 2");
    world.disk.put("/proc/self/limits", "Max open files");
    CHECK(shows_nothing());
    world.disk.put("/proc/self/stat", "");
    CHECK(shows_nothing());
}

TEST_CASE("a silence keeps its alert from being told, and is shown", "[daemon][app][api]") {
    World world;
    REQUIRE(world.start());
    const auto created = world.server.post(
        "/api/v2/silences",
        R"({"matchers":[{"name":"alertname","value":"Hot","isRegex":false,"isEqual":true}],"startsAt":"2026-03-01T10:00:00Z",)"
        R"("endsAt":"2026-03-01T11:00:00Z","createdBy":"me","comment":"summer"})");
    REQUIRE(created);
    REQUIRE(created->status == 200);
    world.set_temperature("a:1", 40);
    world.advance(30s);
    CHECK(world.statuses_sent().empty());
    const Json alerts = world.get("/api/v2/alerts");
    REQUIRE(alerts.items().size() == 1);
    CHECK(alerts.at(0).at("status").at("state").as_string() == "suppressed");
    const std::string id = parse_json(created->body)->at("silenceID").as_string();
    CHECK(alerts.at(0).at("status").at("silencedBy").at(0).as_string() == id);

    CHECK(world.server.request({.method = "DELETE", .target = "/api/v2/silence/" + id})->status == 200);
    world.advance(30s);
    CHECK(world.statuses_sent() == Texts{"firing"});
}

TEST_CASE("defect L: a reload with an empty entry among the integrations is refused and the daemon goes on",
          "[daemon][app][reload]") {
    World world;
    REQUIRE(world.start());
    world.put("alertmanager.yml", "route: {receiver: chat}\nreceivers:\n- name: chat\n  slack_configs: [~]\n");
    const auto refused = world.server.post("/-/reload", "");
    REQUIRE(refused);
    CHECK(refused->status == 500);
    CHECK_THAT(refused->body, Catch::Contains("/etc/tocsin/alertmanager.yml:4:19: missing slack"));
    world.set_temperature("a:1", 40);
    world.advance(30s);
    CHECK(world.statuses_sent() == Texts{"firing"});
    CHECK_THAT(world.server.get("/metrics")->body, Catch::Contains("alertmanager_config_last_reload_successful 0"));
}

TEST_CASE("what waits for a receiver, what failed and why is shown of each of its integrations",
          "[daemon][app][api]") {
    World world;
    REQUIRE(world.start());
    CHECK(world.server.get("/api/v2/receivers")->body ==
          R"([{"labels":{"name":"hook"},"name":"hook","active":true,"integrations":[{"name":"webhook","index":0,)"
          R"("sendResolved":true,"waiting":0,"sending":0,"queued":0}]}])"
          "\n");
    world.receivers.always("http://hook/alerts", fakes::FakeAnswer::with_status(503, "on fire"));
    world.set_temperature("a:1", 40);
    world.advance(20s + 100ms);
    const auto hook = [&] { return world.get("/api/v2/receivers").at(0).at("integrations").at(0); };
    CHECK(hook().at("waiting").as_integer() == 1);
    CHECK_THAT(hook().at("lastNotifyAttemptError").as_string(), Catch::Contains("503"));
    CHECK(hook().at("lastNotifyAttempt").as_string() == "2026-03-01T10:00:20.000Z");
    CHECK(hook().at("lastNotifyAttemptDuration").as_string() == "0s");
    world.receivers.always("http://hook/alerts", fakes::FakeAnswer::ok());
    world.advance(1min);
    CHECK(hook().at("waiting").as_integer() == 0);
    CHECK(hook().find("lastNotifyAttemptError") == nullptr);
    CHECK(world.log.contains("notification failed, to be tried again"));
}

TEST_CASE("a blackbox exporter is polled about the URLs that are its targets", "[daemon][app]") {
    World world;
    world.put("prometheus.yml",
              "rule_files: [rules.yml]\nscrape_configs:\n- job_name: blackbox\n  metrics_path: /probe\n"
              "  params: {module: [http_2xx]}\n"
              "  static_configs: [{targets: ['http://prometheus.io', 'https://example.com:8080/x']}]\n"
              "  relabel_configs:\n  - {source_labels: [__address__], target_label: __param_target}\n"
              "  - {source_labels: [__param_target], target_label: instance}\n"
              "  - {target_label: __address__, replacement: '127.0.0.1:9115'}\n");
    world.put("rules.yml",
              "groups:\n- name: g\n  interval: 10s\n  rules:\n  - {alert: Gone, expr: probe_success == 0}\n");
    const auto probe = [](int success) {
        return fakes::FakeAnswer::ok("probe_success " + std::to_string(success) + "\n")
            .header("Content-Type", "text/plain; version=0.0.4");
    };
    const std::string url = "http://127.0.0.1:9115/probe?module=http_2xx&target=";
    world.targets.always(url + "http%3A%2F%2Fprometheus.io", probe(1));
    world.targets.always(url + "https%3A%2F%2Fexample.com%3A8080%2Fx", probe(0));
    REQUIRE(world.start().value().ok());
    world.advance(21s);
    CHECK(world.state_of_target(0) == "up");
    CHECK(world.state_of_target(1) == "up");
    CHECK(world.alerts() == Texts{"Gone https://example.com:8080/x firing"});
    const Json target = world.get("/api/v1/targets").at("data").at("activeTargets").at(0);
    CHECK(target.at("scrapeUrl").as_string() == url + "http%3A%2F%2Fprometheus.io");
    CHECK(target.at("labels").at("instance").as_string() == "http://prometheus.io");
}
