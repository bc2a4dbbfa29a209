#include "notifiers/inhibit.h"

#include "parser/matchers_parser.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

InhibitRuleConfig rule(const char* source, const char* target, std::vector<std::string> equal) {
    return {{}, parse_matchers(source)->matchers, parse_matchers(target)->matchers, std::move(equal)};
}

AlertPtr alert(LabelSet labels, std::int64_t ends) {
    Alert out;
    out.labels = std::move(labels);
    out.ends_at = from_unix_ms(ends);
    return std::make_shared<StoredAlert>(out);
}

const Timestamp kNow = from_unix_ms(1000);

TEST_CASE("a target is inhibited by a firing source with the same values of the equal labels", "[notifiers][inhibit]") {
    Inhibitor inhibitor({rule("s=1", "t=1", {"e"})});
    const auto source = alert({{"s", "1"}, {"e", "x"}}, 2000);
    inhibitor.update(source);
    CHECK(inhibitor.inhibiting({{"t", "1"}, {"e", "x"}}, kNow) == source->fingerprint);
    CHECK_FALSE(inhibitor.inhibiting({{"t", "1"}, {"e", "y"}}, kNow).has_value());
    CHECK_FALSE(inhibitor.inhibiting({{"t", "2"}, {"e", "x"}}, kNow).has_value());
    CHECK_FALSE(inhibitor.inhibiting({{"t", "1"}, {"e", "x"}}, from_unix_ms(2000)).has_value());
}

TEST_CASE("an equal label that both lack is equal", "[notifiers][inhibit]") {
    Inhibitor inhibitor({rule("s=1", "t=1", {"e", "f"})});
    inhibitor.update(alert({{"s", "1"}, {"f", "2"}}, 2000));
    CHECK(inhibitor.inhibiting({{"t", "1"}, {"f", "2"}}, kNow).has_value());
    CHECK_FALSE(inhibitor.inhibiting({{"t", "1"}}, kNow).has_value());
}

TEST_CASE("an alert on both sides is not inhibited by itself or its like", "[notifiers][inhibit]") {
    Inhibitor inhibitor({rule("s=1", "t=1", {"e"})});
    const LabelSet both{{"s", "1"}, {"t", "1"}, {"e", "x"}};
    inhibitor.update(alert(both, 2000));
    CHECK_FALSE(inhibitor.inhibiting(both, kNow).has_value());
    inhibitor.update(alert({{"s", "1"}, {"t", "1"}, {"e", "x"}, {"twin", "yes"}}, 2000));
    CHECK_FALSE(inhibitor.inhibiting(both, kNow).has_value());
    CHECK(inhibitor.inhibiting({{"t", "1"}, {"e", "x"}}, kNow).has_value());
}

TEST_CASE("defect C: a source on both sides does not hide another one", "[notifiers][inhibit]") {
    Inhibitor inhibitor({rule("s=1", "t=~\"1|2\"", {"e"})});
    inhibitor.update(alert({{"s", "1"}, {"e", "x"}}, 2000));
    inhibitor.update(alert({{"s", "1"}, {"t", "2"}, {"e", "x"}}, 9000));
    CHECK(inhibitor.inhibiting({{"s", "1"}, {"t", "1"}, {"e", "x"}}, kNow).has_value());
}

TEST_CASE("defect C: the end of one source uncovers nothing while another one fires", "[notifiers][inhibit]") {
    Inhibitor inhibitor({rule("s=1", "t=1", {"e"})});
    const auto first = alert({{"s", "1"}, {"e", "x"}, {"n", "1"}}, 5000);
    inhibitor.update(first);
    inhibitor.update(alert({{"s", "1"}, {"e", "x"}, {"n", "2"}}, 9000));
    const LabelSet target{{"t", "1"}, {"e", "x"}};
    inhibitor.update(alert({{"s", "1"}, {"e", "x"}, {"n", "2"}}, 900));
    CHECK(inhibitor.inhibiting(target, kNow) == first->fingerprint);
    inhibitor.forget(alert({{"s", "1"}, {"e", "x"}, {"n", "2"}}, 900));
    CHECK(inhibitor.inhibiting(target, kNow) == first->fingerprint);
    inhibitor.forget(first);
    CHECK_FALSE(inhibitor.inhibiting(target, kNow).has_value());
}

TEST_CASE("a rule without matchers has every alert on both sides and inhibits nothing", "[notifiers][inhibit]") {
    Inhibitor inhibitor({rule("", "", {})});
    inhibitor.update(alert({{"a", "1"}}, 2000));
    CHECK_FALSE(inhibitor.inhibiting({{"b", "1"}}, kNow).has_value());
}

}  // namespace
}  // namespace tocsin
