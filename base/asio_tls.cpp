#include "base/asio_tls.h"

#include <string_view>
#include <utility>

#include "base/asio_tls_context.h"

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

Result<std::shared_ptr<const AsioTls>> AsioTls::make_server(const Server& options) {
    auto context =
        std::make_unique<Context>(Context{ssl::context(ssl::context::tls_server), !options.client_ca_file.empty()});
    require_tls_1_2(context->ssl);
    if (auto loaded = load_own_certificate(context->ssl, options.cert_file, options.key_file); !loaded) {
        return tl::unexpected(loaded.error());
    }
    if (!context->verify) return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
    if (auto loaded = load_authorities(context->ssl, options.client_ca_file, false); !loaded) {
        return tl::unexpected(loaded.error());
    }
    context->ssl.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
}

}  // namespace tocsin
