#include "daemon/fixture_download.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/recording_state.h"
#include "engine/eval/query.h"
#include "engine/store/fixture_feed.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

constexpr Timestamp kBegin = from_unix_ms(1'772'359'200'000);

/// A server that has two hours of two targets, each scraped every 30 s; the second one is away for some minutes.
class Server {
public:
    Server() {
        std::string text;
        for (int t = 0; t <= 7200; t += 30) {
            const double at = static_cast<double>(to_unix_ms(kBegin)) / 1000 + t;
            for (const char* instance : {"a", "b"}) {
                const bool away = *instance == 'b' && t >= 4000 && t < 4600;
                text += fmt::format("up{{instance=\"{}\",job=\"j\"}} {} {}\n", instance, away ? 0 : 1, at);
                if (away) continue;
                text += fmt::format("work_total{{instance=\"{}\",job=\"j\"}} {} {}\n", instance, t, at);
                text += fmt::format("other{{instance=\"{}\",job=\"j\"}} 1 {}\n", instance, at);
            }
            text += fmt::format("up{{instance=\"c\",job=\"unrelated\"}} 1 {}\n", at);
        }
        disk.put("/s.om", text + "# EOF\n");
        const auto survey = survey_fixture(disk, "/s.om");
        REQUIRE(survey);
        auto feed = open_fixture_feed(disk, "/s.om", *survey, store);
        REQUIRE(feed);
        REQUIRE((*feed)->play(kBegin + 3h));
    }

    FixtureDownload::Ask ask() {
        return [this](const std::string& path, const FixtureDownload::Parameters& parameters) -> Result<Json> {
            CHECK(path == "/api/v1/query");
            if (++asked == fail_at) return fail(Error::Kind::Unavailable, "the server is gone");
            return answer(parameters[0].second, parameters[1].second);
        };
    }

    fakes::FakeDisk disk{"/f"};
    Store store{StoreOptions{.keep_all = true, .retention = 24h}};
    int asked = 0;
    int fail_at = -1;

private:
    static Json metric_of(const LabelSet& labels) {
        Json json = Json::object();
        for (const auto& [name, value] : labels) json.add(std::string(name), value);
        return json;
    }
    static Json point(double seconds, double value) {
        Json json = Json::array();
        json.push(seconds).push(format_value(value));
        return json;
    }

    Result<Json> answer(const std::string& query, const std::string& time) {
        const auto expr = parse_promql(query);
        REQUIRE(expr);
        const auto at = from_unix_ms(std::llround(*parse_float(time) * 1000));
        TOCSIN_TRY(const QueryResult result, run_instant_query(**expr, query, store, {}, at));
        Json list = Json::array();
        for (const auto& [labels, value] : result.vector) {
            Json one = Json::object();
            one.add("metric", metric_of(labels)).add("value", point(0, value));
            list.push(std::move(one));
        }
        for (const RangeSeries& series : result.matrix) {
            Json values = Json::array();
            for (const auto& [moment, value] : series.points) {
                values.push(point(static_cast<double>(to_unix_ms(moment)) / 1000, value));
            }
            Json one = Json::object();
            one.add("metric", metric_of(series.labels)).add("values", std::move(values));
            list.push(std::move(one));
        }
        Json data = Json::object();
        data.add("result", std::move(list));
        return data;
    }
};

FixtureDownload::Subject subject() {
    Matchers matchers;
    matchers.push_back(Matcher::equal("__name__", "work_total"));
    Matchers same = matchers;
    same.push_back(Matcher::equal("instance", "a"));
    return {{{matchers, 5min}, {same, 15min}}, kBegin + 60min, kBegin + 90min};
}

std::size_t count_of(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

}  // namespace

TEST_CASE("what rules need is fetched as it is, as far back as each selector looks", "[daemon][record]") {
    const Duration piece = GENERATE(7min, 24h);
    Server server;
    const Anonymiser anonymiser({}, "");
    FixtureDownload download(server.ask(), subject(), anonymiser);
    download.set_piece(piece);
    auto writer = FixtureWriter::create(server.disk, "/f/x.om");
    REQUIRE(writer);
    auto progress = download.begin();
    while (!download.is_over(progress)) REQUIRE(download.step(progress, *writer));
    REQUIRE(writer->finish());
    const std::string text = *server.disk.content("/f/x.om");
    CHECK(count_of(text, "work_total{instance=\"a\"") == 45 * 2 + 1);  // from 15 min before the start to the end
    CHECK(count_of(text, "work_total{instance=\"b\"") == 35 * 2 + 1 - 20);
    CHECK(count_of(text, "up{instance=\"a\",job=\"j\"} 1 ") == 45 * 2 + 1);
    CHECK(count_of(text, "up{instance=\"b\",job=\"j\"} 0 ") == 20);
    CHECK(count_of(text, "unrelated") + count_of(text, "other") == 0);
    CHECK_FALSE(survey_fixture(server.disk, "/f/x.om")->first_out_of_order);
    CHECK_THAT(text, Catch::Contains("work_total{instance=\"a\",job=\"j\"} 3600 1772362800\n"));
}

TEST_CASE("an estimate comes near what is fetched", "[daemon][record]") {
    Server server;
    const Anonymiser anonymiser({}, "");
    FixtureDownload download(server.ask(), subject(), anonymiser);
    const auto estimate = download.estimate();
    REQUIRE(estimate);
    CHECK(estimate->series == 3);
    CHECK(estimate->samples > 200);
    CHECK(estimate->samples < 320);
    CHECK(estimate->bytes > estimate->samples * 50);
}

TEST_CASE("a piece is as long as it was asked for, whatever the estimate is", "[daemon][record]") {
    Server server;
    const Anonymiser anonymiser({}, "");
    FixtureDownload download(server.ask(), subject(), anonymiser);
    download.set_piece(7min);
    REQUIRE(download.estimate());
    auto writer = FixtureWriter::create(server.disk, "/f/x.om");
    REQUIRE(writer);
    auto progress = download.begin();
    const Timestamp begin = progress.done;
    REQUIRE(download.step(progress, *writer));
    CHECK(progress.done == begin + 7min);
}

TEST_CASE("a fetch that broke off goes on where it was and gives the same file", "[daemon][record]") {
    const auto fetch = [](Server& server) -> Status {
        TOCSIN_TRY(RecordingState state, load_recording_state(server.disk, "/f/x.om.gz", "question"));
        if (state.key.empty()) state.key = "key";
        const Anonymiser anonymiser({"instance"}, state.key);
        FixtureDownload download(server.ask(), subject(), anonymiser);
        download.set_piece(10min);
        if (state.bytes == 0) state.progress = download.begin();
        TOCSIN_TRY(FixtureWriter writer, state.bytes == 0
                                             ? FixtureWriter::create(server.disk, "/f/x.om.gz")
                                             : FixtureWriter::resume(server.disk, "/f/x.om.gz", state.bytes));
        while (!download.is_over(state.progress)) {
            if (Status status = download.step(state.progress, writer); !status) return status;
            state.bytes = writer.bytes();
            if (Status status = save_recording_state(server.disk, "/f/x.om.gz", state); !status) return status;
        }
        if (Status status = writer.finish(); !status) return status;
        return forget_recording_state(server.disk, "/f/x.om.gz");
    };
    Server whole, broken;
    REQUIRE(fetch(whole));
    broken.fail_at = 8;
    REQUIRE_FALSE(fetch(broken));
    const int asked_before = broken.asked;
    REQUIRE(fetch(broken));
    CHECK(broken.asked < asked_before + whole.asked - 3);
    CHECK(*broken.disk.content("/f/x.om.gz") == *whole.disk.content("/f/x.om.gz"));
    CHECK_FALSE(broken.disk.exists("/f/x.om.gz.part.json"));
    CHECK_THAT(*whole.disk.content("/f/x.om.gz"), !Catch::Contains("instance=\"a\""));
}

TEST_CASE("the state of another fetch is not taken for one's own", "[daemon][record]") {
    fakes::FakeDisk disk{"/f"};
    RecordingState state;
    state.question = "one";
    state.progress.targets.emplace("j", "i");
    REQUIRE(save_recording_state(disk, "/f/x.om", state));
    REQUIRE(load_recording_state(disk, "/f/x.om", "one"));
    CHECK(load_recording_state(disk, "/f/x.om", "one")->progress.targets.size() == 1);
    CHECK_THAT(load_recording_state(disk, "/f/x.om", "two").error().message,
               Catch::Contains("is of another recording"));
    disk.put("/f/y.om.part.json", "{");
    CHECK_FALSE(load_recording_state(disk, "/f/y.om", "one"));
}
