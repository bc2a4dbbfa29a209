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
    PostedAlerts posted;
    const auto tree = parse_json(body);
    for (const Json& item : tree->items()) posted.add(posted_alert(item), MatchersSyntax::Utf8Strict);
    return posted;
}

std::string line_of(const Alert& alert) {
    return fmt::format("{} {} {} {} {}", to_string(alert.labels), to_string(alert.annotations),
                       to_unix_ms(alert.starts_at), to_unix_ms(alert.ends_at), alert.generator_url.view());
}

std::string lines_of(const PostedAlerts& posted) {
    std::string lines;
    for (const Alert& alert : posted.alerts) lines += line_of(alert) + "\n";
    for (const std::string& refused : posted.refused) lines += refused + "\n";
    return lines;
}

std::string many(std::size_t count, const std::string& one) {
    std::string body = "[";
    for (std::size_t i = 0; i < count; ++i) body += (i == 0 ? "" : ",") + one;
    return body + "]";
}

TEST_CASE("a usual body is read without a tree as with one", "[daemon][alertmanager]") {
    const std::string body = GENERATE(values<std::string>(
        {kUsual, "[]", R"([{"labels":{}}])", R"([{"labels":{"":"x"}}])", R"([{"labels":{"a":""}}])",
         R"([{"labels":{"a":"1","a":"2"}}, { "labels" : {"b" : "\u00e9\n\ud83d\ude00"} } ])",
         R"([{"labels":{"a":"1"},"startsAt":"x"}])",
         R"([{"labels":{"a":"1"},"startsAt":"0001-01-01T00:00:00Z","endsAt":""}])",
         R"([{"labels":{"a":"1"},"startsAt":"2026-01-02T00:00:00Z","endsAt":"2026-01-01T00:00:00Z"}])",
         many(kPostedAlertsMax, R"({"labels":{"a":"1"}})")}));
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
                                           many(kPostedAlertsMax + 1, R"({"labels":{"a":"1"}})")}));
    CAPTURE(body.substr(0, 200));
    CHECK_FALSE(read_usual_alerts(body, MatchersSyntax::Utf8Strict).has_value());
}

TEST_CASE("names are judged by the syntax in force", "[daemon][alertmanager]") {
    const std::string body = R"([{"labels":{"a b":"1"}}])";
    CHECK(read_usual_alerts(body, MatchersSyntax::Utf8Strict)->alerts.size() == 1);
    CHECK(read_usual_alerts(body, MatchersSyntax::Classic)->refused.size() == 1);
}

}  // namespace
}  // namespace tocsin::api
