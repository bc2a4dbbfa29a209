#include "base/asio_tls.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/x509v3.h>

#include "base/asio_address.h"
#include "base/asio_tls_context.h"
#include "base/text.h"

namespace tocsin {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Status checked(const error_code& error, const std::string& what, const std::string& file) {
    if (!error) return {};
    return fail(Error::Kind::InvalidInput, "tls: cannot use " + what + " " + file + ": " + error.message());
}

constexpr std::string_view kInConfiguration = "in the configuration";

/// Text, when there is one.
struct Pem {
    std::string_view certificate, key, authorities;
};

Pem pem_of(const AsioTls::Client& options) {
    return {options.cert_pem, options.key_pem.reveal(), options.ca_pem};
}

boost::asio::const_buffer buffer_of(std::string_view text) {
    return {text.data(), text.size()};
}

Status load_texts(ssl::context& context, const Pem& pem) {
    const std::string where(kInConfiguration);
    error_code error;
    if (!pem.authorities.empty()) context.add_certificate_authority(buffer_of(pem.authorities), error);
    if (auto used = checked(error, "CA", where); !used) return used;
    if (!pem.certificate.empty()) context.use_certificate_chain(buffer_of(pem.certificate), error);
    if (auto used = checked(error, "certificate", where); !used) return used;
    if (!pem.key.empty()) context.use_private_key(buffer_of(pem.key), ssl::context::pem, error);
    return checked(error, "key", where);
}

int openssl_number(TlsVersion version) {
    return version == TlsVersion::Tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

void limit_versions(SSL_CTX* context, const AsioTls::Client& options) {
    SSL_CTX_set_min_proto_version(context, openssl_number(options.least));
    SSL_CTX_set_max_proto_version(context, openssl_number(options.most));
}

Status load_own_certificate(ssl::context& context, const std::string& cert_file, const std::string& key_file) {
    error_code error;
    if (!cert_file.empty()) context.use_certificate_chain_file(cert_file, error);
    if (auto used = checked(error, "certificate file", cert_file); !used) return used;
    if (!key_file.empty()) context.use_private_key_file(key_file, ssl::context::pem, error);
    return checked(error, "key file", key_file);
}

Status load_authorities(ssl::context& context, const std::string& ca_file, bool has_text) {
    error_code error;
    if (ca_file.empty() && has_text) return {};
    if (ca_file.empty()) {
        context.set_default_verify_paths(error);
        return checked(error, "certificates of", "the system");
    }
    context.load_verify_file(ca_file, error);
    return checked(error, "CA file", ca_file);
}

void require_tls_1_2(ssl::context& context) {
    context.set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                        ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::no_compression);
}

/// Those of TLS 1.2: in TLS 1.3 all are good.
std::string names_of_openssl(const std::vector<std::string>& ciphers) {
    std::string names;
    for (const std::string& cipher : ciphers) {
        const std::string_view name = OPENSSL_cipher_name(cipher.c_str());
        if (name != "(NONE)" && !name.starts_with("TLS_")) names.append(names.empty() ? "" : ":").append(name);
    }
    return names;
}

Status limit_server(SSL_CTX* context, const ServerTls& options) {
    SSL_CTX_set_min_proto_version(context, openssl_number(options.least));
    SSL_CTX_set_max_proto_version(context, openssl_number(options.most));
    if (options.prefers_own_ciphers) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    const std::string ciphers = names_of_openssl(options.ciphers);
    const std::string curves = join(options.curves, ":");
    if (SSL_CTX_check_private_key(context) != 1) {
        return fail(Error::Kind::InvalidInput, "tls: the key is not that of the certificate");
    }
    const bool good = (ciphers.empty() || SSL_CTX_set_cipher_list(context, ciphers.c_str()) == 1) &&
                      (curves.empty() || SSL_CTX_set1_groups_list(context, curves.c_str()) == 1);
    if (good) return {};
    return fail(Error::Kind::InvalidInput, "tls: cannot use the ciphers and curves in the configuration");
}

/// Names of hosts and people, and URIs; an address is not written as text.
std::string text_of_name(const GENERAL_NAME& name) {
    int kind = 0;
    const auto* const text = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &kind));
    if (kind != GEN_DNS && kind != GEN_EMAIL && kind != GEN_URI) return {};
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::vector<std::string> alternative_names(X509* certificate) {
    auto* const names =
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    std::vector<std::string> texts;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i)
        texts.push_back(text_of_name(*sk_GENERAL_NAME_value(names, i)));
    GENERAL_NAMES_free(names);
    return texts;
}

/// To the letter: no wildcards, no common name.
bool names_one_of(X509* certificate, const std::vector<std::string>& allowed) {
    const std::vector<std::string> names = alternative_names(certificate);
    return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) {
        if (is_ip_literal(one)) return X509_check_ip_asc(certificate, one.c_str(), 0) == 1;
        return !one.empty() && std::find(names.begin(), names.end(), one) != names.end();
    });
}

ssl::verify_mode verify_mode_of(ServerTls::Clients clients) {
    switch (clients) {
        case ServerTls::Clients::Anonymous:
            return ssl::verify_none;
        case ServerTls::Clients::Asked:
        case ServerTls::Clients::VerifiedIfGiven:
            return ssl::verify_peer;
        case ServerTls::Clients::AnyCertificate:
        case ServerTls::Clients::Verified:
            break;
    }
    return ssl::verify_peer | ssl::verify_fail_if_no_peer_cert;
}

void ask_for_certificates(ssl::context& context, const ServerTls& options) {
    static constexpr std::string_view kSessions = "tocsin";  // what was verified holds for resumed sessions, too
    SSL_CTX_set_session_id_context(context.native_handle(), reinterpret_cast<const unsigned char*>(kSessions.data()),
                                   kSessions.size());
    context.set_verify_mode(verify_mode_of(options.clients));
    const bool verifies =
        options.clients == ServerTls::Clients::Verified || options.clients == ServerTls::Clients::VerifiedIfGiven;
    context.set_verify_callback([verifies, names = options.client_names](bool good, ssl::verify_context& chain) {
        if (verifies && !good) return false;
        if (names.empty() || X509_STORE_CTX_get_error_depth(chain.native_handle()) != 0) return true;
        return names_one_of(X509_STORE_CTX_get_current_cert(chain.native_handle()), names);
    });
}

}  // namespace

AsioTls::AsioTls(std::unique_ptr<Context> context) : context_(std::move(context)) {}
AsioTls::~AsioTls() = default;

AsioTls::Client AsioTls::client_of(const HttpOptions& options) {
    return {.insecure_skip_verify = options.insecure_skip_verify,
            .ca_file = options.ca_file,
            .cert_file = options.cert_file,
            .key_file = options.key_file,
            .ca_pem = options.ca_pem,
            .cert_pem = options.cert_pem,
            .key_pem = options.key_pem,
            .least = options.tls_min,
            .most = options.tls_max};
}

Result<std::shared_ptr<const AsioTls>> AsioTls::make_client(const Client& options) {
    auto context =
        std::make_unique<Context>(Context{ssl::context(ssl::context::tls_client), !options.insecure_skip_verify});
    require_tls_1_2(context->ssl);
    context->ssl.set_verify_mode(context->verify ? ssl::verify_peer : ssl::verify_none);
    limit_versions(context->ssl.native_handle(), options);
    auto loaded = load_authorities(context->ssl, options.ca_file, !options.ca_pem.empty());
    if (loaded) loaded = load_texts(context->ssl, pem_of(options));
    if (loaded) loaded = load_own_certificate(context->ssl, options.cert_file, options.key_file);
    if (!loaded) return tl::unexpected(loaded.error());
    return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
}

Status AsioTls::use_texts(ssl_ctx_st* context, const Client& options) {
    limit_versions(context, options);
    SSL_CTX_up_ref(context);  // the one here lets go of it again
    ssl::context shared(context);
    return load_texts(shared, pem_of(options));
}

Result<std::shared_ptr<const AsioTls>> AsioTls::make_server(const ServerTls& options) {
    auto context = std::make_unique<Context>(
        Context{ssl::context(ssl::context::tls_server), options.clients != ServerTls::Clients::Anonymous});
    require_tls_1_2(context->ssl);
    auto loaded = load_texts(context->ssl, {options.certificate, options.key.reveal(), options.client_authorities});
    if (loaded) loaded = limit_server(context->ssl.native_handle(), options);
    if (loaded && options.client_authorities.empty() && context->verify)
        loaded = load_authorities(context->ssl, {}, false);
    if (!loaded) return tl::unexpected(loaded.error());
    ask_for_certificates(context->ssl, options);
    return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
}

}  // namespace tocsin
