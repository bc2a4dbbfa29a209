#include "base/labels.h"

#include <algorithm>
#include <set>

#include "tests/catch.h"

namespace tocsin {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(const LabelSet& labels) {
    Pairs pairs;
    for (const Label label : labels) pairs.emplace_back(label.name, label.value);
    return pairs;
}

}  // namespace

TEST_CASE("labels are sorted by name whatever their order was", "[base][labels]") {
    const LabelSet labels{{"job", "api"}, {"__name__", "up"}, {"instance", "a:1"}};
    CHECK(pairs_of(labels) == Pairs{{"__name__", "up"}, {"instance", "a:1"}, {"job", "api"}});
    CHECK(labels.size() == 3);
    CHECK(labels.metric_name() == "up");
    CHECK(labels == LabelSet{{"instance", "a:1"}, {"job", "api"}, {"__name__", "up"}});
}

TEST_CASE("of a name given twice the last value counts", "[base][labels]") {
    CHECK(pairs_of({{"a", "1"}, {"b", "2"}, {"a", "3"}}) == Pairs{{"a", "3"}, {"b", "2"}});
    CHECK(LabelSet{{"a", "1"}, {"a", ""}}.empty());
    CHECK(pairs_of(LabelSet::from(Pairs{{"a", ""}, {"a", "2"}})) == Pairs{{"a", "2"}});
}

TEST_CASE("an empty value is no label", "[base][labels]") {
    const LabelSet labels{{"a", ""}, {"b", "1"}};
    CHECK(labels == LabelSet{{"b", "1"}});
    CHECK(labels.get("a").empty());
    CHECK_FALSE(labels.has("a"));
    CHECK(labels.has("b"));
    const LabelSet none;
    CHECK(none.empty());
    CHECK(none.begin() == none.end());
}

TEST_CASE("a text of any length is kept", "[base][labels]") {
    const auto length = GENERATE(values<std::size_t>({1, 253, 254, 255, 256, 65535, 65536, 1'000'000}));
    const std::string name(length, 'n');
    const std::string value(length, 'v');
    const LabelSet labels{{name, value}, {"zz", "last"}};
    CHECK(labels.get(name) == value);
    CHECK(labels.get("zz") == "last");
    CHECK(labels.size() == 2);
}

TEST_CASE("names and values are bytes, null bytes included", "[base][labels]") {
    const std::string odd("a\0b\xff", 4);
    const LabelSet labels{{odd, odd}};
    CHECK(labels.get(odd) == odd);
    CHECK_FALSE(labels == LabelSet{{"a", odd}});
}

TEST_CASE("pairs that run together differently are different sets", "[base][labels]") {
    CHECK_FALSE(LabelSet{{"ab", "c"}} == LabelSet{{"a", "bc"}});
    CHECK_FALSE(LabelSet{{"a", "b"}, {"c", "d"}} == LabelSet{{"a", "bcd"}});
}

TEST_CASE("sets are ordered pair by pair, name before value, shorter first", "[base][labels]") {
    const std::vector<LabelSet> ordered{
        {},
        {{"a", "1"}},
        {{"a", "1"}, {"b", "1"}},
        {{"a", "1"}, {"b", "2"}},
        {{"a", "1"}, {"bb", "1"}},
        {{"a", "2"}},
        {{"aa", std::string(300, 'x')}},
        {{"b", "1"}},
        {{"b", "\xff"}},
    };
    for (std::size_t i = 0; i < ordered.size(); ++i) {
        for (std::size_t j = 0; j < ordered.size(); ++j) {
            CAPTURE(i, j);
            CHECK((ordered[i] <=> ordered[j]) == (i <=> j));
        }
    }
}

TEST_CASE("a set without or with only some names", "[base][labels]") {
    const LabelSet labels{{"__name__", "up"}, {"a", "1"}, {"c", "3"}, {"e", "5"}};
    CHECK(labels.without({"a", "b", "e"}) == LabelSet{{"__name__", "up"}, {"c", "3"}});
    CHECK(labels.without({}) == labels);
    CHECK(labels.only({"a", "b", "e", "z"}) == LabelSet{{"a", "1"}, {"e", "5"}});
    CHECK(labels.only({}).empty());
    CHECK(labels.without_metric_name() == LabelSet{{"a", "1"}, {"c", "3"}, {"e", "5"}});
    CHECK(LabelSet{{"a", "1"}}.without_metric_name() == LabelSet{{"a", "1"}});
}

TEST_CASE("equal sets have equal hashes, others hardly ever", "[base][labels]") {
    std::set<std::uint64_t> hashes;
    for (int i = 0; i < 1000; ++i) {
        const std::string value = std::to_string(i);
        const LabelSet labels{{"job", "api"}, {"instance", value}};
        CHECK(labels.hash() == LabelSet{{"instance", value}, {"job", "api"}}.hash());
        hashes.insert(labels.hash());
    }
    CHECK(hashes.size() == 1000);
}

TEST_CASE("a builder sets, replaces and removes", "[base][labels]") {
    LabelBuilder builder(LabelSet{{"b", "2"}, {"d", "4"}});
    builder.set("c", "3").set("a", "1").set("b", "two").remove("d").set("z", "");
    CHECK(builder.build() == LabelSet{{"a", "1"}, {"b", "two"}, {"c", "3"}});
    CHECK(builder.get("b") == "two");
    CHECK_FALSE(builder.has("d"));
    builder.set("a", "");
    CHECK(builder.build() == LabelSet{{"b", "two"}, {"c", "3"}});
    builder.clear();
    CHECK(builder.build().empty());
}

TEST_CASE("the fingerprint is FNV-1a over names and values", "[base][labels]") {
    CHECK(to_string_fingerprint(fingerprint(LabelSet{})) == "cbf29ce484222325");
    // Published values of the algorithm: FNV-1a of "a\xffb\xff" follows from its definition byte by byte.
    std::uint64_t expected = 0xcbf29ce484222325U;
    for (const unsigned byte : {unsigned{'a'}, 0xFFU, unsigned{'b'}, 0xFFU})
        expected = (expected ^ byte) * 0x100000001b3U;
    CHECK(fingerprint(LabelSet{{"a", "b"}}) == expected);
    CHECK(to_string_fingerprint(0xab) == "00000000000000ab");
}

TEST_CASE("a set is printed as PromQL writes it", "[base][labels]") {
    CHECK(to_string(LabelSet{}) == "{}");
    CHECK(to_string(LabelSet{{"__name__", "up"}}) == "up");
    CHECK(to_string(LabelSet{{"a", "b"}, {"c", "d\"\n"}}) == R"({a="b", c="d\"\n"})");
    CHECK(to_string(LabelSet{{"__name__", "up"}, {"a", "b"}}) == R"(up{a="b"})");
    CHECK(to_string(LabelSet{{"__name__", "my.metric"}, {"my label", "b"}}) == R"({"my.metric", "my label"="b"})");
}

TEST_CASE("a moved-from or assigned set keeps its own labels", "[base][labels]") {
    LabelSet a{{"a", "1"}};
    const LabelSet copy = a;
    a = LabelSet{{"b", "2"}};
    CHECK(copy.get("a") == "1");
    CHECK(a.get("b") == "2");
}

TEST_CASE("in messages of the engine the metric name is a label like any other", "[base][labels]") {
    CHECK(to_string_of_labels(LabelSet{}) == "{}");
    CHECK(to_string_of_labels(LabelSet{{"__name__", "up"}}) == R"({__name__="up"})");
    CHECK(to_string_of_labels(LabelSet{{"__name__", "up"}, {"a", "b\n"}}) == R"({__name__="up", a="b\n"})");
    CHECK(to_string_of_labels(LabelSet{{"__name__", "my.metric"}, {"my label", "b"}}) ==
          R"({__name__="my.metric", "my label"="b"})");
}

}  // namespace tocsin
