#include "notifiers/route_walk.h"

#include <fmt/format.h>

#include "notifiers/config.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

using Lines = std::vector<std::string>;

RouteTree tree_of(const std::string& routes) {
    auto config = parse_alertmanager_config(
        "route:\n" + routes + "\nreceivers: [{name: r}, {name: a}, {name: b}, {name: c}]\n", "am.yml");
    if (!config) FAIL(to_string(config.error().front()));
    return RouteTree(config->route);
}

/// `1 a refused: team="a"`
std::string line_of(const RouteVisit& visit) {
    static constexpr const char* kVerdicts[] = {"taken", "handed on", "refused", "not reached"};
    std::string line = fmt::format("{} {} {}", visit.depth, visit.route->options.receiver,
                                   kVerdicts[static_cast<std::size_t>(visit.verdict)]);
    for (const Matcher* matcher : visit.failed) line += " " + to_string(*matcher);
    if (visit.stopped_by != nullptr) line += " after " + visit.stopped_by->options.receiver;
    return line;
}

Lines walk(const RouteTree& tree, const LabelSet& labels) {
    Lines lines;
    for (const RouteVisit& visit : walk_routes(tree, labels)) lines.push_back(line_of(visit));
    return lines;
}

constexpr const char* kTree = R"(
  receiver: r
  routes:
  - receiver: a
    matchers: [team=a, severity=~"page|warn"]
    routes: [{receiver: b, matchers: [severity=page]}]
  - {receiver: b, matchers: [team!=""], continue: true}
  - {receiver: c, matchers: [team=~".+"]}
  - {receiver: b}
)";

TEST_CASE("the way of an alert is told node by node, with the matchers that do not hold", "[notifiers][route_walk]") {
    const RouteTree tree = tree_of(kTree);
    CHECK(walk(tree, {{"team", "a"}, {"severity", "page"}}) ==
          Lines{"0 r handed on", "1 a handed on", "2 b taken", "1 b not reached after a", "1 c not reached after a",
                "1 b not reached after a"});
    CHECK(walk(tree, {{"team", "a"}, {"severity", "warn"}})[1] == "1 a taken");
    CHECK(walk(tree, {{"team", "x"}}) == Lines{"0 r handed on", R"(1 a refused severity=~"page|warn" team="a")",
                                               "1 b taken", "1 c taken", "1 b not reached after c"});
    CHECK(walk(tree_of("  receiver: r\n  routes: [{receiver: a, matchers: [x=y]}]"), {}) ==
          Lines{"0 r taken", R"(1 a refused x="y")"});
}

TEST_CASE("those that take an alert on its way are its routes", "[notifiers][route_walk]") {
    const RouteTree tree = tree_of(kTree);
    for (const auto* team : {"", "a", "b"}) {
        for (const auto* severity : {"", "page", "warn", "info"}) {
            const LabelSet labels{{"team", team}, {"severity", severity}};
            CAPTURE(to_string(labels));
            std::vector<const Route*> taken;
            for (const RouteVisit& visit : walk_routes(tree, labels)) {
                if (visit.verdict == RouteVisit::Verdict::Taken) taken.push_back(visit.route);
            }
            CHECK(taken == tree.match(labels));
        }
    }
}

}  // namespace
}  // namespace tocsin
