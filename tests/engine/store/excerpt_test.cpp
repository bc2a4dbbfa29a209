#include "engine/store/excerpt.h"

#include <algorithm>

#include "base/sample.h"
#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

Timestamp at(int seconds) {
    return from_unix_ms(std::int64_t{seconds} * 1000);
}

StoreOptions options() {
    StoreOptions options;
    options.keep_all = true;
    options.retention = 1h;
    return options;
}

/// Two targets of three series each: `m{target,i}` is 100 * target + 10 * i + row.
struct World {
    World() {
        for (int target = 0; target < 2; ++target) {
            timelines.push_back(store.create_timeline());
            for (int i = 0; i < 3; ++i) store.column_for(timelines.back(), labels(target, i));
        }
        for (int row = 0; row < 5; ++row) append(row);
    }
    static LabelSet labels(int target, int i) {
        return {{"__name__", i < 2 ? "m" : "other"}, {"target", std::to_string(target)}, {"i", std::to_string(i)}};
    }
    void append(int row) {
        for (int target = 0; target < 2; ++target) {
            std::vector<double> values;
            for (int i = 0; i < 3; ++i) values.push_back(100 * target + 10 * i + row);
            store.append(timelines[static_cast<std::size_t>(target)], at(10 * row), values);
        }
    }
    Store store{options()};
    std::vector<TimelineId> timelines;
};

Matchers named(std::string_view name) {
    return {Matcher::equal("__name__", std::string(name))};
}

void find_all(Excerpt& excerpt, std::size_t piece) {
    while (!excerpt.find(piece)) {
    }
    excerpt.arrange();
}

void copy_all(Excerpt& excerpt, std::vector<TimeSpan> spans, std::uint64_t piece) {
    excerpt.begin_copy(std::move(spans));
    while (!excerpt.copy(piece)) {
    }
}

std::vector<double> values_of(Excerpt& excerpt, const LabelSet& labels) {
    const auto location = excerpt.store().find_series(labels);
    if (!location) return {};
    const Timeline& timeline = excerpt.store().timeline(location->timeline);
    std::vector<double> values;
    for (std::size_t row = 0; row < timeline.rows(); ++row) values.push_back(timeline.at(row, location->column));
    return values;
}

using Values = std::vector<double>;

}  // namespace

TEST_CASE("an excerpt has the series and rows that were asked for", "[engine][store][excerpt]") {
    for (const std::uint64_t piece : {std::uint64_t{1}, std::uint64_t{1000}}) {
        World world;
        Excerpt excerpt(world.store, {named("m"), {Matcher::equal("i", "1")}});
        find_all(excerpt, piece);
        CHECK(excerpt.cells_in({{at(5), at(20)}}) == 2 * 2 * 2);
        copy_all(excerpt, {{at(5), at(10)}, {at(25), at(40)}}, piece);
        CHECK(values_of(excerpt, World::labels(0, 1)) == Values{11, 13, 14});
        CHECK(values_of(excerpt, World::labels(1, 0)) == Values{101, 103, 104});
        CHECK(values_of(excerpt, World::labels(1, 2)).empty());
        // What was there is forgotten.
        copy_all(excerpt, {{at(0), at(20)}}, piece);
        CHECK(values_of(excerpt, World::labels(0, 1)) == Values{11, 12});
    }
}

TEST_CASE("what comes after an excerpt was made is not in it", "[engine][store][excerpt]") {
    World world;
    Excerpt excerpt(world.store, {named("m")});
    while (!excerpt.find(1)) {
        world.store.column_for(world.timelines[0], {{"__name__", "m"}, {"i", "new"}});
    }
    world.append(5);
    excerpt.arrange();
    copy_all(excerpt, {{at(25), at(1000)}}, 1);
    CHECK(values_of(excerpt, World::labels(0, 0)) == Values{3, 4});
    CHECK(values_of(excerpt, World::labels(1, 1)) == Values{113, 114});
    const auto location = excerpt.store().find_series({{"__name__", "m"}, {"i", "new"}});
    if (location) CHECK(is_missing(values_of(excerpt, {{"__name__", "m"}, {"i", "new"}}).back()));
}

TEST_CASE("an excerpt survives that series and targets go while it is made", "[engine][store][excerpt]") {
    World world;
    Excerpt excerpt(world.store, {named("m")});
    find_all(excerpt, 1);
    SECTION("a target is gone") {
        world.store.remove_timeline(world.timelines[0]);
        copy_all(excerpt, {{at(-1), at(1000)}}, 1);
        CHECK(values_of(excerpt, World::labels(0, 0)).empty());
        CHECK(values_of(excerpt, World::labels(1, 0)) == Values{100, 101, 102, 103, 104});
    }
    SECTION("its place was taken by another one") {
        world.store.remove_timeline(world.timelines[0]);
        const TimelineId again = world.store.create_timeline();
        REQUIRE(again == world.timelines[0]);
        world.store.column_for(again, {{"__name__", "x"}});
        world.store.append(again, at(40), std::vector<double>{7});
        copy_all(excerpt, {{at(-1), at(1000)}}, 1);
        for (const double value : values_of(excerpt, World::labels(0, 0))) CHECK(is_missing(value));
        CHECK(values_of(excerpt, World::labels(1, 1)) == Values{110, 111, 112, 113, 114});
    }
}

TEST_CASE("labels of series with a sample in a time are listed", "[engine][store][excerpt]") {
    World world;
    Excerpt excerpt(world.store, {named("other"), named("m")});
    while (!excerpt.find_labels(1, {at(39), at(40)})) {
    }
    const auto labels = excerpt.take_labels();
    CHECK(labels.size() == 6);
    CHECK(std::ranges::is_sorted(labels));
    Excerpt none(world.store, {named("m")});
    while (!none.find_labels(10, {at(40), at(100)})) {
    }
    CHECK(none.take_labels().empty());
}

TEST_CASE("spans of time that touch become one", "[engine][store][excerpt]") {
    CHECK(merged({{at(5), at(9)}, {at(1), at(3)}, {at(3), at(4)}, {at(6), at(7)}, {at(20), at(10)}}) ==
          std::vector<TimeSpan>{{at(1), at(4)}, {at(5), at(9)}});
}
