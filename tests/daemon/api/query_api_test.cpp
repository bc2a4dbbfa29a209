#include "base/json.h"
#include "base/url.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto kConfig =
    "scrape_configs:\n"
    "  - job_name: node\n    scrape_interval: 10s\n    scrape_timeout: 2s\n    static_configs: [{targets: ['a:1', "
    "'b:1']}]\n"
    "  - job_name: locked\n    scrape_interval: 10s\n    basic_auth: {username: me, password: hunter2}\n"
    "    static_configs: [{targets: []}]\n";
constexpr auto kRouting = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
constexpr auto kBody =
    "# HELP heat How warm it is.\n# TYPE heat gauge\nheat{room=\"hall\"} 20\nheat{room=\"attic\"} 1e-7\n"
    "# HELP seen_total Seen.\n# TYPE seen_total counter\nseen_total 7\n";

class World : public SimulatedDaemon {
public:
    World() {
        put("prometheus.yml", kConfig);
        put("alertmanager.yml", kRouting);
        options.keep_all = true;
        options.retention = 1h;
        for (const char* target : {"a:1", "b:1"}) {
            targets.always(std::string("http://") + target + "/metrics",
                           fakes::FakeAnswer::ok(kBody).header("Content-Type", "text/plain; version=0.0.4"));
        }
    }
    void run_for(Duration time) {
        REQUIRE(start());
        advance(time);
    }
    /// `STATUS BODY`.
    std::string ask(const std::string& target) {
        const auto response = server.get(target);
        return response ? std::to_string(response->status) + " " + response->body : "no answer";
    }
    std::string post_form(const std::string& target, const std::string& form) {
        const auto response = server.post(target, form, "application/x-www-form-urlencoded");
        return response ? std::to_string(response->status) + " " + response->body : "no answer";
    }
};

std::string success(std::string_view data) {
    return "200 {\"status\":\"success\",\"data\":" + std::string(data) + "}";
}
std::string failure(int status, std::string_view type, std::string_view message) {
    return std::to_string(status) + " {\"status\":\"error\",\"errorType\":\"" + std::string(type) + "\",\"error\":\"" +
           std::string(message) + "\"}";
}
std::string bad(std::string_view message) {
    return failure(400, "bad_data", message);
}

struct Case {
    const char* target;
    std::string want;
};

void check_all(World& world, const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        CAPTURE(c.target);
        CHECK(world.ask(c.target) == c.want);
    }
}

}  // namespace

TEST_CASE("more than 1,000 fields are refused and not cut off", "[daemon][api]") {
    World world;
    REQUIRE(world.start());
    const auto fields = [](int count) {
        std::string form = "query=2&time=5";
        for (int i = 2; i < count; ++i) form += "&&a=1";
        return form;
    };
    CHECK(world.post_form("/api/v1/query", fields(1000)) == success(R"({"resultType":"scalar","result":[5,"2"]})"));
    CHECK(world.post_form("/api/v1/query", fields(1001)) == bad("too many fields in the form: at most 1000 are read"));
    CHECK(world.ask("/api/v1/query?" + fields(1001)) == bad("too many fields in the query: at most 1000 are read"));
    CHECK(world.ask("/api/v2/alerts?" + fields(1001)) == "400 too many fields in the query: at most 1000 are read\n");
}

TEST_CASE("instant queries are answered letter for letter", "[daemon][api][query]") {
    World world;
    world.run_for(30s);
    const std::string q = "/api/v1/query?query=";
    const auto at = [](std::string_view text) { return "/api/v1/query?time=1.5&query=" + query_escape(text); };
    const std::string scalar = at("1"), small_scalar = at("1e-7"), text = at("\"a<b\""), small = at("vector(1e-7)"),
                      large = at("vector(1e21)"), none = at("up[10s]"), nan = at("vector(NaN)"),
                      inf = at("vector(-Inf)");
    check_all(
        world,
        {
            {scalar.c_str(), success(R"({"resultType":"scalar","result":[1.5,"1"]})")},
            {small_scalar.c_str(), success(R"({"resultType":"scalar","result":[1.5,"0.0000001"]})")},
            {text.c_str(), success(R"({"resultType":"string","result":[1.5,"a\u003cb"]})")},
            {small.c_str(), success(R"({"resultType":"vector","result":[{"metric":{},"value":[1.500,"1e-07"]}]})")},
            {large.c_str(), success(R"({"resultType":"vector","result":[{"metric":{},"value":[1.500,"1e+21"]}]})")},
            {nan.c_str(), success(R"({"resultType":"vector","result":[{"metric":{},"value":[1.500,"NaN"]}]})")},
            {inf.c_str(), success(R"({"resultType":"vector","result":[{"metric":{},"value":[1.500,"-Inf"]}]})")},
            {none.c_str(), success(R"({"resultType":"matrix","result":[]})")},
            {"/api/v1/query?query=vector(1)&time=-1.5",
             success(R"({"resultType":"vector","result":[{"metric":{},"value":[-1.500,"1"]}]})")},
            {"/api/v1/query?query=1&time=2020-01-01T00:00:00.123456%2B01:00",
             success(R"({"resultType":"scalar","result":[1577833200.123,"1"]})")},
            {"/api/v1/query?query=1&time=1.001&timeout=1m&lookback_delta=1m&limit=5",
             success(R"({"resultType":"scalar","result":[1.001,"1"]})")},
            {"/api/v1/query?query=heat&time=1772359220",
             success(
                 R"({"resultType":"vector","result":[)"
                 R"({"metric":{"__name__":"heat","instance":"a:1","job":"node","room":"attic"},"value":[1772359220,"1e-07"]},)"
                 R"({"metric":{"__name__":"heat","instance":"a:1","job":"node","room":"hall"},"value":[1772359220,"20"]},)"
                 R"({"metric":{"__name__":"heat","instance":"b:1","job":"node","room":"attic"},"value":[1772359220,"1e-07"]},)"
                 R"({"metric":{"__name__":"heat","instance":"b:1","job":"node","room":"hall"},"value":[1772359220,"20"]}]})")},
            {"/api/v1/query?query=seen_total[15s]&time=1772359220&limit=1",
             R"(200 {"status":"success","data":{"resultType":"matrix","result":[)"
             R"({"metric":{"__name__":"seen_total","instance":"a:1","job":"node"},"values":[[1772359210,"7"],[1772359220,"7"]]}]},)"
             R"("warnings":["results truncated due to limit"]})"},
            {"/api/v1/query?query=rate(heat[1m])&time=0",
             R"(200 {"status":"success","data":{"resultType":"vector","result":[]}})"},
        });
    // What was not given comes from the clock, and both ways of asking are one.
    CHECK(world.ask(q + "1") == success(R"({"resultType":"scalar","result":[1772359230,"1"]})"));
    CHECK(world.post_form("/api/v1/query", "query=2&time=5") == success(R"({"resultType":"scalar","result":[5,"2"]})"));
    // Of a parameter in both places, the body's counts.
    CHECK(world.post_form("/api/v1/query?time=7&query=1", "query=2&time=5") ==
          success(R"({"resultType":"scalar","result":[5,"2"]})"));
}

TEST_CASE("instant queries are refused as Prometheus refuses them", "[daemon][api][query]") {
    World world;
    world.run_for(30s);
    check_all(
        world,
        {
            {"/api/v1/query?query=1&time=abc",
             bad(R"(invalid parameter \"time\": Invalid time value for 'time': cannot parse \"abc\" to a valid timestamp)")},
            {"/api/v1/query?query=1&time=NaN",
             bad(R"(invalid parameter \"time\": Invalid time value for 'time': cannot parse \"NaN\" to a valid timestamp)")},
            {"/api/v1/query?query=1&timeout=abc",
             bad(R"(invalid parameter \"timeout\": cannot parse \"abc\" to a valid duration)")},
            {"/api/v1/query?query=1&timeout=1e30",
             bad(R"(invalid parameter \"timeout\": cannot parse \"1e30\" to a valid duration. It overflows int64)")},
            {"/api/v1/query?query=1&timeout=0", failure(503, "timeout", "query timed out in query execution")},
            {"/api/v1/query?query=1&timeout=-1", failure(503, "timeout", "query timed out in query execution")},
            {"/api/v1/query?query=1&lookback_delta=abc",
             bad(R"(error parsing lookback delta duration: cannot parse \"abc\" to a valid duration)")},
            {"/api/v1/query?query=1&limit=abc",
             bad(R"(invalid parameter \"limit\": strconv.Atoi: parsing \"abc\": invalid syntax)")},
            {"/api/v1/query?query=1&limit=99999999999999999999",
             bad(R"(invalid parameter \"limit\": strconv.Atoi: parsing \"99999999999999999999\": value out of range)")},
            {"/api/v1/query?query=1&limit=-1", bad(R"(invalid parameter \"limit\": limit must be non-negative)")},
            {"/api/v1/query", bad(R"(invalid parameter \"query\": 1:1: parse error: no expression found in input)")},
            {"/api/v1/query?query=up(",
             bad(R"(invalid parameter \"query\": 1:4: parse error: unclosed left parenthesis)")},
            {"/api/v1/query?query=1%2B&query=2",
             bad(R"(invalid parameter \"query\": 1:3: parse error: unexpected end of input)")},
            {"/api/v1/query?query=rate(up)",
             bad(R"(invalid parameter \"query\": 1:6: parse error: expected type range vector in call to function \"rate\", got instant vector)")},
            {"/api/v1/query?query=label_replace(up,%22instance%22,%22x%22,%22%22,%22%22)",
             failure(422, "execution", "vector cannot contain metrics with the same labelset")},
            {"/api/v1/nothing", "404 404 page not found\n"},
        });
    CHECK(world.server.request({.method = "PUT", .target = "/api/v1/query?query=1"})->status == 405);
    CHECK(world.server.request({.method = "PUT", .target = "/api/v1/query?query=1"})->body == "Method Not Allowed\n");
}

TEST_CASE("range queries: what they give and what is refused", "[daemon][api][query]") {
    World world;
    world.run_for(30s);
    const std::string too_fine =
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)";
    const std::string no_step =
        R"(invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer)";
    check_all(
        world,
        {
            {"/api/v1/query_range?query=1&start=0&end=10&step=5",
             success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[0,"1"],[5,"1"],[10,"1"]]}]})")},
            {"/api/v1/query_range?query=vector(1)&start=0.5&end=3&step=1500ms",
             success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[0.500,"1"],[2,"1"]]}]})")},
            {"/api/v1/query_range?query=sum(heat)&start=1772359200&end=1772359220&step=20",
             success(
                 R"({"resultType":"matrix","result":[{"metric":{},"values":[[1772359200,"40.0000002"],[1772359220,"40.0000002"]]}]})")},
            {"/api/v1/query_range?query=1&start=0&end=10&step=0", bad(no_step)},
            {"/api/v1/query_range?query=1&start=0&end=10&step=-1", bad(no_step)},
            {"/api/v1/query_range?query=1&start=0&end=10&step=NaN", bad(no_step)},
            {"/api/v1/query_range?query=1&start=0&end=10&step=abc",
             bad(R"(invalid parameter \"step\": cannot parse \"abc\" to a valid duration)")},
            {"/api/v1/query_range?query=1&start=0&end=10",
             bad(R"(invalid parameter \"step\": cannot parse \"\" to a valid duration)")},
            {"/api/v1/query_range?query=1&end=10&step=1",
             bad(R"(invalid parameter \"start\": cannot parse \"\" to a valid timestamp)")},
            {"/api/v1/query_range?query=1&start=1&step=1",
             bad(R"(invalid parameter \"end\": cannot parse \"\" to a valid timestamp)")},
            {"/api/v1/query_range?query=1&start=10&end=1&step=1",
             bad(R"(invalid parameter \"end\": end timestamp must not be before start time)")},
            {"/api/v1/query_range?query=1&start=0&end=100000&step=1", bad(too_fine)},
            {"/api/v1/query_range?query=1&start=0&end=1&step=1e-9", bad(too_fine)},
            {"/api/v1/query_range?query=1&start=0&end=11001&step=1", bad(too_fine)},
            {"/api/v1/query_range?query=1&start=0&end=1&step=1e30",
             bad(R"(invalid parameter \"step\": cannot parse \"1e30\" to a valid duration. It overflows int64)")},
            {"/api/v1/query_range?query=1&start=0&end=1&step=1y",
             success(R"({"resultType":"matrix","result":[{"metric":{},"values":[[0,"1"]]}]})")},
            {"/api/v1/query_range?query=%22a%22&start=0&end=1&step=1",
             bad(R"(invalid parameter \"query\": invalid expression type \"string\" for range query, must be Scalar or instant Vector)")},
            {"/api/v1/query_range?query=up[1m]&start=0&end=1&step=1",
             bad(R"(invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector)")},
            {"/api/v1/query_range?query=1&start=0&end=1&step=1&timeout=x",
             bad(R"(invalid parameter \"timeout\": cannot parse \"x\" to a valid duration)")},
        });
    CHECK(world.ask("/api/v1/query_range?query=1&start=0&end=11000.9&step=1").starts_with("200 "));
}

TEST_CASE("series, label names and label values", "[daemon][api][series]") {
    World world;
    world.run_for(30s);
    check_all(
        world,
        {
            {"/api/v1/series", bad("no match[] parameter provided")},
            {"/api/v1/series?match[]=seen_total",
             success(
                 R"([{"__name__":"seen_total","instance":"a:1","job":"node"},{"__name__":"seen_total","instance":"b:1","job":"node"}])")},
            {"/api/v1/series?match[]=seen_total&match[]=seen_total{instance=%22a:1%22}&limit=1",
             R"(200 {"status":"success","data":[{"__name__":"seen_total","instance":"a:1","job":"node"}],)"
             R"("warnings":["results truncated due to limit"]})"},
            {"/api/v1/series?match[]=none", success("[]")},
            {"/api/v1/series?match[]=up&start=10&end=5", success("[]")},
            {"/api/v1/series?match[]=up&start=0&end=10", success("[]")},
            {"/api/v1/series?match[]=up{",
             bad(R"(invalid parameter \"match[]\": 1:4: parse error: unexpected end of input inside braces)")},
            {"/api/v1/series?match[]={}",
             bad(R"(invalid parameter \"match[]\": match[] must contain at least one non-empty matcher)")},
            {"/api/v1/series?match[]=up&start=x",
             bad(R"(invalid parameter \"start\": Invalid time value for 'start': cannot parse \"x\" to a valid timestamp)")},
            {"/api/v1/labels?match[]=heat", success(R"(["__name__","instance","job","room"])")},
            {"/api/v1/labels?match[]=heat&limit=2",
             R"(200 {"status":"success","data":["__name__","instance"],"warnings":["results truncated due to limit"]})"},
            {"/api/v1/labels", success(R"(["__name__","instance","job","room"])")},
            {"/api/v1/labels?start=1&end=2", success("[]")},
            {"/api/v1/labels?match[]=up{", bad("1:4: parse error: unexpected end of input inside braces")},
            {"/api/v1/labels?match[]={}", bad("match[] must contain at least one non-empty matcher")},
            {"/api/v1/labels?limit=x",
             bad(R"(invalid parameter \"limit\": strconv.Atoi: parsing \"x\": invalid syntax)")},
            {"/api/v1/label/room/values", success(R"(["attic","hall"])")},
            {"/api/v1/label/room/values?match[]=heat{room=~%22h.*%22}", success(R"(["hall"])")},
            {"/api/v1/label/U__room/values?limit=1",
             R"(200 {"status":"success","data":["attic"],"warnings":["results truncated due to limit"]})"},
            {"/api/v1/label/none/values", success("[]")},
            {"/api/v1/label/job/values?match[]=up{", bad("1:4: parse error: unexpected end of input inside braces")},
            {"/api/v1/label/job/values?start=x",
             bad(R"(invalid parameter \"start\": Invalid time value for 'start': cannot parse \"x\" to a valid timestamp)")},
        });
    CHECK(world.post_form("/api/v1/labels", "match[]=heat") == success(R"(["__name__","instance","job","room"])"));
    CHECK(world.post_form("/api/v1/series", "match[]=none") == success("[]"));
    CHECK(world.server.request({.method = "DELETE", .target = "/api/v1/series?match[]=up"})->status == 500);
    CHECK(world.server.post("/api/v1/label/job/values", "")->status == 405);
}

TEST_CASE("metadata, formatting, parsing and status", "[daemon][api][metadata]") {
    World world;
    world.run_for(30s);
    const std::string heat = R"("heat":[{"type":"gauge","help":"How warm it is.","unit":""}])";
    const std::string seen = R"("seen_total":[{"type":"counter","help":"Seen.","unit":""}])";
    check_all(
        world,
        {
            {"/api/v1/metadata", success("{" + heat + "," + seen + "}")},
            {"/api/v1/metadata?metric=heat&limit_per_metric=1", success("{" + heat + "}")},
            {"/api/v1/metadata?limit=1", success("{" + heat + "}")},
            {"/api/v1/metadata?limit=0", success("{}")},
            {"/api/v1/metadata?limit=-5", success("{" + heat + "," + seen + "}")},
            {"/api/v1/metadata?limit=x", bad("limit must be a number")},
            {"/api/v1/metadata?metric=none", success("{}")},
            {"/api/v1/metadata?limit_per_metric=x", bad("limit_per_metric must be a number")},
            {"/api/v1/targets/metadata?metric=heat&match_target={instance=%22a:1%22}",
             success(R"([{"target":{"instance":"a:1","job":"node"},"type":"gauge","help":"How warm it is.","unit":""}])")},
            {"/api/v1/targets/metadata?match_target={",
             bad(R"(invalid parameter \"match_target\": 1:2: parse error: unexpected end of input inside braces)")},
            {"/api/v1/format_query?query=sum(rate(a[5m]))by(x)", success(R"J("sum by (x) (rate(a[5m]))")J")},
            {"/api/v1/format_query", bad(R"(invalid parameter \"query\": 1:1: parse error: no expression found in input)")},
            {"/api/v1/parse_query?query=-a%2B1",
             success(R"({"bool":false,"lhs":{"expr":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],)"
                     R"("name":"a","offset":0,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},)"
                     R"("op":"-","type":"unaryExpr"},"matching":null,"op":"+","rhs":{"type":"numberLiteral","val":"1"},)"
                     R"("type":"binaryExpr"})")},
            {"/api/v1/parse_query?query=a%2Bon(x)b",
             success(R"({"bool":false,"lhs":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],"name":"a",)"
                     R"("offset":0,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},)"
                     R"("matching":{"card":"one-to-one","fillValues":{"lhs":null,"rhs":null},"include":[],"labels":["x"],"on":true},)"
                     R"("op":"+","rhs":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"b"}],"name":"b",)"
                     R"("offset":0,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},"type":"binaryExpr"})")},
            {"/api/v1/query_exemplars?query=up&start=0&end=1", success("[]")},
            {"/api/v1/query_exemplars?query=up(&start=0&end=1", bad("1:4: parse error: unclosed left parenthesis")},
            {"/api/v1/status/walreplay", success(R"({"min":0,"max":0,"current":0})")},
        });
            const Json flags = *parse_json(world.server.get("/api/v1/status/flags")->body);
            CHECK(flags.at("data").at("query.max-concurrency").as_string() == "20");
            CHECK(flags.at("data").at("storage.keep").as_string() == "all");
            const Json runtime = *parse_json(world.server.get("/api/v1/status/runtimeinfo")->body);
            CHECK(runtime.at("data").at("startTime").as_string() == "2026-03-01T10:00:00Z");
            CHECK(runtime.at("data").at("reloadConfigSuccess").as_bool());
            const std::string config =
                parse_json(world.server.get("/api/v1/status/config")->body)->at("data").at("yaml").as_string();
            CHECK_THAT(config, Catch::Contains("      username: me\n      password: <secret>\n"));
            CHECK_THAT(config, !Catch::Contains("hunter2"));
}

TEST_CASE("what is too large for a query is an error", "[daemon][api][limits]") {
        World world;
        world.options.query.samples_max = 3;
        world.run_for(30s);
        const std::string too_many =
            failure(422, "execution", "query processing would load too many samples into memory in query execution");
        CHECK(world.ask("/api/v1/query?query=heat") == too_many);
        CHECK(world.ask("/api/v1/query?query=seen_total").starts_with("200 "));
        CHECK(world.ask("/api/v1/query_range?query=vector(1)&start=0&end=10&step=1") == too_many);
        CHECK(world.ask("/api/v1/query?query=" + std::string(300, '(') + "1" + std::string(300, ')'))
                  .starts_with("400 "));
        const std::string long_text = world.post_form("/api/v1/query", "query=" + std::string(70'000, '1'));
        CHECK_THAT(long_text, Catch::Contains("too long"));
        CHECK(world.post_form("/api/v1/query", "query=up{job=~\"a" + query_escape("{1000}{1000}") + "\"}")
                  .starts_with("400 "));
}
