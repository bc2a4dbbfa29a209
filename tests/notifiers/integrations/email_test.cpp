#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::IntegrationRig;
using Lines = std::vector<std::string>;

constexpr const char* kServer = "from: f@x.test, smarthost: 'mail.test:25'";

std::string email(const std::string& more) {
    return std::string("{to: a@x.test, ") + kServer + (more.empty() ? "" : ", ") + more + "}";
}

const Mail& send(IntegrationRig& rig, bool firing = true) {
    const Outcome outcome = rig.send({IntegrationRig::example(firing)});
    CAPTURE(outcome.message);
    REQUIRE(outcome.kind == Outcome::Kind::Delivered);
    return rig.mail.sent().back();
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("a mail has Alertmanager's headers and parts", "[notifiers][email]") {
    IntegrationRig rig("email_configs",
                       R"({to: 'a@x.test, "B b" <b@x.test>', from: 'From <f@x.test>', smarthost: 'mail.test:25',
      text: 'text é {{ .Status }} . dots', html: '<b>{{ .CommonAnnotations.summary }}</b>',
      headers: {X-Foo: 'bar é', reply-to: 'r@x.test'}})");
    const Mail& mail = send(rig);
    CHECK(mail.from == "f@x.test");
    CHECK(mail.to == Lines{"a@x.test", "b@x.test"});
    const auto boundary_at = mail.content.find("boundary=") + 9;
    const std::string boundary = mail.content.substr(boundary_at, mail.content.find('\r', boundary_at) - boundary_at);
    CHECK(mail.content.find("From: From <f@x.test>\r\nReply-To: r@x.test\r\n"
                            "Subject: [FIRING:1] HighErr eu (a:1 api critical)\r\n"
                            "To: a@x.test, \"B b\" <b@x.test>\r\nX-Foo: =?utf-8?q?bar_=C3=A9?=\r\nMessage-Id: <") == 0);
    CHECK(contains(mail.content, "@x.test>\r\nDate: Fri, 02 Jan 2026 05:00:00 +0000\r\n"));
    CHECK(contains(mail.content, "MIME-Version: 1.0\r\n\r\n--" + boundary +
                                     "\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                                     "Content-Type: text/plain; charset=UTF-8\r\n\r\ntext =C3=A9 firing . dots\r\n--" +
                                     boundary +
                                     "\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                                     "Content-Type: text/html; charset=UTF-8\r\n\r\n"
                                     "<b>5xx &lt;high&gt; &amp; rising</b>\r\n--" +
                                     boundary + "--\r\n"));
}

TEST_CASE("the default mail is the HTML template", "[notifiers][email]") {
    IntegrationRig rig("email_configs", email(""));
    const Mail& mail = send(rig);
    CHECK(contains(mail.content, "Content-Type: text/html"));
    CHECK_FALSE(contains(mail.content, "Content-Type: text/plain"));
    CHECK(contains(mail.content, "HighErr"));
}

TEST_CASE("how the mail server is spoken to", "[notifiers][email]") {
    const auto encryption = [](const std::string& more) {
        IntegrationRig rig("email_configs", "{to: a@x.test, from: f@x.test, " + more + "}");
        return send(rig).encryption;
    };
    CHECK(encryption("smarthost: 'm:25'") == Mail::Encryption::StartTls);
    CHECK(encryption("smarthost: 'm:25', require_tls: false") == Mail::Encryption::None);
    CHECK(encryption("smarthost: 'm:465'") == Mail::Encryption::Implicit);
    CHECK(encryption("smarthost: 'm:465', force_implicit_tls: false") == Mail::Encryption::StartTls);
    CHECK(encryption("smarthost: 'm:25', force_implicit_tls: true") == Mail::Encryption::Implicit);
}

TEST_CASE("server and credentials of mails may be global, secrets in files beside the configuration",
          "[notifiers][email]") {
    IntegrationRig rig("email_configs", "{to: a@x.test}",
                       R"(global: {smtp_from: g@x.test, smtp_smarthost: '[::1]:2525', smtp_hello: me.test,
  smtp_auth_username: u, smtp_auth_password_file: secrets/password, smtp_auth_secret: cram, smtp_auth_identity: i,
  smtp_tls_config: {ca_file: ca.pem, server_name: other.test}})");
    rig.disk.put("/etc/am/secrets/password", "pw\n");
    const Mail& mail = send(rig);
    CHECK(mail.host == "::1");
    CHECK(mail.port == 2525);
    CHECK(mail.hello == "me.test");
    CHECK(mail.from == "g@x.test");
    CHECK(mail.username == "u");
    CHECK(mail.password.reveal() == "pw");
    CHECK(mail.secret.reveal() == "cram");
    CHECK(mail.identity == "i");
    CHECK(mail.tls.ca_file == "/etc/am/ca.pem");
    CHECK(mail.tls.server_name == "other.test");
}

TEST_CASE("a secret that cannot be read keeps no mail from a server that does not ask for it", "[notifiers][email]") {
    IntegrationRig rig("email_configs", email("auth_username: u, auth_password: pw, auth_secret_file: /none"));
    const Mail& mail = send(rig);
    CHECK(mail.password.reveal() == "pw");
    CHECK(mail.secret.empty());
    rig.mail.handle([](const Mail&) -> Result<MailReceipt> {
        return fail(Error::Kind::InvalidInput, "missing secret for CRAM-MD5 auth mechanism");
    });
    const std::string error = rig.send({IntegrationRig::example(true)}).message;
    CHECK(error.starts_with("missing secret for CRAM-MD5 auth mechanism ("));
    CHECK(contains(error, "/none"));
    IntegrationRig nobody("email_configs", email("auth_password_file: /none"));
    CHECK(send(nobody).password.empty());
}

TEST_CASE("headers of the configuration are there once", "[notifiers][email]") {
    IntegrationRig rig("email_configs", email("headers: {message-id: <fixed@x>, DATE: 'now'}"));
    const std::string content = send(rig).content;
    CHECK(contains(content, "Message-Id: <fixed@x>\r\n"));
    CHECK(content.find("Message-Id:") == content.rfind("Message-Id:"));
    CHECK(content.find("Date:") == content.rfind("Date:"));
}

TEST_CASE("mails of a group can be a thread, of the group or of its day", "[notifiers][email]") {
    IntegrationRig daily("email_configs", email("threading: {enabled: true, thread_by_date: daily}"));
    CHECK(contains(send(daily).content,
                   "References: <alert-8b2568c239fd2144-2026-01-02@alertmanager>\r\n"
                   "In-Reply-To: <alert-8b2568c239fd2144-2026-01-02@alertmanager>\r\n"));
    IntegrationRig group("email_configs", email("threading: {enabled: true, thread_by_date: none}"));
    CHECK(contains(send(group).content, "References: <alert-8b2568c239fd2144-@alertmanager>\r\n"));
}

TEST_CASE("a label cannot add a header or a recipient", "[notifiers][email]") {
    IntegrationRig rig("email_configs", email(R"(headers: {Subject: "a\nBcc: {{ .CommonLabels.job }}"})"));
    CHECK(contains(send(rig).content, "Subject: =?utf-8?q?a=0ABcc:_api?=\r\n"));
    IntegrationRig recipient("email_configs", std::string("{to: \"a@x.test\\nx\", ") + kServer + "}");
    CHECK(recipient.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Failed);
    CHECK(recipient.mail.sent().empty());
}

TEST_CASE("recipients that were refused are told of", "[notifiers][email]") {
    IntegrationRig rig("email_configs", email(""));
    rig.mail.handle([](const Mail&) { return MailReceipt{{{"b@x.test", "550 nobody"}}}; });
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK(outcome.refused == Lines{"b@x.test: 550 nobody"});
}

TEST_CASE("what the verdicts about a mail mean", "[notifiers][email]") {
    struct Case {
        Error::Kind error;
        Outcome::Kind kind;
        FailureReason reason;
    };
    const auto c = GENERATE(values<Case>({
        {Error::Kind::InvalidInput, Outcome::Kind::Failed, FailureReason::ClientError},
        {Error::Kind::Unavailable, Outcome::Kind::RetryLater, FailureReason::Other},
        {Error::Kind::Timeout, Outcome::Kind::RetryLater, FailureReason::DeadlineExceeded},
    }));
    IntegrationRig rig("email_configs", email("auth_username: u, auth_password: S3CRET"));
    rig.mail.handle([&](const Mail&) -> Result<MailReceipt> { return fail(c.error, "no"); });
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == c.kind);
    CHECK(outcome.reason == c.reason);
    CHECK(rig.mail.sent().back().label.find("S3CRET") == std::string::npos);
    CHECK(rig.config.masked_text.find("S3CRET") == std::string::npos);
}

}  // namespace
}  // namespace tocsin
