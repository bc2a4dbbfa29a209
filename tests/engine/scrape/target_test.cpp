#include "engine/scrape/target.h"

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

ScrapeConfig config_with(void (*change)(ScrapeConfig&) = nullptr) {
    ScrapeConfig config;
    config.job_name = "node";
    config.scrape_interval = 15s;
    if (change != nullptr) change(config);
    return config;
}

RelabelConfig step(RelabelFields fields) {
    return *RelabelConfig::create(std::move(fields));
}

PopulatedTargets populate(const LabelSet& target, const ScrapeConfig& config, const LabelSet& group = {}) {
    return populate_targets({.source = "s", .targets = {target}, .labels = group}, config);
}

}  // namespace

TEST_CASE("a target gets its labels from the group, the job and its address", "[engine][scrape][target]") {
    const auto found = populate({{"__address__", "host:9100"}, {"env", "prod"}, {"__meta_x", "y"}, {"__tmp", "z"}},
                                config_with(), {{"env", "test"}, {"zone", "a"}});
    REQUIRE(found.targets.size() == 1);
    const Target& target = found.targets[0];
    CHECK(to_string(target.labels) == R"({env="prod", instance="host:9100", job="node", zone="a"})");
    CHECK(to_string(target.discovered_labels) ==
          R"({__address__="host:9100", __meta_x="y", __metrics_path__="/metrics", __scheme__="http", )"
          R"(__scrape_interval__="15s", __scrape_timeout__="10s", __tmp="z", env="prod", job="node", zone="a"})");
    CHECK(target.url == "http://host:9100/metrics");
    CHECK(target.interval == Duration(15s));
    CHECK(target.timeout == Duration(10s));
}

TEST_CASE("relabelling decides where and how often a target is scraped", "[engine][scrape][target]") {
    auto config = config_with([](ScrapeConfig& c) {
        c.scrape_interval.reset();
        c.params = {{"module", {"http_2xx", "second"}}, {"a b", {"&"}}};
        c.relabel_configs = {
            step({.source_labels = {"__address__"}, .target_label = "__param_target"}),
            step({.source_labels = {"__address__"}, .target_label = "instance", .replacement = "probe of $1"}),
            step({.target_label = "__address__", .replacement = "blackbox:9115"}),
            step({.target_label = "__metrics_path__", .replacement = "probe it?"}),
            step({.target_label = "__scheme__", .replacement = "https"}),
            step({.target_label = "__param_module", .replacement = "icmp"}),
            step({.target_label = "__scrape_timeout__", .replacement = "3s"}),
            step({.target_label = "job", .replacement = "other"}),
        };
    });
    auto found = populate({{"__address__", "example.com"}}, config);
    REQUIRE(found.targets.size() == 1);
    CHECK(found.targets[0].url ==
          "https://blackbox:9115/probe%20it%3F?a+b=%26&module=icmp&module=second&target=example.com");
    CHECK(to_string(found.targets[0].labels) == R"({instance="probe of example.com", job="other"})");
    CHECK_FALSE(found.targets[0].interval);
    CHECK(found.targets[0].timeout == Duration(3s));

    config.relabel_configs.push_back(step({.target_label = "__scrape_interval__", .replacement = "30s"}));
    CHECK(populate({{"__address__", "example.com"}}, config).targets[0].interval == Duration(30s));
}

TEST_CASE("targets that relabelling drops are told apart from those that are wrong", "[engine][scrape][target]") {
    struct Case {
        LabelSet target;
        RelabelFields step;
        std::string failure;  // empty: dropped
    };
    const auto [target, fields, failure] = GENERATE(values<Case>({
        {{{"__address__", "a"}}, {.source_labels = {"job"}, .regex = "node", .action = RelabelAction::Drop}, ""},
        {{{"x", "y"}}, {.target_label = "z"}, "instance 0 in group s: no address"},
        {{{"__address__", "a/b"}}, {.target_label = "z"}, "instance 0 in group s: \"a/b\" is not a valid hostname"},
        {{{"__address__", "a"}},
         {.target_label = "__scrape_timeout__", .replacement = "20s"},
         "instance 0 in group s: scrape timeout cannot be greater than scrape interval (\"20s\" > \"15s\")"},
        {{{"__address__", "a"}},
         {.target_label = "__scrape_interval__", .replacement = "0s"},
         "instance 0 in group s: scrape interval cannot be 0"},
        {{{"__address__", "a"}},
         {.target_label = "__scrape_interval__", .replacement = "soon"},
         "instance 0 in group s: error parsing scrape interval: not a valid duration string: \"soon\""},
    }));
    auto config = config_with();
    config.relabel_configs = {step(fields)};
    const auto found = populate(target, config);
    CHECK(found.targets.empty());
    CHECK(found.dropped.size() == (failure.empty() ? 1 : 0));
    CHECK(found.failures == (failure.empty() ? std::vector<std::string>{} : std::vector<std::string>{failure}));
}
