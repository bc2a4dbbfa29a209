#include "engine/store/fixture_feed.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/sample.h"
#include "base/text.h"
#include "base/zstd_stream.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kByTime =
    "up{instance=\"a\",job=\"j\"} 1 10\n"
    "heat{instance=\"a\",job=\"j\",room=\"x\"} 20.5 10\n"
    "heat{instance=\"a\",job=\"j\",room=\"y\"} 19 10\n"
    "up{instance=\"b\",job=\"j\"} 1 12.5\n"
    "heat{instance=\"b\",job=\"j\"} 7 12.5\n"
    "lone 5 15\n"
    "up{instance=\"a\",job=\"j\"} 1 20\n"
    "heat{instance=\"a\",job=\"j\",room=\"x\"} 21 20\n"
    "lone 6 20\n"
    "up{instance=\"b\",job=\"j\"} 0 22.5\n"
    "up{instance=\"a\",job=\"j\"} 1 30\n"
    "heat{instance=\"a\",job=\"j\",room=\"x\"} NaN 30\n"
    "heat{instance=\"a\",job=\"j\",room=\"y\"} 18 30\n"
    "# EOF\n";

/// A fixture of that text on its way into a store that keeps all, or what matches.
struct World {
    explicit World(std::string_view content, bool keep_all = true)
        : store(StoreOptions{.keep_all = keep_all, .retention = 1h}) {
        disk.put("/f.om", content);
    }

    Status play_all() {
        if (Status status = open(); !status) return status;
        return feed->play(Timestamp::max() - 1h);
    }
    Status open() {
        TOCSIN_TRY(survey, survey_fixture(disk, "/f.om"));
        TOCSIN_TRY(feed, open_fixture_feed(disk, "/f.om", survey, store));
        return {};
    }

    /// `{labels} value@seconds …` of each series.
    std::string text() const {
        std::map<LabelSet, std::string> lines;
        store.for_each_series({}, [&](const LabelSet& labels, const Timeline& timeline, ColumnIndex column) {
            std::string& line = lines[labels];
            for (std::size_t row = 0; row < timeline.rows(); ++row) {
                const double cell = timeline.at(row, column);
                const double seconds = static_cast<double>(to_unix_ms(timeline.time(row))) / 1000;
                if (is_absent(cell)) continue;
                line += fmt::format(" {}@{}", is_stale(cell) ? "stale" : format_value(cell), seconds);
            }
            return true;
        });
        std::string text;
        for (const auto& [labels, line] : lines) text += to_string(labels) + line + "\n";
        return text;
    }

    fakes::FakeDisk disk;
    Store store;
    FixtureSurvey survey;
    std::unique_ptr<FixtureFeed> feed;
};

constexpr std::string_view kPlayed =
    "heat{instance=\"a\", job=\"j\", room=\"x\"} 20.5@10 21@20 NaN@30\n"
    "heat{instance=\"a\", job=\"j\", room=\"y\"} 19@10 stale@20 18@30\n"
    "heat{instance=\"b\", job=\"j\"} 7@12.5 stale@22.5\n"
    "lone 5@15 6@20\n"
    "up{instance=\"a\", job=\"j\"} 1@10 1@20 1@30\n"
    "up{instance=\"b\", job=\"j\"} 1@12.5 0@22.5\n";

std::string by_series(std::string_view text) {
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) {
        if (!line.empty() && line != "# EOF") lines.emplace_back(line);
    }
    std::stable_sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
        return a.substr(0, a.find(' ')) < b.substr(0, b.find(' '));
    });
    return join(lines, "\n") + "\n# EOF\n";
}

}  // namespace

TEST_CASE("a fixture in the order of time is played while it is read", "[engine][store][fixture]") {
    const bool packed = GENERATE(false, true);
    World world(packed ? zstd_compress(kByTime) : std::string(kByTime));
    REQUIRE(world.play_all());
    CHECK_FALSE(world.survey.first_out_of_order);
    CHECK(world.text() == kPlayed);
}

TEST_CASE("a fixture in another order is sorted and gives the same", "[engine][store][fixture]") {
    World world(by_series(kByTime));
    REQUIRE(world.play_all());
    CHECK(world.survey.first_out_of_order == 4U);
    CHECK(world.text() == kPlayed);
}

TEST_CASE("a feed plays up to a moment and says when the next one is", "[engine][store][fixture]") {
    World world(kByTime);
    REQUIRE(world.open());
    CHECK(*world.feed->next() == from_unix_ms(10'000));
    REQUIRE(world.feed->play(from_unix_ms(9'999)));
    CHECK(world.text().empty());
    REQUIRE(world.feed->play(from_unix_ms(12'500)));
    CHECK(*world.feed->next() == from_unix_ms(15'000));
    CHECK(world.text() ==
          "heat{instance=\"a\", job=\"j\", room=\"x\"} 20.5@10\nheat{instance=\"a\", job=\"j\", room=\"y\"} 19@10\n"
          "heat{instance=\"b\", job=\"j\"} 7@12.5\nup{instance=\"a\", job=\"j\"} 1@10\n"
          "up{instance=\"b\", job=\"j\"} 1@12.5\n");
    REQUIRE(world.feed->play(from_unix_ms(100'000)));
    CHECK_FALSE(*world.feed->next());
}

TEST_CASE("a series that vanishes where another one is forgotten is over nevertheless", "[engine][store][fixture]") {
    World world(
        "up{instance=\"a\",job=\"j\"} 1 10\nearly{instance=\"a\",job=\"j\"} 1 10\n"
        "heat{instance=\"a\",job=\"j\"} 5 10\n"
        "up{instance=\"a\",job=\"j\"} 1 20\nheat{instance=\"a\",job=\"j\"} 6 20\n"
        "up{instance=\"a\",job=\"j\"} 1 30\n# EOF\n",
        false);
    const auto heat = world.store.select({Matcher::equal("__name__", "heat")}, 1h);
    auto early = world.store.select({Matcher::equal("__name__", "early")}, 1h);
    REQUIRE(world.open());
    REQUIRE(world.feed->play(from_unix_ms(20'000)));
    early = {};
    world.store.collect_garbage(from_unix_ms(20'000));
    REQUIRE(world.store.stats().series_removed == 1);
    REQUIRE(world.feed->play(from_unix_ms(30'000)));
    CHECK(world.text() == "heat{instance=\"a\", job=\"j\"} 5@10 6@20 stale@30\n");
}

namespace {

/// Several fixtures on their way into one store, each in the order of time or by series.
struct Several {
    explicit Several(const std::vector<std::string>& texts) {
        const auto columns = std::make_shared<FixtureColumns>(store);
        for (const std::string& text : texts) {
            const std::string path = fmt::format("/{}.om", feeds.size() + 1);
            disk.put(path, text);
            const auto survey = survey_fixture(disk, path);
            REQUIRE(survey);
            auto feed = open_fixture_feed(disk, path, *survey, columns);
            REQUIRE(feed);
            feeds.push_back(*std::move(feed));
        }
    }
    Status play(Timestamp until) {
        std::vector<FixtureFeed*> all;
        for (const auto& feed : feeds) all.push_back(feed.get());
        return play_together(all, until);
    }
    /// The samples of the one series with that name.
    std::string samples(const std::string& name) {
        std::string text;
        store.for_each_series({Matcher::equal("__name__", name)}, [&](const auto&, const auto& timeline, auto column) {
            for (std::size_t row = 0; row < timeline.rows(); ++row) {
                const double cell = timeline.at(row, column);
                if (!is_absent(cell)) text += fmt::format("{} ", is_stale(cell) ? "stale" : format_value(cell));
            }
            return true;
        });
        return text;
    }

    fakes::FakeDisk disk;
    Store store{StoreOptions{.keep_all = true, .retention = 1h}};
    std::vector<std::unique_ptr<FixtureFeed>> feeds;
};

constexpr std::string_view kMonday =
    "up{instance=\"a\",job=\"j\"} 1 10\nheat{instance=\"a\",job=\"j\"} 5 10\nlone 1 12\n"
    "up{instance=\"a\",job=\"j\"} 1 20\nheat{instance=\"a\",job=\"j\"} 6 20\nlone 2 22\n# EOF\n";
constexpr std::string_view kTuesday =
    "up{instance=\"a\",job=\"j\"} 1 30\nheat{instance=\"a\",job=\"j\"} 7 30\nlone 3 32\n"
    "up{instance=\"a\",job=\"j\"} 1 40\nheat{instance=\"a\",job=\"j\"} 8 40\nlone 4 42\n# EOF\n";

}  // namespace

TEST_CASE("a fixture goes on with the series of the one before it", "[engine][store][fixture]") {
    const bool monday_by_series = GENERATE(false, true), tuesday_by_series = GENERATE(false, true);
    const auto as_it_is_or = [](std::string_view text, bool sorted) {
        return sorted ? by_series(text) : std::string(text);
    };
    std::vector<std::string> texts{as_it_is_or(kMonday, monday_by_series), as_it_is_or(kTuesday, tuesday_by_series)};
    if (GENERATE(false, true)) std::swap(texts[0], texts[1]);
    Several world(texts);
    REQUIRE(world.play(from_unix_ms(15'000)));
    REQUIRE(world.play(from_unix_ms(100'000)));
    CHECK(world.samples("heat") == "5 6 7 8 ");
    CHECK(world.samples("up") == "1 1 1 1 ");
    CHECK(world.samples("lone") == "1 2 3 4 ");
    CHECK(world.store.stats().series_refused == 0);
}

TEST_CASE("a series that two fixtures have at the same time is refused by its name", "[engine][store][fixture]") {
    const auto refusal = [](const std::string& one, const std::string& other) {
        Several world({one, other});
        const Status status = world.play(from_unix_ms(100'000));
        return status ? std::string() : status.error().message;
    };
    const std::string a = "a 1 10\na 2 20\na 3 30\n# EOF\n";
    const std::string by_series_a = "b 1 10\na 1 10\na 2 20\na 3 30\nb 1 20\n# EOF\n";
    CHECK_THAT(refusal(a, a), Catch::StartsWith("a is in /1.om and in /2.om at the same time, 1970-01-01T00:00:10"));
    CHECK_THAT(refusal(a, "a 1 25\n# EOF\n"),
               Catch::StartsWith("a is in /1.om and in /2.om at the same time, 1970-01-01T00:00:30"));
    CHECK_THAT(refusal(by_series_a, by_series_a), Catch::Contains(" is in /1.om and in /2.om at the same time"));
    CHECK_THAT(refusal(by_series_a, "a 1 25\n# EOF\n"), Catch::StartsWith("a is in /1.om and in /2.om"));
    CHECK(refusal(a, "b 1 10\nb 2 30\n# EOF\n").empty());
}

TEST_CASE("a feed keeps what is wanted and tells what nobody wanted", "[engine][store][fixture]") {
    World world(kByTime, false);
    Matchers matchers;
    matchers.push_back(Matcher::equal("__name__", "heat"));
    const auto kept = world.store.select(std::move(matchers), 1h);
    REQUIRE(world.play_all());
    CHECK(world.store.stats().series == 3);
    const auto facts = world.feed->facts();
    CHECK(facts.series == 6);
    REQUIRE(facts.unused.size() == 3);
    CHECK(facts.unused[0].metric_name() == "up");
    CHECK(facts.bytes_read == kByTime.size());
}

TEST_CASE("a fixture that was cut off is played to its last whole line", "[engine][store][fixture]") {
    const std::string text(kByTime.substr(0, kByTime.find(" 18 30") + 2));
    World world(GENERATE_COPY(values<std::string>({text, by_series(kByTime).substr(0, 120)})));
    REQUIRE(world.play_all());
    REQUIRE(world.feed->facts().cut_off);
    CHECK_THAT(*world.feed->facts().cut_off, Catch::Contains("data does not end with # EOF"));
    CHECK_THAT(world.text(), Catch::Contains("20.5@10"));
    CHECK_THAT(world.text(), !Catch::Contains("18@30"));
}

TEST_CASE("the packing of a fixture may be cut off, too", "[engine][store][fixture]") {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += fmt::format("heat {} {}\n", i * i % 7919, i);
    const std::string packed = zstd_compress(text + "# EOF\n");
    World world(packed.substr(0, packed.size() / 2));
    REQUIRE(world.play_all());
    CHECK(world.feed->facts().cut_off);
    CHECK(world.store.stats().series == 1);
}

TEST_CASE("what is wrong with a fixture has its line", "[engine][store][fixture]") {
    struct Case {
        std::string text;
        std::string message;
    };
    const auto given = GENERATE(values<Case>({
        {"a 1 10\na 1 10\n# EOF\n", "/f.om:2: a has two samples at 10000 ms"},
        {"a 1 10\nb{x=\"1\",x=\"2\"} 1 11\n# EOF\n", "/f.om:2: label x is there twice"},
        {"a 1 10\nb 1\n# EOF\n", "/f.om:2: a sample without a timestamp; those of a fixture have one each"},
        {"a 1 10\nb nope 11\n# EOF\n", "/f.om:2: unsupported character in float while parsing: \"b nope\""},
        {"a 1 10\n# EOF\nb 1 11\n", "/f.om:2: unexpected data after # EOF"},
    }));
    CAPTURE(given.text);
    World world(given.text);
    const Status status = world.play_all();
    REQUIRE_FALSE(status);
    CHECK(status.error().message == given.message);
}

TEST_CASE("a series that goes back in time is sorted, and where it does is told", "[engine][store][fixture]") {
    World world("a 1 10\nb 1 10\na 3 30\nb 3 30\na 2 20\nb 2 20\n# EOF\n");
    REQUIRE(world.play_all());
    CHECK(world.text() == "a 1@10 2@20 3@30\nb 1@10 2@20 3@30\n");
    CHECK(world.feed->facts().went_back ==
          "/f.om:5: a goes back in time, from 1970-01-01T00:00:30.000Z to 1970-01-01T00:00:20.000Z");
    World sorted(by_series(kByTime));
    REQUIRE(sorted.play_all());
    CHECK_FALSE(sorted.feed->facts().went_back);
    World twice("a 1 10\na 3 30\na 2 20\na 4 30\n# EOF\n");
    const Status status = twice.play_all();
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().message,
               Catch::StartsWith("/f.om:4: a has two samples at 30000 ms; /f.om:3: a goes back in time, from "));
}

TEST_CASE("a fixture that is too large to be sorted is refused before it is read", "[engine][store][fixture]") {
    World world("a 1 20\na 1 10\n# EOF\n");
    REQUIRE(world.open());
    world.survey.samples = 200'000'000;
    const auto feed = open_fixture_feed(world.disk, "/f.om", world.survey, world.store);
    REQUIRE_FALSE(feed);
    CHECK_THAT(feed.error().message,
               Catch::StartsWith("/f.om:2: from here on it is not in the order of time, and its 200000000 samples"));
}

TEST_CASE("a line that does not end is no fixture", "[engine][store][fixture]") {
    World world(zstd_compress("a 1 10\n" + std::string(5'000'000, 'x')));
    const Status status = world.open();
    REQUIRE_FALSE(status);
    CHECK(status.error().message == "/f.om:2: a line of more than 1048576 bytes");
    CHECK(status.error().kind == Error::Kind::LimitExceeded);
}

TEST_CASE("a survey knows a fixture by its timestamps", "[engine][store][fixture]") {
    fakes::FakeDisk disk;
    disk.put(
        "/f.om",
        "# TYPE a counter\na_total 1 10.25 # {trace=\"# x\"} 0.5 1\nb{t=\"x # y\"} 2 11\nc 1 10.75\nno time\n# EOF\n");
    const auto survey = survey_fixture(disk, "/f.om");
    REQUIRE(survey);
    CHECK(survey->samples == 3);
    CHECK(*survey->begin == from_unix_ms(10'250));
    CHECK(*survey->end == from_unix_ms(11'000));
    CHECK(survey->first_out_of_order == 4U);
    CHECK(survey->end_line == 3);
    CHECK(survey->spans.spans().size() == 1);
}
