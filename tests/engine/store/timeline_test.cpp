#include "engine/store/timeline.h"

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

Timestamp at(int seconds) {
    return from_unix_ms(1000 * seconds);
}

// Rows at 10 s, 20 s, …; the cell of row r and column c is 100 r + c.
Timeline table(std::size_t rows, std::size_t columns) {
    Timeline timeline(5min);
    for (std::size_t c = 0; c < columns; ++c) timeline.add_column();
    for (std::size_t r = 0; r < rows; ++r) {
        auto row = timeline.append_row(at(static_cast<int>(10 * (r + 1))));
        for (std::size_t c = 0; c < columns; ++c) row[c] = static_cast<double>(100 * r + c);
    }
    return timeline;
}

}  // namespace

TEST_CASE("the oldest row comes first, also when the ring has come round", "[engine][store][timeline]") {
    Timeline timeline = table(30, 3);
    for (int r = 30; r < 100; ++r) {
        timeline.drop_before(at(10 * (r - 20)));
        auto row = timeline.append_row(at(10 * (r + 1)));
        for (std::size_t c = 0; c < 3; ++c) row[c] = static_cast<double>(100 * r) + static_cast<double>(c);
    }
    REQUIRE(timeline.rows() == 22);
    for (std::size_t r = 0; r < timeline.rows(); ++r) {
        CHECK(timeline.time(r) == at(static_cast<int>(790 + 10 * r)));
        CHECK(timeline.at(r, 2) == static_cast<double>(100 * (78 + r) + 2));
    }
}

TEST_CASE("a new column is absent in earlier rows", "[engine][store][timeline]") {
    Timeline timeline = table(5, 2);
    for (ColumnIndex c = 2; c < 40; ++c) CHECK(timeline.add_column() == c);
    CHECK(timeline.columns() == 40);
    for (std::size_t r = 0; r < 5; ++r) {
        CHECK(timeline.at(r, 1) == static_cast<double>(100 * r + 1));
        CHECK(is_absent(timeline.at(r, 2)));
        CHECK(is_absent(timeline.at(r, 39)));
    }
}

TEST_CASE("a released column is wiped and used again, the lowest first", "[engine][store][timeline]") {
    Timeline timeline = table(4, 5);
    timeline.release_column(3);
    timeline.release_column(1);
    CHECK(timeline.free_columns() == 2);
    CHECK(is_absent(timeline.at(2, 1)));
    CHECK(timeline.add_column() == 1);
    CHECK(timeline.add_column() == 3);
    CHECK(timeline.add_column() == 5);
    CHECK(is_absent(timeline.at(2, 3)));
    CHECK(timeline.at(2, 4) == 204);
}

TEST_CASE("the first row after a time is found by binary search", "[engine][store][timeline]") {
    const Timeline timeline = table(50, 1);
    CHECK(timeline.first_after(at(0)) == 0);
    CHECK(timeline.first_after(at(10)) == 1);
    CHECK(timeline.first_after(at(9)) == 0);
    CHECK(timeline.first_after(at(255)) == 25);
    CHECK(timeline.first_after(at(490)) == 49);
    CHECK(timeline.first_after(at(500)) == 50);
    CHECK(Timeline(1min).first_after(at(1)) == 0);
}

TEST_CASE("squeezing keeps order and samples and gives memory back", "[engine][store][timeline]") {
    Timeline timeline = table(40, 1000);
    timeline.drop_before(at(150));  // so that the ring does not begin at its first slot
    timeline.append_row(at(1000));
    for (ColumnIndex c = 0; c < 1000; ++c) {
        if (c % 10 != 7) timeline.release_column(c);
    }
    const std::size_t before = timeline.bytes();
    const auto moved = timeline.squeeze();
    CHECK(timeline.bytes() < before / 5);
    CHECK(timeline.columns() == 100);
    CHECK(timeline.free_columns() == 0);
    CHECK(moved[7] == 0);
    CHECK(moved[8] == kNoColumn);
    CHECK(moved[997] == 99);
    CHECK(timeline.time(0) == at(150));
    CHECK(timeline.at(0, 99) == 100 * 14 + 997);
    CHECK(is_absent(timeline.at(timeline.rows() - 1, 99)));
    CHECK(timeline.add_column() == 100);
}

TEST_CASE("dropping most rows gives memory back", "[engine][store][timeline]") {
    Timeline timeline = table(1000, 50);
    const std::size_t before = timeline.bytes();
    timeline.drop_before(at(9'900));
    CHECK(timeline.rows() == 11);
    CHECK(timeline.bytes() < before / 20);
    CHECK(timeline.at(0, 49) == 100 * 989 + 49);
}
