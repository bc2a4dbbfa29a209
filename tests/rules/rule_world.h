#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/virtual_scheduler.h"
#include "engine/scrape/scrape_manager.h"
#include "rules/rule_group.h"
#include "rules/rule_manager.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/recording_log.h"
#include "tests/fakes/recording_sink.h"
#include "tests/rules/rule_fixture.h"

namespace tocsin::fakes {

/// Everything that rules stand on, on virtual time, with targets that expose what a test says. It begins at
/// 1970-01-01T00:16:40, a multiple of 10, 20, 25 and 40 seconds.
struct RuleWorld {
    explicit RuleWorld(unsigned threads = 0, ScrapeOptions scrape = {})
        : executor(scheduler, threads),
          scrapes({scheduler, executor, http, resolver, disk, store, random, metrics, log}, std::move(scrape)) {}

    RuleManagerContext context() { return {scheduler, executor, store, scrapes, log, metrics, sink}; }

    /// The first group of a rule file, in force; `predecessor` as of RuleGroup.
    std::shared_ptr<RuleGroup> group_of(std::string_view file, const RuleSettings& settings = {},
                                        RuleGroup* predecessor = nullptr) {
        RuleGroupDefinition definition = groups_of(file).front();
        Diagnostics problems;
        GroupQueries queries = compile_rules(definition, store, settings.query, problems);
        REQUIRE(problems.empty());
        return std::make_shared<RuleGroup>(std::move(definition), std::move(queries), settings, context(), observers,
                                           predecessor);
    }

    /// One job of that name with targets at `http://<host>/metrics`; an interval of 0 leaves it to the rule groups.
    static std::shared_ptr<const ScrapeConfig> job(const std::string& name, const std::vector<std::string>& hosts,
                                                   Duration interval = Duration{0}) {
        ScrapeConfig config;
        config.job_name = name;
        if (interval > Duration{0}) config.scrape_interval = interval;
        TargetGroup group{.source = "0", .targets = {}, .labels = {}};
        for (const std::string& host : hosts) group.targets.push_back(LabelSet{{"__address__", host}});
        config.discoveries = {make_static_discovery(std::move(group))};
        return std::make_shared<const ScrapeConfig>(config);
    }

    static std::string url(const std::string& host) { return "http://" + host + "/metrics"; }
    static FakeAnswer answer(std::string body) {
        return FakeAnswer::ok(std::move(body)).header("Content-Type", "text/plain; version=0.0.4");
    }
    /// What the target answers from now on, after a while if need be.
    void expose(const std::string& host, const std::string& body, Duration delay = Duration{0}) {
        http.always(url(host), answer(body).after(delay));
    }

    /// When targets were polled: `host@seconds`, in seconds since the beginning.
    std::string polls() const {
        std::string shown;
        for (const auto& sent : http.sent()) {
            const std::string host = sent.request.url.substr(7, sent.request.url.find('/', 7) - 7);
            shown += (shown.empty() ? "" : " ") + host + "@" + format_value(seconds_since_start(sent.at));
        }
        return shown;
    }

    static double seconds_since_start(Timestamp t) { return static_cast<double>(to_unix_ms(t) - 1'000'000) / 1000; }

    /// What was told to the sink: `seconds: {labels} firing since … until …`, a line each, in seconds since the
    /// beginning.
    std::string told() const {
        std::string shown;
        for (const auto& batch : sink.batches()) {
            for (const Alert& alert : batch.alerts) {
                shown += fmt::format("{}{}: {} {} {}..{}", shown.empty() ? "" : "\n", seconds_since_start(batch.at),
                                     to_string(alert.labels), alert.resolved_at(batch.at) ? "resolved" : "firing",
                                     seconds_since_start(alert.starts_at), seconds_since_start(alert.ends_at));
            }
        }
        return shown;
    }

    /// The value of one of tocsin's own figures, as /metrics writes it; empty when there is none.
    std::string metric(const std::string& series) {
        const std::string page = "\n" + metrics.render();
        const auto line = page.find("\n" + series + " ");
        if (line == std::string::npos) return "";
        const auto value = line + series.size() + 2;
        return page.substr(value, page.find('\n', value) - value);
    }

    VirtualScheduler scheduler{from_unix_ms(1'000'000)};
    VirtualExecutor executor;
    RecordingLog log;
    SelfMetrics metrics;
    RecordingSink sink{&scheduler};
    std::shared_ptr<RuleObservers> observers = std::make_shared<RuleObservers>();
    Store store{StoreOptions{}};
    FakeHttpClient http{scheduler};
    FakeResolver resolver{scheduler};
    FakeDisk disk;
    SeededRandom random{1};
    ScrapeManager scrapes;
};

}  // namespace tocsin::fakes
