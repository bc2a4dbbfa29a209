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
}
