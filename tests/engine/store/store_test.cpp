#include "engine/store/store.h"

#include <string>

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

Timestamp at(int seconds) {
    return from_unix_ms(1000 * seconds);
}

Matchers name_is(std::string name) {
    return {Matcher::equal("__name__", std::move(name))};
}

LabelSet series(std::string_view name, std::string_view instance) {
    return {{"__name__", name}, {"instance", instance}};
}

std::string numbered(std::string_view name, std::size_t number) {
    return std::string(name) + std::to_string(number);
}

// One value for every column of the timeline.
void append_all(Store& store, TimelineId id, int seconds, double value) {
    REQUIRE(store.append(id, at(seconds), std::vector<double>(store.timeline(id).columns(), value)));
}

std::string shape(const Selection& selection) {
    std::string text;
    for (const Selection::Run& run : selection.runs()) {
        text += std::to_string(run.first_column) + "+" + std::to_string(run.count) + "@" +
                std::to_string(run.first_series) + " ";
    }
    return text;
}

}  // namespace

TEST_CASE("a series is matched when it is born and its selection has long runs", "[engine][store]") {
    Store store({});
    auto handle = store.select(name_is("a"), 5min);
    const TimelineId one = store.create_timeline();
    const TimelineId two = store.create_timeline();
    for (const TimelineId id : {one, two}) {
        const std::string target = std::to_string(id);
        for (std::size_t i = 0; i < 3; ++i) store.column_for(id, series("a", numbered(target + "-", i)));
        store.column_for(id, series("b", target));
        store.column_for(id, series("a", target + "-last"));
    }
    const Selection& selection = handle.get();
    CHECK(shape(selection) == "0+3@0 4+1@3 0+3@4 4+1@7 ");
    REQUIRE(selection.size() == 8);
    CHECK(selection.labels()[4] == series("a", "1-0"));
    CHECK(selection.runs()[2].timeline == &store.timeline(two));

    const auto generation = selection.generation();
    handle.get();
    CHECK(selection.generation() == generation);
    store.column_for(one, series("b", "other"));
    CHECK(handle.get().generation() == generation);
    store.column_for(one, series("a", "new"));
    CHECK(handle.get().generation() != generation);
    CHECK(shape(selection) == "0+3@0 4+1@3 6+1@4 0+3@5 4+1@8 ");
    CHECK(selection.labels()[4] == series("a", "new"));
    CHECK(selection.labels()[5] == series("a", "1-0"));
}

TEST_CASE("a selection that comes later has the series that are there", "[engine][store]") {
    Store store({});
    const TimelineId id = store.create_timeline();
    store.column_for(id, series("a", "1"));
    store.column_for(id, series("a", "2"));
    auto by_instance = store.select({Matcher::equal("instance", "2")}, 1min);
    REQUIRE(by_instance.get().size() == 1);
    CHECK(by_instance.get().labels()[0] == series("a", "2"));
    auto pattern = store.select({*Matcher::create("__name__", MatchOp::Regex, "a|b")}, 1min);
    CHECK(pattern.get().size() == 2);
}

TEST_CASE("the same matchers share one selection and the longer reach counts", "[engine][store]") {
    Store store({});
    const TimelineId id = store.create_timeline();
    store.column_for(id, series("a", "1"));
    auto first = store.select(name_is("a"), 5min);
    const auto generation = store.wanted_generation();
    {
        auto second = store.select(name_is("a"), 5min);
        CHECK(&first.get() == &second.get());
        CHECK(store.wanted_generation() == generation);
        auto longer = store.select(name_is("a"), 1h);
        CHECK(store.wanted_generation() != generation);
        CHECK(store.timeline(id).retention() == 1h);
    }
    CHECK(store.name_wanted("a"));
    first = {};
    CHECK_FALSE(store.name_wanted("a"));
}

TEST_CASE("names and series that no selection takes are not wanted", "[engine][store]") {
    Store store({});
    CHECK_FALSE(store.name_wanted("a"));
    auto equal = store.select({Matcher::equal("__name__", "a"), Matcher::equal("job", "x")}, 1min);
    CHECK(store.name_wanted("a"));
    CHECK_FALSE(store.name_wanted("ab"));
    CHECK(store.series_wanted({{"__name__", "a"}, {"job", "x"}}));
    CHECK_FALSE(store.series_wanted({{"__name__", "a"}, {"job", "y"}}));

    const auto before = store.wanted();
    auto regex = store.select({*Matcher::create("__name__", MatchOp::Regex, "ab.*"), Matcher::equal("job", "x")}, 2min);
    CHECK(store.name_wanted("abc"));
    CHECK_FALSE(store.name_wanted("ba"));
    CHECK(store.wanted()->reach({{"__name__", "abc"}, {"job", "x"}}) == Duration(2min));
    CHECK_FALSE(before->name("abc"));

    auto anything = store.select({Matcher::equal("instance", "1")}, 1min);
    CHECK(store.name_wanted("ba"));
    CHECK_FALSE(store.series_wanted({{"__name__", "ba"}}));

    Store all({.keep_all = true, .retention = 1h});
    CHECK(all.name_wanted("whatever"));
    CHECK(all.wanted()->reach({{"__name__", "whatever"}}) == Duration(1h));
}

TEST_CASE("a look at what is there asks for nothing", "[engine][store]") {
    Store store({});
    const TimelineId id = store.create_timeline();
    store.column_for(id, series("a", "1"));
    const auto generation = store.wanted_generation();
    const auto once = store.select_once(name_is("a"));
    CHECK(once.get().size() == 1);
    CHECK(shape(once.get()) == "0+1@0 ");
    CHECK(store.wanted_generation() == generation);
    CHECK_FALSE(store.name_wanted("a"));
}

TEST_CASE("rows are kept as far back as the selection that looks furthest", "[engine][store]") {
    Store store({});
    auto near = store.select(name_is("a"), 5min);
    auto far = store.select(name_is("b"), 20min);
    const TimelineId one = store.create_timeline();
    const TimelineId two = store.create_timeline();
    store.column_for(one, series("a", "1"));
    store.column_for(two, series("b", "1"));
    for (int t = 0; t <= 7200; t += 15) {
        append_all(store, one, t, t);
        append_all(store, two, t, t);
    }
    // Everything in (7200 s - reach, 7200 s], and what an evaluation that is one row late needs.
    CHECK(store.timeline(one).rows() == 22);
    CHECK(store.timeline(one).time(0) == at(7200 - 300 - 15));
    CHECK(store.timeline(two).rows() == 82);
}

TEST_CASE("a row that is not after the last one is refused", "[engine][store]") {
    Store store({});
    const TimelineId id = store.create_timeline();
    store.column_for(id, series("a", "1"));
    append_all(store, id, 100, 1);
    CHECK_FALSE(store.append(id, at(100), std::vector<double>{2}));
    CHECK_FALSE(store.append(id, at(99), std::vector<double>{2}));
    CHECK(store.append(id, at(101), {}));
    CHECK(is_absent(store.timeline(id).at(1, 0)));
    CHECK(store.stats().samples_appended == 1);
}

TEST_CASE("a series that ended is forgotten when nobody can reach it and its column is used again", "[engine][store]") {
    Store store({});
    auto handle = store.select(name_is("a"), 5min);
    const TimelineId id = store.create_timeline();
    const auto first = store.column_for(id, series("a", "1"));
    const auto second = store.column_for(id, series("a", "2"));
    REQUIRE((first && second));
    append_all(store, id, 0, 1);
    const auto before = store.layout_generation(id);
    for (int t = 15; t <= 330; t += 15) {
        std::vector<double> row{1, t == 15 ? kStaleMarker : kAbsentMarker};
        store.append(id, at(t), row);
        store.collect_garbage(at(t));
        CHECK(store.find_column(id, series("a", "2")).has_value() == (t <= 315));
    }
    CHECK(handle.get().size() == 1);
    CHECK(store.layout_generation(id).released == before.released + 1);
    CHECK(store.layout_generation(id).moved == before.moved);
    CHECK(store.column_for(id, series("a", "3")) == second);
    CHECK(handle.get().labels()[1] == series("a", "3"));
    CHECK(store.stats().series == 2);
    CHECK(store.stats().series_removed == 1);
}

TEST_CASE("a target that is polled no more is forgotten in the end", "[engine][store]") {
    Store store({});
    auto handle = store.select(name_is("a"), 5min);
    const TimelineId id = store.create_timeline();
    store.column_for(id, series("a", "1"));
    append_all(store, id, 0, 1);
    store.collect_garbage(at(300));
    CHECK(store.stats().series == 1);
    store.collect_garbage(at(400));
    CHECK(store.stats().series == 0);
    CHECK(handle.get().size() == 0);
    CHECK(handle.get().runs().empty());
}

TEST_CASE("churn does not grow the store", "[engine][store]") {
    Store store({});
    auto handle = store.select(name_is("a"), 1min);
    const TimelineId id = store.create_timeline();
    std::size_t bytes = 0;
    for (int t = 0; t < 15 * 400; t += 15) {
        std::vector<double> row(store.timeline(id).columns(), kAbsentMarker);
        for (std::size_t i = 0; i < 20; ++i) {
            const auto column = store.column_for(id, series("a", numbered(std::to_string(t) + "-", i)));
            REQUIRE(column);
            row.resize(store.timeline(id).columns(), kAbsentMarker);
            row[*column] = 1;
        }
        store.append(id, at(t), row);
        store.collect_garbage(at(t));
        handle.get();
        if (t == 15 * 100) bytes = store.stats().bytes;
    }
    CHECK(store.timeline(id).columns() <= 160);
    CHECK(store.stats().series <= 140);
    CHECK(store.stats().bytes <= bytes * 11 / 10);
    CHECK(store.stats().series_created == 8000);
}

TEST_CASE("memory is given back when many series died", "[engine][store]") {
    Store store({});
    auto handle = store.select(name_is("a"), 1min);
    const TimelineId id = store.create_timeline();
    for (std::size_t i = 0; i < 5000; ++i) store.column_for(id, series("a", std::to_string(i)));
    append_all(store, id, 0, 1);
    const auto moved = store.layout_generation(id).moved;
    const std::size_t bytes = store.stats().bytes;
    for (int t = 15; t <= 300; t += 15) {
        std::vector<double> row(store.timeline(id).columns(), kAbsentMarker);
        const auto kept = store.find_column(id, series("a", "17"));
        REQUIRE(kept);
        row[*kept] = t;
        store.append(id, at(t), row);
        store.collect_garbage(at(t));
    }
    CHECK(store.layout_generation(id).moved != moved);
    CHECK(store.timeline(id).columns() == 1);
    CHECK(store.stats().bytes < bytes / 2);
    REQUIRE(handle.get().size() == 1);
    CHECK(handle.get().labels()[0] == series("a", "17"));
    CHECK(shape(handle.get()) == "0+1@0 ");
    CHECK(store.timeline(id).at(store.timeline(id).rows() - 1, 0) == 300);
}

TEST_CASE("series that nobody wants any more are forgotten after selections changed", "[engine][store]") {
    Store store({});
    auto a = store.select(name_is("a"), 1h);
    auto b = store.select(name_is("b"), 5min);
    const TimelineId id = store.create_timeline();
    store.column_for(id, series("a", "1"));
    store.column_for(id, series("b", "1"));
    append_all(store, id, 0, 1);
    const auto moved = store.layout_generation(id).moved;
    a = {};
    store.collect_garbage(at(1));
    CHECK_FALSE(store.find_column(id, series("a", "1")));
    CHECK(store.find_column(id, series("b", "1")));
    CHECK(store.timeline(id).retention() == 5min);
    CHECK(store.layout_generation(id).moved != moved);
}

TEST_CASE("a series belongs to one timeline until it ends there", "[engine][store]") {
    Store store({});
    auto handle = store.select(name_is("a"), 5min);
    const TimelineId one = store.create_timeline();
    const TimelineId two = store.create_timeline();
    store.column_for(one, series("a", "1"));
    append_all(store, one, 0, 1);
    CHECK_FALSE(store.column_for(two, series("a", "1")));
    CHECK(store.stats().series_refused == 1);

    append_all(store, one, 15, kStaleMarker);
    CHECK(store.column_for(two, series("a", "1")));
    CHECK_FALSE(store.find_column(one, series("a", "1")));
    REQUIRE(handle.get().size() == 1);
    CHECK(handle.get().runs()[0].timeline == &store.timeline(two));
}

TEST_CASE("a full store refuses new series and keeps the old ones", "[engine][store]") {
    Store store({.series_max = 2});
    const TimelineId id = store.create_timeline();
    CHECK(store.column_for(id, series("a", "1")));
    CHECK(store.column_for(id, series("a", "2")));
    CHECK_FALSE(store.column_for(id, series("a", "3")));
    CHECK(store.column_for(id, series("a", "2")));
    CHECK(store.stats().series_refused == 1);
}

TEST_CASE("a removed timeline takes its series out of selections", "[engine][store]") {
    Store store({});
    auto handle = store.select(name_is("a"), 5min);
    const TimelineId one = store.create_timeline();
    const TimelineId two = store.create_timeline();
    store.column_for(one, series("a", "1"));
    store.column_for(two, series("a", "2"));
    CHECK(handle.get().size() == 2);
    store.remove_timeline(one);
    REQUIRE(handle.get().size() == 1);
    CHECK(handle.get().labels()[0] == series("a", "2"));
    CHECK(store.stats().timelines == 1);
    const TimelineId three = store.create_timeline();
    CHECK(store.timeline(three).empty());
}

TEST_CASE("whoever remembers columns of a timeline that is gone does not take another one's for them",
          "[engine][store]") {
    Store store({});
    const TimelineId one = store.create_timeline();
    store.column_for(one, series("a", "1"));
    const LayoutGeneration before = store.layout_generation(one);
    CHECK_FALSE(before == LayoutGeneration{});
    store.remove_timeline(one);
    const TimelineId two = store.create_timeline();
    REQUIRE(two == one);
    CHECK_FALSE(store.layout_generation(two) == before);
}

TEST_CASE("a series moves to another timeline with its samples", "[engine][store]") {
    Store store({});
    auto handle = store.select(name_is("a"), 5min);
    const TimelineId from = store.create_timeline();
    store.column_for(from, series("a", "1"));
    store.column_for(from, series("a", "2"));
    for (int t = 0; t < 60; t += 15) append_all(store, from, t, t);
    CHECK(handle.get().size() == 2);
    const TimelineId to = store.create_timeline();
    const ColumnIndex column = store.move_series(from, 0, to);
    CHECK(store.find_column(to, series("a", "1")) == column);
    CHECK_FALSE(store.find_column(from, series("a", "1")));
    REQUIRE(store.timeline(to).rows() == 4);
    CHECK(store.timeline(to).at(3, column) == 45);
    CHECK(is_absent(store.timeline(from).at(3, 0)));
    append_all(store, from, 60, 60);
    append_all(store, to, 60, 60);
    const ColumnIndex second = store.move_series(from, 1, to);
    CHECK(store.timeline(to).at(4, second) == 60);
    REQUIRE(handle.get().size() == 2);
    CHECK(shape(handle.get()) == "0+2@0 ");
    CHECK(handle.get().labels()[1] == series("a", "2"));
}

TEST_CASE("what is asked for while the store is frozen happens in order when it thaws", "[engine][store]") {
    Store store({});
    std::string order;
    store.when_thawed([&] { order += "a"; });
    store.freeze();
    store.freeze();
    store.when_thawed([&] {
        order += "b";
        store.freeze();
    });
    store.when_thawed([&] { order += "c"; });
    store.thaw();
    CHECK(order == "a");
    store.thaw();
    CHECK(order == "ab");
    CHECK(store.frozen());
    store.when_thawed([&] { order += "d"; });
    store.thaw();
    CHECK(order == "abcd");
}

TEST_CASE("series are visited by name and matchers until the visitor has enough", "[engine][store]") {
    Store store({});
    const TimelineId id = store.create_timeline();
    store.column_for(id, series("b", "1"));
    store.column_for(id, series("a", "1"));
    store.column_for(id, series("a", "2"));
    std::string seen;
    const auto visit = [&](const LabelSet& labels, const Timeline&, ColumnIndex column) {
        seen += std::string(labels.metric_name()) + std::to_string(column) + " ";
        return seen.size() < 6;
    };
    store.for_each_series({Matcher::equal("instance", "1")}, visit);
    CHECK(seen == "a1 b0 ");
    seen.clear();
    store.for_each_series({}, visit);
    CHECK(seen == "a1 a2 ");
    seen.clear();
    store.for_each_series(name_is("a"), visit);
    CHECK(seen == "a1 a2 ");
}
