#include "daemon/replay.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "daemon/configuration.h"
#include "daemon/replay_history.h"
#include "engine/store/fixture_survey.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto kConfig =
    "global: {scrape_interval: 15s, evaluation_interval: 15s}\n"
    "rule_files: [rules.yml]\n"
    "scrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['a:1', 'b:1']}]\n";
constexpr auto kRules =
    "groups:\n- name: g\n  rules:\n"
    "  - alert: Busy\n    expr: rate(work_total[1m]) > 4\n    for: 30s\n    labels: {severity: page}\n"
    "    annotations: {summary: '{{ $labels.instance }} does {{ printf \"%.1f\" $value }} a second'}\n"
    "  - alert: Down\n    expr: up == 0\n    for: 30s\n"
    "  - record: all:work\n    expr: sum(work_total)\n"
    "  - alert: Gone\n    expr: absent(extra)\n    keep_firing_for: 1m\n";
constexpr auto kRouting =
    "route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 10s\n  group_interval: 30s\n"
    "  repeat_interval: 4m\n  routes: [{matchers: ['alertname = Down'], receiver: ops}]\n"
    "receivers:\n- name: hook\n  webhook_configs: [{url: 'http://hook/alerts'}]\n"
    "- name: ops\n  webhook_configs: [{url: 'http://ops/alerts', send_resolved: false}]\n"
    "  pagerduty_configs: [{routing_key: topsecret}]\n";

/// Target a works hard for some minutes, b is away for some, and `extra` comes and goes.
std::string metrics_of(const std::string& target, Duration t) {
    const auto seconds = t.count() / 1000;
    const auto hard = std::clamp<std::int64_t>(seconds - 120, 0, 240);
    std::string text = fmt::format("work_total {}\n", seconds + (target == "a:1" ? 9 * hard : 0));
    if (seconds % 600 < 300) text += "extra 1\n";
    return text;
}

bool is_away(const std::string& target, Duration t) {
    return target == "b:1" && t >= 6min && t < 9min;
}

struct Told {
    Duration at;
    std::string receiver_url;
    std::string body;
    bool operator==(const Told&) const = default;
};

std::string masked(std::string text, const std::string& secret) {
    const std::size_t at = text.find(secret);
    return at == std::string::npos ? text : text.replace(at, secret.size(), "<secret>");
}

/// The daemon over `length` of virtual time; what it told whom, and what it scraped.
class Live : public SimulatedDaemon {
public:
    Live() {
        put("prometheus.yml", kConfig);
        put("rules.yml", kRules);
        put("alertmanager.yml", kRouting);
        targets.handle([this](const HttpRequest& request) { return serve(request.url.substr(7, 3)); });
        receivers.handle([](const HttpRequest&) { return fakes::FakeAnswer::ok("{}"); });
    }

    std::vector<Told> told() const {
        std::vector<Told> all;
        for (const auto& sent : receivers.sent()) {
            const bool is_webhook = sent.request.url.ends_with("/alerts");
            all.push_back(
                {sent.at - kStart, is_webhook ? "<secret>" : sent.request.url, masked(sent.request.body, "topsecret")});
        }
        return all;
    }

    std::string recorded;

private:
    fakes::FakeAnswer serve(const std::string& target) {
        const bool away = is_away(target, elapsed());
        const std::string labels = fmt::format("instance=\"{}\",job=\"node\"", target);
        const double at = static_cast<double>(to_unix_ms(scheduler.now())) / 1000;
        recorded += fmt::format("up{{{}}} {} {}\n", labels, away ? 0 : 1, at);
        if (away) return fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::Refused);
        const std::string text = metrics_of(target, elapsed());
        for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
            const std::size_t blank = text.find(' ', begin);
            const std::string name = text.substr(begin, blank - begin);
            const std::string value = text.substr(blank + 1, text.find('\n', begin) - blank - 1);
            recorded += fmt::format("{}{{{}}} {} {}\n", name, labels, value, at);
        }
        return fakes::FakeAnswer::ok(text).header("Content-Type", "text/plain; version=0.0.4");
    }
};

struct Replayed {
    std::vector<Told> told;
    std::vector<std::string> transitions;
    ReplayView view;  // of the history
};

Replayed replay(fakes::FakeDisk& disk, const std::string& fixture, Duration length, ReplayHistory* history = nullptr) {
    const std::string folder = "/etc/tocsin/";
    disk.put(folder + "recorded.om", fixture);
    auto configuration = load_configuration(disk, folder + "prometheus.yml", folder + "alertmanager.yml", {});
    REQUIRE(configuration);
    VirtualScheduler scheduler(SimulatedDaemon::kStart - Duration{1});
    fakes::RecordingLog log;
    Replayed seen;
    Replay::Listeners listeners;
    listeners.notification = [&](const OfflineNotification& one) {
        for (const HttpRequest& message : one.messages) {
            seen.told.push_back({one.attempt.started_at - SimulatedDaemon::kStart, message.url, message.body});
        }
        if (history != nullptr) history->add(one);
    };
    listeners.transition = [&](const AlertTransition& change) {
        seen.transitions.push_back(change.rule);
        if (history != nullptr) history->add(change);
    };
    if (history != nullptr) listeners.compared_value = [&](const ComparedValue& compared) { history->add(compared); };
    Replay::Subject subject;
    subject.rules = rule_settings(configuration->prometheus, Options{}, "http://tocsin.example");
    subject.rule_files = configuration->rule_files;
    subject.alertmanager = configuration->alertmanager;
    auto world = Replay::create({scheduler, log}, std::move(subject), std::move(listeners));
    REQUIRE(world);
    const auto survey = survey_fixture(disk, folder + "recorded.om");
    REQUIRE(survey);
    auto feed = open_fixture_feed(disk, folder + "recorded.om", *survey, (*world)->store());
    REQUIRE(feed);
    REQUIRE((*world)->run_until(SimulatedDaemon::kStart + length, {feed->get()}));
    if (history != nullptr) {
        seen.view = history->view((*world)->groups());
        for (RuleHistory& rule : seen.view.rules) rule.rule.definition = nullptr;  // of the world, which ends
    }
    return seen;
}

std::string text_of(const std::vector<Told>& told) {
    std::string text;
    for (const Told& one : told) text += fmt::format("{} {} {}", one.at.count(), one.receiver_url, one.body);
    return text;
}

}  // namespace

TEST_CASE("what was recorded and replayed tells the same people the same things as the daemon did",
          "[daemon][replay]") {
    Live live;
    REQUIRE(live.start());
    live.advance(30min);
    const auto replayed = replay(live.disk, live.recorded + "# EOF\n", 30min);
    const auto told = live.told();
    CHECK(told.size() > 10);
    CHECK(text_of(replayed.told) == text_of(told));
    CHECK(replayed.transitions.size() > 6);
}

TEST_CASE("a replay is the same every time, whatever the order of the file", "[daemon][replay]") {
    Live live;
    REQUIRE(live.start());
    live.advance(10min);
    const std::string fixture = live.recorded + "# EOF\n";
    const auto once = replay(live.disk, fixture, 10min);
    CHECK(once.told == replay(live.disk, fixture, 10min).told);
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < live.recorded.size();) {
        const std::size_t end = live.recorded.find('\n', begin) + 1;
        lines.push_back(live.recorded.substr(begin, end - begin));
        begin = end;
    }
    std::stable_sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
        return a.substr(0, a.find(' ')) < b.substr(0, b.find(' '));
    });
    std::string by_series;
    for (const std::string& line : lines) by_series += line;
    REQUIRE(by_series != live.recorded);
    CHECK(once.told == replay(live.disk, by_series + "# EOF\n", 10min).told);
}

TEST_CASE("what a history shows of a replay is what happened", "[daemon][replay]") {
    Live live;
    REQUIRE(live.start());
    live.advance(30min);
    ReplayHistory history(SimulatedDaemon::kStart, SimulatedDaemon::kStart + 30min);
    const auto replayed = replay(live.disk, live.recorded + "# EOF\n", 30min, &history);
    const ReplayView& view = replayed.view;
    CHECK(view.recording_rules == 1);
    REQUIRE(view.rules.size() == 3);
    const RuleHistory &busy = view.rules[0], &down = view.rules[1], &gone = view.rules[2];
    // Target a: hard at work from 2m to 6m; `rate` over a minute sees it for some of a minute longer.
    REQUIRE(busy.values);
    CHECK(busy.values->number == 4);
    CHECK(busy.values->series == 2);
    CHECK(busy.values->whole.low > 0);
    CHECK(busy.values->whole.low < 1.1);
    CHECK(busy.values->whole.high == Approx(10));
    CHECK(busy.alerts.firings == 1);
    REQUIRE(busy.alerts.lanes.size() == 1);
    CHECK(busy.alerts.lanes[0].stretches.size() == 2);
    CHECK(busy.alerts.lanes[0].labels.get("instance") == "a:1");
    REQUIRE(down.values);
    CHECK(down.values->whole.low == 0);
    REQUIRE(down.alerts.lanes.size() == 1);
    CHECK(down.alerts.lanes[0].firing_time > 2min);
    CHECK_FALSE(gone.values);  // `absent` compares nothing
    CHECK(gone.alerts.firings == 3);
    REQUIRE(view.receivers.size() == 2);
    CHECK(view.receivers[0].receiver == "hook");
    std::size_t told = 0;
    for (const ReceiverHistory& receiver : view.receivers) told += receiver.firing + receiver.resolved;
    CHECK(told == view.notifications.size());
    CHECK(told == replayed.told.size());
    CHECK(view.notifications[0].message.find("\"status\": \"firing\"") != std::string::npos);
    CHECK(view.notifications_left == 0);
}

TEST_CASE("without routing nobody is told, and alerts are seen nevertheless", "[daemon][replay]") {
    VirtualScheduler scheduler(SimulatedDaemon::kStart - Duration{1});
    fakes::RecordingLog log;
    auto file = parse_rule_file("groups: [{name: g, rules: [{alert: Always, expr: vector(1)}]}]", "r.yml", {});
    REQUIRE(file);
    Replay::Subject subject;
    subject.rule_files.push_back(*std::move(file));
    std::vector<Timestamp> fired;
    auto world = Replay::create({scheduler, log}, std::move(subject),
                                {{}, [&](const AlertTransition& change) { fired.push_back(change.at); }});
    REQUIRE(world);
    REQUIRE((*world)->run_until(SimulatedDaemon::kStart + 1h, {}));
    CHECK(fired == std::vector<Timestamp>{SimulatedDaemon::kStart});
    REQUIRE((*world)->groups().size() == 1);
    CHECK((*world)->groups()[0].last_evaluation == SimulatedDaemon::kStart + 1h);
}
