#include "parser/template/notification_json.h"

#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

std::string problem_of(std::string_view text) {
    const auto json = parse_json(text);
    REQUIRE(json);
    const auto read = read_notification(*json);
    return read ? "ok" : read.error().message;
}

TEST_CASE("what toJson writes is read again", "[parser][template]") {
    const NotificationData data = example_notification();
    const auto written = NotificationTemplates().parse_text("{{ toJson . }}").value().expand(data, {});
    REQUIRE(written);
    const auto read = read_notification(parse_json(*written).value());
    REQUIRE(read);
    CHECK(read->receiver == "team");
    REQUIRE(read->alerts.size() == 2);
    CHECK(read->alerts[1].status == "resolved");
    CHECK(read->alerts[0].labels == data.alerts[0].labels);
    CHECK(read->alerts[0].starts_at.compare(data.alerts[0].starts_at) == 0);
    CHECK(read->alerts[0].ends_at.is_zero());
    CHECK(read->common_annotations == data.common_annotations);
}

TEST_CASE("what is absent is empty, and what nobody knows is passed over", "[parser][template]") {
    const auto read = read_notification(parse_json(R"({"alerts": [{}], "groupKey": "x", "version": 4})").value());
    REQUIRE(read);
    REQUIRE(read->alerts.size() == 1);
    CHECK(read->alerts[0].starts_at.is_zero());
    CHECK(read->group_labels.empty());
}

TEST_CASE("a member of the wrong type is told with its path", "[parser][template]") {
    CHECK(problem_of("[]") == "data: expected an object");
    CHECK(problem_of(R"({"status": 1})") == "status: expected a text");
    CHECK(problem_of(R"({"alerts": {}})") == "alerts: expected a list");
    CHECK(problem_of(R"({"alerts": [{}, 5]})") == "alerts[1]: expected an object");
    CHECK(problem_of(R"({"groupLabels": {"a": 1}})") == "groupLabels.a: expected a text");
    CHECK(problem_of(R"({"alerts": [{"labels": []}]})") == "alerts[0].labels: expected an object of texts");
    CHECK(problem_of(R"({"alerts": [{"startsAt": "yesterday"}]})") ==
          "alerts[0].startsAt: expected a time like 2026-03-01T10:00:00Z");
}

}  // namespace
}  // namespace tocsin::templates
