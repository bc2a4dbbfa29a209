#include "notifiers/integrations/http_notifier.h"

#include "base/duration.h"
#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

TEST_CASE("Retry-After is seconds or a date, at most an hour", "[notifiers][http_notifier]") {
    const Timestamp now = *parse_rfc3339("2015-10-21T07:26:00Z");
    struct Case {
        const char* text;
        std::optional<Duration> wait;
    };
    const std::vector<Case> cases = {
        {"120", 2min},
        {" 0 ", 0s},
        {"99999", 1h},
        {"99999999999999", 1h},
        {"Wed, 21 Oct 2015 07:28:00 GMT", 2min},
        {"Wed, 21 Oct 2015 07:20:00 GMT", 0s},
        {"Wed, 21 Oct 2035 07:20:00 GMT", 1h},
        {"Wed, 31 Feb 2015 07:28:00 GMT", std::nullopt},
        {"Wed, 21 Oct 2015 07:28:00 CET", std::nullopt},
        {"soon", std::nullopt},
        {"-1", std::nullopt},
        {"", std::nullopt},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        CHECK(parse_retry_after(c.text, now) == c.wait);
    }
}

TEST_CASE("an answer's wish to wait is in the outcome", "[notifiers][http_notifier]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/hook'}");
    FakeAnswer busy = FakeAnswer::with_status(503);
    busy.header("retry-after", "7");
    CHECK(rig.send_with_answer(busy).retry_after == Duration(7s));
    FakeAnswer refused = FakeAnswer::with_status(404);
    refused.header("Retry-After", "7");
    CHECK_FALSE(rig.send_with_answer(refused).retry_after.has_value());
}

TEST_CASE("answers are shown without control characters and not too long", "[notifiers][http_notifier]") {
    CHECK(answer_excerpt(" a\x1b[31mb\n") == R"(a\x1b[31mb)");
    CHECK(answer_excerpt(std::string(5000, 'x')).size() == 1024);
}

TEST_CASE("a cancelled attempt has no outcome", "[notifiers][http_notifier]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/hook'}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok().after(5s); });
    bool done = false;
    auto& notifier = *rig.receiver->integrations.front()->notifier;
    const auto id = notifier.notify(IntegrationRig::notification({IntegrationRig::example(true)}), 10s,
                                    [&](const Outcome&) { done = true; });
    rig.scheduler.advance(1s);
    notifier.cancel(id);
    rig.scheduler.advance(10s);
    CHECK_FALSE(done);
    CHECK(rig.http.sent().front().cancelled);
}

TEST_CASE("an attempt ends after its time", "[notifiers][http_notifier]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/hook'}");
    CHECK(rig.send_with_answer(FakeAnswer::fails(FakeAnswer::Fault::NeverEnds)).reason ==
          FailureReason::DeadlineExceeded);
    CHECK(rig.last_request().timeout == Duration(10s));
}

}  // namespace
}  // namespace tocsin
