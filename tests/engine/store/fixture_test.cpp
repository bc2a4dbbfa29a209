#include "engine/store/fixture.h"

#include <fmt/format.h>

#include "base/compression.h"
#include "base/sample.h"
#include "base/text.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kRecorded =
    "# TYPE up gauge\n"
    "up{instance=\"a\",job=\"j\"} 1 10\n"
    "up{instance=\"a\",job=\"j\"} 1 20\n"
    "up{instance=\"a\",job=\"j\"} 0 30\n"
    "# TYPE heat gauge\n"
    "heat{instance=\"a\",job=\"j\",room=\"x\"} 20.5 10\n"
    "heat{instance=\"a\",job=\"j\",room=\"x\"} 21 20\n"
    "heat{instance=\"a\",job=\"j\",room=\"y\"} 19 20\n"
    "heat{instance=\"a\",job=\"j\",room=\"odd\"} 1 15.25\n"
    "# TYPE size histogram\n"
    "size_bucket{le=\"1\"} 2 11\n"
    "# EOF\n";

Result<Fixture> read(std::string_view content, const Fixture::Limits& limits = {}) {
    fakes::FakeDisk disk;
    disk.put("/f.om", content);
    return Fixture::read(disk, "/f.om", limits);
}

/// `{labels} value@seconds …` of each series, a table a paragraph.
std::string text_of(const Fixture& fixture) {
    std::string text;
    for (const Fixture::Table& table : fixture.tables()) {
        for (std::size_t column = 0; column < table.series.size(); ++column) {
            text += to_string(table.series[column]);
            for (std::size_t row = 0; row < table.times.size(); ++row) {
                const double cell = table.row(row)[column];
                const double seconds = static_cast<double>(to_unix_ms(table.times[row])) / 1000;
                if (!is_absent(cell))
                    text += fmt::format(" {}@{}", is_stale(cell) ? "stale" : format_value(cell), seconds);
            }
            text += "\n";
        }
        text += "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("a fixture is a table a target, with the times of its scrapes", "[engine][store][fixture]") {
    const auto fixture = read(kRecorded);
    REQUIRE(fixture);
    CHECK(text_of(*fixture) ==
          "up{instance=\"a\", job=\"j\"} 1@10 1@20 0@30\n"
          "heat{instance=\"a\", job=\"j\", room=\"x\"} 20.5@10 21@20 stale@30\n"
          "heat{instance=\"a\", job=\"j\", room=\"y\"} 19@20 stale@30\n\n"
          "size_bucket{le=\"1.0\"} 2@11\n\n"
          "heat{instance=\"a\", job=\"j\", room=\"odd\"} 1@15.25\n\n");
    CHECK(fixture->begin() == Timestamp{10s});
    CHECK(fixture->end() == Timestamp{30s});
}

TEST_CASE("a fixture may be compressed, empty, and as long as one likes", "[engine][store][fixture]") {
    const auto compressed = read(gzip(kRecorded));
    REQUIRE(compressed);
    CHECK(text_of(*compressed) == text_of(*read(kRecorded)));

    const auto empty = read("# EOF\n");
    REQUIRE(empty);
    CHECK(empty->tables().empty());
    CHECK_FALSE(empty->begin());

    // Several pieces of text, which a TYPE far above is about.
    std::string lines = "# TYPE size histogram\n";
    for (int i = 0; i < 60'000; ++i) lines += fmt::format("size_bucket{{le=\"1\",n=\"{}\"}} {} {}\n", i % 7, i, i + 1);
    const auto large = read(lines + "# EOF\n");
    REQUIRE(large);
    std::size_t cells = 0;
    for (const Fixture::Table& table : large->tables()) {
        cells += table.cells.size();
        for (const LabelSet& series : table.series) CHECK(series.get("le") == "1.0");
    }
    CHECK(cells == 60'000);
    CHECK(large->end() == Timestamp{60'000s});
}

TEST_CASE("what is wrong with a fixture is told with its line", "[engine][store][fixture]") {
    struct Case {
        std::string content, message;
    };
    const std::string many(40'000, 'x');
    const auto [content, message] = GENERATE_COPY(values<Case>({
        {"up 1 10\n", "/f.om:2: data does not end with # EOF"},
        {"", "/f.om:1: data does not end with # EOF"},
        {"up 1 10\nup 1\n# EOF\n", "/f.om:2: a sample without a timestamp; those of a fixture have one each"},
        {"up 1 10\nup 0 20\nup 2 10\n# EOF\n",
         "/f.om:3: up has two samples at 10000 ms; /f.om:3: up goes back in time, from 1970-01-01T00:00:20.000Z to "
         "1970-01-01T00:00:10.000Z"},
        {"# EOF\nup 1 10\n", "/f.om:1: unexpected data after # EOF"},
    }));
    const auto fixture = read(content);
    REQUIRE_FALSE(fixture);
    CHECK(fixture.error().message == message);
    CHECK_FALSE(read(std::string("\x1f\x8b") + "no gzip"));
    CHECK_FALSE(read(gzip(kRecorded).substr(0, 40)));
}

TEST_CASE("a fixture has limits", "[engine][store][fixture]") {
    CHECK(read(kRecorded, {.bytes = 100}).error().kind == Error::Kind::LimitExceeded);
    CHECK(read(kRecorded, {.series = 2}).error().kind == Error::Kind::LimitExceeded);
    CHECK(read(kRecorded, {.cells = 3}).error().kind == Error::Kind::LimitExceeded);
}

TEST_CASE("a line of a fixture has an end, however well it is packed", "[engine][store][fixture]") {
    const std::string text = "up 1 10\n" + std::string(3'000'000, 'x');
    const auto fixture = read(gzip(text));
    REQUIRE_FALSE(fixture);
    CHECK(fixture.error().message == "/f.om:2: a line of more than 1048576 bytes");
    CHECK(read("up 1 10\nx{a=\"" + std::string(500'000, 'x') + "\"} 1 10\n# EOF\n"));
}

TEST_CASE("fixtures overlap where one is not over with a series when the other one has it",
          "[engine][store][fixture]") {
    const auto one = read("a 1 10\nb 1 10\na 1 20\n# EOF\n");
    REQUIRE(one);
    const auto overlaps = [&](std::string_view other) {
        const auto fixture = read(other);
        REQUIRE(fixture);
        const auto labels = find_overlap(*one, *fixture);
        CHECK(labels == find_overlap(*fixture, *one));
        return labels ? to_string(*labels) : "";
    };
    CHECK(overlaps("a 1 20\n# EOF\n") == "a");
    CHECK(overlaps("a 1 15\n# EOF\n") == "a");
    CHECK(overlaps("a 1 5\na 1 25\n# EOF\n") == "a");
    CHECK(overlaps("a 1 21\nb 1 11\nc 1 10\n# EOF\n").empty());
}

TEST_CASE("a fixture is played into a store in the order of time", "[engine][store][fixture]") {
    const auto fixture = read(kRecorded);
    REQUIRE(fixture);
    Store store(StoreOptions{.retention = 1h});
    const auto heat = store.select({Matcher::equal("__name__", "heat")}, 1h);
    FixtureColumns columns(store);
    FixturePlayer player(*fixture, columns);
    CHECK(player.next() == Timestamp{10s});
    REQUIRE(player.play(Timestamp{15s}));
    CHECK(player.next() == Timestamp{15'250ms});
    CHECK(heat.get().size() == 1);
    REQUIRE(player.play(Timestamp{1h}));
    CHECK_FALSE(player.next());
    CHECK(heat.get().size() == 3);
    // What nobody wants is not there.
    CHECK_FALSE(store.find_series({{"__name__", "up"}, {"instance", "a"}, {"job", "j"}}));

    const auto place = store.find_series({{"__name__", "heat"}, {"instance", "a"}, {"job", "j"}, {"room", "y"}});
    REQUIRE(place);
    const Timeline& timeline = store.timeline(place->timeline);
    REQUIRE(timeline.rows() == 3);
    CHECK(is_absent(timeline.at(0, place->column)));
    CHECK(timeline.at(1, place->column) == 19);
    CHECK(is_stale(timeline.at(2, place->column)));
}
