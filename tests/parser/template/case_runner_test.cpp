#include "parser/template/case_runner.h"

#include "tests/catch.h"

namespace tocsin::templates {
namespace {

constexpr std::string_view kFile = R"json({
  "prometheus_data": {"d": {"labels": {"a": "1"}, "externalLabels": {}, "externalURL": "", "value": "2.5", "timestampMs": 0,
                            "queries": {"q": [{"labels": {}, "value": "7"}]}}},
  "alertmanager_data": {"n": {"receiver": "r", "status": "firing", "alerts": [], "groupLabels": {}, "commonLabels": {},
                              "commonAnnotations": {}, "externalURL": "http://am"}},
  "cases": [
    {"id": "good", "engine": "prometheus", "data": "d", "template": "{{$labels.a}} {{$value}}", "expected": "1 2.5"},
    {"id": "bad", "engine": "prometheus", "data": "d", "template": "{{$value}}", "expected": "3"},
    {"id": "fails", "engine": "prometheus", "data": "d", "template": "{{.X}}", "error": "anything"},
    {"id": "should fail", "engine": "prometheus", "data": "d", "template": "x", "error": "anything"},
    {"id": "address", "engine": "prometheus", "data": "d", "template": "{{query \"q\"}}", "expected": "[0xc000123456]"},
    {"id": "text", "engine": "alertmanager", "data": "n", "template": "<{{.Status}}>{{\"&\"}}", "expected": "<firing>&"},
    {"id": "html", "engine": "alertmanager-html", "data": "n", "template": "<b>{{\"&\"}}", "expected": "<b>&amp;"}
  ]})json";

TEST_CASE("each case of a file is judged", "[parser][template]") {
    const auto results = run_template_cases(parse_json(kFile).value());
    REQUIRE(results);
    std::vector<std::pair<std::string, bool>> verdicts;
    for (const TemplateCaseResult& result : *results) verdicts.emplace_back(result.id, result.passed);
    CHECK(verdicts == std::vector<std::pair<std::string, bool>>{{"good", true},
                                                                {"bad", false},
                                                                {"fails", true},
                                                                {"should fail", false},
                                                                {"address", true},
                                                                {"text", true},
                                                                {"html", true}});
    CHECK((*results)[1].expected == "3");
    CHECK((*results)[1].got == "2.5");
    CHECK((*results)[2].expected == "error: anything");
}

TEST_CASE("a file of another shape is refused", "[parser][template]") {
    CHECK_FALSE(run_template_cases(parse_json("[]").value()));
    CHECK_FALSE(run_template_cases(parse_json(R"({"cases": [{"id": "x", "engine": "perl"}]})").value()));
}

}  // namespace
}  // namespace tocsin::templates
