#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

using Texts = std::vector<std::string>;

/// Two files, three groups, rules of both kinds.
class World : public SimulatedDaemon {
public:
    World() {
        put("prometheus.yml",
            "rule_files: ['*.rules.yml']\nscrape_config_files: ['job*.yml']\n"
            "scrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['a:1']}]\n"
            "alerting:\n  alertmanagers:\n  - static_configs: [{targets: ['am:9093', 'other:9093']}]\n"
            "    relabel_configs: [{source_labels: [__address__], regex: 'other.*', action: drop}]\n");
        put("b.rules.yml",
            "groups:\n- name: last\n  interval: 10s\n  rules:\n  - {alert: Hot, expr: temperature > 30, labels: {team: "
            "b}}\n");
        put("a.rules.yml",
            "groups:\n"
            "- name: second\n  interval: 10s\n  rules:\n"
            "  - {record: double, expr: temperature * 2, labels: {team: a}}\n"
            "  - {alert: Hot, expr: temperature > 30, labels: {team: a, severity: page}}\n"
            "- name: first\n  interval: 10s\n  rules:\n  - {record: half, expr: temperature / 2}\n");
        put("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
        expose(40);
        receivers.always("http://am:9093/api/v2/alerts", fakes::FakeAnswer::ok());
    }
    ~World() { app.reset(); }

    void expose(int degrees) {
        targets.always("http://a:1/metrics", fakes::FakeAnswer::ok("temperature " + std::to_string(degrees) + "\n")
                                                 .header("Content-Type", "text/plain; version=0.0.4"));
    }
    Json get(const std::string& path) {
        const auto response = server.get(path);
        REQUIRE(response);
        return *parse_json(response->body);
    }
    Json rules(const std::string& query = "") { return get("/api/v1/rules" + query).at("data"); }
    /// `group: rule rule`, a text a group.
    Texts names(const std::string& query = "") {
        Texts all;
        const Json answer = rules(query);
        for (const Json& group : answer.at("groups").items()) {
            std::string text = group.at("name").as_string() + ":";
            for (const Json& rule : group.at("rules").items()) text += " " + rule.at("name").as_string();
            all.push_back(text);
        }
        return all;
    }
};

}  // namespace

TEST_CASE("rules are listed by file and group, and every filter leaves out what it does not name",
          "[daemon][api][rules]") {
    World world;
    REQUIRE(world.start());
    world.advance(15s);
    struct Case {
        const char* query;
        Texts groups;
    };
    const std::vector<Case> cases{
        {"", {"first: half", "second: double Hot", "last: Hot"}},
        {"?type=alert", {"second: Hot", "last: Hot"}},
        {"?type=RECORD", {"first: half", "second: double"}},
        {"?rule_name[]=half&rule_name[]=double", {"first: half", "second: double"}},
        {"?rule_group[]=last", {"last: Hot"}},
        {"?file[]=/etc/tocsin/a.rules.yml&type=alert", {"second: Hot"}},
        {"?match[]={team=\"a\"}", {"second: double Hot"}},
        {"?match[]={team=\"b\"}&match[]={severity=~\"p.*\"}", {"second: Hot", "last: Hot"}},
        {"?match[]={team=~\".%2B\",severity=\"\"}", {"second: double", "last: Hot"}},
        {"?rule_name[]=nothing", {}},
    };
    for (const Case& c : cases) {
        CAPTURE(c.query);
        CHECK(world.names(c.query) == c.groups);
    }
}

TEST_CASE("groups come in pages of as many as are asked for", "[daemon][api][rules]") {
    World world;
    REQUIRE(world.start());
    Texts seen;
    std::string query = "?group_limit=1";
    for (int page = 0; page < 3; ++page) {
        const Json data = world.rules(query);
        REQUIRE(data.at("groups").items().size() == 1);
        seen.push_back(data.at("groups").at(0).at("name").as_string());
        CHECK((data.find("groupNextToken") == nullptr) == (page == 2));
        query = "?group_limit=1&group_next_token=" + data.at("groupNextToken").as_string();
    }
    CHECK(seen == Texts{"first", "second", "last"});
    // Groups that a filter leaves out do not count.
    CHECK(world.rules("?group_limit=2&type=alert").find("groupNextToken") == nullptr);
}

TEST_CASE("bad parameters of /api/v1/rules are refused in Prometheus' words", "[daemon][api][rules]") {
    World world;
    REQUIRE(world.start());
    struct Case {
        const char* query;
        const char* error;
    };
    const std::vector<Case> cases{
        {"type=x", R"(invalid parameter "type": not supported value "x")"},
        {"exclude_alerts=maybe",
         R"(invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing "maybe": invalid syntax)"},
        {"group_limit=0", R"(invalid parameter "group_limit": group_limit needs to be greater than 0)"},
        {"group_limit=x",
         R"(invalid parameter "group_limit": group_limit needs to be a valid number: strconv.ParseInt: parsing "x": invalid syntax)"},
        {"group_next_token=x",
         R"(invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups)"},
        {"group_limit=1&group_next_token=x",
         R"(invalid parameter "group_next_token": invalid group_next_token 'x'. were rule groups changed?)"},
        {"match[]=a{", "1:3: parse error: unexpected end of input inside braces"},
        {"match[]={z=", "1:4: parse error: unexpected end of input inside braces"},
        {"match[]={}", "match[] must contain at least one non-empty matcher"},
        {"match[]={r!=\"x\"}", "match[] must contain at least one non-empty matcher"},
        {"match[]={team=\"a\"}&match[]={team=\"\"}", "match[] must contain at least one non-empty matcher"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.query);
        const auto response = world.server.get("/api/v1/rules?" + std::string(c.query));
        CHECK(response->status == 400);
        const Json body = *parse_json(response->body);
        CHECK(body.at("errorType").as_string() == "bad_data");
        CHECK(body.at("error").as_string() == c.error);
    }
}

TEST_CASE("a rule shows its alerts, what its selectors matched and how its last evaluations went",
          "[daemon][api][rules]") {
    World world;
    REQUIRE(world.start());
    world.advance(35s);
    const Json rule = world.rules("?rule_group[]=last&last_evaluations=2").at("groups").at(0).at("rules").at(0);
    REQUIRE(rule.at("alerts").items().size() == 1);
    CHECK(rule.at("alerts").at(0).at("value").as_string() == "4e+01");
    CHECK(rule.at("selectors").at(0).at("selector").as_string() == "temperature");
    CHECK(rule.at("selectors").at(0).at("series").as_integer() == 1);
    REQUIRE(rule.at("lastEvaluations").items().size() == 2);
    CHECK(rule.at("lastEvaluations").at(1).at("at").as_string() == "2026-03-01T10:00:30Z");
    CHECK(rule.at("lastEvaluations").at(1).at("samples").as_integer() == 1);
    CHECK(world.rules("?exclude_alerts=true&rule_group[]=last")
              .at("groups")
              .at(0)
              .at("rules")
              .at(0)
              .at("alerts")
              .items()
              .empty());
    const std::string metrics = world.server.get("/metrics")->body;
    for (const char* line :
         {R"(tocsin_rule_last_evaluation_samples{rule="Hot",rule_group="/etc/tocsin/b.rules.yml;last"} 1)",
          R"(tocsin_rule_evaluation_failures_total{rule="half",rule_group="/etc/tocsin/a.rules.yml;first"} 0)",
          R"(prometheus_notifications_sent_total{alertmanager="http://am:9093/api/v2/alerts"} 2)"}) {
        CHECK_THAT(metrics, Catch::Contains(line));
    }
}

TEST_CASE("external Alertmanagers are told what fires, and shown", "[daemon][api][alert-sender]") {
    World world;
    REQUIRE(world.start());
    world.advance(15s);
    const Json data = world.get("/api/v1/alertmanagers").at("data");
    CHECK(data.at("activeAlertmanagers").at(0).at("url").as_string() == "http://am:9093/api/v2/alerts");
    CHECK(data.at("droppedAlertmanagers").at(0).at("url").as_string() == "http://other:9093/api/v2/alerts");
    REQUIRE(world.receivers.sent().size() >= 1);
    const Json alert = parse_json(world.receivers.sent().front().request.body)->at(std::size_t{0});
    CHECK(alert.at("labels").at("alertname").as_string() == "Hot");
    // Four times the resend delay.
    CHECK(alert.at("endsAt").as_string() == "2026-03-01T10:04:00.000Z");
}

TEST_CASE("changed files are put in force by themselves when they are to", "[daemon][app][reload]") {
    World world;
    world.options.auto_reload = true;
    REQUIRE(world.start());
    world.advance(15s);
    world.put("c.rules.yml", "groups:\n- name: new\n  rules:\n  - {record: x, expr: temperature}\n");
    world.file_watch.change("/etc/tocsin/c.rules.yml");
    world.advance(3s);
    CHECK(world.names().size() == 4);
    // A bad file changes nothing and is told once; the next good one is taken.
    world.put("c.rules.yml", "groups: 1\n");
    world.file_watch.change("/etc/tocsin/c.rules.yml");
    world.advance(5min);
    CHECK(world.names().size() == 4);
    CHECK_THAT(world.server.get("/metrics")->body, Catch::Contains("prometheus_config_last_reload_successful 0"));
    world.put("c.rules.yml", "groups: []\n");
    world.file_watch.change("/etc/tocsin/c.rules.yml");
    world.advance(3s);
    CHECK(world.names().size() == 3);
    // Jobs in files of their own count too.
    world.put("jobs.yml", "scrape_configs: [{job_name: other, static_configs: [{targets: ['b:1']}]}]\n");
    world.file_watch.change("/etc/tocsin/jobs.yml");
    world.advance(3s);
    CHECK(world.get("/api/v1/targets").at("data").at("activeTargets").items().size() == 2);
    CHECK_THAT(world.server.get("/metrics")->body, Catch::Contains("prometheus_config_last_reload_successful 1"));
}

TEST_CASE("a file that changes while others are put in force is put in force next", "[daemon][app][reload]") {
    World world;
    world.options.auto_reload = true;
    REQUIRE(world.start());
    world.advance(15s);
    world.log.on_message = [&](const fakes::RecordingLog::Message& message) {
        if (message.message != "configuration reloaded") return;
        world.log.on_message = nullptr;
        world.put("d.rules.yml", "groups:\n- name: newer\n  rules:\n  - {record: y, expr: temperature}\n");
        world.file_watch.change("/etc/tocsin/d.rules.yml");
    };
    world.put("c.rules.yml", "groups:\n- name: new\n  rules:\n  - {record: x, expr: temperature}\n");
    world.file_watch.change("/etc/tocsin/c.rules.yml");
    world.advance(10s);
    CHECK(world.names() == Texts{"first: half", "second: double Hot", "last: Hot", "new: x", "newer: y"});
}

TEST_CASE("the history of alerts is asked for by time, labels and state", "[daemon][rules_api]") {
    World world;
    REQUIRE(world.start());
    world.advance(5s);
    world.expose(20);
    world.advance(10s);
    const auto asked = [&](const std::string& query) {
        Texts all;
        const Json answer = world.get("/api/v1/alerts/history" + query);
        for (const Json& change : answer.at("data").at("changes").items()) {
            all.push_back(change.at("at").as_string().substr(14, 5) + " " + change.at("labels").at("team").as_string() +
                          " " + change.at("state").as_string());
        }
        return all;
    };
    CHECK(asked("") == Texts{"00:10 b resolved", "00:10 a resolved", "00:00 b firing", "00:00 a firing"});
    CHECK(asked("?filter=team=a") == Texts{"00:10 a resolved", "00:00 a firing"});
    CHECK(asked("?filter=team=a&filter=severity=none").empty());
    CHECK(asked("?state=firing") == Texts{"00:00 b firing", "00:00 a firing"});
    CHECK(asked("?state=firing&state=resolved&filter=team=b") == Texts{"00:10 b resolved", "00:00 b firing"});
    CHECK(asked("?start=2026-03-01T10:00:05Z&state=firing").empty());
    CHECK(asked("?end=2026-03-01T10:00:05Z") == Texts{"00:00 b firing", "00:00 a firing"});
    CHECK(asked("?limit=1") == Texts{"00:10 b resolved"});
    CHECK(world.get("/api/v1/alerts/history?limit=1").at("data").at("more").as_bool());
    CHECK_FALSE(world.get("/api/v1/alerts/history?limit=4").at("data").at("more").as_bool());
    const Json resolved = world.get("/api/v1/alerts/history?filter=team=a&state=resolved").at("data").at("changes");
    CHECK(dump(resolved.items().at(0), JsonStyle::Plain) ==
          R"({"at":"2026-03-01T10:00:10.000Z","state":"resolved","from":"firing",)"
          R"("labels":{"alertname":"Hot","instance":"a:1","job":"node","severity":"page","team":"a"},"value":"40",)"
          R"("activeAt":"2026-03-01T10:00:00.000Z","file":"/etc/tocsin/a.rules.yml","group":"second","rule":"Hot"})");
    for (const auto* bad : {"?start=soon", "?end=x", "?filter=%3D", "?limit=0", "?limit=x", "?state=asleep"}) {
        CAPTURE(bad);
        CHECK(world.server.get(std::string("/api/v1/alerts/history") + bad)->status == 400);
    }
}
