#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

void accept_all(IntegrationRig& rig) {
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(R"({"ok":true})"); });
}

TEST_CASE("a message to Telegram is Alertmanager's to the byte", "[notifiers][telegram]") {
    IntegrationRig rig("telegram_configs", "{api_url: 'http://r', bot_token: TOK, chat_id: -7}");
    accept_all(rig);
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_request().url == "http://r/botTOK/sendMessage");
    CHECK(rig.last_body() == tests::golden("telegram_default.json"));
}

TEST_CASE("a message to Telegram without markup has all that was asked for", "[notifiers][telegram]") {
    IntegrationRig rig("telegram_configs", R"({api_url: 'http://r/', bot_token_file: token, chat_id_file: chat,
      message_thread_id: 3, parse_mode: '', disable_notifications: true, message: 'a<b>{{ .CommonAnnotations.summary }}'})");
    rig.disk.put("/etc/am/token", "FILE\n");
    rig.disk.put("/etc/am/chat", " 8 \n");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_request().url == "http://r/botFILE/sendMessage");
    CHECK(rig.last_body() == R"({"chat_id":"8","disable_notification":"true","disable_web_page_preview":"true",)"
                             R"("message_thread_id":"3","text":"a\u003cb\u003e5xx \u003chigh\u003e \u0026 rising"})"
                             "\n");
}

TEST_CASE("token and address of Telegram may be global", "[notifiers][telegram]") {
    IntegrationRig rig("telegram_configs", "{chat_id: 1}",
                       "global: {telegram_api_url: 'http://g', telegram_bot_token_file: sub/token}");
    rig.disk.put("/etc/am/sub/token", "GLOBAL");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_request().url == "http://g/botGLOBAL/sendMessage");
}

TEST_CASE("what is too long for Telegram is told all the same", "[notifiers][telegram]") {
    const std::string text(5000, 'x');
    IntegrationRig plain(
        "telegram_configs",
        "{api_url: 'http://r', bot_token: T, chat_id: 1, parse_mode: Markdown, message: " + text + "}");
    accept_all(plain);
    plain.send({IntegrationRig::example(true)});
    CHECK(plain.last_json().at("text").as_string() == std::string(4095, 'x') + "…");
    IntegrationRig html("telegram_configs", "{api_url: 'http://r', bot_token: T, chat_id: 1, message: " + text + "}");
    accept_all(html);
    html.send({IntegrationRig::example(true)});
    const std::string told = html.last_json().at("text").as_string();
    CHECK(told.find("[FIRING:1] alertname=HighErr cluster=eu") == 0);
    CHECK(told.find("5xx &lt;high&gt; &amp; rising") != std::string::npos);
}

TEST_CASE("a template that fails leaves Telegram the plain facts without markup", "[notifiers][telegram]") {
    IntegrationRig rig("telegram_configs", "{api_url: 'http://r', bot_token: T, chat_id: 1, message: '{{ .Nope }}'}");
    accept_all(rig);
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK_FALSE(outcome.template_error.empty());
    CHECK(rig.last_json().find("parse_mode") == nullptr);
    CHECK(rig.last_json().at("text").as_string().find("alertname = HighErr") != std::string::npos);
}

TEST_CASE("what Telegram's answers mean", "[notifiers][telegram]") {
    IntegrationRig rig("telegram_configs", "{api_url: 'http://r', bot_token: S3CRET, chat_id: 1}");
    tests::check_usual_retry_table(rig, "S3CRET");
    const Outcome busy = rig.send_with_answer(FakeAnswer::with_status(
        429, R"({"ok":false,"description":"Too Many Requests","parameters":{"retry_after":17}})"));
    CHECK(busy.retry_after == std::chrono::seconds(17));
    CHECK(busy.message == "unexpected status code 429: Too Many Requests");
}

}  // namespace
}  // namespace tocsin
