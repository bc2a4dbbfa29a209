#include "daemon/web_access.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"
#include "tests/fakes/test_certificate.h"

namespace tocsin {
namespace {

// Of `secret`, by the least cost.
const std::string kUsers =
    "basic_auth_users:\n  alice: '$2b$04$Ad/HDxMqtyBw8SpGr8xSQujq8zhN8kV1ylNhyo/e3s1.QESAvJUhu'\n";

/// A daemon with nothing to do but to answer.
struct World : tests::SimulatedDaemon {
    explicit World(const std::string& web) {
        put("prometheus.yml", "global: {}\n");
        put("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
        put("web.yml", web);
        options.web_config_file = "/etc/tocsin/web.yml";
        options.external_url.clear();
    }
    void begin() {
        const auto started = start();
        REQUIRE(started);
        REQUIRE(started->ok());
    }
    ServerResponse ask(const std::string& user_and_password, const std::string& path = "/-/ready") {
        fakes::FakeHttpServer::Call call;
        call.target = path;
        if (!user_and_password.empty()) call.headers = {{"Authorization", "Basic " + base64_encode(user_and_password)}};
        return server.request(std::move(call)).value();
    }
    void change(const std::string& web) {
        put("web.yml", web);
        file_watch.change("/etc/tocsin/web.yml");
        advance(std::chrono::seconds(3));
    }
};

TEST_CASE("only users with their password come in", "[daemon][web_access]") {
    World world(kUsers);
    world.begin();
    for (const char* path : {"/-/ready", "/metrics", "/api/v1/rules", "/health", "/no/such/path"}) {
        CAPTURE(path);
        const ServerResponse refused = world.ask("", path);
        CHECK(refused.status == 401);
        CHECK(refused.body == "Unauthorized\n");
        CHECK(find_header(refused.headers, "WWW-Authenticate") == "Basic");
    }
    CHECK(world.ask("alice:secret").status == 200);
    CHECK(world.ask("alice:secret").status == 200);  // known by now
    for (const char* wrong : {"alice:Secret", "alice:", "alice", "bob:secret", ":secret"}) {
        CAPTURE(wrong);
        CHECK(world.ask(wrong).status == 401);
    }
}

TEST_CASE("a header that is no basic authentication is refused", "[daemon][web_access]") {
    World world(kUsers);
    world.begin();
    for (const char* header : {"Bearer c2VjcmV0", "Basic", "Basic ", "Basic ***", "Basic c2VjcmV0"}) {
        CAPTURE(header);
        fakes::FakeHttpServer::Call call;
        call.headers = {{"Authorization", header}};
        CHECK(world.server.request(std::move(call))->status == 401);
    }
}

TEST_CASE("a foreign page is refused before anybody is asked", "[daemon][web_access]") {
    World world(kUsers);
    world.begin();
    fakes::FakeHttpServer::Call call;
    call.headers = {{"Host", "evil.example"}};
    CHECK(world.server.request(std::move(call))->status == 421);
}

/// Guesses of one address that are not answered yet.
std::vector<fakes::FakeHttpServer::Reply> guess(World& world, int count, const std::string& address) {
    std::vector<fakes::FakeHttpServer::Reply> replies;
    for (int i = 0; i < count; ++i) {
        fakes::FakeHttpServer::Call call;
        call.remote_address = address;
        call.headers = {{"Authorization", "Basic " + base64_encode("alice:" + address + std::to_string(i))}};
        replies.push_back(world.server.start(std::move(call)));
    }
    return replies;
}

int count_of(const std::vector<fakes::FakeHttpServer::Reply>& replies, int status) {
    return static_cast<int>(std::count_if(replies.begin(), replies.end(), [status](const auto& reply) {
        return reply->has_value() && (*reply)->status == status;
    }));
}

TEST_CASE("passwords beyond those that may wait are refused, and who was right comes in", "[daemon][web_access]") {
    World world(kUsers);
    world.begin();
    CHECK(world.ask("alice:secret").status == 200);
    world.password_thread.hang();
    std::vector<fakes::FakeHttpServer::Reply> replies = guess(world, 20, "10.0.0.1");
    for (int address = 2; address <= 21; ++address) {
        const auto more = guess(world, 10, "10.0.0." + std::to_string(address));
        replies.insert(replies.end(), more.begin(), more.end());
    }
    world.scheduler.settle();
    CHECK(count_of(replies, 503) == 20 + 200 - 100);
    CHECK(count_of(replies, 401) == 0);
    CHECK(world.ask("alice:secret").status == 200);  // while they wait
    world.password_thread.go_on();
    world.scheduler.settle();
    CHECK(count_of(replies, 401) == 100);
    CHECK(world.ask("alice:secret").status == 200);
    CHECK(world.app->metrics().render().find("tocsin_http_requests_refused_total{reason=\"overloaded\"} 120") !=
          std::string::npos);
}

TEST_CASE("a name that is not known is worked on like one that is", "[daemon][web_access]") {
    World world(kUsers);
    world.begin();
    for (const char* name : {"alice", "nobody", "anybody"}) {
        CAPTURE(name);
        world.password_thread.hang();
        fakes::FakeHttpServer::Call call;
        call.headers = {{"Authorization", "Basic " + base64_encode(name + std::string(":guess"))}};
        const auto reply = world.server.start(std::move(call));
        world.scheduler.settle();
        CHECK_FALSE(reply->has_value());  // nothing of the other names is remembered
        world.password_thread.go_on();
        world.scheduler.settle();
        CHECK(count_of({reply}, 401) == 1);
    }
    CHECK(world.ask("nobody:secret").status == 401);  // the password of somebody else
}

TEST_CASE("a password that was right is asked for anew when users change", "[daemon][web_access]") {
    World world(kUsers);
    world.begin();
    CHECK(world.ask("alice:secret").status == 200);
    world.change("basic_auth_users: {alice: '$2b$04$abcdefghijklmnopqrstuuVh3FIkWH3rPYqOwIQ0iW0GSZUMQRwSu'}\n");
    CHECK(world.ask("alice:secret").status == 401);
}

TEST_CASE("a handshake that fails is counted and told", "[daemon][web_access]") {
    World world(kUsers);
    world.begin();
    world.server.fail_handshake("10.0.0.7:4242", "no certificate");
    CHECK(world.app->metrics().counter("tocsin_tls_handshakes_failed_total", "").get() == 1);
    CHECK(world.log.contains("TLS handshake failed"));
    CHECK(world.log.contains("10.0.0.7:4242"));
}

TEST_CASE("every answer has the headers of the web configuration", "[daemon][web_access]") {
    World world("http_server_config: {headers: {X-Frame-Options: deny}}\n");
    world.begin();
    CHECK(find_header(world.ask("").headers, "X-Frame-Options") == "deny");
    fakes::FakeHttpServer::Call foreign;
    foreign.headers = {{"Host", "evil.example"}};
    CHECK(find_header(world.server.request(std::move(foreign))->headers, "X-Frame-Options") == "deny");
}

TEST_CASE("requests beyond the rate are refused", "[daemon][web_access]") {
    World world("rate_limit: {interval: 1s, burst: 2}\n");
    world.begin();
    CHECK(world.ask("").status == 200);
    CHECK(world.ask("").status == 200);
    CHECK(world.ask("").status == 429);
    world.advance(std::chrono::seconds(1));
    CHECK(world.ask("").status == 200);
    CHECK(world.ask("").status == 429);
    world.advance(std::chrono::hours(1));
    CHECK(world.ask("").status == 200);
    CHECK(world.ask("").status == 200);
    CHECK(world.ask("").status == 429);
}

TEST_CASE("a web configuration that changes is used, one that is bad is told", "[daemon][web_access]") {
    World world(kUsers);
    world.begin();
    world.change("basic_auth_users: {alice: s3cr3t}\n");
    CHECK(world.ask("").status == 401);
    CHECK(world.log.contains("web configuration refused, nothing has changed"));
    world.change("");
    CHECK(world.ask("").status == 200);
    world.change(kUsers);
    CHECK(world.ask("").status == 401);
}

TEST_CASE("a reload reads the web configuration with everything else", "[daemon][web_access]") {
    World world("");
    world.begin();
    world.put("web.yml", kUsers + "x: 1\n");
    std::optional<ReloadOutcome> outcome;
    const auto reload = [&] {
        outcome.reset();
        world.app->reload([&](const ReloadOutcome& o) { outcome = o; });
        world.scheduler.settle();
        return outcome.value();
    };
    const ReloadOutcome refused = reload();
    REQUIRE(refused.errors.size() == 1);
    CHECK(to_string(refused.errors.front()) == "/etc/tocsin/web.yml:3:1: field x not found in web config");
    CHECK(world.ask("").status == 200);
    world.put("web.yml", kUsers);
    CHECK(reload().ok());
    CHECK(world.ask("").status == 401);
}

TEST_CASE("TLS stays on or off while the daemon runs, its certificate changes", "[daemon][web_access]") {
    const fakes::TestCertificate first("IP:127.0.0.1"), second("IP:127.0.0.1");
    const std::string tls = "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n";
    World world(tls);
    const auto show = [&](const fakes::TestCertificate& certificate) {
        world.put("cert.pem", fakes::text_of_file(certificate.cert_file()));
        world.put("key.pem", fakes::text_of_file(certificate.key_file()));
    };
    show(first);
    world.begin();
    REQUIRE(world.server.tls());
    CHECK(world.server.tls()->certificate == fakes::text_of_file(first.cert_file()));
    show(second);
    world.file_watch.change("/etc/tocsin/cert.pem");
    world.advance(std::chrono::seconds(3));
    CHECK(world.server.tls()->certificate == fakes::text_of_file(second.cert_file()));
    world.change("");
    CHECK(world.log.contains("web configuration refused, nothing has changed"));
    CHECK(world.server.tls()->certificate == fakes::text_of_file(second.cert_file()));
}

TEST_CASE("a certificate that comes later than the file that names it is used", "[daemon][web_access]") {
    const fakes::TestCertificate first("IP:127.0.0.1"), late("IP:127.0.0.1");
    World world("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n");
    world.put("cert.pem", fakes::text_of_file(first.cert_file()));
    world.put("key.pem", fakes::text_of_file(first.key_file()));
    world.begin();
    world.change("tls_server_config: {cert_file: late.pem, key_file: late.key}\n");
    CHECK(world.log.contains("web configuration refused, nothing has changed"));
    world.put("late.pem", fakes::text_of_file(late.cert_file()));
    world.put("late.key", fakes::text_of_file(late.key_file()));
    world.file_watch.change("/etc/tocsin/late.key");
    world.advance(std::chrono::seconds(3));
    CHECK(world.server.tls()->certificate == fakes::text_of_file(late.cert_file()));
}

TEST_CASE("rules that are bad keep a web configuration that is good from being used", "[daemon][web_access]") {
    World world("");
    world.begin();
    world.put("web.yml", kUsers);
    world.put("prometheus.yml", "globl: {}\n");
    std::optional<ReloadOutcome> outcome;
    world.app->reload([&](const ReloadOutcome& o) { outcome = o; });
    world.scheduler.settle();
    REQUIRE(outcome);
    CHECK_FALSE(outcome->ok());
    CHECK(world.ask("").status == 200);
}

TEST_CASE("an address that everybody reaches needs users or a word", "[daemon][web_access]") {
    World world(kUsers);
    world.options.listen_address = "0.0.0.0:9099";
    world.begin();
    world.change("");  // would let everybody in
    CHECK(world.log.contains("web configuration refused, nothing has changed"));
    CHECK(world.ask("").status == 401);

    World open_to_all("");
    open_to_all.options.listen_address = "0.0.0.0:9099";
    const auto started = open_to_all.start();
    REQUIRE(started);
    REQUIRE(started->errors.size() == 1);
    CHECK(to_string(started->errors.front()) ==
          "/etc/tocsin/web.yml: everybody who reaches the address that is listened on could silence every alert; "
          "expected "
          "basic_auth_users, RequireAndVerifyClientCert with a client_ca_file, or --web.allow-unauthenticated");

    World without_a_file("");
    without_a_file.options.listen_address = "0.0.0.0:9099";
    without_a_file.options.web_config_file.clear();
    CHECK_FALSE(without_a_file.start());
}

TEST_CASE("a daemon does not start with a bad web configuration", "[daemon][web_access]") {
    World world("basic_auth_users: {alice: s3cr3t}\n");
    const auto started = world.start();
    REQUIRE(started);
    REQUIRE(started->errors.size() == 1);
    CHECK(to_string(started->errors.front()).starts_with("/etc/tocsin/web.yml:1:27: the password of user "));
    CHECK(world.server.address().empty());
}

}  // namespace
}  // namespace tocsin
