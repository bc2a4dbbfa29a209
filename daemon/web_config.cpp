#include "daemon/web_config.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/asio_tls.h"
#include "base/duration.h"
#include "base/http_access.h"
#include "base/password_hash.h"
#include "base/text.h"
#include "base/yaml.h"

namespace tocsin {
namespace {

using Clients = ServerTls::Clients;

constexpr std::array<std::pair<std::string_view, Clients>, 6> kClients{{
    {"NoClientCert", Clients::Anonymous},
    {"RequestClientCert", Clients::Asked},
    {"RequireAnyClientCert", Clients::AnyCertificate},
    {"RequireClientCert", Clients::AnyCertificate},
    {"VerifyClientCertIfGiven", Clients::VerifiedIfGiven},
    {"RequireAndVerifyClientCert", Clients::Verified},
}};

// Some seconds. A check that runs is waited for at the end.
constexpr int kCostMax = 16;

// By Go's names, and by OpenSSL's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCurves{{
    {"CurveP256", "P-256"},
    {"CurveP384", "P-384"},
    {"CurveP521", "P-521"},
    {"X25519", "X25519"},
}};

// Those that crypto/tls holds for secure.
constexpr std::array<std::string_view, 17> kCiphers{"TLS_AES_128_GCM_SHA256",
                                                    "TLS_AES_256_GCM_SHA384",
                                                    "TLS_CHACHA20_POLY1305_SHA256",
                                                    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                                                    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                                                    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                                                    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                                                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                                                    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                                    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                                    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                                                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                                                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                                                    "TLS_RSA_WITH_AES_128_CBC_SHA",
                                                    "TLS_RSA_WITH_AES_256_CBC_SHA",
                                                    "TLS_RSA_WITH_AES_128_GCM_SHA256",
                                                    "TLS_RSA_WITH_AES_256_GCM_SHA384"};

// The only ones that may be set, and to what; without a value to anything.
struct HeaderRule {
    std::string_view name;
    std::array<std::string_view, 2> values;
};
constexpr std::array<HeaderRule, 5> kHeaders{{{"Strict-Transport-Security", {}},
                                              {"Content-Security-Policy", {}},
                                              {"X-Content-Type-Options", {"nosniff", ""}},
                                              {"X-Frame-Options", {"deny", "sameorigin"}},
                                              {"X-XSS-Protection", {}}}};

template <class Names>
auto find_name(const Names& names, std::string_view name) {
    return std::find_if(names.begin(), names.end(), [&](const auto& one) { return one.first == name; });
}

/// One reading.
struct WebSource {
    Disk& disk;
    const std::string& path;
    Diagnostics& problems;
    std::vector<std::string>& files;

    const YamlNode* section(YamlFields& of, std::string_view key) const {
        const YamlNode* node = of.get(key);
        return node == nullptr || node->is_null() ? nullptr : node;
    }
    YamlFields fields(const YamlNode& node, std::string what) const { return {node, std::move(what), path, problems}; }
};

/// `key`, or what is in the file that `key`_file names, which counts when both are there.
std::string read_pem(YamlFields& fields, const std::string& key, WebSource& source) {
    std::string text;
    std::string file;
    fields.read(key, text);
    if (!fields.read(key + "_file", file) || file.empty()) return text;
    file = resolve_path(directory_of(source.path), file);
    source.files.push_back(file);
    auto content = read_file(source.disk, file);
    if (content && !content->empty()) return *std::move(content);
    fields.report(fields.get(key + "_file")->where, content ? file + " is empty" : content.error().message);
    return {};
}

void read_ciphers(YamlFields& fields, ServerTls& tls) {
    if (!fields.read("cipher_suites", tls.ciphers)) return;
    for (const std::string& cipher : tls.ciphers) {
        if (std::find(kCiphers.begin(), kCiphers.end(), cipher) != kCiphers.end()) continue;
        fields.report(fields.get("cipher_suites")->where, fmt::format("unknown cipher: {}", cipher));
    }
}

void read_curves(YamlFields& fields, ServerTls& tls) {
    std::vector<std::string> names;
    if (!fields.read("curve_preferences", names)) return;
    for (const std::string& name : names) {
        const auto* const known = find_name(kCurves, name);
        if (known != kCurves.end()) {
            tls.curves.emplace_back(known->second);
        } else {
            fields.report(fields.get("curve_preferences")->where, fmt::format("unknown curve: {}", name),
                          "CurveP256, CurveP384, CurveP521 or X25519");
        }
    }
}

void read_clients(YamlFields& fields, ServerTls& tls, WebSource& source) {
    std::string kind;
    if (fields.read("client_auth_type", kind) && !kind.empty()) {
        const auto* const known = find_name(kClients, kind);
        if (known == kClients.end()) {
            return fields.report(fields.get("client_auth_type")->where, fmt::format("invalid ClientAuth: {}", kind),
                                 "NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or "
                                 "RequireAndVerifyClientCert");
        }
        tls.clients = known->second;
    }
    tls.client_authorities = read_pem(fields, "client_ca", source);
    if (fields.read("client_allowed_sans", tls.client_names) && tls.client_names.empty()) {
        fields.report(fields.get("client_allowed_sans")->where, "an empty client_allowed_sans lets nobody in");
    }
}

void check_clients(YamlFields& fields, const ServerTls& tls) {
    if (!tls.client_authorities.empty() && tls.clients == Clients::Anonymous) {
        fields.report(fields.node().where, "client CA's have been configured without a Client Auth Policy",
                      "client_auth_type");
    }
    const bool has_to_show = tls.clients == Clients::AnyCertificate || tls.clients == Clients::Verified;
    if (tls.client_names.empty() || has_to_show) return;
    fields.report(fields.get("client_allowed_sans")->where,
                  "client_allowed_sans requires client_auth_type to be one of RequireAnyClientCert or "
                  "RequireAndVerifyClientCert");
}

/// Versions, ciphers and curves alone do not switch TLS on; a name of a file does, whatever is in it.
bool switches_tls_on(YamlFields& fields) {
    static constexpr std::array kSwitches{"cert",           "cert_file",       "key", "key_file", "client_ca",
                                          "client_ca_file", "client_auth_type"};
    return std::any_of(kSwitches.begin(), kSwitches.end(), [&](const char* key) {
        const YamlNode* const node = fields.get(key);
        return node != nullptr && !node->text.empty();
    });
}

void check_own_certificate(YamlFields& fields, const ServerTls& tls) {
    if (tls.certificate.empty()) fields.report(fields.node().where, "missing one of cert or cert_file");
    if (tls.key.empty()) fields.report(fields.node().where, "missing one of key or key_file");
}

/// Whether the texts are certificates, and the key is that of the first.
void try_tls(YamlFields& fields, const ServerTls& tls) {
    if (const auto made = AsioTls::make_server(tls); !made) fields.report(fields.node().where, made.error().message);
}

void read_parameters(YamlFields& fields, ServerTls& tls) {
    read_tls_versions(fields, tls.least, tls.most);
    read_ciphers(fields, tls);
    read_curves(fields, tls);
    fields.read("prefer_server_cipher_suites", tls.prefers_own_ciphers);
}

void read_tls(const YamlNode& node, std::optional<ServerTls>& into, WebSource& source) {
    YamlFields fields = source.fields(node, "tls_server_config");
    ServerTls tls;
    const std::size_t wrong_before = source.problems.size();
    tls.certificate = read_pem(fields, "cert", source);
    tls.key = Secret(read_pem(fields, "key", source));
    read_clients(fields, tls, source);
    read_parameters(fields, tls);
    fields.finish();
    if (!switches_tls_on(fields)) return;
    if (source.problems.size() == wrong_before) check_own_certificate(fields, tls);
    check_clients(fields, tls);
    if (source.problems.size() == wrong_before) try_tls(fields, tls);
    into = std::move(tls);
}

void read_header(YamlFields& fields, const YamlNode::Entry& entry, std::vector<HttpHeader>& into) {
    std::string value;
    fields.read(entry.key, value);
    const auto* const rule =
        std::find_if(kHeaders.begin(), kHeaders.end(), [&](const HeaderRule& one) { return one.name == entry.key; });
    if (rule == kHeaders.end()) {
        return fields.report(entry.key_where, fmt::format("HTTP header {} can not be configured", go_quote(entry.key)));
    }
    const auto& values = rule->values;
    const bool is_free = values[0].empty();
    if (!is_free && (value.empty() || std::find(values.begin(), values.end(), value) == values.end())) {
        return fields.report(
            entry.value.where, fmt::format("invalid value for {}: {}", entry.key, go_quote(value)),
            values[1].empty() ? fmt::format("{}", values[0]) : fmt::format("{} or {}", values[0], values[1]));
    }
    if (!value.empty()) into.push_back({entry.key, std::move(value)});
}

void read_server(const YamlNode& node, WebConfig& config, WebSource& source) {
    YamlFields fields = source.fields(node, "http_server_config");
    bool http2 = true;  // HTTP/1.1 is what is spoken; a client that could more falls back to it
    fields.read("http2", http2);
    if (const YamlNode* headers = source.section(fields, "headers")) {
        YamlFields each = source.fields(*headers, "headers");
        for (const YamlNode::Entry& entry : headers->entries) read_header(each, entry, config.headers);
    }
    fields.finish();
}

void check_hash(YamlFields& fields, const YamlNode::Entry& user, const std::string& hash) {
    const auto cost = bcrypt_cost(hash);
    const std::string name = go_quote(user.key);
    if (!cost) {
        fields.report(user.value.where, fmt::format("the password of user {} is no bcrypt hash", name),
                      "what `htpasswd -nBC 10 NAME` prints behind the colon");
    } else if (*cost > kCostMax) {
        fields.report(user.value.where, fmt::format("the hash of user {} has a cost of {}", name, *cost),
                      fmt::format("at most {}", kCostMax));
    }
}

void read_users(const YamlNode& node, WebConfig& config, WebSource& source) {
    if (!node.is_map()) {  // it may be a password
        return source.problems.push_back({.file = source.path,
                                          .where = node.where,
                                          .message = "basic_auth_users is not a map",
                                          .expected = "names with bcrypt hashes"});
    }
    YamlFields fields = source.fields(node, "basic_auth_users");
    for (const YamlNode::Entry& entry : node.entries) {
        std::string hash;
        fields.read(entry.key, hash);
        check_hash(fields, entry, hash);
        config.users.emplace(entry.key, Secret(std::move(hash)));
    }
}

void read_rate(const YamlNode& node, WebConfig::RateLimit& rate, WebSource& source) {
    YamlFields fields = source.fields(node, "rate_limit");
    std::string interval;
    if (fields.read("interval", interval)) {
        const auto read = parse_go_duration(interval);
        if (!read || *read < std::chrono::nanoseconds(0)) {
            fields.report(fields.get("interval")->where, fmt::format("{} is no interval", go_quote(interval)),
                          "a duration like 100ms, or 0");
        } else {
            rate.interval = *read;
        }
    }
    fields.read("burst", rate.burst);
    fields.finish();
    if (rate.interval > std::chrono::nanoseconds(0) && rate.burst < 1) {
        fields.report(node.where, "with a burst below 1 no request would ever be answered", "burst: 1 or more");
    }
}

void read_sections(YamlFields& fields, WebConfig& config, WebSource& source) {
    if (const YamlNode* node = source.section(fields, "tls_server_config")) read_tls(*node, config.tls, source);
    if (const YamlNode* node = source.section(fields, "http_server_config")) read_server(*node, config, source);
    if (const YamlNode* node = source.section(fields, "basic_auth_users")) read_users(*node, config, source);
    if (const YamlNode* node = source.section(fields, "rate_limit")) read_rate(*node, config.rate, source);
    fields.finish();
}

}  // namespace

Parsed<WebConfig> parse_web_config(Disk& disk, std::string_view text, const std::string& path,
                                   std::vector<std::string>& files) {
    files.assign(1, path);
    const auto root = parse_yaml(text, path);
    if (!root) return tl::unexpected(root.error());
    WebConfig config;
    Diagnostics problems;
    WebSource source{disk, path, problems, files};
    YamlFields fields = source.fields(*root, "web config");
    read_sections(fields, config, source);
    if (has_errors(problems)) return tl::unexpected(std::move(problems));
    return config;
}

Parsed<WebConfig> load_web_config(Disk& disk, const std::string& path, std::vector<std::string>& files) {
    files.assign(1, path);
    const auto text = read_file(disk, path);
    if (!text) return tl::unexpected(Diagnostics{{.file = path, .message = text.error().message}});
    return parse_web_config(disk, *text, path, files);
}

}  // namespace tocsin
