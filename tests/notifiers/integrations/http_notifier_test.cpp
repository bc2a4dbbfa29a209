#include "notifiers/integrations/http_notifier.h"

#include "base/duration.h"
#include "base/text.h"
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
    FakeAnswer busy = FakeAnswer::with_status(429);
    busy.header("retry-after", "7");
    CHECK(rig.send_with_answer(busy).retry_after == Duration(7s));
    for (const int other : {404, 500, 503}) {
        FakeAnswer answer = FakeAnswer::with_status(other);
        answer.header("Retry-After", "7");
        CHECK_FALSE(rig.send_with_answer(answer).retry_after.has_value());
    }
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

/// A receiver whose server repeats what it was sent, and what must not come back of it.
struct Leak {
    const char* key;
    const char* integration;
    std::vector<std::string> secrets;
};

const std::vector<Leak>& leaks() {
    static const std::vector<Leak> all = {
        {"telegram_configs", "{api_url: 'http://r', bot_token: '12:t0kEn', chat_id: 1}", {"12:t0kEn"}},
        {"pushover_configs", "{token: 't0k/n&', user_key: usrk}", {"t0k/n&", "usrk", "t0k%2Fn%26"}},
        {"pagerduty_configs", "{url: 'http://r/pd', routing_key: r0ut}", {"r0ut"}},
        {"pagerduty_configs", "{service_key: s3rv}", {"s3rv"}},
        {"opsgenie_configs", "{api_url: 'http://r/', api_key: g3nie}", {"g3nie"}},
        {"slack_configs", "{api_url: 'http://r/services/T0/B0/x&y'}", {"/services/T0/B0/x&y"}},
        {"slack_configs", "{app_token: 't0k', app_url: 'http://r/post', channel: c}", {"Bearer t0k"}},
        {"discord_configs", "{webhook_url: 'http://r/hooks/0123456789abcdef'}", {"0123456789abcdef"}},
        {"msteamsv2_configs",
         "{webhook_url: 'http://r/hooks?sig=0123456789%26abcdef'}",
         {"0123456789%26abcdef", "0123456789&abcdef"}},
        {"webhook_configs", "{url: 'http://r/hook/k3y/sh0rt?sig=wrd4'}", {"sh0rt", "wrd4"}},
        {"webhook_configs", "{url: 'http://me:p4ss@r/hook/hunter'}", {"p4ss", "hunter"}},
        {"webhook_configs",
         "{url: 'http://r/h00k', http_config: {basic_auth: {username: me, password: 'p4ss'}}}",
         {"/h00k", "p4ss", "bWU6cDRzcw=="}},
        {"webhook_configs", "{url: 'http://r/h00k', http_config: {authorization: {credentials: b34rer}}}", {"b34rer"}},
    };
    return all;
}

/// Everything of the request and each secret alone.
std::string repeated(const HttpRequest& request, const Leak& leak) {
    std::string text = request.url + " " + request.body;
    for (const HttpHeader& header : request.headers) text += " " + header.value;
    for (const std::string& secret : leak.secrets) text += " [" + secret + "]";
    return text;
}

/// In all members from which some integration takes what went wrong, as PHP writes JSON.
std::string repeated_as_json(const HttpRequest& request, const Leak& leak) {
    const Json text = repeated(request, leak);
    Json json = Json::object();
    json.add("ok", false).add("error", text).add("description", text).add("message", text);
    json.add("errors", Json(Json::Array{text}));
    return replace_all(dump(json), "/", "\\/");
}

TEST_CASE("a server that repeats the request makes nobody tell its secrets", "[notifiers][http_notifier]") {
    const bool json = GENERATE(false, true);
    const int status = GENERATE(200, 400, 500);
    for (const Leak& leak : leaks()) {
        CAPTURE(leak.integration, status, json);
        IntegrationRig rig(leak.key, leak.integration);
        rig.http.handle([&](const HttpRequest& request) {
            FakeAnswer answer = FakeAnswer::with_status(
                status, json ? repeated_as_json(request, leak) : repeated(request, leak));
            if (json) answer.header("Content-Type", "application/json");
            return answer;
        });
        const Outcome outcome = rig.send({IntegrationRig::example(true)});
        for (const std::string& secret : leak.secrets) {
            CAPTURE(secret, outcome.message);
            CHECK(outcome.message.find(secret) == std::string::npos);
            CHECK(outcome.message.find(replace_all(secret, "/", "\\/")) == std::string::npos);
        }
    }
}

TEST_CASE("what was refused is told, without its secrets", "[notifiers][http_notifier]") {
    IntegrationRig telegram("telegram_configs", "{api_url: 'http://r', bot_token: '12:t0kEn', chat_id: 1}");
    CHECK(telegram.send_with_answer(FakeAnswer::with_status(404, R"({"description":"no bot 12:t0kEn"})")).message ==
          "unexpected status code 404: no bot <secret>");
    IntegrationRig slack("slack_configs", "{api_url: 'http://r/services/T0'}");
    CHECK(slack.send_with_answer(FakeAnswer::ok(R"(no hook http:\/\/r\/services\/T0)")).message ==
          "slack: received an error response from Slack: no hook <secret>");
}

TEST_CASE("words that stand in many URLs are left in what a server says", "[notifiers][http_notifier]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/services/webhooks/t0kn'}");
    CHECK(rig.send_with_answer(FakeAnswer::with_status(404, "webhooks: t0kn is none of our services")).message ==
          "unexpected status code 404: webhooks: <secret> is none of our services");
}

TEST_CASE("a secret is masked before the answer is cut", "[notifiers][http_notifier]") {
    IntegrationRig rig("pagerduty_configs", "{url: 'http://r/pd', routing_key: '0123456789abcdef0123456789abcdef'}");
    const std::string message = std::string(1000, 'x') + "0123456789abcdef0123456789abcdef";
    const Outcome outcome = rig.send_with_answer(FakeAnswer::with_status(400, R"({"message":")" + message + "\"}"));
    CHECK(outcome.message.find("01234") == std::string::npos);
    CHECK(outcome.message.find("x<secret>") != std::string::npos);
}

TEST_CASE("masking leaves the verdict as it is", "[notifiers][http_notifier]") {
    // The header's value stands in the answer too.
    IntegrationRig rig("slack_configs",
                       "{api_url: 'https://slack.com/api/chat.postMessage', update_message: true, channel: c, "
                       "http_config: {http_headers: {X-Probe: {values: ['true']}}}}");
    FakeAnswer taken = FakeAnswer::ok(R"({"ok":true,"ts":"1.2","channel":"C1"})");
    taken.header("Content-Type", "application/json");
    const Outcome outcome = rig.send_with_answer(taken);
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK(outcome.notes.at("ts") == "1.2");
}

}  // namespace
}  // namespace tocsin
