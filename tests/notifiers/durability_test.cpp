#include <algorithm>
#include <map>
#include <set>

#include "notifiers/alert_news.h"
#include "notifiers/stored_notifications.h"
#include "tests/catch.h"
#include "tests/fakes/fake_state_store.h"
#include "tests/notifiers/notification_rig.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::Lines;
using tests::NotificationRig;

constexpr const char* kConfiguration = R"(
route: {receiver: hook, group_by: [group], group_wait: 30s, group_interval: 5m, repeat_interval: 4h}
receivers:
- name: hook
  webhook_configs: [{url: 'http://r/hook'}]
- name: pager
  pagerduty_configs: [{routing_key: k, url: 'http://r/pager'}]
)";

/// A service that keeps its state, and dies without a word.
class Life {
public:
    explicit Life(const char* configuration) : configuration_(configuration), rig_(configuration) { begin({}); }

    /// Everything but what was written is gone. The next life has another configuration.
    void kill(const char* configuration) {
        configuration_ = configuration;
        kill();
    }
    void kill(Duration down_for = Duration{0}) {
        const auto tables = store_->tables();
        rig_.service.reset();
        rig_.advance(down_for);
        begin(tables);
    }

    NotificationRig& rig() { return rig_; }
    fakes::FakeStateStore& store() { return *store_; }

private:
    void begin(fakes::FakeStateStore::Tables tables) {
        rig_.service.reset();
        store_ = std::make_unique<fakes::FakeStateStore>(rig_.scheduler, std::move(tables));
        rig_.service = std::make_unique<NotificationService>(rig_.doors(), NotificationOptions{});
        rig_.service->keep_in(*store_);
        rig_.load(configuration_);
    }

    const char* configuration_;
    NotificationRig rig_;
    std::unique_ptr<fakes::FakeStateStore> store_;
};

TEST_CASE("defect I: silences, alerts, the log and timers survive a kill", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    rig.fire("a");
    rig.fire("s");
    const std::string id = rig.silence("alertname=s", 0s, 2h);
    rig.advance(2min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    rig.fire("b");
    rig.settle();
    life.kill();
    CHECK(rig.service->find_silence(id) != nullptr);
    rig.advance(3min);
    CHECK(rig.told() == Lines{});
    rig.advance(30s);
    CHECK(rig.told() == Lines{"5m30s hook firing +a +b (new alerts added)"});
    rig.resolve("a");
    rig.resolve("b");
    rig.settle();
    life.kill();
    rig.advance(5min);
    CHECK(rig.told() == Lines{"10m30s hook resolved -a -b (all alerts resolved)"});
}

TEST_CASE("defect I: what ends while the program is down is told when it is up, whether its source says so or not",
          "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    Alert alert = rig.firing("a");
    alert.ends_at = rig.scheduler.now() + 10min;
    rig.receive({alert});
    rig.advance(1min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    life.kill(30min);
    rig.advance(5min);
    CHECK(rig.told() == Lines{"31m hook resolved -a (all alerts resolved)"});
}

TEST_CASE("an expired silence stays expired, and one that was changed stays changed", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    const std::string first = rig.silence("a=b", 0s, 1h);
    const std::string second = rig.silence("c=~\"d|e\"", 1h, 2h);
    REQUIRE(rig.service->expire_silence(first).has_value());
    Silence longer = *rig.service->find_silence(second);
    longer.ends_at += 1h;
    longer.annotations = {{"x", "y"}};
    REQUIRE(rig.service->set_silence(longer).has_value());
    rig.settle();
    life.kill();
    CHECK(rig.service->find_silence(first)->state(rig.scheduler.now()) == SilenceState::Expired);
    const Silence* kept = rig.service->find_silence(second);
    REQUIRE(kept != nullptr);
    CHECK(kept->matchers == longer.matchers);
    CHECK(kept->ends_at == longer.ends_at);
    CHECK(kept->annotations == longer.annotations);
}

TEST_CASE("what is to be sent is written before its first attempt", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    std::string log_at_attempt;
    rig.http.handle([&](const HttpRequest&) {
        const auto& log = life.store().tables().at(kLogTable);
        log_at_attempt = log.empty() ? "" : log.begin()->second;
        return FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers);
    });
    rig.fire("a");
    rig.advance(31s);
    CHECK(log_at_attempt.find("\"unheard\":[\"") != std::string::npos);
}

TEST_CASE("what was done is answered for when it lasts", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    const std::string id = rig.silence("a=b", 0s, 1h);
    bool told = false;
    rig.service->when_durable([&] { told = life.store().tables().at(kSilenceTable).count(id) > 0; });
    rig.settle();
    CHECK(told);
}

TEST_CASE("records that make no sense are left out, loudly", "[notifiers][durability]") {
    const StateRecord record{"k", GENERATE("", "{", "{}", "[]", "null", "{\"matchers\":[{\"op\":9}],\"id\":\"x\"}")};
    CAPTURE(record.value);
    CHECK_FALSE(read_stored_silence(record).has_value());
    CHECK_FALSE(read_stored_entry(record).has_value());
    KeptAlerts kept;
    CHECK_FALSE(kept.take(record).has_value());
    CHECK_FALSE(read_stored_group(record).has_value());
}

/// Ten alerts, heard of together.
class Posted {
public:
    explicit Posted(NotificationRig& rig) : rig_(rig) {
        for (int i = 0; i < 10; ++i) alerts.push_back(rig.firing(fmt::format("a{}", i)));
    }

    /// They fire, for so long if nobody says so again.
    void post(Duration for_so_long) {
        for (Alert& alert : alerts) alert.ends_at = rig_.scheduler.now() + for_so_long;
        rig_.receive(alerts);
        rig_.settle();
    }

    std::vector<Alert> alerts;

private:
    NotificationRig& rig_;
};

/// All that is kept of an alert.
Alert known_of(const NotificationRig& rig, const std::string& name) {
    for (const Alert& alert : rig.service->snapshot().alerts) {
        if (alert.labels.get("alertname") == name) return alert;
    }
    return {};
}

const std::map<std::string, std::string>& news_of(Life& life) {
    return life.store().tables().at(kAlertNewsTable);
}

TEST_CASE("alerts that only go on firing are written as one record, and end when they were said to",
          "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    Posted posted(rig);
    posted.post(5min);
    CHECK(news_of(life).size() == 1);
    rig.advance(1min);
    posted.post(6min);
    REQUIRE(news_of(life).size() == 2);
    CHECK(news_of(life).rbegin()->second.starts_with(R"({"renewed":[[1,10,)"));
    const Alert known = known_of(rig, "a3");
    life.kill();
    CHECK(known_of(rig, "a3") == known);
    CHECK(news_of(life).size() == 1);
    rig.told();
    rig.advance(5min);
    CHECK(rig.told() == Lines{});
    rig.advance(5min);
    CHECK(rig.told() == Lines{"10m30s hook resolved -a0 -a1 -a2 -a3 -a4 -a5 -a6 -a7 -a8 -a9 (all alerts resolved)"});
}

TEST_CASE("what is known of an alert is the same after a kill", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    Alert whole = rig.firing("whole");
    whole.annotations = {{"summary", "a \"quoted\" word, \\ and \xC3\xA9"}, {"same", "whole"}};
    whole.generator_url = SharedText::of("http://p/graph?g0.expr=up");
    whole.ends_at = rig.scheduler.now() + 7min;
    Alert bare = rig.firing("bare");
    bare.ends_at = {};
    rig.receive({whole, bare});
    rig.settle();
    const Alert known_whole = known_of(rig, "whole"), known_bare = known_of(rig, "bare");
    CHECK(known_whole.annotations == whole.annotations);
    CHECK(known_bare.ends_by_timeout);
    life.kill();
    CHECK(known_of(rig, "whole") == known_whole);
    CHECK(known_of(rig, "bare") == known_bare);
}

TEST_CASE("of what is said of an alert one after the other the last counts after a kill", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    Posted posted(rig);
    posted.post(5min);
    posted.post(6min);
    const bool in_one_task = GENERATE(false, true);
    if (!in_one_task) rig.settle();
    posted.alerts[2].annotations = {{"summary", "worse"}};
    posted.alerts[2].ends_at += 7min;
    rig.receive({posted.alerts[2]});
    if (!in_one_task) rig.settle();
    if (GENERATE(false, true)) posted.post(20min);
    rig.settle();
    const Alert changed = known_of(rig, "a2"), other = known_of(rig, "a3");
    CHECK(changed.annotations != other.annotations);
    life.kill();
    CHECK(known_of(rig, "a2") == changed);
    CHECK(known_of(rig, "a3") == other);
}

TEST_CASE("an alert that had ended and fires again since the same time is written as a whole",
          "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    Posted posted(rig);
    posted.post(1min);
    rig.advance(6min);
    CHECK(known_of(rig, "a3") == Alert{});
    // Others come so often meanwhile that all alerts are written anew, without those.
    Alert other = rig.firing("other");
    for (int i = 0; i < 3'000; ++i) {
        other.annotations = {{"value", std::to_string(i)}};
        rig.receive({other});
        rig.settle();
    }
    posted.post(5min);
    const Alert known = known_of(rig, "a3");
    CHECK_FALSE(known.labels.empty());
    life.kill();
    CHECK(known_of(rig, "a3") == known);
}

TEST_CASE("records of what is heard of again do not pile up", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    Posted posted(rig);
    const bool changes = GENERATE(false, true);
    std::size_t most = 0;
    for (int i = 0; i < 2'500; ++i) {
        if (changes) posted.alerts[3].annotations = {{"value", std::to_string(i)}};
        posted.post(5min + i * 1s);
        most = std::max(most, news_of(life).size());
    }
    CHECK(most > 1'000);
    CHECK(most < 1'200);
    const Alert known = known_of(rig, "a9");
    life.kill();
    CHECK(known_of(rig, "a9") == known);
}

TEST_CASE("many alerts are several records, each of which can be read", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    std::vector<Alert> many;
    for (int i = 0; i < 2'500; ++i) many.push_back(rig.firing(fmt::format("a{}", i)));
    rig.receive(many);
    rig.settle();
    CHECK(news_of(life).size() == 3);
    life.kill();
    CHECK(rig.service->snapshot().alerts.size() == 2'500);
    CHECK(news_of(life).size() == 3);
}

TEST_CASE("what a receiver had not taken is sent at once after a kill, and once", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    const auto is_down = [&](bool down) {
        rig.http.handle([down](const HttpRequest&) { return FakeAnswer::with_status(down ? 500 : 200); });
    };
    is_down(true);
    rig.fire("a");
    rig.advance(50s);
    rig.told();
    life.kill();
    is_down(false);
    rig.advance(1s);
    CHECK(rig.told() == Lines{"50s hook firing +a (first notification)"});
    life.kill();
    rig.fire("b");
    rig.advance(4min);
    CHECK(rig.told() == Lines{});
    rig.advance(1min);
    CHECK(rig.told() == Lines{"5m30s hook firing +a +b (new alerts added)"});
    is_down(true);
    rig.resolve("a");
    rig.resolve("b");
    rig.advance(6min);
    rig.told();
    life.kill();
    is_down(false);
    rig.advance(1s);
    CHECK(rig.told().size() == 1);
    CHECK(rig.service->group_count() == 0);
}

constexpr const char* kByTeam = R"(
route:
  receiver: hook
  routes: [{receiver: pager, matchers: [team=db], group_wait: 10s, group_interval: 1m}]
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
- {name: pager, pagerduty_configs: [{routing_key: k, url: 'http://r/pager'}]}
)";

std::string edited(std::string text, const char* from, const char* to) {
    return text.replace(text.find(from), std::string(from).size(), to);
}

TEST_CASE("defect H: a matcher that is edited across a kill keeps its groups and their incidents",
          "[notifiers][durability]") {
    Life life(kByTeam);
    NotificationRig& rig = life.rig();
    rig.fire("b", {{"team", "db"}});
    rig.advance(30s);
    CHECK(rig.told() == Lines{"10s pager trigger"});
    const std::string key = rig.last_body().at("dedup_key").as_string();
    // One that sorts first and that nobody was told of yet; it has the group too.
    rig.fire("a", {{"team", "db"}});
    rig.settle();
    const std::string next = edited(kByTeam, "team=db", "team=~\"db|disk\"");
    life.kill(next.c_str());
    rig.advance(30s);
    CHECK(rig.told() == Lines{});
    rig.advance(10s);
    CHECK(rig.told() == Lines{"1m10s pager trigger"});
    CHECK(rig.last_body().at("dedup_key").as_string() == key);
    life.kill();
    rig.resolve("a", {{"team", "db"}});
    rig.resolve("b", {{"team", "db"}});
    rig.advance(1min);
    CHECK(rig.told() == Lines{"2m10s pager resolve"});
    CHECK(rig.last_body().at("dedup_key").as_string() == key);
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("shorter timers count after a kill for the groups that are there", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    rig.fire("a");
    const std::string less_wait = edited(kConfiguration, "group_wait: 30s", "group_wait: 15s");
    const std::string often = edited(kConfiguration, "group_interval: 5m", "group_interval: 1m");
    rig.advance(10s);
    SECTION("while they wait for their first message") {
        life.kill(less_wait.c_str());
        rig.advance(1min);
        CHECK(rig.told() == Lines{"15s hook firing +a (first notification)"});
    }
    SECTION("between their messages") {
        rig.advance(50s);
        rig.told();
        rig.fire("b");
        rig.settle();
        life.kill(often.c_str());
        rig.advance(30s);
        CHECK(rig.told() == Lines{"1m30s hook firing +a +b (new alerts added)"});
    }
    SECTION("and none of them is taken for the other") {
        rig.advance(50s);
        rig.told();
        rig.fire("b");
        rig.settle();
        life.kill(less_wait.c_str());
        rig.advance(4min);
        CHECK(rig.told() == Lines{});
        rig.advance(30s);
        CHECK(rig.told() == Lines{"5m30s hook firing +a +b (new alerts added)"});
    }
}

TEST_CASE("who was told of an alert that goes elsewhere now is told of its end after a kill too",
          "[notifiers][durability]") {
    Life life(kByTeam);
    NotificationRig& rig = life.rig();
    rig.fire("a", {{"team", "db"}});
    rig.advance(30s);
    CHECK(rig.told() == Lines{"10s pager trigger"});
    const std::string key = rig.last_body().at("dedup_key").as_string();
    const std::string without_route = edited(kByTeam, "team=db", "team=nobody");
    const std::string other_receiver = edited(kByTeam, "receiver: pager,", "receiver: hook,");
    const std::string next = GENERATE_REF(without_route, other_receiver);
    SECTION("when it went by a reload") {
        rig.load(next);
        rig.settle();
        life.kill(next.c_str());
    }
    SECTION("when it went by the kill") {
        life.kill(next.c_str());
    }
    SECTION("over many lives") {
        for (int i = 0; i < 3; ++i) life.kill(next.c_str());
    }
    rig.advance(20s);
    rig.resolve("a", {{"team", "db"}});
    rig.settle();
    life.kill();
    rig.advance(10min);
    Lines keys;
    for (const auto& sent : rig.http.sent()) {
        if (sent.request.url.ends_with("pager"))
            keys.push_back(parse_json(sent.request.body)->at("dedup_key").as_string());
    }
    CHECK(keys == Lines{key, key});
    const Lines told = rig.told();
    CHECK(std::count(told.begin(), told.end(), "1m10s pager resolve") == 1);
    CHECK(rig.service->group_count() == 0);
    CHECK(life.store().tables().at(kAlertGroupTable).empty());
}

TEST_CASE("the end of what its routes do not lead to any more is told with the labels of its route after a kill too",
          "[notifiers][durability]") {
    const std::string labelled = R"(
route:
  receiver: hook
  group_wait: 10s
  group_interval: 1m
  routes: [{receiver: team, matchers: [team=db], labels: {owner: '{{ .CommonLabels.team }}', desk: '7'}}]
receivers:
- {name: hook}
- {name: team, webhook_configs: [{url: 'http://r/team'}]}
)";
    Life life(labelled.c_str());
    NotificationRig& rig = life.rig();
    rig.fire("a", {{"team", "db"}});
    rig.advance(30s);
    CHECK(rig.told() == Lines{"10s team firing +a (first notification)"});
    const std::string next = edited(labelled, "team=db", "team=nobody");
    SECTION("when it went by a reload") {
        rig.load(next);
        rig.settle();
        life.kill(next.c_str());
    }
    SECTION("when it went by the kill") {
        life.kill(next.c_str());
    }
    SECTION("over many lives") {
        for (int i = 0; i < 3; ++i) life.kill(next.c_str());
    }
    rig.advance(20s);
    rig.resolve("a", {{"team", "db"}});
    rig.advance(10min);
    CHECK(rig.told() == Lines{"1m10s team resolved -a (all alerts resolved)"});
    const Json labels = rig.last_body().at("routeLabels");
    CHECK(labels.at("owner").as_string() == "db");
    CHECK(labels.at("desk").as_string() == "7");
}

TEST_CASE("a drain does not wait for what is only to be tried later and is kept", "[notifiers][durability]") {
    Life life(kConfiguration);
    NotificationRig& rig = life.rig();
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(503).after(2s); });
    rig.fire("a");
    rig.advance(1min);
    const std::size_t attempts = rig.told().size();
    CHECK(attempts > 1);
    bool done = false;
    SECTION("between two attempts") {
        while (!rig.waits_for_next_attempt()) rig.advance(100ms);
        rig.service->drain(20s, [&] { done = true; });
        rig.advance(40ms);
        CHECK(done);
    }
    SECTION("an attempt that is under way ends") {
        while (rig.waits_for_next_attempt()) rig.advance(100ms);
        rig.service->drain(20s, [&] { done = true; });
        rig.advance(40ms);
        CHECK_FALSE(done);
        rig.advance(2s);
        CHECK(done);
    }
    SECTION("where the medium has failed it is tried again as long as there is time") {
        life.store().fail_with(tl::unexpected(Error{Error::Kind::Unavailable, "disk full"}));
        while (!rig.waits_for_next_attempt()) rig.advance(100ms);
        rig.service->drain(20s, [&] { done = true; });
        rig.advance(19s);
        CHECK_FALSE(done);
        rig.advance(2s);
        CHECK(done);
        return;
    }
    rig.told();
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    life.kill();
    rig.advance(1s);
    CHECK(rig.told().size() == 1);
}

TEST_CASE("a drain does not wait for a recipient of a mail that was refused for now", "[notifiers][durability]") {
    Life life(R"(
route: {receiver: mail, group_wait: 1s, group_interval: 5m}
receivers:
- name: mail
  email_configs: [{to: 'good@x.test, late@x.test', from: 'am@x.test', smarthost: 'mail.test:25', require_tls: false}]
)");
    NotificationRig& rig = life.rig();
    rig.mail.handle([](const Mail& mail) -> Result<MailReceipt> {
        if (mail.to.size() == 1) return fail(Error::Kind::Unavailable, "450 later");
        return MailReceipt{{{"late@x.test", "450 later", true}}};
    });
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.mail.sent().size() > 1);
    REQUIRE(rig.waits_for_next_attempt());
    bool done = false;
    rig.service->drain(20s, [&] { done = true; });
    rig.advance(40ms);
    CHECK(done);
    // It is not forgotten: the next life tells that one alone.
    life.kill();
    const std::size_t before = rig.mail.sent().size();
    rig.advance(6min);
    REQUIRE(rig.mail.sent().size() > before);
    for (std::size_t i = before; i < rig.mail.sent().size(); ++i) CHECK(rig.mail.sent()[i].to == Lines{"late@x.test"});
    rig.mail.handle([](const Mail&) { return MailReceipt{}; });
    rig.advance(5min);
    const std::size_t taken = rig.mail.sent().size();
    CHECK(rig.mail.sent().back().to == Lines{"late@x.test"});
    rig.advance(1h);
    life.kill();
    rig.advance(1h);
    CHECK(rig.mail.sent().size() == taken);
}

/// Long enough for a flush to see an alert.
constexpr Duration kSeen = 2min;

/// A storm of alerts, receivers that fail, and kills at any moment; receivers write down what they were told.
class Storm {
public:
    explicit Storm(std::uint64_t seed)
        : chance_(seed), life_(R"(
route:
  receiver: hook
  group_by: [group]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 4h
  routes: [{receiver: hook, continue: true}, {receiver: pager}]
receivers:
- name: hook
  webhook_configs: [{url: 'http://r/hook'}]
- name: pager
  pagerduty_configs: [{routing_key: k, url: 'http://r/pager'}]
)") {
        life_.rig().http.handle([this](const HttpRequest& request) { return take(request); });
    }

    void run() {
        for (int step = 0; step < 30; ++step) {
            change_an_alert();
            life_.rig().advance(Duration(static_cast<Duration::rep>(chance_.next() % 90'000)));
            if (chance_.next() % 6 == 0) life_.kill();
        }
        life_.rig().advance(kSeen);  // what fired last too
        for (const auto& [labels, firing] : firing_) {
            if (firing) set(labels, false);
        }
        is_calm_ = true;
        life_.rig().advance(10min);
    }

    void check() {
        for (const auto& [labels, firing] : firing_) {
            CAPTURE(to_string(labels));
            CHECK(told_firing_.count(labels) > 0);
            CHECK(told_resolved_.count(labels) > 0);
        }
        for (const auto& [key, open] : incidents_) {
            CAPTURE(key);
            CHECK_FALSE(open);
        }
        CHECK(life_.rig().service->group_count() == 0);
    }

private:
    // An alert stays as it is long enough for a flush to see it.
    void change_an_alert() {
        const LabelSet labels{{"alertname", "a" + std::to_string(chance_.next() % 5)},
                              {"group", std::to_string(chance_.next() % 2)}};
        if (life_.rig().scheduler.now() - changed_[labels] < kSeen) return;
        set(labels, !firing_[labels]);
    }

    void set(const LabelSet& labels, bool firing) {
        const Timestamp now = life_.rig().scheduler.now();
        Alert alert;
        alert.labels = labels;
        alert.starts_at = firing ? now : changed_[labels];
        alert.ends_at = firing ? now + 10'000h : now;
        firing_[labels] = firing;
        changed_[labels] = now;
        life_.rig().receive({alert});
        life_.rig().settle();
    }

    FakeAnswer take(const HttpRequest& request) {
        const auto dice = chance_.next() % 10;
        if (!is_calm_ && dice == 0) return FakeAnswer::with_status(500);
        const Json body = *parse_json(request.body, {.depth = 64, .values = 100'000});
        if (const Json* key = body.find("dedup_key")) {
            incidents_[key->as_string()] = body.at("event_action").as_string() == "trigger";
        }
        for (const Json& alert : body.at("alerts").items()) {
            std::vector<std::pair<std::string, std::string>> labels;
            for (const auto& [name, value] : alert.at("labels").members()) labels.emplace_back(name, value.as_string());
            (alert.at("status").as_string() == "firing" ? told_firing_ : told_resolved_).insert(LabelSet::from(labels));
        }
        FakeAnswer answer = FakeAnswer::ok();
        // Taken, but the answer may come too late for a program that is killed meanwhile.
        if (!is_calm_ && dice < 4) answer.after(20s);
        return answer;
    }

    SeededRandom chance_;
    bool is_calm_ = false;
    std::map<LabelSet, bool> firing_;
    std::map<LabelSet, Timestamp> changed_;
    std::set<LabelSet> told_firing_, told_resolved_;
    std::map<std::string, bool> incidents_;
    Life life_;
};

TEST_CASE("defect I: no alert is lost by kills in a storm", "[notifiers][durability]") {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        CAPTURE(seed);
        Storm storm(seed);
        storm.run();
        storm.check();
    }
}

}  // namespace
}  // namespace tocsin
