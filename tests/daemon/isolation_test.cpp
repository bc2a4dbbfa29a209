// Receivers that hang, answer slowly, fail, ask for quiet or break the connection: no other receiver and no evaluation
// is later by it, not by a millisecond of virtual time. tests/e2e/isolation_test.py sees the same of real ones.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

using fakes::FakeAnswer;

constexpr int kGroups = 20;  // more than a receiver is told at once

struct Kind {
    const char* name;
    FakeAnswer answer;
};

Kind any_kind() {
    return GENERATE(values<Kind>({{"hangs", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers)},
                                  {"is slow", FakeAnswer::ok().after(40s)},
                                  {"fails", FakeAnswer::with_status(500)},
                                  {"asks for quiet", FakeAnswer::with_status(429).header("Retry-After", "60")},
                                  {"resets", FakeAnswer::fails(FakeAnswer::Fault::Reset)}}));
}

/// Every alert goes to `bad` and to `good`.
class World : public SimulatedDaemon {
public:
    explicit World(const FakeAnswer& bad) {
        put("alertmanager.yml", R"(
route:
  receiver: good
  group_by: [group]
  group_wait: 0s
  group_interval: 1m
  routes: [{receiver: bad, continue: true}, {receiver: good}]
receivers:
- {name: bad, webhook_configs: [{url: 'http://bad/'}]}
- {name: good, webhook_configs: [{url: 'http://good/'}]}
)");
        put("prometheus.yml",
            "rule_files: [rules.yml]\nscrape_configs:\n"
            "- {job_name: t, static_configs: [{targets: ['t:1']}]}\n");
        put("rules.yml", "groups:\n- {name: g, interval: 1s, rules: [{alert: Fault, expr: fault == 1}]}\n");
        receivers.always("http://bad/", bad);
        receivers.always("http://good/", FakeAnswer::ok());
    }

    /// When the good one was told of each group, in milliseconds.
    std::map<std::string, std::int64_t> told() const {
        std::map<std::string, std::int64_t> when;
        for (const auto& sent : receivers.sent()) {
            if (sent.request.url != "http://good/") continue;
            when.emplace(parse_json(sent.request.body)->at("groupLabels").at("group").as_string(),
                         (sent.at - kStart).count());
        }
        return when;
    }
    std::size_t told_the_other() const {
        return static_cast<std::size_t>(
            std::count_if(receivers.sent().begin(), receivers.sent().end(),
                          [](const auto& sent) { return sent.request.url == "http://bad/"; }));
    }
};

/// When the good receiver was told of what, beside one that answers like that; and what was evaluated meanwhile.
struct Course {
    explicit Course(World& world) : told(world.told()), told_the_other(world.told_the_other()) {}

    std::map<std::string, std::int64_t> told;
    std::size_t told_the_other;
    std::vector<std::string> evaluations = {};
};

/// `family` with the line feed before it.
std::vector<std::string> lines_of(const std::string& metrics, std::string_view family) {
    std::vector<std::string> lines;
    for (std::size_t at = metrics.find(family); at != metrics.npos; at = metrics.find(family, at + 1)) {
        lines.push_back(metrics.substr(at + 1, metrics.find('\n', at + 1) - at - 1));
    }
    return lines;
}

Course course_of_run(const FakeAnswer& bad) {
    World world(bad);
    std::string faults;
    const auto show = [&](const std::string& group) {
        faults += fmt::format("fault{{group=\"{}\"}} 1\n", group);
        world.targets.always("http://t:1/metrics",
                             FakeAnswer::ok(faults).header("Content-Type", "text/plain; version=0.0.4"));
    };
    for (int i = 0; i < kGroups; ++i) show(fmt::format("{:02}", i));
    REQUIRE(world.start());
    world.advance(10'500ms);
    show("late");
    world.advance(30s);
    Course course(world);
    course.evaluations = lines_of(world.server.get("/metrics")->body, "\nprometheus_rule_group_iterations");
    const auto stamps =
        lines_of(world.server.get("/metrics")->body, "\nprometheus_rule_group_last_evaluation_timestamp");
    course.evaluations.insert(course.evaluations.end(), stamps.begin(), stamps.end());
    return course;
}

Course course_of_alertmanager(const FakeAnswer& bad) {
    World world(bad);
    world.options.config_file.clear();
    REQUIRE(world.start());
    const auto post = [&](const std::string& group) {
        const auto answer = world.server.post(
            "/api/v2/alerts", fmt::format(R"([{{"labels": {{"alertname": "Fault", "group": "{}"}}}}])", group));
        REQUIRE(answer);
        CHECK(answer->status == 200);
    };
    world.advance(1s);
    for (int i = 0; i < kGroups; ++i) post(fmt::format("{:02}", i));
    world.advance(9'500ms);
    post("late");
    world.advance(30s);
    return Course(world);
}

}  // namespace

TEST_CASE("no receiver and no evaluation of tocsin run waits for a receiver that misbehaves",
          "[daemon][app][isolation]") {
    const Kind kind = any_kind();
    CAPTURE(kind.name);
    const Course course = course_of_run(kind.answer), undisturbed = course_of_run(FakeAnswer::ok());
    CHECK(course.told.size() == kGroups + 1);
    CHECK(course.told == undisturbed.told);
    CHECK(course.told_the_other >= 8);
    CHECK(course.evaluations.size() >= 3);
    CHECK(course.evaluations == undisturbed.evaluations);
    CHECK(course.told.at("late") - 10'500 <= 1'000);
}

TEST_CASE("no receiver of tocsin alertmanager waits for one that misbehaves", "[daemon][alertmanager][isolation]") {
    const Kind kind = any_kind();
    CAPTURE(kind.name);
    const Course course = course_of_alertmanager(kind.answer);
    CHECK(course.told.size() == kGroups + 1);
    for (const auto& [group, when] : course.told) CHECK(when == (group == "late" ? 10'500 : 1'000));
    // Posted one by one, so that who asked for quiet has it before the next one.
    CHECK(course.told_the_other >= 1);
}
