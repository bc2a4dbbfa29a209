#include "base/json.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"

using namespace tocsin;

namespace {

std::string repeated(std::string_view piece, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += piece;
    return text;
}

}  // namespace

TEST_CASE("JSON is written as Go's encoding/json writes it", "[base][json]") {
    struct Case {
        Json value;
        std::string_view want;
    };
    const auto [value, want] = GENERATE(values<Case>({
        {Json{}, "null"},
        {Json(true), "true"},
        {Json(-5), "-5"},
        {Json(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808"},
        {Json("a"), "\"a\""},
        {Json::array(), "[]"},
        {Json::object(), "{}"},
        {Json(Json::Array{1, "b", Json{}}), "[1,\"b\",null]"},
        {Json(Json::Object{{"b", 1}, {"a", Json::array()}}), "{\"b\":1,\"a\":[]}"},
        {Json("<a href=\"x\">&</a>"), R"("\u003ca href=\"x\"\u003e\u0026\u003c/a\u003e")"},
        {Json("\n\r\t\\"), R"("\n\r\t\\")"},
        {Json(std::string("\0\x01\b\f\x1f\x7f", 6)), "\"\\u0000\\u0001\\u0008\\u000c\\u001f\x7f\""},
        {Json("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"), "\"\\u2028\\u2029\xE2\x80\xAA\""},
        {Json("a\xFF"), "\"a\xEF\xBF\xBD\""},
        {Json("é😀"), "\"é😀\""},
    }));
    CAPTURE(want);
    CHECK(dump(value) == want);
}

TEST_CASE("numbers are written with the shortest digits that read back", "[base][json]") {
    struct Case {
        double value;
        std::string_view want;
    };
    const auto [value, want] = GENERATE(values<Case>({
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {0.1, "0.1"},
        {1e-6, "0.000001"},
        {1e-7, "1e-7"},
        {1.5e-10, "1.5e-10"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {-2.5e300, "-2.5e+300"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {123456789.125, "123456789.125"},
        {HUGE_VAL, "null"},
        {std::nan(""), "null"},
    }));
    CHECK(dump(Json(value)) == want);
}

TEST_CASE("plain JSON escapes only what must be escaped", "[base][json]") {
    CHECK(dump(Json("<&>\xE2\x80\xA8\n\x01"), JsonStyle::Plain) == "\"<&>\xE2\x80\xA8\\n\\u0001\"");
}

TEST_CASE("pretty JSON has a line a value", "[base][json]") {
    const Json value(Json::Object{{"a", Json(Json::Array{1, 2})}, {"b", Json::object()}, {"c", Json::array()}});
    CHECK(dump(value, JsonStyle::Pretty) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST_CASE("JSON that was written is read back", "[base][json]") {
    const Json value(Json::Object{{"z", Json(Json::Array{1, -2.5, true, Json{}, "\n\"<é\\"})},
                                  {"a", Json(Json::Object{{"", Json(1e300)}})},
                                  {"n", Json(std::numeric_limits<std::int64_t>::max())}});
    const auto style = GENERATE(JsonStyle::Compact, JsonStyle::Plain, JsonStyle::Pretty);
    const auto again = parse_json(dump(value, style));
    REQUIRE(again.has_value());
    CHECK(*again == value);
}

TEST_CASE("JSON is read with its kinds", "[base][json]") {
    const auto value =
        parse_json(R"( {"s":"x\u00e9","i":5,"d":5.0,"u":18446744073709551615,"b":true,"l":[1],"o":{"k":"v"}} )");
    REQUIRE(value.has_value());
    CHECK(value->at("s").as_string() == "xé");
    CHECK(value->at("i").is_integer());
    CHECK(!value->at("d").is_integer());
    CHECK(value->at("d").as_integer() == 5);
    CHECK(value->at("u").as_number() == 18446744073709551616.0);
    CHECK(value->at("b").as_bool());
    CHECK(value->at("l").at(0).as_integer() == 1);
    CHECK(value->at("o").at("k").as_string() == "v");
}

TEST_CASE("a value of another kind gives nothing", "[base][json]") {
    const Json text("5");
    CHECK(text.as_integer() == 0);
    CHECK(text.as_number() == 0);
    CHECK(!text.as_bool());
    CHECK(text.items().empty());
    CHECK(text.members().empty());
    CHECK(text.find("a") == nullptr);
    CHECK(text.at("a").at("b").at(3).is_null());
    CHECK(Json(5).as_string().empty());
    CHECK(Json(1e300).as_integer() == std::numeric_limits<std::int64_t>::max());
    CHECK(Json(-1e300).as_integer() == std::numeric_limits<std::int64_t>::min());
    CHECK(Json(std::nan("")).as_integer() == 0);
}

TEST_CASE("a null value becomes what is added to it", "[base][json]") {
    Json object;
    object.add("a", 1).add("a", 2);
    CHECK(dump(object) == R"({"a":1,"a":2})");
    Json array;
    array.push(1).push("b");
    CHECK(dump(array) == R"([1,"b"])");
}

TEST_CASE("of a name given twice the last one counts", "[base][json]") {
    CHECK(dump(*parse_json(R"({"b":1,"a":2,"b":3,"a":4,"b":5,"c":6})")) == R"({"b":5,"a":4,"c":6})");
}

TEST_CASE("what is no JSON is refused with the byte offset", "[base][json]") {
    struct Case {
        std::string_view text, want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"", "invalid JSON at byte 1: value - unexpected end of input; expected '[', '{', or a literal"},
        {"{\"a\":}", "invalid JSON at byte 6: value - unexpected '}'; expected '[', '{', or a literal"},
        {"[1,]", "invalid JSON at byte 4: value - unexpected ']'; expected '[', '{', or a literal"},
        {"[1] x", "invalid JSON at byte 5: value - invalid literal"},
        {"1e999", "invalid JSON at byte 5: number out of range"},
        {"{'secret':1}", "invalid JSON at byte 2: object key - invalid literal"},
    }));
    CAPTURE(text);
    const auto value = parse_json(text);
    REQUIRE(!value);
    CHECK(value.error().kind == Error::Kind::InvalidInput);
    CHECK(value.error().message == want);
}

TEST_CASE("invalid UTF-8 is read as U+FFFD", "[base][json]") {
    CHECK(parse_json("\"a\xFFz\"")->as_string() == "a\xEF\xBF\xBDz");
}

TEST_CASE("half a surrogate pair is read as U+FFFD, as Go reads it", "[base][json]") {
    struct Case {
        std::string text, want;
    };
    const auto c = GENERATE(values<Case>({
        {R"(a\udc80b)", "a\ufffdb"},
        {R"(\ud83d)", "\ufffd"},
        {R"(\uD83D\uDE00)", "\xF0\x9F\x98\x80"},
        {R"(\ud83d\ud83d\ude00)", "\ufffd\xF0\x9F\x98\x80"},
        {R"(\ude00\ud83d)", "\ufffd\ufffd"},
        {R"(\ud83d\n\ude00)", "\ufffd\n\ufffd"},
        {R"(\\ud83d\\\ud83d)", "\\ud83d\\\ufffd"},
    }));
    CAPTURE(c.text);
    CHECK(*parse_json("[\"" + c.text + "\"]") == Json(Json::Array{c.want}));
    CHECK_FALSE(parse_json("[\"\\ud8\"]").has_value());
    CHECK_FALSE(parse_json("[\"\\ud83d").has_value());
}

TEST_CASE("limits of JSON hold", "[base][json]") {
    CHECK(parse_json(repeated("[", 32) + repeated("]", 32)).has_value());
    CHECK(parse_json(repeated("[", 33) + repeated("]", 33)).error().message == "JSON is nested deeper than 32 levels");
    CHECK(parse_json(repeated("[", 1'000'000)).error().kind == Error::Kind::LimitExceeded);
    CHECK(parse_json(repeated("{\"a\":", 1'000'000)).error().kind == Error::Kind::LimitExceeded);
    CHECK(parse_json("[1,2,3]", {.values = 4}).has_value());
    CHECK(parse_json("[1,2,3,4]", {.values = 4}).error().message == "JSON has more than 4 values");
}
TEST_CASE("a text is written call by call", "[base][json]") {
    std::string text = "before ";
    JsonWriter json(text, JsonStyle::Compact);
    json.open_object().name("a").open_array().number(-1).text("<\n\xff").boolean(true).open_object().close_object();
    json.close_array().name("\"").open_array().close_array().name("b").text("").close_object();
    CHECK(text == "before {\"a\":[-1,\"\\u003c\\n\xEF\xBF\xBD\",true,{}],\"\\\"\":[],\"b\":\"\"}");
}

TEST_CASE("a text is walked in its order, until it ends or somebody has had enough", "[base][json]") {
    struct Listener final : JsonListener {
        std::string heard;
        bool add(std::string_view what) {
            heard += what;
            return heard.size() < 40;
        }
        bool open_object() override { return add("{"); }
        bool close_object() override { return add("}"); }
        bool open_array() override { return add("["); }
        bool close_array() override { return add("]"); }
        bool name(std::string_view text) override { return add(text) && add("="); }
        bool text(std::string_view value) override { return add(value) && add(";"); }
        bool other() override { return add("?"); }
    };
    Listener all, too_long, too_deep, broken, no_utf8;
    CHECK(walk_json(R"( [ {"a\u0041" : "x\ny", "b": [1, 2.5, true, null]}, {} ] )", all));
    CHECK(all.heard == "[{aA=x\ny;b=[????]}{}]");
    CHECK_FALSE(walk_json("[" + repeated("{},", 100) + "{}]", too_long));
    CHECK(too_long.heard.size() == 40);
    CHECK_FALSE(walk_json(repeated("[", 33) + repeated("]", 33), too_deep));
    CHECK(too_deep.heard == repeated("[", 32));
    CHECK_FALSE(walk_json("[1,]", broken));
    CHECK_FALSE(walk_json("[\"\xff\"]", no_utf8));
}
