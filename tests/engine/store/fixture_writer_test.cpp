#include "engine/store/fixture_writer.h"

#include <string>

#include "base/zstd_stream.h"
#include "engine/store/anonymiser.h"
#include "engine/store/fixture.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

namespace {

LabelSet labels(std::vector<std::pair<std::string, std::string>> pairs) {
    return LabelSet::from(std::move(pairs));
}

/// Two pieces of two series.
void write_two_pieces(FixtureWriter& writer) {
    const std::size_t b = writer.series(labels({{"__name__", "b"}, {"x", "1"}}));
    const std::size_t a = writer.series(labels({{"__name__", "a"}}));
    writer.add(b, 2000, 4);
    writer.add(b, 1000, 2);
    writer.add(a, 1000, 1);
    writer.add(a, 1000, 1);
    REQUIRE(writer.flush());
    writer.add(a, 2500, 0.1);
    REQUIRE(writer.flush());
}

constexpr std::string_view kTwoPieces = "a 1 1\nb{x=\"1\"} 2 1\nb{x=\"1\"} 4 2\na 0.1 2.500\n";

}  // namespace

TEST_CASE("a fixture is written by time, then by series, each sample once", "[engine][store][fixture]") {
    fakes::FakeDisk disk{"/f"};
    auto writer = FixtureWriter::create(disk, "/f/x.om");
    REQUIRE(writer);
    write_two_pieces(*writer);
    CHECK(disk.content("/f/x.om.part") == kTwoPieces);
    CHECK_FALSE(disk.exists("/f/x.om"));
    REQUIRE(writer->finish());
    CHECK(disk.content("/f/x.om") == std::string(kTwoPieces) + "# EOF\n");
    CHECK_FALSE(disk.exists("/f/x.om.part"));
    CHECK(writer->samples() == 4);
    CHECK(writer->series_count() == 2);
}

TEST_CASE("what is packed piece by piece is read as one", "[engine][store][fixture]") {
    const std::string path = GENERATE(as<std::string>(), "/f/x.om", "/f/x.om.gz", "/f/x.om.zst");
    fakes::FakeDisk disk{"/f"};
    auto writer = FixtureWriter::create(disk, path);
    REQUIRE(writer);
    write_two_pieces(*writer);
    REQUIRE(writer->finish());
    const auto fixture = Fixture::read(disk, path);
    REQUIRE(fixture);
    CHECK(*fixture->begin() == from_unix_ms(1000));
    CHECK(*fixture->end() == from_unix_ms(2500));
    CHECK(fixture->tables().size() == 2);
}

TEST_CASE("a writer goes on behind what is good of a former one", "[engine][store][fixture]") {
    fakes::FakeDisk disk{"/f"};
    std::uint64_t good = 0;
    {
        auto writer = FixtureWriter::create(disk, "/f/x.om.gz");
        REQUIRE(writer);
        write_two_pieces(*writer);
        good = writer->bytes();
        writer->add(writer->series(labels({{"__name__", "a"}})), 9000, 7);
        REQUIRE(writer->flush());  // nobody noted that
    }
    auto writer = FixtureWriter::resume(disk, "/f/x.om.gz", good);
    REQUIRE(writer);
    writer->add(writer->series(labels({{"__name__", "a"}})), 3000, 5);
    REQUIRE(writer->finish());
    const auto fixture = Fixture::read(disk, "/f/x.om.gz");
    REQUIRE(fixture);
    CHECK(*fixture->end() == from_unix_ms(3000));
    CHECK_FALSE(FixtureWriter::resume(disk, "/f/x.om.gz", 1));
    disk.put("/f/y.om.part", "a 1 1\n");
    CHECK_FALSE(FixtureWriter::resume(disk, "/f/y.om", 100));
}

TEST_CASE("samples that others may still come before wait", "[engine][store][fixture]") {
    fakes::FakeDisk disk{"/f"};
    auto writer = FixtureWriter::create(disk, "/f/x.om");
    REQUIRE(writer);
    const std::size_t a = writer->series(labels({{"__name__", "a"}}));
    writer->add(a, 3000, 3);
    writer->add(a, 1000, 1);
    REQUIRE(writer->flush(2000));
    CHECK(disk.content("/f/x.om.part") == "a 1 1\n");
    writer->add(a, 2000, 2);
    REQUIRE(writer->finish());
    CHECK(disk.content("/f/x.om") == "a 1 1\na 2 2\na 3 3\n# EOF\n");
}

TEST_CASE("every series can be written down", "[engine][store][fixture]") {
    CHECK(fixture_series(labels({{"__name__", "a:b"}})) == "a:b");
    CHECK(fixture_series(labels({{"__name__", "a"}, {"q", "a\"b\\c\nd"}})) == R"(a{q="a\"b\\c\nd"})");
    CHECK(fixture_series(labels({{"__name__", "a.b"}, {"c.d", "e"}})) == R"({"a.b","c.d"="e"})");
    fakes::FakeDisk disk{"/f"};
    CHECK(FixtureWriter::create(disk, "/f/x.txt").error().message ==
          "/f/x.txt: a fixture's name ends in .om, .om.gz or .om.zst");
}

TEST_CASE("labels are made anonymous in the same way everywhere", "[engine][store][fixture]") {
    const Anonymiser anonymiser({"instance", "node"}, "key"), other({"instance"}, "other key");
    const LabelSet one = anonymiser.apply(labels({{"__name__", "up"}, {"instance", "db-1"}, {"job", "db"}}));
    CHECK(one.get("job") == "db");
    const std::string_view name = one.get("instance");
    CHECK_THAT(std::string(name), Catch::StartsWith("instance-"));
    CHECK(name.size() == std::string("instance-").size() + 12);
    const LabelSet two = anonymiser.apply(labels({{"node", "db-1"}}));
    CHECK(two.get("node").substr(5) == name.substr(9));
    CHECK(anonymiser.apply(labels({{"instance", "db-2"}})).get("instance") != name);
    CHECK(other.apply(labels({{"instance", "db-1"}})).get("instance") != name);
    CHECK(anonymiser.apply(labels({{"a", "b"}})) == labels({{"a", "b"}}));
}
