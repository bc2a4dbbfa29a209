#include "daemon/api/posted_alerts.h"

#include <fmt/format.h>

#include "tests/catch.h"

namespace tocsin::api {
namespace {

const std::string kUsual =
    R"([{"labels":{"job":"node","alertname":"a"},"annotations":{"summary":"it \"is\" slow"},)"
    R"("startsAt":"2026-01-02T03:04:05Z","endsAt":"2026-01-02T03:09:05.5Z","generatorURL":"http://p/graph"}])";

/// As the API reads a body of any form.
PostedAlerts read_by_tree(const std::string& body) {
    return read_alerts(*parse_json(body), MatchersSyntax::Utf8Strict);
}

std::string line_of(const Alert& alert) {
    return fmt::format("{} {} {} {} {}", to_string(alert.labels), to_string(alert.annotations),
                       to_unix_ms(alert.starts_at), to_unix_ms(alert.ends_at), alert.generator_url.view());
}

std::string lines_of(const PostedAlerts& posted) {
    std::string lines;
    for (const Alert& alert : posted.alerts) lines += line_of(alert) + "\n";
    for (const std::string& refused : posted.refused) lines += refused + "\n";
    if (posted.first_malformed) lines += posted.first_malformed->body;
    return lines + fmt::format("{} excess", posted.excess);
}

std::string many(std::size_t count, const std::string& one) {
    std::string body = "[";
    for (std::size_t i = 0; i < count; ++i) body += (i == 0 ? "" : ",") + one;
    return body + "]";
}

TEST_CASE("a usual body is read without a tree as with one", "[daemon][alertmanager]") {
    const std::string body = GENERATE(values<std::string>(
        {kUsual, "[]", R"([{"labels":{"a":"1","a":"2"}}, { "labels" : {"b" : "\u00e9\n\ud83d\ude00"} } ])",
         R"([{"labels":{"a":"1"},"startsAt":"0001-01-01T00:00:00Z","endsAt":""}])",
         R"([{"labels":{"a":"1"},"startsAt":"2026-01-02 00:00:00","generatorURL":""}])",
         many(kPostedAlertsMax, R"({"labels":{"a":"1"}})"), many(kPostedAlertsMax + 2, R"({"labels":{"a":"1"}})")}));
    CAPTURE(body.substr(0, 200));
    const auto usual = read_usual_alerts(body, MatchersSyntax::Utf8Strict);
    REQUIRE(usual.has_value());
    CHECK(lines_of(*usual) == lines_of(read_by_tree(body)));
}

TEST_CASE("a body of another form is left to those who can say what is wrong with it", "[daemon][alertmanager]") {
    std::string labels;
    for (int i = 0; i < 129; ++i) labels += fmt::format("{}\"l{}\":\"v\"", i == 0 ? "" : ",", i);
    const std::string body =
        GENERATE_COPY(values<std::string>({"",
                                           "null",
                                           "{}",
                                           "[",
                                           "[{}]",
                                           "[1]",
                                           "[null]",
                                           "[,]",
                                           kUsual + "x",
                                           kUsual.substr(0, 40),
                                           R"([{"labels":{"a":"1"}},])",
                                           R"([{"labels":{"a":"1"},}])",
                                           R"([{"labels":{"a":"1",}}])",
                                           R"([{"labels":{"a":1}}])",
                                           R"([{"labels":{"a":null}}])",
                                           R"([{"labels":null}])",
                                           R"([{"annotations":{}}])",
                                           R"([{"labels":{"a":"1"},"labels":{"b":"1"}}])",
                                           R"([{"labels":{"a":"1"},"endsAt":null}])",
                                           R"([{"labels":{"a":"1"},"fingerprint":"x"}])",
                                           "[{\"labels\":{\"a\":\"\xff\"}}]",
                                           "[{\"labels\":{" + labels + "}}]",
                                           R"([{"labels":{}}])",
                                           R"([{"labels":{"":"x"}}])",
                                           R"([{"labels":{"a":""}}])",
                                           R"([{"labels":{"a":"1"},"startsAt":"x"}])",
                                           R"([{"labels":{"a":"1"},"generatorURL":"not a url"}])"}));
    CAPTURE(body.substr(0, 200));
    CHECK_FALSE(read_usual_alerts(body, MatchersSyntax::Utf8Strict).has_value());
}

TEST_CASE("of a list each is taken or refused for itself", "[daemon][alertmanager]") {
    const std::string good = R"({"labels":{"a":"1"}})";
    struct Case {
        std::string bad;
        std::string refusal;
    };
    const auto [bad, refusal] = GENERATE(values<Case>({
        {R"({"labels":{}})", "at least one label pair required"},
        {R"({"labels":{"":"x"}})", R"(invalid label set: invalid name "")"},
        {R"({"labels":{"a":"1"},"annotations":{"":"x"}})", R"(invalid annotations: invalid name "")"},
        {R"({"labels":{"a":"1"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"})",
         "start time must be before end time"},
        {R"({"labels":{")" + std::string(1025, 'n') + R"(":"x"}})", "name of label longer than 1024 bytes"},
        {R"({"labels":{"a":")" + std::string(65537, 'v') + R"("}})", R"(label "a" longer than 65536 bytes)"},
        {R"({"labels":{"a":"1"},"annotations":{"b":")" + std::string(65537, 'v') + R"("}})",
         R"(annotation "b" longer than 65536 bytes)"},
    }));
    CAPTURE(bad.substr(0, 200));
    const std::string body = "[" + bad + "," + good + "]";
    CHECK_FALSE(read_usual_alerts(body, MatchersSyntax::Utf8Strict));
    const PostedAlerts posted = read_by_tree(body);
    CHECK(posted.alerts.size() == 1);
    CHECK(posted.refused == std::vector<std::string>{refusal});
}

TEST_CASE("a text of just the longest is taken", "[daemon][alertmanager]") {
    const std::string longest(64 * 1024, 'v');
    const std::string body = R"([{"labels":{")" + std::string(1024, 'n') + R"(":")" + longest +
                             R"("},"annotations":{"b":")" + longest + R"("}}])";
    CHECK(read_usual_alerts(body, MatchersSyntax::Utf8Strict)->alerts.size() == 1);
}

// Statuses, codes and words are those of Alertmanager 0.25, which takes nothing else of such a request.
TEST_CASE("a value of another type is refused in Alertmanager's words, the rest is taken", "[daemon][alertmanager]") {
    struct Case {
        std::string bad;
        int status;
        std::string message;
    };
    const std::string unread = "parsing alerts body from \"\" failed, because ";
    const auto [bad, status, message] = GENERATE_COPY(values<Case>({
        {R"({"labels":{"a":5}})", 400,
         unread + "json: cannot unmarshal number into Go struct field Alert.labels of type string"},
        {R"({"labels":[]})", 400,
         unread + "json: cannot unmarshal array into Go struct field Alert.labels of type models.LabelSet"},
        {R"({"labels":{"a":"1"},"annotations":"x"})", 400,
         unread + "json: cannot unmarshal string into Go struct field .annotations of type models.LabelSet"},
        {R"({"labels":{"a":"1"},"annotations":{"b":true}})", 400,
         unread + "json: cannot unmarshal bool into Go struct field .annotations of type string"},
        {R"({"labels":{"a":"1"},"endsAt":1600000000})", 400,
         unread + "json: cannot unmarshal number into Go struct field .endsAt of type string"},
        {R"({"labels":{"a":"1"},"startsAt":{}})", 400,
         unread + "json: cannot unmarshal object into Go struct field .startsAt of type string"},
        {R"({"labels":{"a":"1"},"startsAt":"x"})", 400,
         unread + R"(parsing time "x": expected a time like 2006-01-02T15:04:05Z)"},
        {R"({"labels":{"a":"1"},"generatorURL":5})", 400,
         unread + "json: cannot unmarshal number into Go struct field Alert.generatorURL of type string"},
        {R"({"labels":{"a":"1"},"generatorURL":"not a url"})", 422,
         R"(1.generatorURL in body must be of type uri: "not a url")"},
        {R"({"annotations":{}})", 422, "1.labels in body is required"},
        {R"({"labels":null})", 422, "1.labels in body is required"},
        {"5", 400, unread + "json: cannot unmarshal number into Go value of type models.PostableAlert"},
    }));
    CAPTURE(bad);
    const std::string body = R"([{"labels":{"a":"1"}},)" + bad + R"(,{"labels":{"a":"2"}}])";
    CHECK_FALSE(read_usual_alerts(body, MatchersSyntax::Utf8Strict));
    const PostedAlerts posted = read_by_tree(body);
    CHECK(posted.alerts.size() == 2);
    CHECK(posted.malformed == 1);
    REQUIRE(posted.first_malformed);
    CHECK(posted.first_malformed->status == status);
    CHECK(parse_json(posted.first_malformed->body)->at("message").as_string() == message);
}

TEST_CASE("what is null was not said", "[daemon][alertmanager]") {
    const PostedAlerts posted = read_by_tree(
        R"([{"labels":{"a":"1","b":null},"annotations":null,"startsAt":null,"endsAt":null,"generatorURL":null}])");
    REQUIRE(posted.alerts.size() == 1);
    CHECK(posted.alerts.front().labels == LabelSet{{"a", "1"}});
}

TEST_CASE("names are judged by the syntax in force", "[daemon][alertmanager]") {
    const std::string body = R"([{"labels":{"a b":"1"}}])";
    CHECK(read_usual_alerts(body, MatchersSyntax::Utf8Strict)->alerts.size() == 1);
    CHECK(read_alerts(*parse_json(body), MatchersSyntax::Classic).refused.size() == 1);
}

}  // namespace
}  // namespace tocsin::api
