#include "base/smtp_client.h"

#include <optional>

#include "base/digest.h"
#include "tests/catch.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/raw_socket.h"
#include "tests/fakes/smtp_server.h"
#include "tests/fakes/test_certificate.h"

namespace tocsin {
namespace {

using fakes::SmtpServer;
using Lines = std::vector<std::string>;

/// A client on a loop of its own.
struct World {
    AsioScheduler scheduler;
    fakes::FakeResolver resolver{scheduler};
    SmtpClient client{scheduler, resolver};

    Result<MailReceipt> send(Mail mail) {
        std::optional<Result<MailReceipt>> outcome;
        client.send(std::move(mail), [&](Result<MailReceipt> verdict) { outcome = std::move(verdict); });
        REQUIRE(scheduler.run_until([&] { return outcome.has_value(); }, Duration(20'000)));
        return *outcome;
    }
};

Mail mail_to(const SmtpServer& server, Mail::Encryption encryption = Mail::Encryption::None) {
    Mail mail;
    mail.label = "email oncall";
    mail.host = "127.0.0.1";
    mail.port = server.port();
    mail.encryption = encryption;
    mail.from = "f@x.test";
    mail.to = {"a@x.test", "b@x.test"};
    mail.content = "Subject: s\r\n\r\n.a dot\r\n..\r\nend";
    return mail;
}

TEST_CASE("a mail is said line by line, dots doubled", "[base][smtp]") {
    World world;
    SmtpServer server(world.scheduler, {.extensions = {"8BITMIME", "SMTPUTF8"}});
    const auto receipt = world.send(mail_to(server));
    REQUIRE(receipt.has_value());
    CHECK(receipt->refused.empty());
    CHECK(server.heard() == Lines{"EHLO localhost", "MAIL FROM:<f@x.test> BODY=8BITMIME SMTPUTF8", "RCPT TO:<a@x.test>",
                                  "RCPT TO:<b@x.test>", "DATA"});
    CHECK(server.mails() == Lines{"Subject: s\r\n\r\n..a dot\r\n...\r\nend"});
}

TEST_CASE("a server that knows no EHLO is greeted as of old", "[base][smtp]") {
    World world;
    SmtpServer server(world.scheduler, {.answers = {{"EHLO", "502 unknown"}}});
    REQUIRE(world.send(mail_to(server)).has_value());
    CHECK(server.heard() == Lines{"EHLO localhost", "HELO localhost", "MAIL FROM:<f@x.test>", "RCPT TO:<a@x.test>",
                                  "RCPT TO:<b@x.test>", "DATA"});
    const auto refused = world.send(mail_to(server, Mail::Encryption::StartTls));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find("does not advertise the STARTTLS extension") != std::string::npos);
}

TEST_CASE("a mail goes under TLS when it must", "[base][smtp]") {
    const fakes::TestCertificate certificate("DNS:mail.test,IP:127.0.0.1");
    World world;
    const bool implicit = GENERATE(false, true);
    CAPTURE(implicit);
    SmtpServer server(world.scheduler, {.extensions = {"STARTTLS"},
                                        .tls = *AsioTls::make_server(fakes::server_with(certificate)),
                                        .implicit_tls = implicit});
    Mail mail = mail_to(server, implicit ? Mail::Encryption::Implicit : Mail::Encryption::StartTls);
    SECTION("to a server whose certificate is known") {
        mail.tls.ca_file = certificate.cert_file();
        CHECK(world.send(mail).has_value());
        CHECK(server.handshakes() == 1);
        CHECK(server.mails().size() == 1);
    }
    SECTION("to a server that is another one by its certificate") {
        mail.tls.ca_file = certificate.cert_file();
        mail.tls.server_name = "elsewhere.test";
        const auto verdict = world.send(mail);
        REQUIRE_FALSE(verdict.has_value());
        CHECK(verdict.error().message.find("email oncall: ") == 0);
        CHECK(server.mails().empty());
    }
    SECTION("to a server that nobody vouches for") {
        CHECK_FALSE(world.send(mail).has_value());
        mail.tls.insecure_skip_verify = true;
        CHECK(world.send(mail).has_value());
    }
}

TEST_CASE("a server without STARTTLS does not get the mail that needs it", "[base][smtp]") {
    World world;
    SmtpServer server(world.scheduler, {});
    const auto verdict = world.send(mail_to(server, Mail::Encryption::StartTls));
    REQUIRE_FALSE(verdict.has_value());
    CHECK(verdict.error().message ==
          "email oncall: 'require_tls' is true (default) but \"127.0.0.1:" + std::to_string(server.port()) +
              "\" does not advertise the STARTTLS extension");
    CHECK(server.heard() == Lines{"EHLO localhost"});
}

TEST_CASE("what comes behind the answer to STARTTLS is nobody's", "[base][smtp]") {
    World world;
    SmtpServer server(world.scheduler,
                      {.extensions = {"STARTTLS"}, .answers = {{"STARTTLS", "220 go\r\n250-AUTH PLAIN\r\n250 ok"}}});
    const auto verdict = world.send(mail_to(server, Mail::Encryption::StartTls));
    REQUIRE_FALSE(verdict.has_value());
    CHECK(verdict.error().message == "email oncall: STARTTLS: more than a reply came");
}

TEST_CASE("who sends says who it is, in the first way that both know", "[base][smtp]") {
    World world;
    struct Case {
        std::string offered;
        std::string password, secret;
        std::map<std::string, std::string> answers;
        Lines heard;
    };
    const std::string challenge = base64_encode("<1896.697170952@postoffice.reston.mci.net>");
    const auto c = GENERATE_COPY(values<Case>({
        {"AUTH PLAIN LOGIN", "pw", "", {}, {"AUTH PLAIN " + base64_encode(std::string("i\0tim\0pw", 8))}},
        {"AUTH XOAUTH2 LOGIN PLAIN",
         "pw",
         "",
         {{"AUTH", "334 VXNlcm5hbWU6"}, {base64_encode("tim"), "334 UGFzc3dvcmQ6"}, {base64_encode("pw"), "235 in"}},
         {"AUTH LOGIN", base64_encode("tim"), base64_encode("pw")}},
        {"AUTH CRAM-MD5 PLAIN",
         "pw",
         "tanstaaftanstaaf",
         {{"AUTH", "334 " + challenge}, {"dGlt", "235 in"}},
         {"AUTH CRAM-MD5", base64_encode("tim b913a602c7eda7a495b4e6e7334d3890")}},
        {"AUTH CRAM-MD5 PLAIN", "pw", "", {}, {"AUTH PLAIN " + base64_encode(std::string("i\0tim\0pw", 8))}},
        {"SIZE", "pw", "", {}, {}},
    }));
    CAPTURE(c.offered);
    SmtpServer server(world.scheduler, {.extensions = {c.offered}, .answers = c.answers});
    Mail mail = mail_to(server);
    mail.username = "tim";
    mail.identity = "i";
    mail.password = Secret(c.password);
    mail.secret = Secret(c.secret);
    const auto verdict = world.send(mail);
    REQUIRE(verdict.has_value());
    const auto& heard = server.heard();
    const Lines said(heard.begin() + 1, heard.begin() + 1 + static_cast<std::ptrdiff_t>(c.heard.size()));
    CHECK(said == c.heard);
}

TEST_CASE("why somebody could not say who it is, without a secret", "[base][smtp]") {
    World world;
    struct Case {
        std::string offered, answer, message;
        Error::Kind kind;
    };
    const auto c = GENERATE(values<Case>({
        {"AUTH CRAM-MD5", "", "missing secret for CRAM-MD5 auth mechanism", Error::Kind::InvalidInput},
        {"AUTH XOAUTH2", "", "unknown auth mechanism: XOAUTH2", Error::Kind::InvalidInput},
        {"AUTH PLAIN", "535 no S3CRET", "authentication failed with code 535", Error::Kind::InvalidInput},
        {"AUTH PLAIN", "454 later", "authentication failed with code 454", Error::Kind::Unavailable},
        {"AUTH LOGIN", "535 no", "authentication failed with code 535", Error::Kind::InvalidInput},
    }));
    SmtpServer server(world.scheduler, {.extensions = {c.offered}, .answers = {{"AUTH", c.answer}}});
    Mail mail = mail_to(server);
    mail.username = "tim";
    mail.password = Secret("S3CRET");
    const auto verdict = world.send(mail);
    REQUIRE_FALSE(verdict.has_value());
    CHECK(verdict.error().message == "email oncall: " + c.message);
    CHECK(verdict.error().kind == c.kind);
}

TEST_CASE("a recipient that is refused does not keep the mail from the others", "[base][smtp]") {
    World world;
    const bool for_now = GENERATE(false, true);
    SmtpServer server(world.scheduler,
                      {.answers = {{"RCPT TO:<a@", for_now ? "450 nobody\x07here" : "550 nobody\x07here"}}});
    const auto receipt = world.send(mail_to(server));
    REQUIRE(receipt.has_value());
    REQUIRE(receipt->refused.size() == 1);
    CHECK(receipt->refused[0].address == "a@x.test");
    CHECK(receipt->refused[0].reason.find("50 nobody") == 1);
    CHECK(receipt->refused[0].for_now == for_now);
    CHECK(receipt->refused[0].reason.find('\x07') == std::string::npos);
    CHECK(server.mails().size() == 1);
}

TEST_CASE("what is worth trying again and what is not", "[base][smtp]") {
    World world;
    struct Case {
        std::string line, answer;
        Error::Kind kind;
    };
    const auto c = GENERATE(values<Case>({
        {"EHLO", "421 busy", Error::Kind::Unavailable},
        {"MAIL", "451 later", Error::Kind::Unavailable},
        {"MAIL", "553 not you", Error::Kind::InvalidInput},
        {"RCPT", "450 later", Error::Kind::Unavailable},
        {"RCPT", "550 nobody", Error::Kind::InvalidInput},
        {"DATA", "554 no", Error::Kind::InvalidInput},
        {"END OF MAIL", "452 full", Error::Kind::Unavailable},
        {"END OF MAIL", "552 too large", Error::Kind::InvalidInput},
        {"MAIL", "what", Error::Kind::Unavailable},
    }));
    CAPTURE(c.line, c.answer);
    SmtpServer server(world.scheduler, {.answers = {{c.line, c.answer}}});
    const auto verdict = world.send(mail_to(server));
    REQUIRE_FALSE(verdict.has_value());
    CHECK(verdict.error().kind == c.kind);
}

TEST_CASE("a server that is not there, says nothing or talks for ever ends an attempt", "[base][smtp]") {
    World world;
    SmtpServer mute(world.scheduler, {.is_mute = true});
    Mail mail = mail_to(mute);
    mail.timeout = Duration(50);
    CHECK(world.send(mail).error().kind == Error::Kind::Timeout);
    mail.timeout = Duration(20'000);
    mail.port = fakes::RawServer::closed_port();
    CHECK(world.send(mail).error().message == "email oncall: connect: connection refused");
    std::string endless;
    for (int i = 0; i < 5000; ++i) endless += "220-and another thing\r\n";
    SmtpServer talker(world.scheduler, {.greeting = endless + "220-"});
    CHECK(world.send(mail_to(talker)).error().kind == Error::Kind::LimitExceeded);
}

TEST_CASE("a line feed in an address is not sent", "[base][smtp]") {
    World world;
    SmtpServer server(world.scheduler, {});
    Mail mail = mail_to(server);
    mail.from = "a@x>\r\nRCPT TO:<evil@x";
    CHECK(world.send(mail).error().kind == Error::Kind::InvalidInput);
    CHECK(server.heard() == Lines{"EHLO localhost"});
}

TEST_CASE("nothing is told of a mail that was given up", "[base][smtp]") {
    AsioScheduler scheduler;
    fakes::FakeResolver resolver(scheduler);
    SmtpServer mute(scheduler, {.is_mute = true});
    {
        SmtpClient client(scheduler, resolver);
        const auto id = client.send(mail_to(mute), [](const Result<MailReceipt>&) { FAIL("told"); });
        client.send(mail_to(mute), [](const Result<MailReceipt>&) { FAIL("told"); });
        scheduler.after(Duration(20), [&] { client.cancel(id); });
        bool over = false;
        scheduler.after(Duration(40), [&] { over = true; });
        CHECK(scheduler.run_until([&] { return over; }, Duration(20'000)));
    }
}

}  // namespace
}  // namespace tocsin
