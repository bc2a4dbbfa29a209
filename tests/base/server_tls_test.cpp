#include "base/server_tls.h"

#include <optional>

#include "base/asio_tls.h"
#include "base/beast_client.h"
#include "tests/catch.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/test_certificate.h"
#include "tests/fakes/tls_server.h"

namespace tocsin {
namespace {

using fakes::TestCertificate;
using Clients = ServerTls::Clients;

// The password is `abc`. Nobody is asked for it.
constexpr const char* kKeyWithPassword =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjVUtQZ8s4ZJgICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEGXkZnWU17VdYd+KrFu+zugEgZAn\n"
    "7H2+5UBikrGPTd3iaBAo0yjkJFrxoHkESTxiyh74IXkjqb1RGLyFm3p053H13tLV\n"
    "NTBrJZVowGQuJDqw/IQ9PWrnIUs9tQ1ntlfzZDPwbnMzbm35nrBMcXBsSHn6FmXx\n"
    "TQOSAYdc0kU8wNDiTgk6vEPxYf1fiXgvbNqXuXcvytkvSMgkX5+1wYDHS6nk5yM=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

/// A client that shows `shown`, or nothing, and takes whatever the server shows.
bool is_let_in(const ServerTls& tls, const TestCertificate* shown, TlsVersion least = TlsVersion::Tls12,
               TlsVersion most = TlsVersion::Tls13) {
    AsioScheduler scheduler;
    fakes::FakeResolver resolver(scheduler);
    fakes::TlsServer server(scheduler, tls, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    BeastClient client(scheduler, resolver);
    HttpOptions options;
    options.insecure_skip_verify = true;
    options.tls_min = least;
    options.tls_max = most;
    if (shown != nullptr) {
        options.cert_file = shown->cert_file();
        options.key_file = shown->key_file();
    }
    HttpRequest request;
    request.url = server.url();
    request.options = std::make_shared<const HttpOptions>(options);
    bool good = false;
    HttpEvents events;
    events.verdict = [&](const Result<HttpResponse>& result) {
        good = result && result->body == "ok";
        scheduler.stop();
    };
    client.send(std::move(request), std::move(events));
    scheduler.run();
    return good;
}

TEST_CASE("a server lets clients in by what they show", "[base][server_tls]") {
    const TestCertificate own("IP:127.0.0.1"), known("DNS:client.test"), stranger("DNS:client.test");
    struct Case {
        Clients clients;
        bool nothing, unknown, verified;  // let in
    };
    const Case cases[] = {{Clients::Anonymous, true, true, true},
                          {Clients::Asked, true, true, true},
                          {Clients::AnyCertificate, false, true, true},
                          {Clients::VerifiedIfGiven, true, false, true},
                          {Clients::Verified, false, false, true}};
    for (const Case& one : cases) {
        CAPTURE(static_cast<int>(one.clients));
        ServerTls tls = fakes::server_with(own, &known);
        tls.clients = one.clients;
        CHECK(is_let_in(tls, nullptr) == one.nothing);
        CHECK(is_let_in(tls, &stranger) == one.unknown);
        CHECK(is_let_in(tls, &known) == one.verified);
    }
}

TEST_CASE("a server lets clients in by the names in what they show", "[base][server_tls]") {
    const TestCertificate own("IP:127.0.0.1");
    const TestCertificate client("DNS:*.client.test,email:ops@client.test,URI:spiffe://client/a,IP:10.0.0.7,IP:::1");
    struct Case {
        std::vector<std::string> allowed;
        bool good;
    };
    const Case cases[] = {{{"*.client.test"}, true},   {{"a.client.test"}, false},
                          {{"ops@client.test"}, true}, {{"spiffe://client/a"}, true},
                          {{"10.0.0.7"}, true},        {{"::1"}, true},
                          {{"10.0.0.8"}, false},       {{"tocsin test"}, false},
                          {{"x", "10.0.0.7"}, true},   {{""}, false}};
    for (const auto clients : {Clients::AnyCertificate, Clients::Verified}) {
        for (const auto& [allowed, good] : cases) {
            CAPTURE(allowed.back());
            ServerTls tls = fakes::server_with(own, &client);
            tls.clients = clients;
            tls.client_names = allowed;
            CHECK(is_let_in(tls, &client) == good);
        }
    }
}

TEST_CASE("a server speaks the versions that it may, and no other", "[base][server_tls]") {
    const TestCertificate own("IP:127.0.0.1");
    const auto speaks = [&](const ServerTls& tls, TlsVersion version) {
        return is_let_in(tls, nullptr, version, version);
    };
    ServerTls tls = fakes::server_with(own);
    CHECK(speaks(tls, TlsVersion::Tls12));
    CHECK(speaks(tls, TlsVersion::Tls13));
    tls.least = TlsVersion::Tls13;
    CHECK_FALSE(speaks(tls, TlsVersion::Tls12));
    tls.least = tls.most = TlsVersion::Tls12;
    CHECK_FALSE(speaks(tls, TlsVersion::Tls13));
    // A list that has ciphers of TLS 1.3 alone leaves none for TLS 1.2.
    tls = fakes::server_with(own);
    tls.ciphers = {"TLS_AES_128_GCM_SHA256"};
    CHECK_FALSE(speaks(tls, TlsVersion::Tls12));
    CHECK(speaks(tls, TlsVersion::Tls13));
    tls.ciphers = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};  // its certificate is of another kind
    CHECK_FALSE(speaks(tls, TlsVersion::Tls12));
    tls.ciphers = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
    CHECK(speaks(tls, TlsVersion::Tls12));
}

TEST_CASE("a server's certificate, key, ciphers and curves have to be of use", "[base][server_tls]") {
    const TestCertificate own("IP:127.0.0.1"), other("IP:127.0.0.1");
    const auto message_of = [&](auto change) {
        ServerTls tls = fakes::server_with(own);
        change(tls);
        const auto made = AsioTls::make_server(tls);
        return made ? std::string() : made.error().message;
    };
    CHECK(message_of([](ServerTls&) {}).empty());
    CHECK(message_of([](ServerTls& tls) { tls.certificate = "garbage"; }).starts_with("tls: cannot use certificate "));
    const std::string of_key = message_of([](ServerTls& tls) { tls.key = Secret("s3cr3t"); });
    CHECK(of_key.starts_with("tls: cannot use key "));
    CHECK(of_key.find("s3cr3t") == std::string::npos);
    CHECK_FALSE(message_of([&](ServerTls& tls) { tls.key = fakes::server_with(other).key; }).empty());
    CHECK(message_of([](ServerTls& tls) { tls.key = Secret(kKeyWithPassword); }).starts_with("tls: cannot use key "));
    CHECK(message_of([](ServerTls& tls) { tls.ciphers = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}; }).empty());
    CHECK(message_of([](ServerTls& tls) { tls.curves = {"X25519", "P-256"}; }).empty());
    CHECK(message_of([](ServerTls& tls) { tls.curves = {"no curve"}; }).starts_with("tls: cannot use the ciphers"));
}

}  // namespace
}  // namespace tocsin
