#include "notifiers/receiver_trial.h"

#include <algorithm>

#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;
using Lines = std::vector<std::string>;

/// What a trial of the rig's receiver says, sorted: `webhook[0] firing told`.
Lines try_out(IntegrationRig& rig) {
    ReceiverTrial trial(rig.receiver, rig.scheduler, "http://am.example");
    Lines lines;
    int done = 0;
    trial.start(
        10s,
        [&](const TrialStep& step) {
            CHECK(done == 0);
            const bool told = step.outcome.kind == Outcome::Kind::Delivered;
            lines.push_back(step.integration + (step.firing ? " firing " : " resolved ") +
                            (told ? "told" : step.outcome.message));
        },
        [&] { ++done; });
    rig.scheduler.advance(1min);
    CHECK(done == 1);
    std::sort(lines.begin(), lines.end());
    return lines;
}

TEST_CASE("a trial tells of a beginning and an end, and says that it is one", "[notifiers][receiver-trial]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/hook'}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    CHECK(try_out(rig) == Lines{"webhook[0] firing told", "webhook[0] resolved told"});
    const Json end = rig.last_json();
    CHECK(end.at("status").as_string() == "resolved");
    CHECK(end.at("receiver").as_string() == "all");
    const Json& alert = end.at("alerts").at(std::size_t{0});
    CHECK(alert.at("labels").at("alertname").as_string() == "TocsinTest");
    CHECK_THAT(alert.at("annotations").at("summary").as_string(), Catch::Contains("test of receiver all"));
    CHECK(rig.http.sent().front().request.body.find(R"("status":"firing")") != std::string::npos);
}

TEST_CASE("a trial goes on with the other integrations when one fails", "[notifiers][receiver-trial]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/bad'}\n  - {url: 'http://r/good', send_resolved: false}");
    rig.http.handle(
        [](const HttpRequest& request) { return FakeAnswer::with_status(request.url.ends_with("bad") ? 404 : 200); });
    CHECK(try_out(rig) == Lines{"webhook[0] firing unexpected status code 404", "webhook[1] firing told"});
}

TEST_CASE("the end updates the message of the beginning", "[notifiers][receiver-trial]") {
    IntegrationRig rig("slack_configs",
                       "{api_url: 'https://slack.com/api/chat.postMessage', update_message: true, channel: c, "
                       "send_resolved: true, http_config: {authorization: {credentials: t0k}}}");
    rig.http.handle([](const HttpRequest&) {
        return FakeAnswer::ok(R"({"ok":true,"ts":"1.2","channel":"C1"})").header("Content-Type", "application/json");
    });
    CHECK(try_out(rig).size() == 2);
    CHECK(rig.last_request().url == "https://slack.com/api/chat.update");
    CHECK(rig.last_json().at("ts").as_string() == "1.2");
}

TEST_CASE("a trial waits for nobody longer than it may", "[notifiers][receiver-trial]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/hook'}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers); });
    const Lines lines = try_out(rig);
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines.front(), Catch::Contains("timed out"));
}

}  // namespace
}  // namespace tocsin
