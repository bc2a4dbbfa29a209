// What Alertmanager's API says to requests that it does not take: statuses, codes and words are those of Alertmanager
// 0.25, where nothing else is said.

#include <string>

#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;

namespace {

class Alertmanager : public SimulatedDaemon {
public:
    Alertmanager() {
        options.config_file.clear();
        put("alertmanager.yml", "route: {receiver: default, group_wait: 1h}\nreceivers: [{name: default}]\n");
        const auto started = start();
        REQUIRE(started);
        REQUIRE(started->ok());
    }

    Json get(const std::string& target) {
        const auto response = server.get(target);
        REQUIRE(response);
        REQUIRE(response->status == 200);
        return *parse_json(response->body);
    }

    std::string counter(const std::string& series) {
        const std::string page = server.get("/metrics")->body;
        const std::size_t at = page.find("\n" + series + " ");
        return at == page.npos ? ""
                               : page.substr(at + series.size() + 2, page.find('\n', at + 1) - at - series.size() - 2);
    }
};

const std::string kMatchers = R"([{"name":"a","value":"b","isRegex":false}])";
const std::string kStart = R"("2026-03-01T10:00:00Z")";
const std::string kEnd = R"("2026-03-01T11:00:00Z")";

struct SilenceTexts {
    std::string matchers = kMatchers;
    std::string comment = "\"c\"";
    std::string starts_at = kStart;
    std::string ends_at = kEnd;
    std::string more = {};
};

std::string silence_of(const SilenceTexts& texts) {
    return R"({"matchers":)" + texts.matchers + R"(,"createdBy":"me","comment":)" + texts.comment + R"(,"startsAt":)" +
           texts.starts_at + R"(,"endsAt":)" + texts.ends_at + texts.more + "}";
}

std::string unmarshal(const std::string& what) {
    return "parsing silence body from \"\" failed, because json: cannot unmarshal " + what;
}

}  // namespace

TEST_CASE("a silence of another form is refused in Alertmanager's words", "[daemon][alertmanager]") {
    Alertmanager am;
    struct Case {
        std::string body;
        int status;
        int code;
        std::string message;
    };
    const auto [body, status, code, message] = GENERATE(values<Case>({
        {silence_of({.matchers = R"([{"name":"a","value":5,"isRegex":false}])"}), 400, 400,
         unmarshal("number into Go struct field Matcher.matchers.value of type string")},
        {silence_of({.matchers = R"([{"name":"a","isRegex":false}])"}), 422, 602,
         "matchers.0.value in body is required"},
        {silence_of({.matchers = R"([{"name":"a","value":"b","isRegex":"true"}])"}), 400, 400,
         unmarshal("string into Go struct field Matcher.matchers.isRegex of type bool")},
        {silence_of({.matchers = R"([{"name":"a","value":"b"}])"}), 422, 602, "matchers.0.isRegex in body is required"},
        {silence_of({.matchers = R"([{"name":"a","value":"b","isRegex":false},{"value":"b","isRegex":false}])"}), 422,
         602, "matchers.1.name in body is required"},
        {silence_of({.matchers = R"([{"name":"a","value":"b","isRegex":false,"isEqual":0}])"}), 400, 400,
         unmarshal("number into Go struct field Matcher.matchers.isEqual of type bool")},
        {silence_of({.matchers = "{}"}), 400, 400,
         unmarshal("object into Go struct field Silence.matchers of type models.Matchers")},
        {silence_of({.matchers = R"(["x"])"}), 400, 400,
         unmarshal("string into Go struct field Silence.matchers of type models.Matcher")},
        {silence_of({.matchers = "[]"}), 422, 612, "matchers in body should have at least 1 items"},
        {silence_of({.matchers = "null"}), 422, 602, "matchers in body is required"},
        {silence_of({.comment = "null"}), 422, 602, "comment in body is required"},
        {silence_of({.comment = "[]"}), 400, 400,
         unmarshal("array into Go struct field Silence.comment of type string")},
        {silence_of({.starts_at = "null"}), 422, 602, "startsAt in body is required"},
        {silence_of({.starts_at = "5"}), 400, 400,
         unmarshal("number into Go struct field Silence.startsAt of type string")},
        {silence_of({.ends_at = "\"soon\""}), 400, 400,
         R"(parsing silence body from "" failed, because parsing time "soon": expected a time like 2006-01-02T15:04:05Z)"},
        {silence_of({.more = R"(,"id":5)"}), 400, 400, unmarshal("number into Go struct field .id of type string")},
        {silence_of({.more = R"(,"annotations":{"a":5})"}), 400, 400,
         unmarshal("number into Go struct field Silence.annotations of type string")},
        {"{}", 422, 602, "comment in body is required"},
        {"null", 422, 602, "comment in body is required"},
        {"[]", 400, 400, unmarshal("array into Go value of type models.PostableSilence")},
        {"", 422, 602, "silence in body is required"},
    }));
    CAPTURE(body);
    const auto response = am.server.post("/api/v2/silences", body);
    REQUIRE(response);
    CHECK(response->status == status);
    const Json answer = *parse_json(response->body);
    CHECK(answer.at("code").as_integer() == code);
    CHECK(answer.at("message").as_string() == message);
    CHECK(am.get("/api/v2/silences").items().empty());
}

TEST_CASE("a silence is read with times of any notation, and with what is null left out", "[daemon][alertmanager]") {
    Alertmanager am;
    const std::string body = silence_of({.matchers = R"([{"name":"a","value":"b","isRegex":false,"isEqual":null}])",
                                         .starts_at = "\"2026-03-01 10:00:00\"",
                                         .ends_at = "\"2026-03-01T12:00:00.000+0100\"",
                                         .more = R"(,"id":null,"annotations":null)"});
    CHECK(am.server.post("/api/v2/silences", body)->status == 200);
    const Json silence = am.get("/api/v2/silences").at(std::size_t{0});
    CHECK(silence.at("endsAt").as_string() == "2026-03-01T11:00:00.000Z");
    CHECK(silence.at("matchers").at(std::size_t{0}).at("isEqual").as_bool());
}

TEST_CASE("an alert that ended does not fire because its end is a number", "[daemon][alertmanager]") {
    Alertmanager am;
    const auto response = am.server.post(
        "/api/v2/alerts", R"([{"labels":{"alertname":"ended"},"endsAt":1600000000},{"labels":{"alertname":"good"}}])");
    CHECK(response->status == 400);
    CHECK(parse_json(response->body)->at("code").as_integer() == 400);
    CHECK(am.get("/api/v2/alerts").items().size() == 1);
    CHECK(am.counter(R"(alertmanager_alerts_invalid_total{version="v2"})") == "1");
}

TEST_CASE("of more alerts than a request may have the first ones are taken", "[daemon][alertmanager]") {
    Alertmanager am;
    std::string body = "[";
    for (int i = 0; i < 10'003; ++i) body += R"({"labels":{"n":")" + std::to_string(i) + "\"}},";
    body.back() = ']';
    const auto response = am.server.post("/api/v2/alerts", body);
    CHECK(response->status == 400);
    CHECK(response->body == "\"more than 10000 alerts in one request: the last 3 were not taken\"\n");
    CHECK(am.get("/api/v2/alerts").items().size() == 10'000);
    CHECK(am.counter(R"(alertmanager_alerts_invalid_total{version="v2"})") == "3");
}
