// What Alertmanager's API says to requests that it does not take: statuses, codes and words are those of Alertmanager
// 0.25, where nothing else is said.

#include <string>

#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;

namespace {

constexpr auto kRouting =
    "route: {receiver: default, group_wait: 1h, labels: {team: '{{ .Receiver }}'}}\n"
    "receivers: [{name: default, labels: {tier: one}}, {name: other}]\n";

class Alertmanager : public SimulatedDaemon {
public:
    Alertmanager() {
        options.config_file.clear();
        put("alertmanager.yml", kRouting);
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

int code_of(const ServerResponse& response) {
    return static_cast<int>(parse_json(response.body)->at("code").as_integer());
}
std::string message_of(const ServerResponse& response) {
    return parse_json(response.body)->at("message").as_string();
}

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

TEST_CASE("names of members are found whatever the case of their letters, and the exact one goes first",
          "[daemon][alertmanager]") {
    Alertmanager am;
    REQUIRE(am.server
                .post("/api/v2/alerts", R"([{"Labels":{"AlertName":"x"},"Annotations":{"a":"b"},)"
                                        R"("generatorurl":"http://g"},)"
                                        R"({"LABELS":{"a":"1"},"labels":{"alertname":"y"}}])")
                ->status == 200);
    const Json alerts = am.get("/api/v2/alerts?filter=AlertName=x");
    REQUIRE(alerts.items().size() == 1);
    CHECK(alerts.at(0).at("annotations").at("a") == "b");
    CHECK(alerts.at(0).at("generatorURL") == "http://g");
    CHECK(am.get("/api/v2/alerts?filter=alertname=y").items().size() == 1);

    const auto silence = am.server.post("/api/v2/silences", R"({"Matchers":[{"Name":"a","Value":"b","IsRegex":false}],)"
                                                            R"("StartsAt":"2000-01-01T00:00:00Z",)"
                                                            R"("EndsAt":"2030-01-01T00:00:00Z","CreatedBy":"me",)"
                                                            R"("Comment":"c"})");
    CHECK(silence->status == 200);
    CHECK(am.get("/api/v2/silences").at(0).at("createdBy") == "me");
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

TEST_CASE("what no handler sees is refused as Alertmanager's framework does it", "[daemon][alertmanager]") {
    Alertmanager am;
    struct Case {
        std::string method, path;
        int status;
        int code;
        std::string message;
    };
    const auto [method, path, status, code, message] = GENERATE(values<Case>({
        {"GET", "/api/v2/nope", 404, 404, "path /api/v2/nope was not found"},
        {"GET", "/api/v2/", 404, 404, "path /api/v2/ was not found"},
        {"GET", "/api/v2/silence", 404, 404, "path /api/v2/silence was not found"},
        {"GET", "/api/v2/silence/", 404, 404, "path /api/v2/silence/ was not found"},
        {"GET", "/api/v2/silence/nope", 422, 601, "silenceID in path must be of type uuid: \"nope\""},
        {"DELETE", "/api/v2/silence/nope", 422, 601, "silenceID in path must be of type uuid: \"nope\""},
        {"GET", "/api/v2/silence/00000000-0000-0000-0000-00000000000g", 422, 601,
         "silenceID in path must be of type uuid: \"00000000-0000-0000-0000-00000000000g\""},
        {"PUT", "/api/v2/alerts", 405, 405, "method PUT is not allowed, but [POST,GET] are"},
        {"POST", "/api/v2/status", 405, 405, "method POST is not allowed, but [GET] are"},
        {"PUT", "/api/v2/silence/nope", 405, 405, "method PUT is not allowed, but [DELETE,GET] are"},
    }));
    CAPTURE(method, path);
    const auto response = am.server.request({.method = method, .target = path});
    REQUIRE(response);
    CHECK(response->status == status);
    CHECK(code_of(*response) == code);
    CHECK(message_of(*response) == message);
    CHECK(response->content_type == "application/json");
}

TEST_CASE("a slash at the end of a path of the API counts for nothing", "[daemon][alertmanager]") {
    Alertmanager am;
    CHECK(am.server.post("/api/v2/alerts/", R"([{"labels":{"a":"1"}}])")->status == 200);
    CHECK(am.get("/api/v2/alerts/?filter=a=1").items().size() == 1);
    CHECK(am.server.get("/api/v2/silence/00000000-0000-0000-0000-000000000000/")->status == 404);
    CHECK(am.server.get("/api/v2/alerts//")->status == 404);
    CHECK(am.server.get("/-/healthy/")->status == 404);
}

TEST_CASE("a method that is not allowed is told with those that are", "[daemon][alertmanager]") {
    Alertmanager am;
    const auto response = am.server.request({.method = "PUT", .target = "/api/v2/silences"});
    CHECK(find_header(response->headers, "Allow") == "POST,GET");
}

TEST_CASE("a silence that is not there is told by the status alone", "[daemon][alertmanager]") {
    Alertmanager am;
    for (const char* id : {"00000000-0000-0000-0000-000000000000", "000000000000000000000000000000AF"}) {
        for (const char* method : {"GET", "DELETE"}) {
            const auto response = am.server.request({.method = method, .target = std::string("/api/v2/silence/") + id});
            CHECK(response->status == 404);
            CHECK(response->body.empty());
        }
    }
}

TEST_CASE("a body of another type of content is refused as JSON below the API, also behind a prefix",
          "[daemon][alertmanager]") {
    Alertmanager am;
    const auto refused = am.server.post("/api/v2/silences", "{}", "text/plain; charset=utf-8");
    CHECK(refused->status == 415);
    CHECK(code_of(*refused) == 415);
    CHECK(message_of(*refused) == "unsupported media type \"text/plain\", only [application/json] are allowed");
    CHECK(message_of(*am.server.post("/api/v2/alerts", "[]", "")) ==
          "unsupported media type \"application/octet-stream\", only [application/json] are allowed");
}

TEST_CASE("booleans are read as Alertmanager reads them", "[daemon][alertmanager]") {
    Alertmanager am;
    REQUIRE(am.server.post("/api/v2/alerts", R"([{"labels":{"a":"1"}}])")->status == 200);
    const auto [query, shown] = GENERATE(table<std::string, std::size_t>({
        {"active=True", 1},
        {"active=1", 1},
        {"active=yes", 1},
        {"active=on", 1},
        {"active=T", 1},
        {"active=y", 1},
        {"active=ok", 1},
        {"active=enabled", 1},
        {"active=selected", 1},
        {"active=checked", 1},
        {"active=", 1},
        {"active", 1},
        {"active=false", 0},
        {"active=0", 0},
        {"active=no", 0},
        {"active=x", 0},
        {"active=true%20", 0},
        {"active=true&active=false", 0},
        {"active=&active=false", 0},
        {"active=false&active=true", 1},
        {"active=false&active=", 1},
    }));
    CAPTURE(query);
    CHECK(am.get("/api/v2/alerts?" + query).items().size() == shown);
}

TEST_CASE("a receiver that is no regular expression is refused with the reason", "[daemon][alertmanager]") {
    Alertmanager am;
    for (const char* path : {"/api/v2/alerts", "/api/v2/alerts/groups"}) {
        const auto response = am.server.get(std::string(path) + "?receiver=%5B");
        CHECK(response->status == 400);
        CHECK(response->body == "\"failed to parse receiver param: error parsing regexp: missing closing ]: `[)$`\"\n");
    }
}

TEST_CASE("of a repeated receiver the last one counts", "[daemon][alertmanager]") {
    Alertmanager am;
    REQUIRE(am.server.post("/api/v2/alerts", R"([{"labels":{"a":"1"}}])")->status == 200);
    CHECK(am.get("/api/v2/alerts?receiver=x&receiver=default").items().size() == 1);
    CHECK(am.get("/api/v2/alerts?receiver=default&receiver=x").items().empty());
}

TEST_CASE("who asks whether Alertmanager lives is told in its word", "[daemon][alertmanager]") {
    Alertmanager am;
    CHECK(am.server.get("/-/healthy")->body == "OK");
    CHECK(am.server.get("/-/ready")->body == "OK");
}

TEST_CASE("a reload that fails is told as Alertmanager begins it", "[daemon][alertmanager]") {
    Alertmanager am;
    am.put("alertmanager.yml", "route: {}\n");
    const auto response = am.server.request({.method = "POST", .target = "/-/reload"});
    CHECK(response->status == 500);
    CHECK_THAT(response->body, Catch::StartsWith("failed to reload config: nothing has changed\n"));
    CHECK_THAT(response->body, Catch::Contains("root route must specify a default receiver"));
}

TEST_CASE("receivers are asked for by their labels", "[daemon][alertmanager]") {
    Alertmanager am;
    const auto names = [&](const std::string& query) {
        std::string text;
        const Json list = am.get("/api/v2/receivers" + query);
        for (const Json& receiver : list.items()) text += receiver.at("name").as_string() + " ";
        return text;
    };
    CHECK(names("") == "default other ");
    CHECK(names("?receiver_matchers=tier%3Done") == "default ");
    CHECK(names("?receiver_matchers=tier%3D") == "other ");
    CHECK(names("?receiver_matchers=tier%3Done&receiver_matchers=name%3Dother") == "");
    CHECK(am.server.get("/api/v2/receivers?receiver_matchers=%7B")->status == 400);
}

TEST_CASE("groups are shown with the labels of their route, as the file has them", "[daemon][alertmanager]") {
    Alertmanager am;
    REQUIRE(am.server.post("/api/v2/alerts", R"([{"labels":{"a":"1"}}])")->status == 200);
    const Json group = am.get("/api/v2/alerts/groups").at(std::size_t{0});
    CHECK(group.at("routeLabels") == Json(Json::Object{{"team", "{{ .Receiver }}"}}));
}

TEST_CASE("silences are asked for by their state", "[daemon][alertmanager]") {
    Alertmanager am;
    const auto add = [&](const char* starts_at, const char* ends_at) {
        const auto made = am.server.post("/api/v2/silences", silence_of({.starts_at = starts_at, .ends_at = ends_at}));
        REQUIRE(made->status == 200);
        return parse_json(made->body)->at("silenceID").as_string();
    };
    add("\"2026-03-01T10:00:00Z\"", "\"2026-03-01T11:00:00Z\"");
    add("\"2026-03-01T12:00:00Z\"", "\"2026-03-01T13:00:00Z\"");
    const std::string ended = add("\"2026-03-01T10:00:00Z\"", "\"2026-03-01T11:00:00Z\"");
    REQUIRE(am.server.request({.method = "DELETE", .target = "/api/v2/silence/" + ended})->status == 200);
    const auto states = [&](const std::string& query) {
        std::string text;
        const Json list = am.get("/api/v2/silences" + query);
        for (const Json& silence : list.items()) text += silence.at("status").at("state").as_string() + " ";
        return text;
    };
    CHECK(states("") == "active pending expired ");
    CHECK(states("?expired=false") == "active pending ");
    CHECK(states("?active=false") == "pending expired ");
    CHECK(states("?active=false&pending=no") == "expired ");
}
