#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/x509v3.h>

#include "base/asio_address.h"
#include "base/asio_tls.h"
#include "base/asio_tls_context.h"
#include "base/text.h"

namespace tocsin {
namespace {

namespace ssl = boost::asio::ssl;

/// Those of TLS 1.2: in TLS 1.3 all are good.
std::string names_of_openssl(const std::vector<std::string>& ciphers) {
    std::string names;
    for (const std::string& cipher : ciphers) {
        const std::string_view name = OPENSSL_cipher_name(cipher.c_str());
        if (name != "(NONE)" && !name.starts_with("TLS_")) names.append(names.empty() ? "" : ":").append(name);
    }
    return names;
}

Status unusable(const char* why) {
    return fail(Error::Kind::InvalidInput, std::string("tls: ") + why);
}

/// A list of ciphers without one of TLS 1.2 leaves TLS 1.3.
Status choose_versions(SSL_CTX* context, const ServerTls& options) {
    const bool is_1_3_alone = !options.ciphers.empty() && names_of_openssl(options.ciphers).empty();
    if (is_1_3_alone && options.most == TlsVersion::Tls12) return unusable("there is no cipher for TLS 1.2");
    if (options.least > options.most) return unusable("the least version is above the highest");
    prepare_tls(context, is_1_3_alone ? TlsVersion::Tls13 : options.least, options.most);
    return {};
}

Status choose_ciphers(SSL_CTX* context, const ServerTls& options) {
    if (options.prefers_own_ciphers) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    const std::string ciphers = names_of_openssl(options.ciphers);
    const std::string curves = join(options.curves, ":");
    const bool good = (ciphers.empty() || SSL_CTX_set_cipher_list(context, ciphers.c_str()) == 1) &&
                      (curves.empty() || SSL_CTX_set1_groups_list(context, curves.c_str()) == 1);
    if (good) return {};
    return unusable("cannot use the ciphers and curves in the configuration");
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

/// Clients that have several certificates choose by these names.
void name_authorities(SSL_CTX* context) {
    const STACK_OF(X509_OBJECT)* const known = X509_STORE_get0_objects(SSL_CTX_get_cert_store(context));
    for (int i = 0; i < sk_X509_OBJECT_num(known); ++i) {
        X509* const authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(known, i));
        if (authority != nullptr) SSL_CTX_add_client_CA(context, authority);
    }
}

/// Each of those that are given is trusted by itself, also one that is signed by another.
Status load_client_authorities(ssl::context& context, const ServerTls& options) {
    if (options.client_authorities.empty()) return trust_the_system(context);
    X509_STORE_set_flags(SSL_CTX_get_cert_store(context.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
    name_authorities(context.native_handle());
    return {};
}

/// What was verified holds for the sessions of this context that are resumed, too.
void name_sessions(SSL_CTX* context) {
    static constexpr std::string_view kSessions = "tocsin";
    SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessions.data()), kSessions.size());
}

void verify_clients(ssl::context& context, const ServerTls& options) {
    context.set_verify_mode(verify_mode_of(options.clients));
    const bool verifies =
        options.clients == ServerTls::Clients::Verified || options.clients == ServerTls::Clients::VerifiedIfGiven;
    context.set_verify_callback([verifies, names = options.client_names](bool good, ssl::verify_context& chain) {
        if (verifies && !good) return false;
        if (names.empty() || X509_STORE_CTX_get_error_depth(chain.native_handle()) != 0) return true;
        return names_one_of(X509_STORE_CTX_get_current_cert(chain.native_handle()), names);
    });
}

Status ask_clients(ssl::context& context, const ServerTls& options) {
    if (options.clients == ServerTls::Clients::Anonymous) return {};
    if (auto loaded = load_client_authorities(context, options); !loaded) return loaded;
    name_sessions(context.native_handle());
    verify_clients(context, options);
    return {};
}

Status show_certificate(ssl::context& context, const ServerTls& options) {
    const TlsTexts texts{options.certificate, options.key.reveal(), options.client_authorities};
    if (auto loaded = load_texts(context, texts); !loaded) return loaded;
    const bool belong_together = SSL_CTX_check_private_key(context.native_handle()) == 1;
    return belong_together ? Status() : unusable("the key is not that of the certificate");
}

}  // namespace

Result<std::shared_ptr<const AsioTls>> AsioTls::make_server(const ServerTls& options) {
    const bool verifies = options.clients != ServerTls::Clients::Anonymous;
    auto context = std::make_unique<Context>(Context{ssl::context(ssl::context::tls_server), verifies});
    Status made = choose_versions(context->ssl.native_handle(), options);
    if (made) made = choose_ciphers(context->ssl.native_handle(), options);
    if (made) made = show_certificate(context->ssl, options);
    if (made) made = ask_clients(context->ssl, options);
    if (!made) return tl::unexpected(made.error());
    return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
}

}  // namespace tocsin
