#include "notifiers/integrations/templated_text.h"

#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::IntegrationRig;

TEST_CASE("texts are cut by characters, the last one an ellipsis", "[notifiers][templated_text]") {
    CHECK(truncate_in_runes("abc", 3) == "abc");
    CHECK(truncate_in_runes("abcd", 3) == "ab…");
    CHECK(truncate_in_runes("äöü€🙂", 5) == "äöü€🙂");
    CHECK(truncate_in_runes("äöü€🙂", 4) == "äöü…");
    CHECK(truncate_in_runes("", 4).empty());
}

TEST_CASE("plain facts name every alert with its labels and annotations", "[notifiers][templated_text]") {
    const auto data =
        IntegrationRig::notification({IntegrationRig::example(true), IntegrationRig::example(false, "b:1")}).data;
    CHECK(plain_subject(data) == "[FIRING:1] alertname=HighErr cluster=eu");
    const std::string facts = plain_facts(data);
    CHECK(facts.starts_with("firing\n - alertname = HighErr\n"));
    CHECK(facts.find("resolved\n") != std::string::npos);
    CHECK(facts.find(" - summary = 5xx <high> & rising\n") != std::string::npos);
    std::vector<FlushAlert> many(100, IntegrationRig::example(true));
    CHECK(plain_facts(IntegrationRig::notification(many).data).find("and 80 more\n") != std::string::npos);
}

TEST_CASE("YAML values are JSON by the rules of YAML 1.1", "[notifiers][templated_text]") {
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"1", "1"},
        {"-7", "-7"},
        {"010", "8"},
        {"0x1f", "31"},
        {"1_000", "1000"},
        {"1.5", "1.5"},
        {"1e3", "1000"},
        {"yes", "true"},
        {"off", "false"},
        {"~", "null"},
        {"'1'", "\"1\""},
        {"abc", "\"abc\""},
        {"1.2.3", "\"1.2.3\""},
        {"[a, 1]", "[\"a\",1]"},
        {"{b: 1, a: x}", R"({"a":"x","b":1})"},
        {"{1: x, '2': z}", R"({"2":"z"})"},
        {"2026-01-02", "\"2026-01-02\""},
    };
    for (const auto& [yaml, json] : cases) {
        CAPTURE(yaml);
        CHECK(dump(yaml_to_json(*parse_yaml(yaml, ""))) == json);
    }
}

}  // namespace
}  // namespace tocsin
