#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

FakeAnswer json_answer(const std::string& body) {
    FakeAnswer answer = FakeAnswer::ok(body);
    return answer.header("Content-Type", "application/json; charset=utf-8");
}

TEST_CASE("a message to Slack is Alertmanager's to the byte", "[notifiers][slack]") {
    IntegrationRig rig("slack_configs", "{api_url: 'http://r/slack', channel: '#alerts', send_resolved: true}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok("ok"); });
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_body() == tests::golden("slack_default.json"));
    rig.send({IntegrationRig::example(false, "b:1")});
    const Json attachment = rig.last_json().at("attachments").at(std::size_t{0});
    CHECK(attachment.at("title").as_string() == "[RESOLVED] HighErr eu (b:1 api critical)");
    CHECK(attachment.at("color").as_string() == "good");
}

TEST_CASE("all members of a message to Slack are in Alertmanager's order", "[notifiers][slack]") {
    IntegrationRig rig("slack_configs",
                       R"({api_url: 'http://r/slack', channel: c, username: u, icon_emoji: ie, icon_url: iu,
      link_names: true, message_text: mt, title: t, title_link: tl, pretext: p, text: x, fallback: f, callback_id: ci,
      fields: [{title: ft, value: '{{ .Status }}'}, {title: ft2, value: fv2, short: false}], short_fields: true,
      actions: [{type: button, text: at, url: '{{ .ExternalURL }}', style: s, name: dropped},
                {type: button, text: at, name: n, value: v, confirm: {title: c1, text: c2, ok_text: c3, dismiss_text: c4}}],
      image_url: im, thumb_url: th, footer: fo, color: co, mrkdwn_in: [text]})");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok("ok"); });
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_body() == tests::golden("slack_all_members.json"));
}

TEST_CASE("a title is cut to 1024 characters", "[notifiers][slack]") {
    IntegrationRig rig("slack_configs", "{api_url: 'http://r/slack', title: '" + std::string(2000, 'x') + "'}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok("ok"); });
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_json().at("attachments").at(std::size_t{0}).at("title").as_string() == std::string(1023, 'x') + "…");
}

TEST_CASE("defect D: a template that fails leaves a message with the facts and the error", "[notifiers][slack]") {
    const std::string field = GENERATE("title: '{{ .Nope }}'", "text: '{{ template \"nope\" . }}'",
                                       "channel: '{{ .Foo'", "color: '{{ .Nope }}'", "footer: '{{ .Nope }}'",
                                       "icon_url: '{{ .Nope }}'", "message_text: '{{ .Nope }}'");
    IntegrationRig rig("slack_configs", "{api_url: 'http://r/slack', username: somebody, " + field + "}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok("ok"); });
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK_FALSE(outcome.template_error.empty());
    const Json json = rig.last_json();
    CHECK(json.at("username").as_string() == "somebody");
    const Json attachment = json.at("attachments").at(std::size_t{0});
    CHECK(attachment.at("title").as_string().starts_with("[FIRING:1] "));
    CHECK(attachment.at("color").as_string() == "danger");
    CHECK(attachment.at("text").as_string().find("alertname = HighErr") != std::string::npos);
    CHECK(attachment.at("text").as_string().find("template error: ") != std::string::npos);
}

TEST_CASE("Slack says in the body whether it took a message", "[notifiers][slack]") {
    IntegrationRig rig("slack_configs", "{api_url: 'http://r/slack'}");
    struct Case {
        FakeAnswer answer;
        Outcome::Kind kind;
        const char* message;
    };
    const std::vector<Case> cases = {
        {FakeAnswer::ok("ok"), Outcome::Kind::Delivered, ""},
        {FakeAnswer::ok("no_text"), Outcome::Kind::Failed, "slack: received an error response from Slack: no_text"},
        {FakeAnswer::ok(""), Outcome::Kind::Failed, "slack: received an error response from Slack: "},
        {json_answer(R"({"ok":true})"), Outcome::Kind::Delivered, ""},
        {json_answer(R"({"ok":false,"error":"channel_not_found"})"), Outcome::Kind::Failed,
         "slack: error response from Slack: channel_not_found"},
        {json_answer(R"({"ok":false,"error":"ratelimited"})"), Outcome::Kind::RetryLater,
         "slack: error response from Slack: ratelimited"},
        {FakeAnswer::with_status(404, "no_team"), Outcome::Kind::Failed, "slack: unexpected status code 404: no_team"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.message);
        const Outcome outcome = rig.send_with_answer(c.answer);
        CHECK(outcome.kind == c.kind);
        CHECK(outcome.message == c.message);
    }
    CHECK(rig.send_with_answer(json_answer("no json")).kind == Outcome::Kind::RetryLater);
}

TEST_CASE("what Slack's statuses mean", "[notifiers][slack]") {
    IntegrationRig rig("slack_configs", "{api_url: 'http://r/S3CRET'}");
    using Kind = Outcome::Kind;
    tests::check_retry_table(rig,
                             {{400, Kind::Failed, FailureReason::ClientError},
                              {403, Kind::Failed, FailureReason::AuthError},
                              {429, Kind::RetryLater, FailureReason::RateLimited},
                              {500, Kind::RetryLater, FailureReason::ServerError}},
                             "S3CRET");
}

TEST_CASE("an app token goes with the app's URL, also from global", "[notifiers][slack]") {
    const bool global = GENERATE(true, false);
    IntegrationRig rig("slack_configs", global ? "{channel: c}" : "{app_token: t0ken, channel: c}",
                       global ? "global: {slack_app_token: t0ken}" : "");
    rig.http.handle([](const HttpRequest&) { return json_answer(R"({"ok":true})"); });
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_request().url == "https://slack.com/api/chat.postMessage");
    CHECK(tests::header_of(rig.last_request(), "Authorization") == "Bearer t0ken");
}

TEST_CASE("the URL may be in a file, read each time", "[notifiers][slack]") {
    IntegrationRig rig("slack_configs", "{api_url_file: slack.txt}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok("ok"); });
    rig.disk.put("/etc/am/slack.txt", "http://r/one\n");
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_request().url == "http://r/one");
    rig.disk.put("/etc/am/slack.txt", "http://r/two\n");
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_request().url == "http://r/two");
}

constexpr const char* kUpdating =
    "{api_url: 'https://slack.com/api/chat.postMessage', update_message: true, channel: c, "
    "http_config: {authorization: {credentials: t}}}";

TEST_CASE("with update_message later messages change the first one", "[notifiers][slack]") {
    IntegrationRig rig("slack_configs", kUpdating);
    rig.http.handle([](const HttpRequest&) { return json_answer(R"({"ok":true,"ts":"1.5","channel":"C1"})"); });
    Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.notes == DeliveryNotes{{"channel", "C1"}, {"ts", "1.5"}});
    CHECK(rig.last_json().find("ts") == nullptr);
    Notification next = IntegrationRig::notification({IntegrationRig::example(false)});
    next.notes = outcome.notes;
    rig.send(next);
    CHECK(rig.last_request().url == "https://slack.com/api/chat.update");
    CHECK(rig.last_body().starts_with(R"({"channel":"C1","ts":"1.5","username":)"));
}

TEST_CASE("defect N: a message that is gone is posted anew", "[notifiers][slack]") {
    IntegrationRig rig("slack_configs", kUpdating);
    Notification next = IntegrationRig::notification({IntegrationRig::example(false)});
    next.notes = {{"channel", "C1"}, {"ts", "1.5"}};
    rig.http.handle([](const HttpRequest&) { return json_answer(R"({"ok":false,"error":"message_not_found"})"); });
    const Outcome outcome = rig.send(next);
    CHECK(outcome.kind == Outcome::Kind::RetryLater);
    CHECK(outcome.forget_notes);
}

}  // namespace
}  // namespace tocsin
