#include "daemon/rule_diff.h"

#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/event_diff.h"
#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

std::vector<RuleFile> files_of(const std::string& rules, const std::string& group = "g") {
    auto file = parse_rule_file("groups:\n- name: " + group + "\n  rules:\n" + rules, "r.yml", {});
    REQUIRE(file);
    return {*std::move(file)};
}

AlertmanagerConfig routing_of(const std::string& text) {
    auto config = parse_alertmanager_config(text, "a.yml");
    REQUIRE(config);
    return *std::move(config);
}

std::string text_of(const std::vector<RuleChange>& changes) {
    std::string text;
    for (const RuleChange& change : changes) {
        const char* kind = change.kind == RuleChange::Kind::Added     ? "added"
                           : change.kind == RuleChange::Kind::Removed ? "removed"
                                                                      : "changed";
        text += fmt::format("{} {} {}: {}{}\n", kind, change.is_alert ? "alert" : "record", change.name,
                            join(change.what, "; "), change.pages_again ? " (pages again)" : "");
    }
    return text;
}

std::string compared(const std::string& base, const std::string& head) {
    const auto before = files_of(base), after = files_of(head);
    return text_of(compare_rules({before, 1min, {}}, {after, 1min, {}}));
}

Timestamp at(Duration since) {
    return from_unix_ms(1'772'359'200'000) + since;
}

std::string text_of(const std::vector<EventChange>& changes) {
    std::string text;
    for (const EventChange& change : changes) {
        const auto minute = [](const std::optional<Timestamp>& t) {
            return t ? std::to_string((*t - at(0ms)).count() / 60'000) : std::string("-");
        };
        text += fmt::format("{} {} {} {}\n", change.who, change.what, minute(change.before), minute(change.after));
    }
    return text;
}

}  // namespace

TEST_CASE("rules are compared by what they mean", "[daemon][diff]") {
    CHECK(compared("  - {alert: A, expr: 'sum(up)   by(job) == 0', for: 300s}\n",
                   "  - alert: A\n    expr: |\n      sum by (job) (up)\n        == 0\n    for: 5m\n")
              .empty());
    CHECK(
        compared("  - {alert: A, expr: up == 0, for: 5m}\n  - {record: old, expr: up}\n",
                 "  - {alert: A, expr: up < 1, for: 10m, annotations: {summary: x}}\n  - {record: new, expr: up}\n") ==
        "added record new: \nremoved record old: \n"
        "changed alert A: expr: up == 0 -> up < 1; for: 5m -> 10m; annotations: {} -> {summary: \"x\"}\n");
}

TEST_CASE("an alert that has other labels now pages again", "[daemon][diff]") {
    CHECK(compared("  - {alert: A, expr: up == 0}\n", "  - {alert: A, expr: up == 0, labels: {severity: page}}\n") ==
          "changed alert A: labels: {} -> {severity: \"page\"} (pages again)\n");
    CHECK(compared("  - {alert: A, expr: sum by (job) (up) == 0}\n",
                   "  - {alert: A, expr: 'sum by (job, instance) (up) == 0'}\n") ==
          "changed alert A: expr: sum by (job) (up) == 0 -> sum by (job, instance) (up) == 0 (pages again)\n");
    CHECK(compared("  - {record: r, expr: up, labels: {a: b}}\n", "  - {record: r, expr: up}\n") ==
          "changed record r: labels: {a: \"b\"} -> {}\n");
}

TEST_CASE("rules of one name pair with those that are the same", "[daemon][diff]") {
    CHECK(compared("  - {alert: A, expr: up == 0}\n  - {alert: A, expr: up == 1}\n",
                   "  - {alert: A, expr: up == 1}\n  - {alert: A, expr: up == 0}\n  - {alert: A, expr: up == 2}\n") ==
          "added alert A: \n");
    const auto before = files_of("  - {alert: A, expr: up == 0}\n"),
               after = files_of("  - {alert: A, expr: up == 0}\n", "h");
    CHECK(text_of(compare_rules({before, 1min, {}}, {after, 30s, {}})) ==
          "changed alert A: interval: 1m -> 30s; group: g -> h\n");
}

TEST_CASE("an alert that takes another route is told with both", "[daemon][diff]") {
    const auto rules =
        files_of("  - {alert: A, expr: up == 0, labels: {severity: page}}\n  - {alert: B, expr: up == 0}\n");
    const auto before =
        routing_of("route: {receiver: mail, group_by: [alertname]}\nreceivers: [{name: mail}, {name: pager}]\n");
    const auto after = routing_of(
        "route: {receiver: mail, group_by: [alertname], routes: [{matchers: [severity=page], receiver: pager, "
        "group_wait: 0s}]}\n"
        "receivers: [{name: mail}, {name: pager}]\n");
    const auto changes = compare_routes({rules, 1min, {}, &before}, {rules, 1min, {}, &after});
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].alert == "A");
    CHECK(changes[0].before == "mail (by alertname, after 30s, every 5m, again after 4h)");
    CHECK(changes[0].after == "pager (by alertname, after 0s, every 5m, again after 4h)");
    CHECK(compare_routes({rules, 1min, {}, nullptr}, {rules, 1min, {}, &after}).empty());
}

TEST_CASE("alerts of one name are compared with those with the same labels", "[daemon][diff]") {
    const std::string page = "  - {alert: A, expr: up == 0, labels: {severity: page}}\n";
    const std::string warning = "  - {alert: A, expr: up == 1, labels: {severity: warning}}\n";
    const auto before = files_of(page + warning), after = files_of(warning + page);
    const auto routing = routing_of(
        "route: {receiver: mail, routes: [{matchers: [severity=page], receiver: pager}]}\n"
        "receivers: [{name: mail}, {name: pager}]\n");
    CHECK(compare_rules({before, 1min, {}}, {after, 1min, {}}).empty());
    CHECK(compare_routes({before, 1min, {}, &routing}, {after, 1min, {}, &routing}).empty());
    CHECK(compared(page + warning, "  - {alert: A, expr: up == 2, labels: {severity: warning}}\n" + page) ==
          "changed alert A: expr: up == 1 -> up == 2\n");
}

TEST_CASE("a group that looks further into the past is another one", "[daemon][diff]") {
    const auto of_group = [](const std::string& what) {
        auto file =
            parse_rule_file("groups: [{name: g, " + what + "rules: [{alert: A, expr: up == 0}]}]\n", "r.yml", {});
        REQUIRE(file);
        return std::vector<RuleFile>{*std::move(file)};
    };
    const auto plain = of_group(""), late = of_group("query_offset: 30s, ");
    CHECK(text_of(compare_rules({plain, 1min, {}}, {late, 1min, {}})) == "changed alert A: query_offset: 0s -> 30s\n");
    CHECK(compare_rules({plain, 1min, {}, nullptr, 30s}, {late, 1min, {}}).empty());
}

TEST_CASE("what happens at other times has moved, or is another one", "[daemon][diff]") {
    const std::vector<ReplayedEvent> base{
        {at(1min), "p", "x"}, {at(10min), "p", "x"}, {at(20min), "p", "gone"}, {at(300min), "p", "x"}};
    const std::vector<ReplayedEvent> head{
        {at(1min), "p", "x"}, {at(15min), "p", "x"}, {at(2min), "q", "x"}, {at(400min), "p", "x"}};
    CHECK(text_of(compare_events(base, head)) == "q x - 2\np x 10 15\np gone 20 -\np x 300 -\np x - 400\n");
    CHECK(compare_events(base, base).empty());
    CHECK(text_of(compare_events({}, {{at(1min), "", "y"}, {at(1min), "", "y"}})) == " y - 1\n y - 1\n");
}
