#include "daemon/web_config.h"

#include "base/text.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/test_certificate.h"

namespace tocsin {
namespace {

const std::string kHash = "$2b$04$Ad/HDxMqtyBw8SpGr8xSQujq8zhN8kV1ylNhyo/e3s1.QESAvJUhu";
const std::string kTls = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";

/// A folder with a certificate, its key, and another key.
struct Folder {
    Folder() {
        const fakes::TestCertificate own("IP:127.0.0.1"), other("IP:127.0.0.1");
        disk.put("/etc/web/cert.pem", fakes::text_of_file(own.cert_file()));
        disk.put("/etc/web/key.pem", fakes::text_of_file(own.key_file()));
        disk.put("/etc/web/empty.pem", "");
        disk.put("/etc/web/other.pem", fakes::text_of_file(other.key_file()));
    }
    Parsed<WebConfig> parse(const std::string& text) { return parse_web_config(disk, text, "/etc/web/web.yml", files); }
    /// All that is wrong, without the name of the file.
    std::vector<std::string> problems(const std::string& text) {
        const auto config = parse(text);
        std::vector<std::string> lines;
        if (config) return lines;
        for (const Diagnostic& problem : config.error())
            lines.push_back(to_string(problem).substr(std::string("/etc/web/web.yml:").size()));
        return lines;
    }
    fakes::FakeDisk disk;
    std::vector<std::string> files;
};

TEST_CASE("a web configuration says who may come in and how", "[daemon][web_config]") {
    Folder folder;
    const auto config = folder.parse(kTls +
                                     "  client_auth_type: RequireAndVerifyClientCert\n"
                                     "  client_ca_file: cert.pem\n"
                                     "  client_allowed_sans: [client.test]\n"
                                     "  min_version: TLS13\n"
                                     "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"
                                     "  curve_preferences: [X25519, CurveP256]\n"
                                     "  prefer_server_cipher_suites: false\n"
                                     "http_server_config:\n"
                                     "  http2: false\n"
                                     "  headers: {X-Frame-Options: deny}\n"
                                     "basic_auth_users: {alice: '" +
                                     kHash +
                                     "'}\n"
                                     "rate_limit: {interval: 100ms, burst: 5}\n");
    REQUIRE(config);
    REQUIRE(config->tls);
    CHECK(config->tls->clients == ServerTls::Clients::Verified);
    CHECK(config->tls->certificate == config->tls->client_authorities);
    CHECK(config->tls->client_names == std::vector<std::string>{"client.test"});
    CHECK(config->tls->least == TlsVersion::Tls13);
    CHECK(config->tls->curves == std::vector<std::string>{"X25519", "P-256"});
    CHECK_FALSE(config->tls->prefers_own_ciphers);
    CHECK(config->headers.front().name == "X-Frame-Options");
    CHECK(config->users.at("alice").reveal() == kHash);
    CHECK(config->rate.interval == std::chrono::milliseconds(100));
    CHECK(config->rate.burst == 5);
    CHECK(config->asks_who());
    CHECK(folder.files ==
          std::vector<std::string>{"/etc/web/web.yml", "/etc/web/cert.pem", "/etc/web/key.pem", "/etc/web/cert.pem"});
}

TEST_CASE("an empty web configuration changes nothing", "[daemon][web_config]") {
    Folder folder;
    for (const char* text : {"", "{}", "tls_server_config:\n", "tls_server_config: {min_version: TLS13}\n",
                             "basic_auth_users: {}\n", "http_server_config:\n"}) {
        CAPTURE(text);
        const auto config = folder.parse(text);
        REQUIRE(config);
        CHECK_FALSE(config->tls);
        CHECK_FALSE(config->asks_who());
    }
}

TEST_CASE("versions before TLS 1.2 as the least mean 1.2", "[daemon][web_config]") {
    Folder folder;
    for (const char* version : {"TLS10", "TLS11", "TLS12"}) {
        CAPTURE(version);
        const auto config = folder.parse(kTls + "  min_version: " + version + "\n");
        REQUIRE(config);
        REQUIRE(config->tls);
        CHECK(config->tls->least == TlsVersion::Tls12);
    }
}

TEST_CASE("what is wrong with a web configuration is told with its place", "[daemon][web_config]") {
    Folder folder;
    struct Case {
        std::string text;
        std::string problem;
    };
    const Case cases[] = {
        {"tls_server_confg: {}\n", "1:1: field tls_server_confg not found in web config"},
        {"tls_server_config: {cert_file: cert.pem}\n", "1:20: missing one of key or key_file"},
        {"tls_server_config: {key_file: key.pem}\n", "1:20: missing one of cert or cert_file"},
        {"tls_server_config: {cert_file: no.pem, key_file: key.pem}\n",
         "1:32: open /etc/web/no.pem: no such file or directory"},
        {kTls + "  client_ca_file: cert.pem\n",
         "2:3: client CA's have been configured without a Client Auth Policy; expected client_auth_type"},
        {kTls + "  client_allowed_sans: [a]\n",
         "4:24: client_allowed_sans requires client_auth_type to be one of RequireAnyClientCert or "
         "RequireAndVerifyClientCert"},
        {kTls + "  client_auth_type: Nobody\n",
         "4:21: invalid ClientAuth: Nobody; expected NoClientCert, RequestClientCert, RequireAnyClientCert, "
         "VerifyClientCertIfGiven or RequireAndVerifyClientCert"},
        {kTls + "  max_version: TLS11\n", "4:16: max_version TLS11 is not supported; expected TLS12 or TLS13"},
        {kTls + "  min_version: ''\n", "4:16: unknown TLS version: ; expected TLS12 or TLS13"},
        {kTls + "  max_version: 1.3\n", "4:16: unknown TLS version: 1.3; expected TLS12 or TLS13"},
        {kTls + "  cipher_suites: [RC4]\n", "4:18: unknown cipher: RC4"},
        {kTls + "  curve_preferences: [P256]\n",
         "4:22: unknown curve: P256; expected CurveP256, CurveP384, CurveP521 or X25519"},
        {"http_server_config: {headers: {X-Own: a}}\n", "1:32: HTTP header \"X-Own\" can not be configured"},
        {"http_server_config: {headers: {X-Frame-Options: allow}}\n",
         "1:49: invalid value for X-Frame-Options: \"allow\"; expected deny or sameorigin"},
        {"http_server_config: {headers: {X-Content-Type-Options: x}}\n",
         "1:56: invalid value for X-Content-Type-Options: \"x\"; expected nosniff"},
        {"tls_server_config: {cert_file: empty.pem, key_file: empty.pem}\n",
         "1:32: /etc/web/empty.pem is empty\n"
         "1:53: /etc/web/empty.pem is empty"},
        {kTls + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: empty.pem\n",
         "5:19: /etc/web/empty.pem is empty"},
        {"tls_server_config: {client_auth_type: NoClientCert}\n",
         "1:20: missing one of cert or cert_file\n1:20: missing one of key or key_file"},
        {kTls + "  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: []\n",
         "5:24: an empty client_allowed_sans lets nobody in"},
        {kTls + "  min_version: TLS13\n  max_version: TLS12\n", "2:3: tls: the least version is above the highest"},
        {kTls + "  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
         "2:3: tls: there is no cipher for TLS 1.2"},
        {"basic_auth_users: s3cr3t\n", "1:19: basic_auth_users is not a map; expected names with bcrypt hashes"},
        {"rate_limit: {interval: soon, burst: 1}\n",
         "1:24: \"soon\" is no interval; expected a duration like 100ms, or 0"},
        {"rate_limit: {interval: 1s}\n",
         "1:13: with a burst below 1 no request would ever be answered; expected burst: 1 or more"},
    };
    for (const auto& [text, problem] : cases) {
        CAPTURE(text);
        CHECK(join(folder.problems(text), "\n") == problem);
    }
}

TEST_CASE("a password that is no hash is told without it", "[daemon][web_config]") {
    Folder folder;
    CHECK(folder.problems("basic_auth_users:\n  alice: s3cr3t\n  bob: '" + kHash + "'\n  eve: '$2b$04$short'\n") ==
          std::vector<std::string>{"2:10: the password of user \"alice\" is no bcrypt hash; expected what `htpasswd "
                                   "-nBC 10 NAME` prints behind "
                                   "the colon",
                                   "4:8: the password of user \"eve\" is no bcrypt hash; expected what `htpasswd -nBC "
                                   "10 NAME` prints behind the "
                                   "colon"});
}

TEST_CASE("a hash that takes too long is refused", "[daemon][web_config]") {
    Folder folder;
    CHECK(folder.problems("basic_auth_users: {a: '$2b$17" + kHash.substr(6) + "'}\n") ==
          std::vector<std::string>{"1:23: the hash of user \"a\" has a cost of 17; expected at most 16"});
    CHECK(folder.parse("basic_auth_users: {a: '$2b$16" + kHash.substr(6) + "'}\n"));
}

TEST_CASE("the files of a bad web configuration are known, too", "[daemon][web_config]") {
    Folder folder;
    CHECK_FALSE(folder.parse("tls_server_config: {cert_file: late.pem, key_file: key.pem}\n"));
    CHECK(folder.files == std::vector<std::string>{"/etc/web/web.yml", "/etc/web/late.pem", "/etc/web/key.pem"});
}

TEST_CASE("a certificate that anybody can have shows nothing", "[daemon][web_config]") {
    Folder folder;
    const std::string verified = kTls + "  client_auth_type: RequireAndVerifyClientCert\n";
    CHECK_FALSE(folder.parse(verified)->asks_who());
    CHECK(folder.parse(verified + "  client_ca_file: cert.pem\n")->asks_who());
    CHECK(folder.parse(verified + "  client_allowed_sans: [ops@client.test]\n")->asks_who());
    CHECK_FALSE(folder.parse(kTls + "  client_auth_type: RequireAnyClientCert\n")->asks_who());
}

TEST_CASE("a key of another certificate is told when the file is read", "[daemon][web_config]") {
    Folder folder;
    const auto problems = folder.problems("tls_server_config: {cert_file: cert.pem, key_file: other.pem}\n");
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().starts_with("1:20: tls: "));
}

}  // namespace
}  // namespace tocsin
