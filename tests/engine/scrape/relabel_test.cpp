#include "engine/scrape/relabel.h"

#include "tests/catch.h"

using namespace tocsin;

namespace {

// The labels afterwards, or `dropped`.
std::string relabelled(const LabelSet& labels, const std::vector<RelabelFields>& steps) {
    RelabelConfigs configs;
    for (const RelabelFields& step : steps) {
        const auto config = RelabelConfig::create(step);
        INFO((config ? "" : config.error().message));
        REQUIRE(config);
        configs.push_back(*config);
    }
    LabelBuilder builder(labels);
    return relabel(builder, configs) ? to_string(builder.build()) : "dropped";
}

const LabelSet kLabels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};

}  // namespace

TEST_CASE("relabelling changes labels as Prometheus does", "[engine][scrape][relabel]") {
    using A = RelabelAction;
    struct Case {
        std::string name;
        LabelSet labels;
        std::vector<RelabelFields> steps;
        std::string want;
    };
    const auto [name, labels, steps, want] = GENERATE(values<Case>({
        {"replace with a group",
         kLabels,
         {{.source_labels = {"a"}, .regex = "f(.*)", .target_label = "d", .replacement = "ch$1-ch$1"}},
         R"({a="foo", b="bar", c="baz", d="choo-choo"})"},
        {"joined with the separator",
         kLabels,
         {{.source_labels = {"a", "b"}, .regex = "foo;bar", .target_label = "a", .replacement = "x"}},
         R"({a="x", b="bar", c="baz"})"},
        {"an own separator",
         kLabels,
         {{.source_labels = {"a", "none", "b"},
           .separator = "-",
           .regex = "foo--bar",
           .target_label = "a",
           .replacement = "x"}},
         R"({a="x", b="bar", c="baz"})"},
        {"no match changes nothing",
         kLabels,
         {{.source_labels = {"a"}, .regex = "fo", .target_label = "d", .replacement = "x"}},
         R"({a="foo", b="bar", c="baz"})"},
        {"an empty result takes the label away",
         kLabels,
         {{.source_labels = {"a"}, .regex = "f(o.*)?", .target_label = "b", .replacement = ""}},
         R"({a="foo", c="baz"})"},
        {"a group in the name of the target",
         kLabels,
         {{.source_labels = {"a"}, .regex = "(.*)", .target_label = "x_${1}", .replacement = "y"}},
         R"({a="foo", b="bar", c="baz", x_foo="y"})"},
        {"an empty target is left alone",
         {{"a", "b"}},
         {{.source_labels = {"none"}, .regex = "(.*)", .target_label = "${1}", .replacement = "y"}},
         R"({a="b"})"},
        {"a dollar that names no group",
         {{"a", "b"}},
         {{.source_labels = {"a"}, .regex = "(.*)", .target_label = "c", .replacement = "$2|$1x|$$"}},
         R"({a="b", c="||$"})"},
        {"the dot matches a line feed",
         {{"a", "x\ny"}},
         {{.source_labels = {"a"}, .regex = "x.y", .target_label = "b", .replacement = "z"}},
         R"({a="x\ny", b="z"})"},
        {"steps see what the ones before did",
         kLabels,
         {{.source_labels = {"a"}, .regex = ".*(o).*", .target_label = "d", .replacement = "$1"},
          {.source_labels = {"d"}, .regex = "o", .action = A::Drop}},
         "dropped"},
        {"drop what matches", kLabels, {{.source_labels = {"a"}, .regex = ".*o.*", .action = A::Drop}}, "dropped"},
        {"regular expressions are anchored",
         kLabels,
         {{.source_labels = {"a"}, .regex = "o", .action = A::Drop}},
         R"({a="foo", b="bar", c="baz"})"},
        {"keep what matches",
         kLabels,
         {{.source_labels = {"a"}, .regex = "no|foo", .action = A::Keep}},
         R"({a="foo", b="bar", c="baz"})"},
        {"keep drops the rest", kLabels, {{.source_labels = {"a"}, .regex = "no", .action = A::Keep}}, "dropped"},
        {"a label that is not there is empty",
         kLabels,
         {{.source_labels = {"none"}, .regex = "", .action = A::Drop}},
         "dropped"},
        {"keepequal",
         {{"a", "x"}, {"b", "x"}},
         {{.source_labels = {"a"}, .target_label = "b", .action = A::KeepEqual}},
         R"({a="x", b="x"})"},
        {"keepequal drops what differs",
         kLabels,
         {{.source_labels = {"a"}, .target_label = "b", .action = A::KeepEqual}},
         "dropped"},
        {"dropequal",
         {{"a", "x"}, {"b", "x"}},
         {{.source_labels = {"a"}, .target_label = "b", .action = A::DropEqual}},
         "dropped"},
        {"hashmod takes the last eight bytes of MD5",
         kLabels,
         {{.source_labels = {"c"}, .modulus = 1000, .target_label = "d", .action = A::HashMod}},
         R"({a="foo", b="bar", c="baz", d="976"})"},
        {"labelmap copies",
         {{"a", "foo"}, {"b1", "bar"}, {"b2", "baz"}},
         {{.regex = "b(.*)", .replacement = "bar_$1", .action = A::LabelMap}},
         R"({a="foo", b1="bar", b2="baz", bar_1="bar", bar_2="baz"})"},
        {"labelmap of meta labels",
         {{"__meta_my_baz", "aaa"}, {"__meta_my_bar", "bbb"}},
         {{.regex = "__meta_(my.*)", .replacement = "${1}", .action = A::LabelMap}},
         R"({__meta_my_bar="bbb", __meta_my_baz="aaa", my_bar="bbb", my_baz="aaa"})"},
        {"labeldrop", {{"a", "foo"}, {"b1", "bar"}}, {{.regex = "(b.*)", .action = A::LabelDrop}}, R"({a="foo"})"},
        {"labelkeep", {{"a", "foo"}, {"b1", "bar"}}, {{.regex = "(b.*)", .action = A::LabelKeep}}, R"({b1="bar"})"},
        {"lower and upper case",
         {{"a", "Foo ÄÖ Σ"}},
         {{.source_labels = {"a"}, .target_label = "l", .action = A::Lowercase},
          {.source_labels = {"a"}, .target_label = "u", .action = A::Uppercase}},
         R"({a="Foo ÄÖ Σ", l="foo äö σ", u="FOO ÄÖ Σ"})"},
        {"names beyond the old alphabet",
         {{"a", "x"}},
         {{.source_labels = {"a"}, .target_label = "b.c d", .replacement = "$1"}},
         R"({a="x", "b.c d"="x"})"},
    }));
    CAPTURE(name);
    CHECK(relabelled(labels, steps) == want);
}

TEST_CASE("configurations that make no sense are refused in Prometheus' words", "[engine][scrape][relabel]") {
    using A = RelabelAction;
    struct Case {
        RelabelFields fields;
        std::string want;
    };
    const auto [fields, want] = GENERATE(values<Case>({
        {{.source_labels = {"a"}, .target_label = "b", .action = A::HashMod},
         "relabel configuration for hashmod requires non-zero modulus"},
        {{.source_labels = {"a"}}, "relabel configuration for replace action requires 'target_label' value"},
        {{.action = A::Lowercase}, "relabel configuration for lowercase action requires 'target_label' value"},
        {{.target_label = "a", .replacement = "x", .action = A::Uppercase},
         "'replacement' can not be set for uppercase action"},
        {{.source_labels = {"a"}, .regex = "x", .target_label = "b", .action = A::KeepEqual},
         "keepequal action requires only 'source_labels' and `target_label`, and no other fields"},
        {{.source_labels = {"a"}, .action = A::LabelDrop},
         "labeldrop action requires only 'regex', and no other fields"},
        {{.target_label = "a", .action = A::LabelKeep}, "labelkeep action requires only 'regex', and no other fields"},
        {{.replacement = "", .action = A::LabelMap}, "\"\" is invalid 'replacement' for labelmap action"},
        {{.target_label = "a\xff"}, "\"a\\xff\" is invalid 'target_label' for replace action"},
    }));
    const auto config = RelabelConfig::create(fields);
    REQUIRE_FALSE(config);
    CHECK(config.error().message == want);
    CHECK_FALSE(RelabelConfig::create({.source_labels = {"a"}, .regex = "(", .action = A::Drop}));
}

TEST_CASE("all that is wrong with a step is told, each with its key", "[engine][scrape][relabel]") {
    const auto keys_of = [](const RelabelFields& fields) {
        std::vector<std::string_view> keys;
        for (const RelabelProblem& problem : RelabelConfig::problems_with(fields)) keys.push_back(problem.key);
        return keys;
    };
    using A = RelabelAction;
    using Keys = std::vector<std::string_view>;
    CHECK(keys_of({.target_label = "a"}).empty());
    CHECK(keys_of({.regex = "(", .action = A::HashMod}) == Keys{"modulus", "target_label", "regex"});
    CHECK(keys_of({.replacement = "x", .action = A::Lowercase}) == Keys{"target_label", "replacement"});
    CHECK(keys_of({.separator = ",", .replacement = "x", .action = A::KeepEqual}) ==
          Keys{"target_label", "replacement", "action"});
    CHECK(keys_of({.source_labels = {"a"}, .regex = "[", .action = A::LabelDrop}) == Keys{"action", "regex"});
}

TEST_CASE("actions are read whatever their case", "[engine][scrape][relabel]") {
    CHECK(parse_relabel_action("LabelMap") == RelabelAction::LabelMap);
    CHECK(parse_relabel_action("dropequal") == RelabelAction::DropEqual);
    CHECK(parse_relabel_action("explode").error().message == "unknown relabel action \"explode\"");
    for (const auto action : {RelabelAction::Drop, RelabelAction::HashMod, RelabelAction::Uppercase}) {
        CHECK(parse_relabel_action(to_string(action)) == action);
    }
}

TEST_CASE("it is known which steps can rename a metric", "[engine][scrape][relabel]") {
    const auto renames = [](RelabelFields fields) {
        return RelabelConfig::create(std::move(fields))->may_change_metric_name();
    };
    CHECK(renames({.target_label = "__name__", .replacement = "x"}));
    CHECK(renames({.target_label = "$1"}));
    CHECK(renames({.regex = "x(.*)", .action = RelabelAction::LabelMap}));
    CHECK(renames({.regex = "__.*", .action = RelabelAction::LabelDrop}));
    CHECK_FALSE(renames({.target_label = "a"}));
    CHECK_FALSE(renames({.source_labels = {"__name__"}, .regex = "x", .action = RelabelAction::Drop}));
    CHECK_FALSE(renames({.regex = "a", .action = RelabelAction::LabelDrop}));
}
