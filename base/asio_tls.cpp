#include "base/asio_tls.h"

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

Status load_own_certificate(ssl::context& context, const std::string& cert_file, const std::string& key_file) {
    if (cert_file.empty() && key_file.empty()) return {};
    error_code error;
    context.use_certificate_chain_file(cert_file, error);
    if (auto used = checked(error, "certificate file", cert_file); !used) return used;
    context.use_private_key_file(key_file, ssl::context::pem, error);
    return checked(error, "key file", key_file);
}

Status load_authorities(ssl::context& context, const std::string& ca_file) {
    error_code error;
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

Result<std::shared_ptr<const AsioTls>> AsioTls::make_client(const Client& options) {
    auto context =
        std::make_unique<Context>(Context{ssl::context(ssl::context::tls_client), !options.insecure_skip_verify});
    require_tls_1_2(context->ssl);
    context->ssl.set_verify_mode(context->verify ? ssl::verify_peer : ssl::verify_none);
    if (auto loaded = load_authorities(context->ssl, options.ca_file); !loaded) return tl::unexpected(loaded.error());
    if (auto loaded = load_own_certificate(context->ssl, options.cert_file, options.key_file); !loaded) {
        return tl::unexpected(loaded.error());
    }
    return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
}

Result<std::shared_ptr<const AsioTls>> AsioTls::make_server(const Server& options) {
    auto context =
        std::make_unique<Context>(Context{ssl::context(ssl::context::tls_server), !options.client_ca_file.empty()});
    require_tls_1_2(context->ssl);
    if (auto loaded = load_own_certificate(context->ssl, options.cert_file, options.key_file); !loaded) {
        return tl::unexpected(loaded.error());
    }
    if (!context->verify) return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
    if (auto loaded = load_authorities(context->ssl, options.client_ca_file); !loaded) {
        return tl::unexpected(loaded.error());
    }
    context->ssl.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
}

}  // namespace tocsin
