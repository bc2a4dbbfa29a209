#include "notifiers/route.h"

#include "notifiers/config.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

using Lines = std::vector<std::string>;

AlertmanagerConfig config_of(const std::string& routes) {
    auto config = parse_alertmanager_config(
        "route:\n" + routes + "\nreceivers: [{name: r}, {name: a}, {name: b}, {name: c}, {name: d}]\n", "am.yml");
    if (!config) FAIL(to_string(config.error().front()));
    return *std::move(config);
}

Lines receivers(const RouteTree& tree, const LabelSet& labels) {
    Lines out;
    for (const Route* route : tree.match(labels)) out.push_back(route->options.receiver);
    return out;
}

constexpr const char* kTree = R"(
  receiver: r
  group_by: [x]
  group_wait: 1s
  routes:
  - receiver: a
    matchers: [team=a]
    continue: true
    routes:
    - {receiver: b, matchers: [severity=page]}
    - {receiver: c, matchers: [severity=page]}
  - receiver: d
    match: {team: a}
    match_re: {env: 'prod|stag.*'}
    group_by: []
  - {matchers: [team=b], group_by: ['...'], group_wait: 5s}
)";

TEST_CASE("an alert takes the first child that matches, and the next ones after those that continue",
          "[notifiers][route]") {
    const RouteTree tree(config_of(kTree).route);
    struct Case {
        LabelSet labels;
        Lines receivers;
    };
    const std::vector<Case> cases = {
        {{}, {"r"}},
        {{{"team", "x"}}, {"r"}},
        {{{"team", "a"}}, {"a"}},
        {{{"team", "a"}, {"severity", "page"}}, {"b"}},
        {{{"team", "a"}, {"env", "prod"}}, {"a", "d"}},
        {{{"team", "a"}, {"env", "staging"}, {"severity", "page"}}, {"b", "d"}},
        {{{"team", "a"}, {"env", "xprod"}}, {"a"}},
        {{{"team", "b"}}, {"r"}},
    };
    for (const Case& expected : cases) CHECK(receivers(tree, expected.labels) == expected.receivers);
}

TEST_CASE("keys and ids of routes are Alertmanager's", "[notifiers][route]") {
    const RouteTree tree(config_of(kTree).route);
    Lines keys, ids, identities;
    for (const Route* route : tree.routes()) {
        keys.push_back(route->key);
        ids.push_back(route->id);
        identities.push_back(route->identity);
    }
    CHECK(keys == Lines{"{}", R"({}/{team="a"})", R"({}/{team="a"}/{severity="page"})",
                        R"({}/{team="a"}/{severity="page"})", R"({}/{env=~"^(?:prod|stag.*)$",team="a"})",
                        R"({}/{team="b"})"});
    CHECK(ids == Lines{"{}", R"({}/{team="a"}/0)", R"({}/{team="a"}/0/{severity="page"}/0)",
                       R"({}/{team="a"}/0/{severity="page"}/1)", R"({}/{env=~"^(?:prod|stag.*)$",team="a"}/1)",
                       R"({}/{team="b"}/2)"});
    CHECK(identities[2] == R"({}/{team="a"}/{severity="page"})");
    CHECK(identities[3] == R"({}/{team="a"}/{severity="page"}#1)");
    CHECK(tree.find_identity(identities[3])->options.receiver == "c");
    CHECK(tree.find_identity("nothing") == nullptr);
}

TEST_CASE("a group is the labels of group_by that the alert has", "[notifiers][route]") {
    const RouteTree tree(config_of(kTree).route);
    const LabelSet alert{{"alertname", "n"}, {"x", "1"}};
    CHECK(tree.root().group_labels(alert) == LabelSet{{"x", "1"}});
    CHECK(tree.root().group_labels(LabelSet{{"alertname", "n"}}) == LabelSet{});
    CHECK(tree.root().children[1]->group_labels(alert) == LabelSet{});
    CHECK(tree.root().children[2]->group_labels(alert) == alert);
}

TEST_CASE("the key of a group is Alertmanager's", "[notifiers][route]") {
    const RouteTree tree(config_of("  receiver: r\n  routes: [{matchers: [severity=critical]}]").route);
    CHECK(group_key(tree.root(), {{"cluster", "eu"}, {"alertname", "HighErr"}}) ==
          R"({}:{alertname="HighErr", cluster="eu"})");
    CHECK(group_key(*tree.root().children[0], {{"alertname", "a\"\n"}}) ==
          R"({}/{severity="critical"}:{alertname="a\"\n"})");
    CHECK(group_key(tree.root(), {}) == "{}:{}");
}

TEST_CASE("what a route does not say it has from its parent, and the root from Alertmanager", "[notifiers][route]") {
    const RouteTree defaults(config_of("  receiver: r").route);
    CHECK(defaults.root().options.group_wait == std::chrono::seconds(30));
    CHECK(defaults.root().options.group_interval == std::chrono::minutes(5));
    CHECK(defaults.root().options.repeat_interval == std::chrono::hours(4));

    const RouteTree tree(config_of(kTree).route);
    CHECK(tree.root().children[0]->options.group_wait == std::chrono::seconds(1));
    CHECK(tree.root().children[2]->options.group_wait == std::chrono::seconds(5));
    CHECK(tree.root().children[0]->options.group_by == Lines{"x"});
    CHECK(tree.root().children[2]->options.receiver == "r");
}

TEST_CASE("route labels are merged from parent to child", "[notifiers][route]") {
    const RouteTree tree(
        config_of("  receiver: r\n  labels: {a: '1', b: '2'}\n  routes: [{labels: {b: '3', c: '4'}}]").route);
    std::string labels;
    for (const auto& [name, value] : tree.root().children[0]->options.labels) labels += name + value.text;
    CHECK(labels == "a1b3c4");
}

}  // namespace
}  // namespace tocsin
