#include "engine/scrape/scrape_manager.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/random.h"
#include "base/sample.h"
#include "base/text.h"
#include "base/virtual_scheduler.h"
#include "engine/store/scrape_log.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/recording_log.h"

using namespace tocsin;
using namespace std::chrono_literals;
using fakes::FakeAnswer;

namespace {

Timestamp at(int seconds) {
    return from_unix_ms(1000 * seconds);
}

FakeAnswer text(std::string body) {
    return FakeAnswer::ok(std::move(body)).header("Content-Type", "text/plain; version=0.0.4");
}

class CountingExecutor final : public Executor {
public:
    explicit CountingExecutor(Executor& under) : under_(under) {}
    void run(std::function<void()> work, std::function<void()> done) override {
        ++runs_;
        under_.run(std::move(work), std::move(done));
    }
    /// Since the last time.
    int take_runs() { return std::exchange(runs_, 0); }

private:
    Executor& under_;
    int runs_ = 0;
};

/// Everything a ScrapeManager needs, on virtual time, and one job with static targets.
struct Rig {
    explicit Rig(StoreOptions store_options = {.keep_all = true, .retention = 10min}, ScrapeOptions options = {},
                 unsigned thread_count = 0)
        : threads(scheduler, thread_count), store(store_options) {
        scheduler.advance_to(at(1000));
        manager = std::make_unique<ScrapeManager>(
            ScrapeManager::Context{scheduler, executor, http, resolver, disk, store, random, metrics, log}, options);
        config.job_name = "j";
        config.scrape_interval = 15s;
    }

    /// With a log of scrapes from here on, and what it holds.
    void keep_log() {
        scrape_log =
            std::make_unique<ScrapeLog>(ScrapeLog::Context{scheduler, executor, disk, log, metrics}, "/data/scrapes");
        scrape_log->open();
        manager->keep_in(*scrape_log);
    }

    void apply(std::vector<std::string> addresses) {
        TargetGroup group{.source = "0", .targets = {}, .labels = {}};
        for (const std::string& address : addresses) group.targets.push_back(LabelSet{{"__address__", address}});
        config.discoveries = {make_static_discovery(std::move(group))};
        manager->apply({std::make_shared<const ScrapeConfig>(config)});
    }

    /// Polls all targets at a tick that is now, and lets time pass until they are done.
    void tick(Duration wait = 10s) {
        bool done = false;
        manager->poll(scheduler.now(), manager->targets(), [&] { done = true; });
        scheduler.advance(wait);
        CHECK(done);
    }
    void answer(const std::string& body, const std::string& host = "a") {
        http.always("http://" + host + "/metrics", text(body));
    }
    /// One tick each 15 s.
    void scrape(const std::string& body) {
        answer(body);
        tick();
        scheduler.advance(5s);
    }

    /// The samples of a series, oldest first: `1 2 stale`.
    std::string series(const std::string& name, const std::string& more = "") const {
        std::string found;
        store.for_each_series({Matcher::equal("__name__", name)}, [&](const LabelSet& labels, const Timeline& timeline,
                                                                      ColumnIndex column) {
            if (!more.empty() && to_string(labels).find(more) == std::string::npos) return true;
            for (std::size_t row = 0; row < timeline.rows(); ++row) {
                const double value = timeline.at(row, column);
                if (is_absent(value)) continue;
                found += (found.empty() ? "" : " ") + (is_stale(value) ? "stale" : format_value(value));
            }
            return true;
        });
        return found;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        store.for_each_series({}, [&](const LabelSet& labels, const Timeline&, ColumnIndex) {
            all.push_back(to_string(labels));
            return true;
        });
        std::ranges::sort(all);
        return all;
    }
    TargetStatus status() const { return manager->status().at(0); }
    double metric(const std::string& name) { return metrics.counter(name, "").get(); }

    VirtualScheduler scheduler;
    VirtualExecutor threads;
    CountingExecutor executor{threads};
    fakes::FakeHttpClient http{scheduler};
    fakes::FakeResolver resolver{scheduler};
    fakes::FakeDisk disk;
    Store store;
    SeededRandom random{1};
    SelfMetrics metrics;
    fakes::RecordingLog log;
    ScrapeConfig config;
    std::unique_ptr<ScrapeLog> scrape_log;
    std::unique_ptr<ScrapeManager> manager;
};

}  // namespace

TEST_CASE("a scrape is a row with the timestamp of its tick", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.http.always("http://a/metrics", text("x{y=\"1\"} 1\nx{y=\"2\"} 2\n").after(2s));
    rig.tick();
    CHECK(rig.names() == std::vector<std::string>{
                             R"(scrape_duration_seconds{instance="a", job="j"})",
                             R"(scrape_samples_post_metric_relabeling{instance="a", job="j"})",
                             R"(scrape_samples_scraped{instance="a", job="j"})",
                             R"(scrape_series_added{instance="a", job="j"})",
                             R"(up{instance="a", job="j"})",
                             R"(x{instance="a", job="j", y="1"})",
                             R"(x{instance="a", job="j", y="2"})",
                         });
    CHECK(rig.series("x") == "1 2");
    CHECK(rig.series("up") == "1");
    CHECK(rig.series("scrape_duration_seconds") == "2");
    CHECK(rig.series("scrape_samples_scraped") == "2");
    CHECK(rig.series("scrape_samples_post_metric_relabeling") == "2");
    CHECK(rig.series("scrape_series_added") == "2");
    REQUIRE(rig.manager->timelines(rig.manager->targets()[0]).size() == 1);
    const Timeline& timeline = rig.store.timeline(rig.manager->timelines(rig.manager->targets()[0])[0]);
    CHECK(timeline.rows() == 1);
    CHECK(timeline.time(0) == at(1000));
    const TargetStatus status = rig.status();
    CHECK(status.health == TargetHealth::Up);
    CHECK(status.last_scrape == at(1000));
    CHECK(status.last_duration == Duration(2s));
    CHECK(status.last_samples == 2);
    CHECK(status.interval == Duration(15s));
    CHECK(status.url == "http://a/metrics");
}

TEST_CASE("only what a rule wants is stored", "[engine][scrape][manager]") {
    Rig rig(StoreOptions{});
    rig.apply({"a"});
    auto up = rig.store.select({Matcher::equal("__name__", "up")}, 5min);
    auto one = rig.store.select({Matcher::equal("__name__", "x"), Matcher::equal("y", "1")}, 5min);
    rig.scrape("x{y=\"1\"} 1\nx{y=\"2\"} 2\nz 3\n");
    CHECK(rig.names() ==
          std::vector<std::string>{R"(up{instance="a", job="j"})", R"(x{instance="a", job="j", y="1"})"});
    // A rule that comes later finds its series from the next scrape on.
    auto later = rig.store.select({Matcher::equal("__name__", "z")}, 5min);
    rig.scrape("x{y=\"1\"} 4\nx{y=\"2\"} 5\nz 6\n");
    CHECK(rig.series("z") == "6");
    CHECK(rig.series("x") == "1 4");
    CHECK(later.get().size() == 1);
    CHECK(rig.metric("tocsin_scrape_lines_skipped_total") == 1);
}

TEST_CASE("a series that vanishes ends with a stale marker", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.scrape("x 1\ny 1\n");
    rig.scrape("y 2\n");
    rig.scrape("y 3\n");
    CHECK(rig.series("x") == "1 stale");
    rig.scrape("x 4\ny 4\n");
    CHECK(rig.series("x") == "1 stale 4");
    CHECK(rig.series("y") == "1 2 3 4");
}

TEST_CASE("a failed scrape ends all series of its target and up is 0", "[engine][scrape][manager]") {
    struct Case {
        std::string name;
        FakeAnswer answer;
        std::string error;
    };
    const auto [name, answer, error] = GENERATE(values<Case>({
        {"status", FakeAnswer::with_status(503), "server returned HTTP status 503 Service Unavailable"},
        {"no content type", FakeAnswer::ok("x 1\n"),
         "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target"},
        {"other content type", FakeAnswer::ok("x 1\n").header("Content-Type", "text/html"),
         "received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol specified for target"},
        {"syntax", text("x 1\ny?\n"),
         "line 2: strconv.ParseFloat: parsing \"?\": invalid syntax while parsing: \"y?\""},
        {"open metrics without end",
         FakeAnswer::ok("x 1\n").header("Content-Type", "application/openmetrics-text; version=1.0.0"),
         "line 2: data does not end with # EOF"},
    }));
    CAPTURE(name);
    Rig rig;
    rig.apply({"a"});
    rig.scrape("x 1\n");
    rig.http.always("http://a/metrics", answer);
    rig.tick();
    rig.scheduler.advance(5s);
    rig.tick();
    rig.scheduler.advance(5s);
    CHECK(rig.status().health == TargetHealth::Down);
    CHECK(rig.status().last_error == error);
    CHECK(rig.series("x") == "1 stale");
    CHECK(rig.series("up") == "1 0 0");
    rig.scrape("x 2\n");
    CHECK(rig.series("x") == "1 stale 2");
    CHECK(rig.series("up") == "1 0 0 1");
    CHECK(rig.status().last_error.empty());
}

TEST_CASE("connection errors and time-outs fail a scrape with their reason", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.http.always("http://a/metrics", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    rig.tick(11s);
    CHECK(rig.series("up") == "0");
    CHECK(rig.series("scrape_duration_seconds") == "10");
    CHECK(rig.status().last_error.find("timed out") != std::string::npos);
    rig.http.always("http://a/metrics", FakeAnswer::fails(FakeAnswer::Fault::Refused));
    rig.tick();
    CHECK(rig.status().last_error.find("refused") != std::string::npos);
}

TEST_CASE("a target that was gone for longer than its samples are kept comes back", "[engine][scrape][manager]") {
    Rig rig(StoreOptions{});
    rig.apply({"a"});
    auto x = rig.store.select({Matcher::equal("__name__", "x")}, 1min);
    rig.scrape("x{y=\"1\"} 1\nx{y=\"2\"} 2\n");
    rig.http.always("http://a/metrics", FakeAnswer::with_status(500));
    for (int i = 0; i < 60; ++i) {
        rig.tick();
        rig.scheduler.advance(5s);
        rig.store.collect_garbage(rig.scheduler.now());
    }
    CHECK(rig.store.stats().series == 0);
    rig.scrape("x{y=\"1\"} 3\nx{y=\"2\"} 4\n");
    CHECK(rig.series("x") == "3 4");
    CHECK(x.get().size() == 2);
}

TEST_CASE("a fallback protocol reads what announces nothing", "[engine][scrape][manager]") {
    Rig rig;
    rig.config.fallback_scrape_protocol = ScrapeProtocol::PrometheusText0_0_4;
    rig.apply({"a"});
    rig.http.always("http://a/metrics", FakeAnswer::ok("x 1\n"));
    rig.tick();
    CHECK(rig.series("x") == "1");
}

TEST_CASE("the request says what is understood and how long is waited", "[engine][scrape][manager]") {
    Rig rig({}, ScrapeOptions{.version = "1.2.3"});
    rig.config.scrape_timeout = 2500ms;
    rig.config.access.basic_auth = HttpAccess::BasicAuth{{Secret("user"), {}}, {Secret("secret"), {}}};
    rig.config.access.headers = {{"X-Scope", {Secret("tenant"), {}}}};
    rig.apply({"a"});
    rig.answer("");
    rig.tick();
    REQUIRE(rig.http.sent().size() == 1);
    const HttpRequest& request = rig.http.sent()[0].request;
    CHECK(request.timeout == Duration(2500ms));
    CHECK(request.label == "target j/a");
    CHECK(find_header(request.headers, "Accept") ==
          "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
          "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
          "text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
    CHECK(find_header(request.headers, "Accept-Encoding") == "gzip");
    CHECK(find_header(request.headers, "User-Agent") == "tocsin/1.2.3");
    CHECK(find_header(request.headers, "X-Prometheus-Scrape-Timeout-Seconds") == "2.5");
    CHECK(find_header(request.headers, "Authorization") == "Basic dXNlcjpzZWNyZXQ=");
    CHECK(find_header(request.headers, "X-Scope") == "tenant");
}

TEST_CASE("a token in a file is read again after a minute", "[engine][scrape][manager]") {
    Rig rig;
    rig.config.access.authorization = HttpAccess::Authorization{"Bearer", {{}, "/token"}};
    rig.apply({"a"});
    rig.answer("");
    rig.tick();
    CHECK(rig.status().last_error.find("unable to read authorization credentials file /token") == 0);
    CHECK(rig.http.sent().empty());
    REQUIRE(write_file_atomically(rig.disk, "/token", "one\n"));
    rig.tick();
    CHECK(find_header(rig.http.sent().back().request.headers, "Authorization") == "Bearer one");
    REQUIRE(write_file_atomically(rig.disk, "/token", "two\n"));
    rig.tick();
    CHECK(find_header(rig.http.sent().back().request.headers, "Authorization") == "Bearer one");
    rig.scheduler.advance(1min);
    rig.tick();
    CHECK(find_header(rig.http.sent().back().request.headers, "Authorization") == "Bearer two");
}

TEST_CASE("samples with timestamps have rows of their own", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.scrape("x 1 999000\ny 1\n");
    CHECK(rig.series("x") == "1");
    rig.scrape("x 1 999000\ny 2\n");  // the same again is no news
    rig.scrape("x 2 1010000\ny 3\n");
    rig.scrape("x 9 1005000\ny 4\n");  // older than the last one
    rig.scrape("x 8 1010000\ny 5\n");  // another value at the same time
    rig.scrape("x 7 9999000\ny 6\n");  // too far ahead
    CHECK(rig.series("x") == "1 2");
    CHECK(rig.series("y") == "1 2 3 4 5 6");
    CHECK(rig.metric("prometheus_target_scrapes_sample_out_of_order_total") == 1);
    CHECK(rig.metric("prometheus_target_scrapes_sample_duplicate_timestamp_total") == 1);
    CHECK(rig.metric("prometheus_target_scrapes_sample_out_of_bounds_total") == 1);
    rig.scrape("y 7\n");
    CHECK(rig.series("x") == "1 2");  // no stale marker: nobody says when it ended
    rig.scrape("x 3 1100000\ny 8\n");
    CHECK(rig.series("x") == "1 2 3");
}

TEST_CASE("a series may begin to have timestamps and lose them again", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.scrape("x 1\n");
    rig.scrape("x 2 1010000\n");
    rig.scrape("x 3\n");
    CHECK(rig.series("x") == "1 2 3");
    CHECK(rig.manager->timelines(rig.manager->targets()[0]).size() == 2);
}

TEST_CASE("tracked timestamps get stale markers", "[engine][scrape][manager]") {
    Rig rig;
    rig.config.track_timestamps_staleness = true;
    rig.apply({"a"});
    rig.scrape("x 1 999000\ny 1\n");
    rig.scrape("y 2\n");
    CHECK(rig.series("x") == "1 stale");
}

TEST_CASE("timelines of vanished series with timestamps are given back", "[engine][scrape][manager]") {
    Rig rig({.keep_all = true, .retention = 1min});
    rig.apply({"a"});
    rig.scrape("x 1 999000\ny 1\n");
    CHECK(rig.store.stats().timelines == 2);
    for (int i = 0; i < 30; ++i) {
        rig.scrape("y 2\n");
        rig.store.collect_garbage(rig.scheduler.now());
    }
    CHECK(rig.store.stats().timelines == 1);
    rig.scrape("x 1 1400000\ny 1\n");  // too old for anybody
    CHECK(rig.series("x").empty());
    rig.scrape("x 1 1470000\ny 1\n");  // its labels are needed: from the next scrape on
    rig.scrape("x 1 1490000\ny 1\n");
    CHECK(rig.series("x") == "1");
}

TEST_CASE("what the body says about up yields to the scrape", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.scrape("up 0\nx 1\n");
    rig.scrape("up 0\nx 1\n");
    CHECK(rig.series("up") == "1 1");
    CHECK(rig.metric("prometheus_target_scrapes_sample_duplicate_timestamp_total") == 2);
}

TEST_CASE("a rule that looks far back does not keep the rest of the target", "[engine][scrape][manager]") {
    Rig rig(StoreOptions{});
    rig.apply({"a"});
    auto near = rig.store.select({Matcher::equal("__name__", "near")}, 1min);
    auto far = rig.store.select({Matcher::equal("__name__", "far")}, 2h);
    for (int i = 0; i < 300; ++i) rig.scrape("near 1\nfar 2\n");
    const auto timelines = rig.manager->timelines(rig.manager->targets()[0]);
    REQUIRE(timelines.size() == 2);
    CHECK(rig.store.timeline(timelines[0]).rows() == 6);
    CHECK(rig.store.timeline(timelines[1]).rows() == 300);
    // Now the other one is wanted for long, too: it takes what there is of it along.
    auto longer = rig.store.select({Matcher::equal("__name__", "near")}, 2h);
    rig.scrape("near 1\nfar 2\n");
    REQUIRE(near.get().runs().size() == 1);
    CHECK(near.get().runs()[0].timeline == &rig.store.timeline(timelines[1]));
    CHECK(rig.series("near") == "1 1 1 1 1 1 1");
}

TEST_CASE("a frozen store gets the samples when it thaws", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.answer("x 1\n");
    rig.store.freeze();
    bool done = false;
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), [&] { done = true; });
    rig.scheduler.advance(5s);
    CHECK_FALSE(done);
    CHECK(rig.names().empty());
    rig.store.thaw();
    CHECK(done);
    CHECK(rig.series("x") == "1");
}

TEST_CASE("columns that move while a body is read do not mix up series", "[engine][scrape][manager]") {
    Rig rig(StoreOptions{});
    rig.apply({"a"});
    auto x = rig.store.select({Matcher::equal("__name__", "x")}, 1min);
    std::string many;
    for (int i = 0; i < 500; ++i) many += "x{i=\"" + std::to_string(i) + "\"} " + std::to_string(i) + "\n";
    const std::string few = "x{i=\"7\"} 7\nx{i=\"490\"} 490\nx{i=\"491\"} 491\n";
    rig.scrape(many);
    for (int i = 0; i < 12; ++i) rig.scrape(few);
    CHECK(rig.store.stats().series == 500);
    const TimelineId timeline = rig.manager->timelines(rig.manager->targets()[0])[0];
    const auto moved = rig.store.layout_generation(timeline).moved;
    // The garbage is collected between reading and commit.
    rig.store.freeze();
    rig.store.when_thawed([&] { rig.store.collect_garbage(rig.scheduler.now()); });
    bool done = false;
    rig.answer(few);
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), [&] { done = true; });
    rig.scheduler.advance(1s);
    CHECK_FALSE(done);
    rig.store.thaw();
    rig.scheduler.settle();
    CHECK(done);
    CHECK(rig.store.layout_generation(timeline).moved != moved);
    CHECK(rig.store.timeline(timeline).columns() == 3);
    REQUIRE(x.get().size() == 3);
    for (const std::string i : {"7", "490", "491"}) {
        CHECK(rig.series("x", "i=\"" + i + "\"") == i + " " + i + " " + i + " " + i + " " + i + " " + i);
    }
}

TEST_CASE("a small body with the lines of the one before is read where it comes", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    const auto runs_of = [&rig](const std::string& body) {
        rig.scrape(body);
        return rig.executor.take_runs();
    };
    CHECK(runs_of("x 1\n") == 1);
    CHECK(runs_of("x 2\n") == 1);
    CHECK(runs_of("x 3\n") == 0);
    CHECK(runs_of("x 4\ny 1\n") == 1);
    CHECK(runs_of("x 5\ny 2\n") == 1);
    CHECK(runs_of("x 6\ny 3\n") == 0);
    CHECK(runs_of("x nonsense\n") == 1);
    CHECK(rig.series("x") == "1 2 3 4 5 6 stale");
    CHECK(rig.series("y") == "1 2 3 stale");
    const std::string large = "x 1\n#" + std::string(256 * 1024, ' ') + "\n";
    for (int i = 0; i < 3; ++i) CHECK(runs_of(large) == 1);
}

TEST_CASE("two targets with the same series do not mix them", "[engine][scrape][manager]") {
    Rig rig;
    rig.config.honor_labels = true;
    rig.apply({"a", "b"});
    const std::string body = "x{instance=\"same\",job=\"same\"} ";
    rig.answer(body + "1\n", "a");
    rig.answer(body + "2\n", "b");
    rig.tick();
    rig.scheduler.advance(5s);
    rig.tick();
    CHECK(rig.series("x") == "1 1");
    CHECK(rig.metric("tocsin_scrape_series_refused_total") == 2);
    rig.http.always("http://a/metrics", FakeAnswer::with_status(500));
    rig.scheduler.advance(5s);
    rig.tick();
    CHECK(rig.series("x") == "2");
}

TEST_CASE("syncs are counted by job, for as long as there is the job", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.apply({"a", "b"});
    const std::string text = rig.metrics.render();
    CHECK_THAT(text, Catch::Contains("prometheus_target_scrape_pools_total 1\n"));
    CHECK_THAT(text, Catch::Contains("prometheus_target_scrape_pool_sync_total{scrape_job=\"j\"} 2\n"));
    CHECK_THAT(text, Catch::Contains("prometheus_target_sync_length_seconds_count{scrape_job=\"j\"} 2\n"));
    rig.manager->apply({});
    CHECK(rig.metrics.render().find("scrape_job=\"j\"") == std::string::npos);
}

TEST_CASE("a reload keeps the samples of targets that stay and forgets the others", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a", "b"});
    rig.answer("x 1\n", "a");
    rig.answer("x 2\n", "b");
    rig.tick();
    const TargetId a = rig.manager->targets()[0];
    rig.scheduler.advance(5s);
    rig.apply({"a", "c"});
    rig.answer("x 3\n", "c");
    REQUIRE(rig.manager->targets().size() == 2);
    CHECK(rig.manager->targets()[0] == a);
    CHECK(rig.series("x") == "1");
    CHECK(rig.status().health == TargetHealth::Up);
    rig.tick();
    CHECK(rig.series("x") == "1 1 3");
    CHECK(rig.store.stats().timelines == 2);
    CHECK(rig.metric("tocsin_scrape_prefix_misses_total") == 3);
}

TEST_CASE("a target that moves to another place goes on with its series", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.scrape("x 1\n");
    rig.config.metrics_path = "/other";
    rig.apply({"a"});
    rig.http.always("http://a/other", text("x 2\n"));
    rig.tick();
    CHECK(rig.series("x") == "1 2");
}

TEST_CASE("a reload during a poll cancels what is gone and tells those who wait", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a", "b"});
    rig.answer("x 1\n", "a");
    rig.http.always("http://b/metrics", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    bool done = false;
    bool ready = false;
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), [&] { done = true; });
    rig.manager->when_polled(rig.manager->targets(), [&] { ready = true; });
    rig.scheduler.advance(1s);
    CHECK_FALSE(done);
    rig.apply({"a"});
    CHECK(done);
    CHECK(ready);
    CHECK(rig.http.in_flight() == 0);
}

TEST_CASE("at most so many targets are asked at once", "[engine][scrape][manager]") {
    Rig rig({}, ScrapeOptions{.concurrency_max = 3});
    std::vector<std::string> hosts;
    for (int i = 0; i < 10; ++i) {
        hosts.push_back("h" + std::to_string(i));
        rig.http.always("http://" + hosts.back() + "/metrics", text("x 1\n").after(1s));
    }
    rig.apply(hosts);
    bool done = false;
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), [&] { done = true; });
    for (int i = 0; i < 4; ++i) {
        CHECK(rig.http.in_flight() <= 3);
        CHECK_FALSE(done);
        rig.scheduler.advance(1s);
    }
    CHECK(done);
    CHECK(rig.http.sent().size() == 10);
}

TEST_CASE("bodies that would be too much together wait for each other", "[engine][scrape][manager]") {
    Rig rig({}, ScrapeOptions{.body_bytes_in_flight_max = 1000});
    const std::string body = "x 1\n#" + std::string(595, '-') + "\n";
    for (const std::string host : {"a", "b", "c"}) rig.http.always("http://" + host + "/metrics", text(body).after(100ms));
    rig.apply({"a", "b", "c"});
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), {});
    CHECK(rig.http.in_flight() == 3);  // their sizes are not known yet
    rig.scheduler.advance(15s);
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), {});
    for (std::size_t sent = 4; sent <= 6; ++sent) {
        CHECK(rig.http.in_flight() == 1);
        CHECK(rig.http.sent().size() == sent);
        rig.scheduler.advance(100ms);
    }
    CHECK(rig.http.in_flight() == 0);
}

TEST_CASE("bodies that come slowly hold no others back", "[engine][scrape][manager]") {
    Rig rig({}, ScrapeOptions{.body_bytes_in_flight_max = 1000});
    const std::string body = "x 1\n#" + std::string(595, '-') + "\n";
    for (const std::string host : {"a", "b", "c"}) rig.http.always("http://" + host + "/metrics", text(body));
    rig.apply({"a", "b", "c"});
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), {});
    rig.scheduler.advance(15s);
    for (const std::string host : {"a", "b"}) {
        rig.http.always("http://" + host + "/metrics", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    }
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), {});
    CHECK(rig.http.in_flight() == 1);
    rig.scheduler.advance(249ms);
    CHECK(rig.http.in_flight() == 1);
    rig.scheduler.advance(251ms);
    // The two that hang, beside the third one, which has answered.
    CHECK(rig.http.in_flight() == 2);
    CHECK(rig.http.sent().size() == 6);
}

TEST_CASE("who waits for targets goes on when the last one has answered", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a", "b", "c"});
    rig.http.always("http://a/metrics", text("x 1\n").after(1s));
    rig.http.always("http://b/metrics", text("x 1\n").after(2s));
    rig.http.always("http://c/metrics", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    const auto targets = rig.manager->targets();
    const auto begin = rig.scheduler.now();
    const auto since = [&] {
        return std::chrono::duration_cast<std::chrono::seconds>(rig.scheduler.now() - begin).count();
    };
    std::string order;
    const auto wait = [&](std::vector<TargetId> for_what, std::string name) {
        rig.manager->when_polled(std::move(for_what),
                                 [&order, &since, name] { order += name + std::to_string(since()) + " "; });
    };
    wait(targets, "before");
    rig.manager->poll(begin, targets, [&] { order += "done" + std::to_string(since()) + " "; });
    wait({}, "nobody");
    wait({targets[0]}, "a");
    wait({targets[1], targets[0]}, "ab");
    wait(targets, "all");
    rig.scheduler.advance(15s);
    CHECK(order == "before0 nobody0 a1 ab2 all10 done10 ");
}

TEST_CASE("a target that timed out holds nobody back for long", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a", "b"});
    rig.answer("x 1\n", "b");
    rig.http.once("http://a/metrics", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    rig.http.once("http://a/metrics", text("x 2\n").after(7s));
    rig.http.once("http://a/metrics", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    rig.http.once("http://a/metrics", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    rig.http.once("http://a/metrics", text("x 3\n").after(7s));
    rig.http.once("http://a/metrics", text("x 4\n").after(7s));
    std::vector<int> waited;
    for (int i = 0; i < 6; ++i) {
        const auto begin = rig.scheduler.now();
        rig.manager->poll(begin, rig.manager->targets(), {});
        rig.manager->when_polled(rig.manager->targets(), [&waited, &rig, begin] {
            waited.push_back(static_cast<int>((rig.scheduler.now() - begin) / 1s));
        });
        rig.scheduler.advance(15s);
    }
    // The whole timeout, half of it, then the whole again, since it had answered; half, not at all, and as before.
    CHECK(waited == std::vector<int>{10, 5, 10, 5, 0, 7});
    CHECK(rig.series("x", "instance=\"a\"") == "2 stale 3 4");
    // The others were asked first.
    CHECK(rig.http.sent()[2].request.url == "http://b/metrics");
}

TEST_CASE("a target that is still being polled is left alone", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.http.always("http://a/metrics", text("x 1\n").after(8s));
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), {});
    rig.scheduler.advance(5s);
    bool done = false;
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), [&] { done = true; });
    CHECK(done);
    rig.scheduler.advance(10s);
    CHECK(rig.series("x") == "1");
    CHECK(rig.metric("tocsin_scrape_polls_skipped_total") == 1);
}

TEST_CASE("without an interval of its own a target follows the rule groups", "[engine][scrape][manager]") {
    Rig rig;
    rig.config.scrape_interval.reset();
    rig.apply({"a"});
    const TargetId target = rig.manager->targets()[0];
    CHECK_FALSE(rig.manager->interval(target));
    rig.manager->set_group_interval(target, Duration(4s));
    CHECK(rig.manager->interval(target) == Duration(4s));
    CHECK_FALSE(rig.manager->own_interval(target));
    rig.answer("");
    rig.tick();
    CHECK(rig.http.sent()[0].request.timeout == Duration(4s));
    CHECK(rig.status().timeout == Duration(4s));
}

TEST_CASE("labels tell which targets can have a series", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    const TargetId target = rig.manager->targets()[0];
    const auto may = [&](Matchers matchers) { return rig.manager->may_expose(target, matchers); };
    CHECK(may({Matcher::equal("__name__", "x")}));
    CHECK(may({Matcher::equal("__name__", "x"), Matcher::equal("job", "j"), Matcher::equal("other", "y")}));
    CHECK_FALSE(may({Matcher::equal("job", "k")}));
    CHECK_FALSE(may({*Matcher::create("instance", MatchOp::Regex, "b.*")}));
    rig.config.honor_labels = true;
    rig.apply({"a"});
    CHECK(may({Matcher::equal("job", "k")}));
    rig.config.honor_labels = false;
    rig.config.metric_relabel_configs = {*RelabelConfig::create({.target_label = "job", .replacement = "k"})};
    rig.apply({"a"});
    CHECK(may({Matcher::equal("job", "k")}));
    CHECK_FALSE(rig.manager->may_expose(4711, {}));
}

TEST_CASE("a scrape that fails tells which series were new, and not again", "[engine][scrape][manager]") {
    struct Case {
        std::uint64_t sample_limit;
        std::vector<std::string> bodies;
        std::string added;
    };
    // As Prometheus 2.42 reports them.
    const auto [sample_limit, bodies, added] = GENERATE(values<Case>({
        {0, {"a 1\nb 1\n", "a 1\nb 1\nc 1\n", "a 1\n", "a 1\nb 1\n"}, "2 1 0 1"},
        {2, {"a 1\nb 1\nc 1\nd 1\n", "a 1\nb 1\nc 1\nd 1\n"}, "2 0"},
        {2, {"a 1\nb 1\nc 1\nd x\n", "a 1\nb 1\nc 1\nd x\n"}, "2 0"},
        {3,
         {"a 1\nb 1\n", "a 1\nb 1\nc 1\nd 1\ne 1\n", "a 1\nb 1\nc 1\nd 1\ne 1\n", "a 1\nb 1\nc 1\n", "a 1\nb 1\nd 1\n"},
         "2 1 0 0 1"},
        {0, {"a 1\nb 1\nc x\nd 1\n", "a 1\nb 1\nc x\n", "a 1\nb 1\nc 1\n"}, "2 0 1"},
        {0, {"a 1\na 1\nb 1\nc x\n", "a 1\na 2\nb 1\n"}, "2 0"},
        {2, {"no 1\na 1\nno 1\nb 1\nc 1\n", "no 1\na 1\nno 1\nb 1\nc 1\n"}, "2 0"},
        {0,
         {"a 1\nb 1\n", "a 1\nc 1\nz x\n", "a 1\nb 1\n", "a 1\nd 1\nz x\n", "a 1\nd 1\n", "a 1\nb 1\n"},
         "2 1 0 1 0 1"},
    }));
    const bool keeps_all = GENERATE(true, false);
    CAPTURE(bodies, keeps_all);
    Rig rig({.keep_all = keeps_all, .retention = 10min});
    const auto wanted = rig.store.select({Matcher::equal("__name__", "scrape_series_added")}, 10min);
    rig.config.sample_limit = sample_limit;
    rig.config.metric_relabel_configs = {
        *RelabelConfig::create({.source_labels = {"__name__"}, .regex = "no", .action = RelabelAction::Drop})};
    rig.apply({"a"});
    for (const std::string& body : bodies) rig.scrape(body);
    CHECK(rig.series("scrape_series_added") == added);
    CHECK((rig.names().size() > 1) == keeps_all);
}

TEST_CASE("no series is new again since rules want others", "[engine][scrape][manager]") {
    const bool keeps_all = GENERATE(true, false);
    CAPTURE(keeps_all);
    Rig rig({.keep_all = keeps_all, .retention = 10min});
    const auto want = [&rig](const char* name) {
        return rig.store.select({Matcher::equal("__name__", name)}, 10min);
    };
    rig.config.metric_relabel_configs = {
        *RelabelConfig::create({.source_labels = {"__name__"}, .regex = "no", .action = RelabelAction::Drop})};
    const auto reports = want("scrape_series_added");
    rig.apply({"a"});
    rig.scrape("a 1\nb 1\nno 1\n");
    const auto first = want("a");
    rig.scrape("a 1\nb 1\nc 1\nno 1\n");
    auto second = want("b");
    rig.scrape("a 1\nb 1\nd 1\nno 1\nz x\n");  // fails
    rig.scrape("a 1\nb 1\nd 1\nno 1\n");
    second = want("c");
    rig.scrape("a 1\nc 1\nno 1\n");
    CHECK(rig.series("scrape_series_added") == "2 1 1 0 1");
    // Other relabelling makes them others, as in Prometheus.
    rig.config.metric_relabel_configs.clear();
    rig.apply({"a"});
    rig.scrape("a 1\nc 1\nno 1\n");
    rig.config.sample_limit = 7;
    rig.apply({"a"});
    rig.scrape("a 1\nc 1\nno 1\n");
    CHECK(rig.series("scrape_series_added") == "2 1 1 0 1 3 0");
}

TEST_CASE("what is relabelled otherwise since a scrape that was under way is not taken for known",
          "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.answer("a 1\nno 1\n");
    rig.store.freeze();
    rig.manager->poll(rig.scheduler.now(), rig.manager->targets(), {});
    rig.scheduler.advance(10s);  // read, and waits for the store
    rig.config.metric_relabel_configs = {
        *RelabelConfig::create({.source_labels = {"__name__"}, .regex = "no", .action = RelabelAction::Drop})};
    rig.apply({"a"});
    rig.store.thaw();
    rig.scheduler.advance(5s);
    CHECK(rig.series("no") == "1");
    rig.scrape("a 1\nno 1\n");
    CHECK(rig.series("a") == "1 1");
    CHECK(rig.series("no") == "1 stale");
}

TEST_CASE("limits of the job fail its scrapes", "[engine][scrape][manager]") {
    Rig rig;
    rig.apply({"a"});
    rig.scrape("x 1\ny 2\nz 3\n");
    rig.config.sample_limit = 2;
    rig.apply({"a"});
    rig.scrape("x 1\ny 2\nz 3\n");
    CHECK(rig.status().last_error == "sample limit exceeded");
    CHECK(rig.series("z") == "3 stale");
    CHECK(rig.series("scrape_samples_scraped") == "3 3");
    CHECK(rig.series("scrape_samples_post_metric_relabeling") == "3 3");
    CHECK(rig.metric("prometheus_target_scrapes_exceeded_sample_limit_total") == 1);
    rig.config.body_size_limit = 8;
    rig.apply({"a"});
    rig.scrape("x 1\ny 2\nz 3\n");
    CHECK(rig.status().last_error == "body size limit exceeded");
    CHECK(rig.metric("prometheus_target_scrapes_exceeded_body_size_limit_total") == 1);
    rig.config.target_limit = 1;
    rig.apply({"a", "b"});
    rig.tick();
    CHECK(rig.status().last_error == "target_limit exceeded (number of targets: 2, limit: 1)");
    CHECK(rig.series("up", "instance=\"b\"") == "0");
}

TEST_CASE("a target with too many new series within a minute fails", "[engine][scrape][manager]") {
    Rig rig({.keep_all = true, .retention = 10min}, ScrapeOptions{.new_series_per_minute_max = 3});
    rig.apply({"a"});
    rig.scrape("x{i=\"1\"} 1\nx{i=\"2\"} 1\n");
    rig.scrape("x{i=\"3\"} 1\nx{i=\"4\"} 1\n");
    CHECK(rig.status().last_error == "more than 3 new series within a minute");
    rig.scheduler.advance(45s);
    rig.scrape("x{i=\"3\"} 1\nx{i=\"4\"} 1\n");
    CHECK(rig.status().last_error.empty());
}

TEST_CASE("dropped targets are told up to a limit", "[engine][scrape][manager]") {
    Rig rig;
    rig.config.relabel_configs = {
        *RelabelConfig::create({.source_labels = {"__address__"}, .regex = "a", .action = RelabelAction::Keep})};
    rig.config.keep_dropped_targets = 1;
    rig.apply({"a", "b", "c", "x/y"});
    CHECK(rig.manager->targets().size() == 1);
    REQUIRE(rig.manager->dropped().size() == 1);
    CHECK(rig.manager->dropped()[0].discovered_labels.get("__address__") == "b");
    CHECK(rig.manager->dropped_counts() == std::vector<std::pair<std::string, std::size_t>>{{"j", 3}});
}

TEST_CASE("metadata of what is kept are told", "[engine][scrape][manager]") {
    Rig rig(StoreOptions{});
    rig.apply({"a", "b"});
    auto x = rig.store.select({Matcher::equal("__name__", "x_total")}, 1min);
    const std::string body = "# HELP x things\n# TYPE x counter\nx_total 1\n# HELP y others\ny 1\n";
    rig.answer(body, "a");
    rig.answer(body, "b");
    rig.tick();
    const auto metadata = rig.manager->metadata();
    REQUIRE(metadata.size() == 2);
    CHECK(metadata[1].target == rig.manager->targets()[1]);
    CHECK(metadata[0].metric == "x");
    CHECK(metadata[0].type == "counter");
    CHECK(metadata[0].help == "things");
    CHECK(rig.manager->metadata("z").empty());
}

TEST_CASE("a discovery may publish later", "[engine][scrape][manager]") {
    class Late final : public Discovery {
    public:
        explicit Late(Publish& publish) : publish_(publish) {}
        void start(Publish publish) override { publish_ = std::move(publish); }

    private:
        Publish& publish_;
    };
    class LateConfig final : public DiscoveryConfig {
    public:
        std::unique_ptr<Discovery> create(const DiscoveryContext&) const override {
            return std::make_unique<Late>(publish);
        }
        bool same_as(const DiscoveryConfig& other) const override { return this == &other; }
        mutable Discovery::Publish publish;
    };
    Rig rig;
    const auto late = std::make_shared<LateConfig>();
    rig.config.discoveries = {late};
    int changes = 0;
    rig.manager->on_targets_changed([&] { ++changes; });
    rig.manager->apply({std::make_shared<const ScrapeConfig>(rig.config)});
    CHECK(changes == 1);
    CHECK(rig.manager->targets().empty());
    late->publish({.source = "1", .targets = {LabelSet{{"__address__", "a"}}}, .labels = {}});
    late->publish(
        {.source = "2", .targets = {LabelSet{{"__address__", "b"}}, LabelSet{{"__address__", "a"}}}, .labels = {}});
    rig.scheduler.settle();
    CHECK(changes == 2);
    CHECK(rig.manager->targets().size() == 2);
    // A reload with the same discovery does not begin from nothing.
    rig.manager->apply({std::make_shared<const ScrapeConfig>(rig.config)});
    CHECK(rig.manager->targets().size() == 2);
    late->publish({.source = "2", .targets = {}, .labels = {}});
    rig.scheduler.settle();
    CHECK(rig.manager->targets().size() == 1);
}

TEST_CASE("the result does not depend on the number of threads", "[engine][scrape][manager]") {
    std::vector<std::vector<std::string>> seen;
    for (const unsigned threads : {0U, 1U, 4U}) {
        Rig rig({.keep_all = true, .retention = 10min}, {}, threads);
        std::vector<std::string> hosts;
        for (int i = 0; i < 20; ++i) hosts.push_back("h" + std::to_string(i));
        rig.apply(hosts);
        for (int round = 0; round < 3; ++round) {
            for (const std::string& host : hosts) {
                std::string body;
                for (int i = 0; i < 50; ++i)
                    body += "x{i=\"" + std::to_string(i + round) + "\"} " + std::to_string(round) + "\n";
                rig.answer(body, host);
            }
            rig.tick();
            rig.scheduler.advance(5s);
        }
        seen.push_back(rig.names());
        seen.back().push_back(rig.series("x"));
        seen.back().push_back(std::to_string(rig.scheduler.trace_hash()));
    }
    CHECK(seen[0] == seen[1]);
    CHECK(seen[0] == seen[2]);
}

TEST_CASE("after a crash a target goes on with the windows that it had", "[engine][scrape][manager][scrape-log]") {
    Rig before;
    before.keep_log();
    before.apply({"a", "b"});
    before.answer("y 0\n", "b");
    before.scrape("x{n=\"1\"} 1\nx{n=\"2\"} 5\nz 1 1000000\n");
    before.scrape("x{n=\"1\"} 2\nz 2 1015000\n");
    before.scrape("x{n=\"1\"} 3\nx{n=\"3\"} 7\n");
    REQUIRE(before.series("x", "n=\"2\"") == "5 stale");

    // Nothing is ended in order: what the disk has is all that the next run gets.
    Rig after;
    for (const std::string& path : before.disk.files()) after.disk.put(path, *before.disk.content(path));
    after.scheduler.advance_to(before.scheduler.now());
    after.keep_log();
    after.apply({"a", "b"});
    CHECK(after.series("x", "n=\"1\"") == "1 2 3");
    CHECK(after.series("x", "n=\"2\"") == "5 stale");
    CHECK(after.series("y") == "0 0 0");
    CHECK(after.series("z") == "1 2");
    CHECK(after.series("up", "instance=\"a\"") == "1 1 1");
    after.answer("y 0\n", "b");
    after.scrape("x{n=\"1\"} 4\nx{n=\"2\"} 6\nz 3 1045000\n");
    CHECK(after.series("x", "n=\"1\"") == "1 2 3 4");
    CHECK(after.series("x", "n=\"2\"") == "5 stale 6");
    CHECK(after.series("x", "n=\"3\"") == "7 stale");
    CHECK(after.series("z") == "1 2 3");
    CHECK(after.series("up", "instance=\"a\"") == "1 1 1 1");

    // And once more, over both runs.
    Rig last;
    for (const std::string& path : after.disk.files()) last.disk.put(path, *after.disk.content(path));
    last.scheduler.advance_to(after.scheduler.now());
    last.keep_log();
    last.apply({"a", "b"});
    CHECK(last.names() == after.names());
    for (const char* name : {"x", "y", "z", "up", "scrape_samples_scraped"})
        CHECK(last.series(name) == after.series(name));
}

TEST_CASE("what no rule wants any more is not taken over", "[engine][scrape][manager][scrape-log]") {
    Rig before;
    before.keep_log();
    before.apply({"a"});
    before.scrape("x 1\ny 2\n");

    Rig after(StoreOptions{});
    const auto wanted = after.store.select({Matcher::equal("__name__", "x")}, 5min);
    for (const std::string& path : before.disk.files()) after.disk.put(path, *before.disk.content(path));
    after.scheduler.advance_to(before.scheduler.now());
    after.keep_log();
    after.apply({"a"});
    CHECK(after.names() == std::vector<std::string>{R"(x{instance="a", job="j"})"});
    CHECK(after.series("x") == "1");
}
