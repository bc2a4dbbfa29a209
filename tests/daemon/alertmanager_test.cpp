// The notifying half alone, as those who have an Alertmanager use it: alerts and silences by its API, messages to a
// webhook. Each behaviour that Alertmanager's own acceptance tests look for is a case of the same name.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/url.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

/// An alert of these labels and times since the start of the world; without an end it fires on.
struct Posted {
    std::vector<std::pair<std::string, std::string>> labels;
    std::optional<Duration> starts = std::nullopt;
    std::optional<Duration> ends = std::nullopt;
    std::string annotation = {};
};

Posted named(const std::string& name, std::optional<Duration> starts = std::nullopt,
             std::optional<Duration> ends = std::nullopt) {
    return {{{"alertname", name}}, starts, ends, {}};
}

class Alertmanager : public SimulatedDaemon {
public:
    explicit Alertmanager(const std::string& routing) {
        options.config_file.clear();
        put("alertmanager.yml", routing);
        receivers.handle([](const HttpRequest&) { return fakes::FakeAnswer::ok(); });
    }

    void begin() {
        const auto started = start();
        REQUIRE(started);
        REQUIRE(started->ok());
    }
    void go_to(Duration moment) { advance(moment - elapsed()); }

    int post(const std::vector<Posted>& alerts) {
        Json list = Json::array();
        for (const Posted& alert : alerts) {
            Json labels = Json::object();
            for (const auto& [name, value] : alert.labels) labels.add(name, value);
            Json json = Json::Object{{"labels", std::move(labels)}};
            if (alert.starts) json.add("startsAt", to_rfc3339_ms(kStart + *alert.starts));
            if (alert.ends) json.add("endsAt", to_rfc3339_ms(kStart + *alert.ends));
            if (!alert.annotation.empty()) json.add("annotations", Json::Object{{"ann", alert.annotation}});
            list.push(std::move(json));
        }
        return answer(server.post(path("/api/v2/alerts"), dump(list)));
    }

    int silence(const std::string& name, const std::string& value, bool regex, Duration starts, Duration ends) {
        const Json matcher = Json::Object{{"name", name}, {"value", value}, {"isRegex", regex}, {"isEqual", true}};
        const Json json = Json::Object{{"matchers", Json(Json::Array{matcher})},
                                       {"startsAt", to_rfc3339_ms(kStart + starts)},
                                       {"endsAt", to_rfc3339_ms(kStart + ends)},
                                       {"createdBy", "test"},
                                       {"comment", "test"}};
        const int status = answer(server.post(path("/api/v2/silences"), dump(json)));
        if (status == 200) silence_id = parse_json(body)->at("silenceID").as_string();
        return status;
    }
    void end_silence() {
        REQUIRE(answer(server.request({.method = "DELETE", .target = path("/api/v2/silence/" + silence_id)})) == 200);
    }

    Json get(const std::string& target) {
        REQUIRE(answer(server.get(path(target))) == 200);
        return *parse_json(body);
    }
    /// `alertname state`, and by what, as the API lists them.
    Lines states(const std::string& query = {}) {
        Lines lines;
        const Json list = get("/api/v2/alerts" + query);
        for (const Json& alert : list.items()) {
            const Json& status = alert.at("status");
            std::string line = name_of(alert) + " " + status.at("state").as_string();
            for (const char* by : {"silencedBy", "inhibitedBy"}) {
                if (!status.at(by).items().empty()) line += std::string(" ") + by;
            }
            lines.push_back(line);
        }
        std::sort(lines.begin(), lines.end());
        return lines;
    }

    /// What was told since the last call, one line a message: when and where, then each alert with its times:
    /// `2s hook a[1s:] b[1s:3s] v1`.
    Lines told() {
        Lines lines;
        for (; seen_ < receivers.sent().size(); ++seen_) {
            const auto& sent = receivers.sent()[seen_];
            std::string line = to_string(sent.at - kStart) + sent.request.url.substr(sent.request.url.rfind('/'));
            const Json message = *parse_json(sent.request.body);
            for (const Json& alert : message.at("alerts").items()) line += " " + told_alert(alert);
            lines.push_back(std::move(line));
        }
        return lines;
    }

    std::string path(const std::string& target) const { return options.route_prefix + target; }

    std::string body;  // of the last answer
    std::string silence_id;

private:
    int answer(const std::optional<ServerResponse>& response) {
        if (!response) return 0;
        body = response->body;
        return response->status;
    }
    /// The alertname, or all labels where there is none.
    static std::string name_of(const Json& alert) {
        const std::string name = alert.at("labels").at("alertname").as_string();
        return name.empty() ? dump(alert.at("labels")) : name;
    }
    static std::string told_alert(const Json& alert) {
        const auto moment = [&](const char* member) {
            return to_string(*parse_rfc3339(alert.at(member).as_string()) - kStart);
        };
        std::string text = name_of(alert) + "[" + moment("startsAt") + ":";
        if (alert.at("status").as_string() == "resolved") text += moment("endsAt");
        text += "]";
        const std::string annotation = alert.at("annotations").at("ann").as_string();
        return annotation.empty() ? text : text + annotation;
    }

    std::size_t seen_ = 0;
};

/// One receiver `hook` with a route of these options.
std::string routing(const std::string& options, const std::string& more = {}) {
    return "route: {receiver: default, " + options +
           "}\nreceivers: [{name: default, webhook_configs: [{url: 'http://r/hook'}]}]\n" + more;
}

const std::string kEverySecond = "group_by: [], group_wait: 1s, group_interval: 1s, repeat_interval: 1ms";
const std::string kOnceASecond = "group_by: [], group_wait: 1s, group_interval: 1s, repeat_interval: 1s";
const std::string kSeldom = "group_by: [], group_wait: 1s, group_interval: 10m, repeat_interval: 1h";
const std::string kInhibiting =
    "inhibit_rules:\n- source_match: {alertname: JobDown}\n  target_match: {alertname: InstanceDown}\n"
    "  equal: [job, zone]\n";

const std::vector<std::pair<std::string, std::string>> kUtf8Labels = {
    {"a", "a"}, {"00", "b"}, {"Σ", "c"}, {"\xf0\x9f\x99\x82", "dΘ"}};

}  // namespace

TEST_CASE("AddAlerts", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    CHECK(am.post({named("test1", 0s, 5min)}) == 200);
    const Json list = am.get("/api/v2/alerts");
    REQUIRE(list.items().size() == 1);
    const Json& alert = list.at(std::size_t{0});
    CHECK(alert.at("labels") == Json(Json::Object{{"alertname", "test1"}}));
    CHECK(alert.at("startsAt").as_string() == to_rfc3339_ms(SimulatedDaemon::kStart));
    CHECK(alert.at("endsAt").as_string() == to_rfc3339_ms(SimulatedDaemon::kStart + 5min));
    CHECK(am.get("/api/v2/alerts/groups").items().size() == 1);
}

TEST_CASE("AlertGetReturnsCurrentAlertStatus", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom,
                            "inhibit_rules:\n- source_match: {severity: critical}\n"
                            "  target_match: {severity: warning}\n  equal: [team]\n"));
    am.begin();
    am.post({{{{"alertname", "low"}, {"team", "x"}, {"severity", "warning"}}, 0s, 5min, {}}});
    CHECK(am.states() == Lines{"low active"});
    am.advance(2s);
    am.silence("team", "x", false, 0s, 5min);
    CHECK(am.states() == Lines{"low suppressed silencedBy"});
    am.post({{{{"alertname", "high"}, {"team", "x"}, {"severity", "critical"}}, 0s, 5min, {}}});
    CHECK(am.states() == Lines{"high suppressed silencedBy", "low suppressed silencedBy inhibitedBy"});
    am.end_silence();
    CHECK(am.states() == Lines{"high active", "low suppressed inhibitedBy"});
}

TEST_CASE("FilterAlertRequest", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    am.post({{{{"alertname", "test1"}, {"severity", "warning"}}, 0s, 5min, {}},
             {{{"system", "foo"}, {"severity", "critical"}}, 0s, 5min, {}}});
    CHECK(am.states("?filter=alertname%3Dtest1&filter=severity%3Dwarning") == Lines{"test1 active"});
    CHECK(am.states("?filter=alertname%3Dtest1&filter=severity%3Dcritical") == Lines{});
    CHECK(am.states("?filter=alertname%3D") == Lines{R"({"severity":"critical","system":"foo"} active)"});
}

TEST_CASE("AddUTF8Alerts", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    CHECK(am.post({{kUtf8Labels, 0s, 5min, {}}}) == 200);
    const Json list = am.get("/api/v2/alerts");
    REQUIRE(list.items().size() == 1);
    const Json labels = list.at(std::size_t{0}).at("labels");
    for (const auto& [name, value] : kUtf8Labels) CHECK(labels.at(name).as_string() == value);
    const std::string filters = "?filter=" + query_escape("00=b") + "&filter=" + query_escape("Σ=c") +
                                "&filter=" + query_escape(R"("\xf0\x9f\x99\x82"=dΘ)");
    CHECK(am.states(filters).size() == 1);
    const Json groups = am.get("/api/v2/alerts/groups" + filters);
    REQUIRE(groups.items().size() == 1);
    CHECK(groups.at(std::size_t{0}).at("alerts").at(std::size_t{0}).at("labels") == labels);
}

TEST_CASE("CannotAddUTF8AlertsInClassicMode", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.options.matchers_syntax = MatchersSyntax::Classic;
    am.begin();
    CHECK(am.post({{kUtf8Labels, 0s, 5min, {}}}) == 400);
    CHECK_THAT(am.body, Catch::Contains("invalid label set"));
    CHECK(am.states() == Lines{});
    CHECK(am.post({named("test1")}) == 200);
}

TEST_CASE("SendAlertsToUTF8Route", "[daemon][alertmanager]") {
    Alertmanager am(
        "route: {receiver: default, routes: [{receiver: hook, matchers: ['foo🙂=bar'], group_by: [foo🙂], "
        "group_wait: "
        "1s}]}\nreceivers: [{name: default}, {name: hook, webhook_configs: [{url: 'http://r/hook'}]}]\n");
    am.begin();
    am.go_to(1s);
    am.post({{{{"foo🙂", "bar"}}, 1s, {}, {}}});
    am.go_to(3s);
    CHECK(am.told() == Lines{R"(2s/hook {"foo🙂":"bar"}[1s:])"});
}

TEST_CASE("a routing that classic mode cannot read is refused in it", "[daemon][alertmanager]") {
    for (const char* routes : {"routes: [{matchers: ['foo🙂=bar']}]", "group_by: [foo🙂]"}) {
        CAPTURE(routes);
        Alertmanager am(routing(routes));
        am.options.matchers_syntax = MatchersSyntax::Classic;
        const auto started = am.start();
        REQUIRE(started);
        CHECK_FALSE(started->ok());
    }
}

TEST_CASE("AddSilence", "[daemon][alertmanager]") {
    Alertmanager am(routing(kEverySecond));
    am.begin();
    CHECK(am.silence("foo", "bar", false, 0s, 24h) == 200);
    const Json list = am.get("/api/v2/silences");
    REQUIRE(list.items().size() == 1);
    const Json& silence = list.at(std::size_t{0});
    CHECK(silence.at("id").as_string() == am.silence_id);
    CHECK(silence.at("status").at("state").as_string() == "active");
    CHECK(silence.at("matchers").at(std::size_t{0}).at("name").as_string() == "foo");
}

/// `test1` and `test2` have fired since 1 s.
void begin_with_two(Alertmanager& am) {
    am.begin();
    am.go_to(1s);
    am.post({named("test1", 1s), named("test2", 1s)});
}

TEST_CASE("Silencing", "[daemon][alertmanager]") {
    Alertmanager am(routing(kEverySecond));
    begin_with_two(am);
    am.go_to(2300ms);
    am.silence("alertname", "test1", false, 2500ms, 4500ms);
    am.go_to(5500ms);
    CHECK(am.told() == Lines{"2s/hook test1[1s:] test2[1s:]", "3s/hook test2[1s:]", "4s/hook test2[1s:]",
                             "5s/hook test1[1s:] test2[1s:]"});
}

TEST_CASE("SilenceDelete", "[daemon][alertmanager]") {
    Alertmanager am(routing(kEverySecond));
    begin_with_two(am);
    am.go_to(1300ms);
    am.silence("alertname", ".+", true, 1500ms, 100s);
    am.go_to(3500ms);
    CHECK(am.told() == Lines{});
    am.end_silence();
    am.go_to(4500ms);
    CHECK(am.told() == Lines{"4s/hook test1[1s:] test2[1s:]"});
}

TEST_CASE("AddUTF8Silences", "[daemon][alertmanager]") {
    Alertmanager am(routing(kEverySecond));
    am.begin();
    CHECK(am.silence("fooΣ", "bar🙂", false, 0s, 24h) == 200);
    const Json list = am.get("/api/v2/silences?filter=" + query_escape("fooΣ=bar🙂"));
    REQUIRE(list.items().size() == 1);
    CHECK(list.at(std::size_t{0}).at("matchers").at(std::size_t{0}).at("name").as_string() == "fooΣ");
    CHECK(list.at(std::size_t{0}).at("matchers").at(std::size_t{0}).at("value").as_string() == "bar🙂");
}

TEST_CASE("CannotAddUTF8SilencesInClassicMode", "[daemon][alertmanager]") {
    Alertmanager am(routing(kEverySecond));
    am.options.matchers_syntax = MatchersSyntax::Classic;
    am.begin();
    CHECK(am.silence("fooΣ", "bar🙂", false, 0s, 24h) == 400);
    CHECK_THAT(am.body, Catch::Contains("invalid silence: invalid label matcher"));
    CHECK(am.get("/api/v2/silences").items().empty());
    CHECK(am.silence("foo", "bar🙂", false, 0s, 24h) == 200);
}

TEST_CASE("Inhibiting", "[daemon][alertmanager]") {
    Alertmanager am(routing(kOnceASecond, kInhibiting));
    am.begin();
    const auto in_zone = [](const char* name, const char* zone, std::optional<Duration> starts = std::nullopt,
                            std::optional<Duration> ends = std::nullopt) {
        return Posted{{{"alertname", name}, {"job", "testjob"}, {"zone", zone}}, starts, ends, {}};
    };
    am.go_to(1s);
    am.post({in_zone("test1", "aa"), in_zone("InstanceDown", "aa"), in_zone("InstanceDown", "ab")});
    am.go_to(2200ms);
    am.post({in_zone("JobDown", "aa")});
    am.go_to(3600ms);
    am.post({in_zone("JobDown", "aa", 2200ms, 3600ms)});
    am.go_to(4500ms);
    CHECK(am.told() == Lines{"2s/hook InstanceDown[1s:] InstanceDown[1s:] test1[1s:]",
                             "3s/hook InstanceDown[1s:] JobDown[2s200ms:] test1[1s:]",
                             "4s/hook InstanceDown[1s:] InstanceDown[1s:] JobDown[2s200ms:3s600ms] test1[1s:]"});
}

TEST_CASE("AlwaysInhibiting", "[daemon][alertmanager]") {
    Alertmanager am(routing(kOnceASecond, kInhibiting));
    am.begin();
    const auto both = [](const char* name, std::optional<Duration> ends) {
        return Posted{{{"alertname", name}, {"job", "testjob"}, {"zone", "aa"}}, 1s, ends, {}};
    };
    am.go_to(1s);
    am.post({both("InstanceDown", {}), both("JobDown", {})});
    am.go_to(2600ms);
    am.post({both("JobDown", 2600ms), both("InstanceDown", 2600ms)});
    am.go_to(3500ms);
    CHECK(am.told() == Lines{"2s/hook JobDown[1s:]", "3s/hook InstanceDown[1s:2s600ms] JobDown[1s:2s600ms]"});
}

TEST_CASE("EmptyInhibitionRule", "[daemon][alertmanager]") {
    const std::string rules = GENERATE("inhibit_rules: [{}]\n", "inhibit_rules:\n-\n");
    Alertmanager am(routing(kOnceASecond, rules));
    am.begin();
    am.go_to(1s);
    am.post({named("test1"), named("test2")});
    am.go_to(2500ms);
    CHECK(am.told() == Lines{"2s/hook test1[1s:] test2[1s:]"});
}

/// Several sources tell of one alert; `lasting` is how long each says that it fires on, none: they do not say.
void check_merging(std::optional<Duration> lasting) {
    Alertmanager am(routing("group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1ms"));
    am.begin();
    const auto firing = [&](Duration starts, const char* annotation) {
        return Posted{
            {{"alertname", "test"}}, starts, lasting ? std::optional(starts + *lasting) : std::nullopt, annotation};
    };
    const auto over = [](Duration starts, Duration ends, const char* annotation) {
        return Posted{{{"alertname", "test"}}, starts, ends, annotation};
    };
    am.go_to(1s);
    am.post({firing(1100ms, "")});
    am.go_to(1200ms);  // another source, with an earlier start
    am.post({firing(1s, "")});
    am.go_to(2100ms);
    am.post({firing(2s, "v1")});
    am.go_to(3600ms);
    am.post({firing(1500ms, "v2")});
    am.go_to(4600ms);
    am.post({over(3s, 4500ms, "v2")});
    am.go_to(4800ms);  // the latest end counts
    am.post({over(2900ms, 4800ms, "v3")});
    am.post({over(2900ms, 4100ms, "v3")});
    am.go_to(5300ms);  // another incident, and so another group, which waits anew
    am.post({firing(5s, "")});
    am.go_to(6500ms);
    CHECK(am.told() == Lines{"2s/hook test[1s:]", "3s/hook test[1s:]v1", "4s/hook test[1s:]v2",
                             "5s/hook test[1s:4s800ms]v3", "6s300ms/hook test[5s:]"});
}

TEST_CASE("MergeAlerts", "[daemon][alertmanager]") {
    check_merging(std::nullopt);
}

TEST_CASE("MergeAlertsWithEndsAt", "[daemon][alertmanager]") {
    check_merging(3s);
}

TEST_CASE("Repeat", "[daemon][alertmanager]") {
    Alertmanager am(routing("group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1ms"));
    am.begin();
    am.go_to(1s);
    am.post({named("test", 1s)});
    am.go_to(3500ms);
    am.post({named("test", 1s, 3s)});
    am.go_to(6s);
    CHECK(am.told() == Lines{"2s/hook test[1s:]", "3s/hook test[1s:]", "4s/hook test[1s:3s]"});
}

TEST_CASE("Retry", "[daemon][alertmanager]") {
    Alertmanager am(
        "route: {receiver: default, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 3s}\n"
        "receivers: [{name: default, webhook_configs: [{url: 'http://r/good'}, {url: 'http://r/late'}]}]\n");
    am.receivers.handle([&](const HttpRequest& request) {
        const bool fails = request.url.ends_with("late") && am.elapsed() < 4500ms;
        return fakes::FakeAnswer::with_status(fails ? 500 : 200);
    });
    am.begin();
    am.go_to(1s);
    am.post({named("test1", 1s)});
    am.go_to(4400ms);
    am.told();
    am.go_to(5900ms);
    Lines told = am.told();
    // The one that works was told once since its first message, when its repeat interval was over.
    CHECK(std::count(told.begin(), told.end(), "5s/good test1[1s:]") == 1);
    std::erase(told, "5s/good test1[1s:]");
    REQUIRE(told.size() == 1);
    CHECK_THAT(told.front(), Catch::Contains("/late test1[1s:]"));
}

TEST_CASE("Batching", "[daemon][alertmanager]") {
    Alertmanager am(routing("group_by: [], group_wait: 1s, group_interval: 1s, repeat_interval: 4900ms"));
    am.begin();
    am.go_to(1100ms);
    am.post({named("test1", 1s)});
    am.go_to(1700ms);
    am.post({named("test5", 1s)});
    am.go_to(3300ms);
    am.post({named("test2", 1500ms), named("test3", 1500ms), named("test4", 1600ms)});
    am.go_to(9500ms);
    const std::string all = "test1[1s:] test2[1s500ms:] test3[1s500ms:] test4[1s600ms:] test5[1s:]";
    CHECK(am.told() == Lines{"2s100ms/hook test1[1s:] test5[1s:]", "4s100ms/hook " + all, "9s100ms/hook " + all});
}

TEST_CASE("Resolved", "[daemon][alertmanager]") {
    Alertmanager am("global: {resolve_timeout: 10s}\n" +
                    routing("group_by: [alertname], group_wait: 1s, group_interval: 5s"));
    am.begin();
    am.go_to(1s);
    std::vector<Posted> alerts;
    for (const char* value : {"v1", "v2", "v3"})
        alerts.push_back({{{"alertname", "test"}, {"lbl", value}}, {}, {}, {}});
    am.post(alerts);
    am.go_to(13s);
    CHECK(am.told() ==
          Lines{"2s/hook test[1s:] test[1s:] test[1s:]", "12s/hook test[1s:11s] test[1s:11s] test[1s:11s]"});
}

TEST_CASE("ResolvedFilter", "[daemon][alertmanager]") {
    Alertmanager am(
        "global: {resolve_timeout: 10s}\n"
        "route: {receiver: default, group_by: [job], group_wait: 1s, group_interval: 5s}\n"
        "receivers: [{name: default, webhook_configs: [{url: 'http://r/all', send_resolved: true},\n"
        "                                              {url: 'http://r/firing', send_resolved: false}]}]\n");
    am.begin();
    am.go_to(1s);
    am.post({named("v1"), named("v2")});
    am.go_to(3s);
    am.post({named("v1", 1s, 4s), named("v3")});
    am.go_to(8s);
    am.post({named("v3", 3s)});
    am.go_to(12500ms);
    Lines told = am.told();
    std::sort(told.begin(), told.end());
    CHECK(told == Lines{"12s/all v2[1s:11s] v3[3s:]", "2s/all v1[1s:] v2[1s:]", "2s/firing v1[1s:] v2[1s:]",
                        "7s/all v1[1s:4s] v2[1s:] v3[3s:]", "7s/firing v2[1s:] v3[3s:]"});
}

TEST_CASE("ColdStart", "[daemon][alertmanager]") {
    Alertmanager am(routing("group_by: [], group_wait: 1s, group_interval: 6s, repeat_interval: 10m"));
    am.options.notifications.start_delay = 5s;
    am.begin();
    am.go_to(1s);
    am.post({named("test1", -100s)});  // began long ago: without the delay it would be told at once
    am.go_to(4s);
    am.post({named("test2", -100s)});
    CHECK(am.told() == Lines{});
    am.go_to(10s);
    CHECK(am.told() == Lines{"5s/hook test1[-1m40s:] test2[-1m40s:]"});
}

TEST_CASE("Reload", "[daemon][alertmanager]") {
    Alertmanager am(routing("group_by: [], group_wait: 1s, group_interval: 6s, repeat_interval: 10m"));
    am.begin();
    am.go_to(1s);
    am.post({named("test1", 1s)});
    am.go_to(3s);
    am.signals.raise(Signal::Hangup);
    am.go_to(4s);
    am.post({named("test2", 4s)});
    am.go_to(15s);
    // Alertmanager begins its timers anew at a reload and tells test2 at 9s; here they go on.
    CHECK(am.told() == Lines{"2s/hook test1[1s:]", "8s/hook test1[1s:] test2[4s:]"});
}

TEST_CASE("WebhookTimeout", "[daemon][alertmanager]") {
    Alertmanager am(
        "route: {receiver: default, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1m}\n"
        "receivers: [{name: default, webhook_configs: [{url: 'http://r/hook', timeout: 500ms}]}]\n");
    am.receivers.handle([&](const HttpRequest&) {
        if (am.elapsed() < 2400ms) return fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::NeverAnswers);
        return fakes::FakeAnswer::ok();
    });
    am.begin();
    am.go_to(1s);
    am.post({named("test1", 1s)});
    am.go_to(5s);
    // Given up after its time and tried again, within the group's interval.
    const Lines told = am.told();
    REQUIRE(told.size() == 2);
    CHECK(told.front() == "2s/hook test1[1s:]");
    CHECK_THAT(am.server.get("/metrics")->body,
               Catch::Contains("alertmanager_notification_requests_failed_total{integration=\"webhook\","
                               "receiver_name=\"default\"} 1"));
}

TEST_CASE("WebWithPrefix", "[daemon][alertmanager]") {
    Alertmanager am(routing(kOnceASecond));
    am.options.route_prefix = "/foo";
    am.begin();
    CHECK(am.get("/api/v2/status").at("cluster").at("status").as_string() == "disabled");
    CHECK(am.post({named("test1")}) == 200);
    CHECK(am.server.get("/foo/-/ready")->status == 200);
    CHECK(am.server.get("/api/v2/status")->status == 404);
    CHECK(am.server.get("/foobar/api/v2/status")->status == 404);
    const auto led = am.server.get("/");
    CHECK(led->status == 302);
    CHECK(find_header(led->headers, "Location") == "/foo");
    CHECK(am.server.request({.method = "POST", .target = "/foo/-/reload"})->status == 200);
}

TEST_CASE("a cluster of one has itself as its peer", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.options.cluster.address = "127.0.0.1:9094";
    am.begin();
    const Json cluster = am.get("/api/v2/status").at("cluster");
    CHECK(cluster.at("status").as_string() == "ready");
    REQUIRE(cluster.at("peers").items().size() == 1);
    const Json& peer = cluster.at("peers").at(std::size_t{0});
    CHECK(peer.at("address").as_string() == "127.0.0.1:9094");
    CHECK(peer.at("name").as_string().size() == 26);
    CHECK(cluster.at("name").as_string() == peer.at("name").as_string());
}

TEST_CASE("times of a millisecond are kept", "[daemon][alertmanager]") {
    Alertmanager am(routing("group_by: [], group_wait: 1ms, group_interval: 1ms, repeat_interval: 1ms"));
    am.begin();
    am.go_to(1s);
    am.post({named("test1", 1s)});
    am.go_to(1005ms);
    CHECK(am.told() == Lines{"1s1ms/hook test1[1s:]", "1s2ms/hook test1[1s:]", "1s3ms/hook test1[1s:]",
                             "1s4ms/hook test1[1s:]", "1s5ms/hook test1[1s:]"});
}

TEST_CASE("who was told of what is asked for by time, receiver, result and alert, over a restart",
          "[daemon][alertmanager][history]") {
    Alertmanager am(routing("group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h"));
    am.receivers.once("http://r/hook", fakes::FakeAnswer::with_status(400, "no"));
    am.begin();
    am.go_to(1s);
    am.post({named("test1", 1s)});
    am.go_to(10s);
    am.post({named("test2", 10s)});
    am.go_to(20s);
    const auto asked = [&](const std::string& query) {
        Lines lines;
        const Json answer = am.get("/api/v1/notifications" + query);
        for (const Json& message : answer.at("data").at("notifications").items()) {
            lines.push_back(message.at("alerts").at(std::size_t{0}).at("labels").at("alertname").as_string() + " " +
                            message.at("result").as_string());
        }
        return lines;
    };
    const Lines all{"test2 delivered", "test1 delivered", "test1 failed"};
    CHECK(asked("") == all);
    CHECK(asked("?receiver=default") == all);
    CHECK(asked("?receiver=nobody") == Lines{});
    CHECK(asked("?result=failed") == Lines{"test1 failed"});
    CHECK(asked("?filter=alertname%3Dtest2") == Lines{"test2 delivered"});
    CHECK(asked("?start=" + to_rfc3339_ms(SimulatedDaemon::kStart + 5s)) == Lines{"test2 delivered"});
    CHECK(asked("?end=" + to_rfc3339_ms(SimulatedDaemon::kStart + 2500ms)) == Lines{"test1 failed"});
    CHECK(asked("?limit=1") == Lines{"test2 delivered"});
    CHECK(am.get("/api/v1/notifications?limit=1").at("data").at("more").as_bool());
    for (const char* bad : {"?limit=0", "?limit=x", "?start=soon", "?filter=%7B"}) {
        CHECK(am.server.get(std::string("/api/v1/notifications") + bad)->status == 400);
    }
    am.app.reset();
    am.begin();
    CHECK(asked("") == all);
}

TEST_CASE("of a message with more alerts than are kept it is said that it may have told of others too",
          "[daemon][alertmanager][history]") {
    Alertmanager am(routing("group_by: [job], group_wait: 1s, group_interval: 1m, repeat_interval: 1h"));
    am.begin();
    std::vector<Posted> many;
    for (int i = 100; i < 250; ++i) {
        many.push_back({{{"alertname", "Down"}, {"job", "api"}, {"instance", fmt::format("i{}", i)}}, 0s, 5s, {}});
    }
    am.post(many);
    am.go_to(2h);
    const auto asked = [&](const std::string& filter) {
        const Json data = am.get("/api/v1/notifications?filter=" + query_escape(filter)).at("data");
        return std::pair(data.at("notifications").items().size(), data.at("mayMatch").as_integer());
    };
    CHECK(asked("instance=i120") == std::pair(std::size_t{2}, std::int64_t{0}));
    CHECK(asked("instance=i249") == std::pair(std::size_t{0}, std::int64_t{2}));
    CHECK(asked("job=db") == std::pair(std::size_t{0}, std::int64_t{0}));
    const auto explained = [&](const std::string& alert) {
        return am.server.get("/api/v1/notifications/explain?alert=" + query_escape(alert))->body;
    };
    CHECK_THAT(explained("Down{instance=\"i249\"}"), Catch::Contains("2 messages lately had more alerts"));
    CHECK_THAT(explained("Down{job=\"db\"}"), Catch::Contains("nobody was told"));
    am.post({{{{"alertname", "Down"}, {"job", "api"}, {"instance", "i249"}}, 2h, {}, {}}});
    CHECK_THAT(explained("Down{instance=\"i249\"}"), Catch::Contains("\"mayTell\":2"));
}

TEST_CASE("/metrics has what alerts and dashboards about Alertmanager ask for", "[daemon][alertmanager][metrics]") {
    Alertmanager am(routing(kSeldom));
    const bool clustered = GENERATE(true, false);
    if (clustered) am.options.cluster = {"node", "127.0.0.1:9094", {}};
    am.begin();
    am.post({named("test1", 0s)});
    am.server.request({.method = "NONSENSE", .target = "/api/v2/alerts"});
    const std::string text = am.server.get("/metrics")->body;
    const auto shows = [&](const std::string& line) { return text.find("\n" + line + "\n") != std::string::npos; };
    CHECK(shows(fmt::format("alertmanager_cluster_enabled {}", clustered ? 1 : 0)));
    for (const char* line : {"alertmanager_cluster_members 1", "alertmanager_cluster_failed_peers 0",
                             "alertmanager_cluster_health_score 0", "alertmanager_cluster_peer_info{peer=\"node\"} 1",
                             "alertmanager_peer_position 0"}) {
        CAPTURE(line);
        CHECK(shows(line) == clustered);
    }
    CHECK(shows("alertmanager_dispatcher_alert_processing_duration_seconds_count 1"));
    CHECK(shows("alertmanager_nflog_maintenance_total 0"));
    CHECK(shows("alertmanager_silences_maintenance_errors_total 0"));
    for (const char* of : {"nflog", "silences"}) {
        CHECK(shows(fmt::format("alertmanager_{}_gc_duration_seconds_count 0", of)));
        CHECK(shows(fmt::format("alertmanager_{}_query_duration_seconds_bucket{{le=\"0.005\"}} 0", of)));
        CHECK(shows(fmt::format("alertmanager_{}_queries_total 0", of)));
    }
    CHECK(shows("alertmanager_nflog_query_errors_total 0"));
    CHECK(shows("alertmanager_marked_alerts{state=\"active\"} 1"));
    CHECK(shows("alertmanager_http_requests_in_flight{method=\"get\"} 1"));  // this one
    CHECK(shows(
        R"(alertmanager_http_request_duration_seconds_count{code="200",handler="/api/v2/alerts",method="post"} 1)"));
    CHECK(shows(R"(alertmanager_http_response_size_bytes_count{handler="/api/v2/alerts",method="post"} 1)"));
    CHECK(shows(R"(alertmanager_http_response_size_bytes_count{handler="/api/v2/alerts",method="unknown"} 1)"));
}

TEST_CASE("without an external URL links name this machine and the port, as Alertmanager's", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.options.external_url.clear();
    am.options.listen_address = "0.0.0.0:9093";
    const auto link = [&] {
        return parse_json(am.receivers.sent().back().request.body)->at("externalURL").as_string();
    };
    SECTION("by its name") {
        am.options.host_name = "alerts-1";
        am.begin();
        am.post({named("test1", 0s)});
        am.go_to(2s);
        CHECK(link() == "http://alerts-1:9093");
    }
    SECTION("by the address where it has none") {
        am.begin();
        am.post({named("test1", 0s)});
        am.go_to(2s);
        CHECK(link() == "http://0.0.0.0:9093");
    }
}

TEST_CASE("what waits for its turn is said to wait, in every view", "[daemon][alertmanager][notifications]") {
    Alertmanager am(R"(
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1m}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
)");
    am.receivers.handle(
        [](const HttpRequest&) { return fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::NeverAnswers); });
    am.begin();
    for (int i = 0; i < 10; ++i) am.post({named(fmt::format("a{}", i), 0s)});
    am.go_to(5s);
    std::vector<std::string> verdicts;
    for (int i = 0; i < 10; ++i) {
        const Json alerts = am.get(fmt::format("/api/v1/notifications/explain?alert=a{}", i)).at("data").at("alerts");
        const Json& hook =
            alerts.at(std::size_t{0}).at("receivers").at(std::size_t{0}).at("integrations").at(std::size_t{0});
        const Json* behind = hook.find("behind");
        verdicts.push_back(hook.at("verdict").as_string() +
                           (behind == nullptr ? "" : fmt::format(" behind {}", behind->as_integer())));
        if (behind != nullptr) CHECK(hook.at("queuedSince").as_string() == to_rfc3339_ms(am.kStart + 1s));
    }
    CHECK(std::count(verdicts.begin(), verdicts.end(), "sending") == 8);
    CHECK(std::count(verdicts.begin(), verdicts.end(), "queued behind 8") == 1);
    CHECK(std::count(verdicts.begin(), verdicts.end(), "queued behind 9") == 1);
    const Json receivers = am.get("/api/v2/receivers");
    const Json& hook = receivers.at(std::size_t{0}).at("integrations").at(std::size_t{0});
    CHECK(hook.at("waiting").as_integer() == 10);
    CHECK(hook.at("sending").as_integer() == 8);
    CHECK(hook.at("queued").as_integer() == 2);
    CHECK(hook.at("waitingSince").as_string() == to_rfc3339_ms(am.kStart + 1s));
}

TEST_CASE("of Prometheus' API there is nothing, and of Alertmanager's first the word that it is gone",
          "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    for (const char* path : {"/api/v1/alerts", "/api/v1/status", "/api/v1/silences", "/api/v1/receivers",
                             "/api/v1/rules", "/api/v1/query?query=up", "/api/v1/alerts/history", "/api/v1/"}) {
        CAPTURE(path);
        CHECK(am.server.get(path)->status == 410);
        CHECK(am.server.post(path, "[]")->status == 410);
    }
    CHECK(am.server.get("/api/v1/notifications")->status == 200);
    CHECK(am.server.get("/api/v1/notifications/untold")->status == 200);
    CHECK(am.server.get("/api/v10")->status == 404);
    CHECK(am.server.get("/healthz")->status == 200);
}

// ---- why somebody was told or was not

namespace {

std::string explain_path(const std::string& alert) {
    return "/api/v1/notifications/explain?alert=" + query_escape(alert);
}

}  // namespace

TEST_CASE("why nobody was told of an alert is explained", "[daemon][alertmanager][explanation]") {
    Alertmanager am(routing(kSeldom, kInhibiting));
    am.begin();
    am.silence("alertname", "test1", false, 0s, 1h);
    am.post({named("test1"), named("JobDown"), named("InstanceDown"), named("test2")});
    am.go_to(2s);
    const auto verdict = [&](const std::string& alert) {
        const Json answer = am.get(explain_path(alert));
        const Json& explained = answer.at("data").at("alerts").at(std::size_t{0});
        const Json& receiver = explained.at("receivers").at(std::size_t{0});
        return receiver.at("integrations").at(std::size_t{0}).at("verdict").as_string();
    };
    CHECK(verdict("test1") == "silenced");
    CHECK(verdict("InstanceDown") == "inhibited");
    CHECK(verdict("test2") == "told");
    CHECK(verdict("{alertname=~\"test2|none\"}") == "told");
    const Json silenced = am.get(explain_path("test1")).at("data").at("alerts").at(std::size_t{0});
    CHECK(silenced.at("silencedBy").at(std::size_t{0}).at("id").as_string() == am.silence_id);
    CHECK(silenced.at("silencedBy").at(std::size_t{0}).at("createdBy").as_string() == "test");
    const Json inhibited = am.get(explain_path("alertname=InstanceDown")).at("data").at("alerts").at(std::size_t{0});
    CHECK(inhibited.at("inhibitedBy").at("labels") == Json(Json::Object{{"alertname", "JobDown"}}));
}

TEST_CASE("what was told is explained with the message", "[daemon][alertmanager][explanation]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    am.post({named("test1")});
    am.go_to(2s);
    const Json alert = am.get(explain_path("test1")).at("data").at("alerts").at(std::size_t{0});
    CHECK(alert.at("state").as_string() == "firing");
    const Json& message = alert.at("messages").at(std::size_t{0});
    CHECK(message.at("result").as_string() == "delivered");
    CHECK(message.at("alertStatus").as_string() == "firing");
    CHECK(message.at("firstAttempt").as_string() == to_rfc3339_ms(SimulatedDaemon::kStart + 1s));
    const Json& receiver = alert.at("receivers").at(std::size_t{0});
    CHECK(receiver.at("groupKey").as_string() == "{}:{}");
    CHECK(receiver.at("waitsFor").as_string() == "group_interval");
    const Json& next = receiver.at("integrations").at(std::size_t{0}).at("nextMessage");
    CHECK(next.at("reason").as_string() == "repeat interval elapsed");
    CHECK(next.at("at").as_string() == to_rfc3339_ms(SimulatedDaemon::kStart + 1s + 1h));
}

TEST_CASE("an alert that is over is explained from the history", "[daemon][alertmanager][explanation]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    am.post({named("test1")});
    am.go_to(2s);
    am.post({named("test1", 0s, 2s)});
    am.go_to(2h);
    const Json answer = am.get(explain_path("test1")).at("data");
    REQUIRE(answer.at("alerts").items().size() == 1);
    const Json& alert = answer.at("alerts").at(std::size_t{0});
    CHECK(alert.at("state").as_string() == "gone");
    CHECK(alert.at("messages").items().size() == 2);
    CHECK(alert.at("messages").at(std::size_t{0}).at("alertStatus").as_string() == "resolved");
}

TEST_CASE("an alert that nobody knows is said to be unknown", "[daemon][alertmanager][explanation]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    CHECK(am.server.get(explain_path("test1"))->status == 404);
    CHECK_THAT(am.server.get(explain_path("test1"))->body, Catch::Contains("no such alert"));
    CHECK(am.server.get("/api/v1/notifications/explain")->status == 400);
    CHECK(am.server.get(explain_path("{test1"))->status == 400);
    CHECK(am.server.get(explain_path("test1") + "&limit=0")->status == 400);
}

TEST_CASE("what fired and nobody was told of is listed", "[daemon][alertmanager][explanation]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    am.silence("alertname", "test[13]", true, 0s, 10h);
    am.post({named("test1"), named("test2"), named("test3")});
    am.go_to(10min);
    am.post({named("test1", 0s, 10min), named("test2", 0s, 10min)});
    am.go_to(1h);
    const Json untold = am.get("/api/v1/notifications/untold").at("data");
    REQUIRE(untold.at("firing").items().empty());
    REQUIRE(untold.at("ended").items().size() == 2);
    const Json& last = untold.at("ended").at(std::size_t{0});
    CHECK(last.at("labels").at("alertname").as_string() == "test3");
    CHECK(last.at("why").as_string() == "silence");
    CHECK(last.at("by").at(std::size_t{0}).as_string() == am.silence_id);
    CHECK(untold.at("ended").at(std::size_t{1}).at("labels").at("alertname").as_string() == "test1");
    const auto ended = [&](const std::string& query) {
        return am.get("/api/v1/notifications/untold?" + query).at("data").at("ended").items().size();
    };
    CHECK(ended("filter=alertname%3Dtest1") == 1);
    CHECK(ended("start=" + to_rfc3339_ms(SimulatedDaemon::kStart + 50min)) == 0);
    CHECK(ended("limit=1") == 1);
    CHECK(am.server.get("/api/v1/notifications/untold?start=soon")->status == 400);
}

TEST_CASE("what nobody was told of stays listed while the same alert fires again and is told",
          "[daemon][alertmanager][explanation]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    am.silence("alertname", "test1", false, 0s, 20min);
    am.post({named("test1")});
    am.go_to(4min);
    am.post({named("test1", 0s, 4min)});
    am.go_to(1h);
    am.post({named("test1", 1h, 3h)});
    am.go_to(2h);
    REQUIRE(am.told().size() == 1);
    const Json untold = am.get("/api/v1/notifications/untold").at("data");
    CHECK(untold.at("firing").items().empty());
    REQUIRE(untold.at("ended").items().size() == 1);
    CHECK(untold.at("ended").at(std::size_t{0}).at("endsAt").as_string() ==
          to_rfc3339_ms(SimulatedDaemon::kStart + 4min));
}

// ---- where it listens, and what it says it is

namespace {

std::string value_of(Alertmanager& am, const std::string& series) {
    const std::string page = am.server.get("/metrics")->body;
    const std::size_t at = page.find("\n" + series + " ");
    if (at == page.npos) return "none";
    return page.substr(at + series.size() + 2, page.find('\n', at + 1) - at - series.size() - 2);
}

}  // namespace

TEST_CASE("an address that everybody reaches is listened on, and warned of unless somebody asks for that",
          "[daemon][alertmanager]") {
    const auto [address, allowed, open, warned] = GENERATE(table<std::string, bool, std::string, bool>({
        {"127.0.0.1:9093", false, "0", false},
        {":9093", false, "1", true},
        {"0.0.0.0:9093", true, "1", false},
    }));
    CAPTURE(address);
    Alertmanager am(routing(kSeldom));
    am.options.listen_address = address;
    am.options.allow_unauthenticated = allowed;
    am.begin();
    CHECK(am.log.contains("everybody who reaches this address can silence every alert") == warned);
    CHECK(value_of(am, "tocsin_web_open_to_all") == open);
}

TEST_CASE("several addresses are listened on, and each is told", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.options.listen_address = "127.0.0.1:9093";
    am.options.further_listen_addresses = {"10.0.0.7:9093"};
    am.begin();
    CHECK(am.server.address() == "10.0.0.7:9093");
    CHECK(am.log.contains("127.0.0.1:9093"));
    CHECK(am.log.contains("everybody who reaches this address can silence every alert"));
    // No page is led astray by a name on an address that is not loopback.
    CHECK(am.server.request({.target = "/-/ready", .headers = {{"Host", "alerts.example"}}})->status == 200);
}

TEST_CASE("clients are told a version of Alertmanager that they work with", "[daemon][alertmanager]") {
    Alertmanager am(routing(kSeldom));
    am.begin();
    const std::string version = am.get("/api/v2/status").at("versionInfo").at("version").as_string();
    CHECK_THAT(version, Catch::StartsWith("0.34.0+tocsin."));
    CHECK(value_of(am, "alertmanager_build_info{version=\"" + version + "\"}") == "1");
}
