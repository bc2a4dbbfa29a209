#include <algorithm>
#include <map>

#include "notifiers/notification_service.h"
#include "tests/catch.h"
#include "tests/notifiers/notification_rig.h"

using namespace std::chrono_literals;

// Losses that people know from Alertmanager, each as it happens to them: a configuration, alerts, and what comes out at
// the other end. Their letters are those of docs/differences.md.

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::Lines;
using tests::NotificationRig;

/// What was sent, request by request, as JSON.
std::vector<Json> bodies(const NotificationRig& rig) {
    std::vector<Json> out;
    for (const auto& sent : rig.http.sent()) {
        out.push_back(*parse_json(sent.request.body, {.depth = 64, .values = 1'000'000}));
    }
    return out;
}

bool shows(NotificationRig& rig, const std::string& line) {
    return rig.metrics.render().find(line + "\n") != std::string::npos;
}

TEST_CASE("defect D: a broken Slack template costs neither the page nor its end, and is not passed over in silence",
          "[notifiers][slack][scenario]") {
    NotificationRig rig(R"(
route: {receiver: chat, group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
receivers:
- name: chat
  slack_configs:
  - {api_url: 'http://r/slack', channel: '#oncall', text: '{{ .Alerts.Firing.Nope }}', send_resolved: true}
)");
    rig.fire("DiskFull", {{"instance", "db-1"}});
    rig.advance(6min);
    rig.resolve("DiskFull", {{"instance", "db-1"}});
    rig.advance(1h);
    const auto sent = bodies(rig);
    REQUIRE(sent.size() == 2);
    for (const Json& body : sent) {
        CHECK(body.at("channel").as_string() == "#oncall");
        const std::string& text = body.at("attachments").at(std::size_t{0}).at("text").as_string();
        CHECK_THAT(text, Catch::Contains("DiskFull") && Catch::Contains("db-1") && Catch::Contains("template error"));
    }
    CHECK(shows(rig, R"(tocsin_notification_template_failures_total{integration="slack",receiver_name="chat"} 2)"));
    CHECK(rig.log.contains("template failed, the plain facts were sent"));
}

constexpr const char* kMail = R"(
route: {{receiver: mail, group_wait: 30s, group_interval: 5m, repeat_interval: 4h}}
receivers:
- name: mail
  email_configs:
  - {{to: 'good@x.test, bad@x.test', from: 'am@x.test', smarthost: 'mail.test:25', require_tls: false, {}}}
)";

TEST_CASE("defect E: a mail whose template fails goes out once, with the facts in it", "[notifiers][email][scenario]") {
    NotificationRig rig(fmt::format(kMail, "html: '{{ .Alerts.Nope }}'"));
    rig.fire("DiskFull", {{"instance", "db-1"}});
    rig.advance(1h);
    REQUIRE(rig.mail.sent().size() == 1);
    CHECK_THAT(rig.mail.sent().front().content,
               Catch::Contains("DiskFull") && Catch::Contains("db-1") && Catch::Contains("template error"));
    CHECK(shows(rig, R"(alertmanager_notifications_total{integration="email",receiver_name="mail"} 1)"));
    CHECK(shows(rig, R"(alertmanager_notification_requests_failed_total{integration="email",receiver_name="mail"} 0)"));
    CHECK(shows(rig, R"(tocsin_notification_template_failures_total{integration="email",receiver_name="mail"} 1)"));
}

TEST_CASE("defect E: one recipient that is refused for good keeps the mail from nobody and is not tried for ever",
          "[notifiers][email][scenario]") {
    NotificationRig rig(fmt::format(kMail, "html: ''"));
    rig.mail.handle([](const Mail&) { return MailReceipt{{{"bad@x.test", "550 no such user"}}}; });
    rig.fire("DiskFull");
    rig.advance(1h);
    REQUIRE(rig.mail.sent().size() == 1);
    CHECK(rig.mail.sent().front().to == Lines{"good@x.test", "bad@x.test"});
    CHECK(rig.log.contains("bad@x.test: 550 no such user"));
}

/// A mail server that takes mails for bad@x.test from a moment on only. Keeps what each got: `5m30s FIRING`.
struct Greylist {
    Greylist(NotificationRig& rig, Duration taken_from) : rig_(rig) {
        rig.mail.handle([this, taken_from](const Mail& mail) { return take(mail, taken_from); });
    }

    std::map<std::string, Lines> got;

private:
    Result<MailReceipt> take(const Mail& mail, Duration taken_from) {
        const Duration now = rig_.scheduler.now() - rig_.started_at;
        MailReceipt receipt;
        for (const std::string& to : mail.to) {
            if (to == "bad@x.test" && now < taken_from) {
                receipt.refused.push_back({to, "450 later", true});
            } else {
                const bool fires = mail.content.find("[FIRING:") != std::string::npos;
                got[to].push_back(fmt::format("{}m {}", now / 1min, fires ? "firing" : "resolved"));
            }
        }
        if (receipt.refused.size() < mail.to.size()) return receipt;
        return fail(Error::Kind::Unavailable, "no recipient was taken: 450 later");
    }

    NotificationRig& rig_;
};

TEST_CASE("defect E: a recipient that is refused for now gets the mail later, and nobody gets it twice",
          "[notifiers][email][scenario]") {
    NotificationRig rig(fmt::format(kMail, "html: '', send_resolved: true"));
    Greylist server(rig, 7min);
    rig.fire("DiskFull");
    SECTION("while it fires") {
        rig.advance(1h);
        CHECK(server.got["good@x.test"] == Lines{"0m firing"});
        CHECK((server.got["bad@x.test"] == Lines{"7m firing"} || server.got["bad@x.test"] == Lines{"8m firing"}));
    }
    SECTION("and of news only the last ones") {
        rig.advance(4min);
        rig.resolve("DiskFull");
        rig.advance(1h);
        CHECK(server.got["good@x.test"] == Lines{"0m firing", "5m resolved"});
        CHECK((server.got["bad@x.test"] == Lines{"7m resolved"} || server.got["bad@x.test"] == Lines{"8m resolved"}));
    }
    CHECK(rig.service->pending_deliveries() == 0);
}

TEST_CASE("defect E: who gets a mail late keeps nobody from the next one", "[notifiers][email][scenario]") {
    NotificationRig rig(fmt::format(kMail, "html: '', send_resolved: true"));
    Greylist server(rig, 1h);
    rig.fire("DiskFull");
    rig.advance(1min);
    rig.resolve("DiskFull");
    rig.advance(11min);
    // The group is empty: it begins anew, with group_wait.
    rig.fire("Another");
    rig.advance(1min);
    CHECK(server.got["good@x.test"] == Lines{"0m firing", "5m resolved", "12m firing"});
    CHECK(server.got["bad@x.test"] == Lines{});
}

TEST_CASE("defect F: with max_alerts a group that fires is not told as resolved, whatever sorts first",
          "[notifiers][webhook][scenario]") {
    NotificationRig rig(R"(
route: {receiver: hook, group_by: [alertname], group_wait: 30s, group_interval: 5m}
receivers:
- name: hook
  webhook_configs: [{url: 'http://r/hook', max_alerts: 1}]
)");
    rig.fire("Down", {{"instance", "a"}});
    rig.fire("Down", {{"instance", "z"}});
    rig.advance(1min);
    rig.resolve("Down", {{"instance", "a"}});
    rig.advance(5min);
    const auto sent = bodies(rig);
    REQUIRE(sent.size() == 2);
    CHECK(sent[1].at("status").as_string() == "firing");
    CHECK(sent[1].at("truncatedAlerts").as_integer() == 1);
    REQUIRE(sent[1].at("alerts").items().size() == 1);
    CHECK(sent[1].at("alerts").at(std::size_t{0}).at("labels").at("instance").as_string() == "z");
    CHECK(sent[1].at("commonLabels").find("instance") == nullptr);
}

TEST_CASE("defect L: an empty entry among the integrations is a mistake with its place",
          "[notifiers][slack][scenario]") {
    const auto config = parse_alertmanager_config(
        "route: {receiver: chat}\nreceivers:\n- name: chat\n  slack_configs: [~]\n", "/etc/am/alertmanager.yml");
    REQUIRE_FALSE(config.has_value());
    REQUIRE(config.error().size() == 1);
    CHECK_THAT(to_string(config.error().front()),
               Catch::StartsWith("/etc/am/alertmanager.yml:4:19: ") && Catch::Contains("missing slack"));
}

TEST_CASE("defect N: who deletes the message in Slack gets a new one, which is updated from then on",
          "[notifiers][slack][scenario]") {
    NotificationRig rig(R"(
route: {receiver: chat, group_wait: 0s, group_interval: 5m, repeat_interval: 5m}
receivers:
- name: chat
  slack_configs:
  - api_url: https://slack.com/api/chat.postMessage
    channel: C1
    update_message: true
    http_config: {authorization: {credentials: t}}
)");
    int posted = 0;
    rig.http.handle([&](const HttpRequest& request) {
        const auto said = [](const std::string& body) {
            return FakeAnswer::ok(body).header("Content-Type", "application/json");
        };
        const bool updates = request.url.ends_with("chat.update");
        if (!updates) return said(fmt::format(R"({{"ok":true,"channel":"C1","ts":"{}"}})", ++posted));
        // Somebody deleted the first one.
        if (request.body.find(R"("ts":"1")") != std::string::npos) {
            return said(R"({"ok":false,"error":"message_not_found"})");
        }
        return said(R"({"ok":true,"channel":"C1","ts":"2"})");
    });
    rig.fire("DiskFull");
    rig.advance(11min);
    Lines calls;
    for (const auto& sent : rig.http.sent()) {
        calls.push_back(fmt::format("{} {}", to_string(sent.at - rig.started_at),
                                    sent.request.url.substr(sent.request.url.rfind('/') + 1)));
    }
    CHECK(calls == Lines{"0s chat.postMessage", "5m chat.update", "5m chat.postMessage", "10m chat.update"});
    CHECK_THAT(rig.last_request().body, Catch::Contains(R"("ts":"2")"));
    CHECK(shows(rig, R"(tocsin_notifications_failing{integration="slack",receiver_name="chat"} 0)"));
}

TEST_CASE("defect Q: relative files count from the folder of the configuration, as templates do",
          "[notifiers][config][scenario]") {
    struct Case {
        const char* kind;
        const char* entry;
        const char* more;
    };
    // The configuration is /etc/am/alertmanager.yml. Nothing lies in the folder where the program was started.
    const auto c = GENERATE(values<Case>({
        {"webhook", "{url_file: secrets/it}", ""},
        {"webhook", "{url: 'http://r/hook', http_config: {authorization: {credentials_file: secrets/it}}}", ""},
        {"webhook", "{url: 'http://r/hook', http_config: {basic_auth: {username: u, password_file: secrets/it}}}", ""},
        {"slack", "{api_url_file: secrets/it, channel: c}", ""},
        {"slack", "{channel: c}", "global: {slack_api_url_file: secrets/it}\n"},
        {"slack", "{app_token_file: secrets/it, channel: c}", ""},
        {"pagerduty", "{routing_key_file: secrets/it}", ""},
        {"pagerduty", "{service_key_file: secrets/it}", ""},
        {"opsgenie", "{api_key_file: secrets/it}", ""},
        {"opsgenie", "{}", "global: {opsgenie_api_key_file: secrets/it}\n"},
        {"discord", "{webhook_url_file: secrets/it}", ""},
        {"msteamsv2", "{webhook_url_file: secrets/it}", ""},
        {"telegram", "{bot_token_file: secrets/it, chat_id: 1}", ""},
        {"telegram", "{bot_token: t, chat_id_file: secrets/number}", ""},
        {"pushover", "{user_key_file: secrets/it, token: t}", ""},
        {"pushover", "{user_key: u, token_file: secrets/it}", ""},
    }));
    CAPTURE(c.kind, c.entry, c.more);
    NotificationRig rig(
        fmt::format("{}route: {{receiver: all, group_wait: 0s}}\nreceivers:\n- name: all\n"
                    "  {}_configs:\n  - {}\n",
                    c.more, c.kind, c.entry));
    rig.disk.put("/etc/am/secrets/it", "http://r/SECRET\n");
    rig.disk.put("/etc/am/secrets/number", "42\n");
    rig.fire("a");
    rig.advance(1s);
    REQUIRE(rig.http.sent().size() == 1);
    const HttpRequest& request = rig.last_request();
    std::string all = request.url + "\n" + request.body;
    for (const auto& header : request.headers) all += "\n" + header.name + ": " + header.value;
    const std::string wanted = std::string(c.entry).find("chat_id_file") != std::string::npos ? "42" : "SECRET";
    if (std::string(c.entry).find("basic_auth") != std::string::npos) {
        CHECK_THAT(all, Catch::Contains("Basic dTpodHRwOi8vci9TRUNSRVQ="));  // u:http://r/SECRET
    } else {
        CHECK_THAT(all, Catch::Contains(wanted));
    }
}

TEST_CASE("defect Q: relative files of TLS, of a list of secrets and of mails count from there too",
          "[notifiers][config][scenario]") {
    NotificationRig rig(R"(
global: {smtp_smarthost: 'mail.test:25', smtp_from: am@x.test, smtp_require_tls: false, smtp_auth_username: u, smtp_auth_password_file: secrets/it}
route: {receiver: all, group_wait: 0s}
receivers:
- name: all
  webhook_configs: [{url: 'http://r/hook', http_config: {tls_config: {ca_file: tls/ca.pem, cert_file: tls/c.pem, key_file: tls/k.pem}}}]
  email_configs: [{to: me@x.test}]
)");
    rig.disk.put("/etc/am/secrets/it", "SECRET\n");
    rig.fire("a");
    rig.advance(1s);
    REQUIRE(rig.http.sent().size() == 1);
    const HttpOptions& options = *rig.last_request().options;
    CHECK(options.ca_file == "/etc/am/tls/ca.pem");
    CHECK(options.cert_file == "/etc/am/tls/c.pem");
    CHECK(options.key_file == "/etc/am/tls/k.pem");
    REQUIRE(rig.mail.sent().size() == 1);
    CHECK(rig.mail.sent().front().password.reveal() == "SECRET");
}

/// Keeps what was told of flaps: `a again`, `a over`.
struct FlapWatch final : NotificationObserver {
    void on_flap(const FlapEvent& event) override {
        lines.push_back(fmt::format("{} {} at {}", event.alert->alert.labels.get("alertname"),
                                    event.fires_again ? "fires again" : "is over", event.receiver));
    }
    Lines lines;
};

constexpr const char* kFlapRoutes = R"(
route: {receiver: hook, group_wait: 30s, group_interval: 5m, repeat_interval: 4h}
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
)";

struct FlapWorld {
    static NotificationOptions options(FlapWatch& watch) {
        NotificationOptions options;
        options.observer = &watch;
        return options;
    }

    FlapWatch watch;
    NotificationRig rig{kFlapRoutes, options(watch)};
};

TEST_CASE("defect R: an alert that ended and fires again between two flushes leaves a trace",
          "[notifiers][flap][scenario]") {
    FlapWorld world;
    NotificationRig& rig = world.rig;
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    rig.resolve("a");
    rig.advance(1min);
    rig.fire("a");
    CHECK(world.watch.lines == Lines{"a fires again at hook"});
    rig.advance(1h);
    CHECK(rig.told() == Lines{});
    CHECK(shows(rig, R"(tocsin_alert_flaps_total{receiver_name="hook"} 1)"));
    SECTION("what a flush sees is told, and no flap") {
        rig.resolve("a");
        rig.advance(5min);
        rig.fire("a");
        rig.advance(5min);
        CHECK(rig.told().size() == 2);
        CHECK(world.watch.lines.size() == 1);
    }
}

TEST_CASE("defect R: an alert that fired and ended before a flush could tell it leaves a trace",
          "[notifiers][flap][scenario]") {
    FlapWorld world;
    NotificationRig& rig = world.rig;
    rig.fire("a");
    rig.advance(10s);
    rig.resolve("a");
    rig.advance(1h);
    CHECK(rig.told() == Lines{});
    CHECK(world.watch.lines == Lines{"a is over at hook"});
    SECTION("its source may go on telling of the end") {
        Alert ended = rig.firing("a");
        ended.starts_at = rig.started_at;
        ended.ends_at = rig.started_at + 10s;
        for (int i = 0; i < 10; ++i) {
            rig.receive({ended});
            rig.advance(1min);
        }
        CHECK(world.watch.lines.size() == 1);
    }
    SECTION("one that a silence kept from being told is no flap") {
        rig.silence("alertname=q", 0s, 1h);
        rig.fire("q");
        rig.advance(1min);
        rig.resolve("q");
        rig.advance(1h);
        CHECK(world.watch.lines.size() == 1);
    }
    SECTION("nor one that ended when the silence was over, before the next flush") {
        rig.silence("alertname=q", 0s, 2min);
        rig.fire("q");
        rig.advance(3min);
        rig.resolve("q");
        rig.advance(1h);
        CHECK(world.watch.lines.size() == 1);
    }
    SECTION("nor one that was told") {
        rig.fire("b");
        rig.advance(6min);
        rig.resolve("b");
        rig.advance(1h);
        CHECK(rig.told().size() == 2);
        CHECK(world.watch.lines.size() == 1);
    }
    CHECK(shows(rig, R"(tocsin_alert_flaps_total{receiver_name="hook"} 1)"));
}

TEST_CASE("an end that was told is no flap when the alert fires again, however often its source repeats it",
          "[notifiers][flap]") {
    FlapWorld world;
    NotificationRig& rig = world.rig;
    const bool alone = GENERATE(true, false);
    rig.fire("a");
    if (!alone) rig.fire("b");
    rig.advance(1min);
    Alert ended = rig.firing("a");
    ended.starts_at = rig.started_at;
    ended.ends_at = rig.scheduler.now();
    rig.receive({ended});
    rig.advance(5min);
    CHECK(rig.told().size() == 2);
    for (int i = 0; i < 3; ++i) {
        rig.receive({ended});
        rig.advance(1min);
    }
    rig.fire("a");
    CHECK(world.watch.lines == Lines{});
    rig.advance(10min);
    CHECK(rig.told().size() == 1);
}

TEST_CASE("an end that is told late, and after it another beginning, is a flap", "[notifiers][flap]") {
    FlapWorld world;
    NotificationRig& rig = world.rig;
    rig.fire("a");
    rig.advance(20s);
    const Timestamp end = rig.scheduler.now();
    rig.advance(20s);  // the flush is between the end and the news of it
    Alert ended = rig.firing("a");
    ended.starts_at = rig.started_at;
    ended.ends_at = end;
    rig.receive({ended});
    rig.advance(20s);
    rig.fire("a");
    CHECK(world.watch.lines == Lines{"a fires again at hook"});
}

TEST_CASE("what was told before a restart and ends after it is no flap", "[notifiers][flap]") {
    FlapWorld world;
    NotificationRig& rig = world.rig;
    rig.fire("a");
    rig.advance(1min);
    rig.restart(kFlapRoutes, rig.service->snapshot(), FlapWorld::options(world.watch));
    rig.advance(1min);
    rig.resolve("a");
    rig.advance(10min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)", "5m30s hook resolved -a (all alerts resolved)"});
    CHECK(world.watch.lines == Lines{});
}

constexpr const char* kNight = R"(
route:
  receiver: hook
  group_wait: 0s
  routes:
  - {receiver: hook, matchers: [kind=batch], mute_time_intervals: [always], continue: true}
  - {receiver: other, matchers: [kind=batch, also=told]}
  - {receiver: other, matchers: [kind=hours], active_time_intervals: [never]}
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
- {name: other, webhook_configs: [{url: 'http://r/other'}]}
time_intervals:
- {name: always, time_intervals: [{}]}
- {name: never, time_intervals: [{years: ['1990']}]}
)";

TEST_CASE("defect S: what is muted by its time is suppressed wherever alerts are shown",
          "[notifiers][time_interval][scenario]") {
    NotificationRig rig(kNight);
    rig.fire("Batch", {{"kind", "batch"}});
    rig.fire("Hours", {{"kind", "hours"}});
    rig.fire("Told", {{"kind", "batch"}, {"also", "told"}});
    rig.fire("Plain");
    rig.advance(1min);
    const auto states = [&](const AlertFilter& filter) {
        Lines out;
        for (const AlertView& view : rig.service->alerts(filter)) {
            out.push_back(fmt::format("{} {} {}", view.alert->alert.labels.get("alertname"),
                                      view.is_suppressed() ? "suppressed" : "active", fmt::join(view.muted_by, ",")));
        }
        std::sort(out.begin(), out.end());
        return out;
    };
    // Somebody is told of Told: it is active although one of its routes is muted.
    CHECK(states({}) == Lines{"Batch suppressed always", "Hours suppressed never", "Plain active ", "Told active "});
    AlertFilter suppressed;
    suppressed.active = false;
    CHECK(states(suppressed) == Lines{"Batch suppressed always", "Hours suppressed never"});
    CHECK(shows(rig, R"(alertmanager_alerts{state="suppressed"} 2)"));
    CHECK(shows(rig, R"(alertmanager_alerts{state="active"} 2)"));

    Lines groups;
    for (const GroupView& group : rig.service->groups(suppressed)) {
        for (const AlertView& view : group.alerts) {
            groups.push_back(fmt::format("{} {} {}", group.receiver, view.alert->alert.labels.get("alertname"),
                                         fmt::join(view.muted_by, ",")));
        }
    }
    std::sort(groups.begin(), groups.end());
    CHECK(groups == Lines{"hook Batch always", "hook Told always", "other Hours never"});
}

TEST_CASE("what waits, what failed and why is known of each integration", "[notifiers][receiver][scenario]") {
    const char* yaml = R"(
route:
  receiver: bad
  group_by: [alertname]
  group_wait: 0s
  group_interval: 5m
  routes: [{receiver: good, matchers: [alertname=fine]}]
receivers:
- {name: bad, webhook_configs: [{url: 'http://r/bad'}]}
- {name: good, webhook_configs: [{url: 'http://r/good'}]}
- {name: idle, webhook_configs: [{url: 'http://r/idle'}]}
)";
    NotificationRig rig(yaml);
    rig.http.always("http://r/bad", FakeAnswer::with_status(503, "on fire"));
    for (const auto* name : {"a", "b", "fine"}) rig.fire(name);
    rig.advance(10s);
    const auto status = [&](std::size_t receiver) {
        return *rig.service->receivers().at(receiver).integrations.front()->status;
    };
    const auto pending = [](const std::string& receiver, int count) {
        return fmt::format(R"(tocsin_notifications_pending{{integration="webhook",receiver_name="{}"}} {})", receiver,
                           count);
    };
    CHECK(status(0).waiting == 2);
    CHECK(status(0).waiting == rig.service->pending_deliveries());
    CHECK_THAT(status(0).last_error, Catch::Contains("503") && Catch::Contains("on fire"));
    CHECK(status(0).last_attempt > rig.started_at);
    CHECK(status(1).waiting == 0);
    CHECK_FALSE(status(1).is_failing());
    CHECK(status(1).last_attempt == rig.started_at);
    CHECK(status(2).last_attempt == Timestamp{});
    CHECK(rig.service->receivers()[0].active);
    CHECK_FALSE(rig.service->receivers()[2].active);
    CHECK(shows(rig, pending("bad", 2)));
    CHECK(shows(rig, pending("good", 0)));
    CHECK(shows(rig, R"(tocsin_notifications_failing{integration="webhook",receiver_name="bad"} 1)"));
    SECTION("after a reload too") {
        rig.load(yaml);
        CHECK(status(0).waiting == 2);
        CHECK(status(0).is_failing());
    }
    SECTION("until it is well again") {
        rig.http.always("http://r/bad", FakeAnswer::ok());
        rig.advance(1min);
        CHECK(status(0).waiting == 0);
        CHECK_FALSE(status(0).is_failing());
        CHECK(shows(rig, pending("bad", 0)));
        CHECK(shows(rig, R"(tocsin_notifications_failing{integration="webhook",receiver_name="bad"} 0)"));
    }
    SECTION("of a receiver that is gone nothing is shown that is true no more") {
        rig.load("route: {receiver: good}\nreceivers: [{name: good, webhook_configs: [{url: 'http://r/good'}]}]\n");
        CHECK(rig.metrics.render().find(R"(pending{integration="webhook",receiver_name="bad"})") == std::string::npos);
        CHECK(rig.service->receivers().size() == 1);
    }
}

}  // namespace
}  // namespace tocsin
