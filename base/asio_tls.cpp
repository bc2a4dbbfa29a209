#include "base/asio_tls.h"

#include <string_view>
#include <utility>

#include <openssl/ui.h>

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

TlsTexts texts_of(const AsioTls::Client& options) {
    return {options.cert_pem, options.key_pem.reveal(), options.ca_pem};
}

boost::asio::const_buffer buffer_of(std::string_view text) {
    return {text.data(), text.size()};
}

// A key that asks for a password would wait for a person at a terminal.
int no_password(char*, int, int, void*) {
    return 0;
}

int openssl_number(TlsVersion version) {
    return version == TlsVersion::Tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

Status load_own_certificate(ssl::context& context, const std::string& cert_file, const std::string& key_file) {
    error_code error;
    if (!cert_file.empty()) context.use_certificate_chain_file(cert_file, error);
    if (auto used = checked(error, "certificate file", cert_file); !used) return used;
    if (!key_file.empty()) context.use_private_key_file(key_file, ssl::context::pem, error);
    return checked(error, "key file", key_file);
}

Status load_authorities(ssl::context& context, const std::string& ca_file, bool has_text) {
    if (ca_file.empty() && has_text) return {};
    if (ca_file.empty()) return trust_the_system(context);
    error_code error;
    context.load_verify_file(ca_file, error);
    return checked(error, "CA file", ca_file);
}

}  // namespace

Status load_texts(ssl::context& context, const TlsTexts& texts) {
    const std::string where(kInConfiguration);
    error_code error;
    if (!texts.authorities.empty()) context.add_certificate_authority(buffer_of(texts.authorities), error);
    if (auto used = checked(error, "CA", where); !used) return used;
    if (!texts.certificate.empty()) context.use_certificate_chain(buffer_of(texts.certificate), error);
    if (auto used = checked(error, "certificate", where); !used) return used;
    if (!texts.key.empty()) context.use_private_key(buffer_of(texts.key), ssl::context::pem, error);
    return checked(error, "key", where);
}

Status trust_the_system(ssl::context& context) {
    error_code error;
    context.set_default_verify_paths(error);
    return checked(error, "certificates of", "the system");
}

void prepare_tls(SSL_CTX* context, TlsVersion least, TlsVersion most) {
    SSL_CTX_set_options(context, SSL_OP_ALL | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_min_proto_version(context, openssl_number(least));
    SSL_CTX_set_max_proto_version(context, openssl_number(most));
    SSL_CTX_set_default_passwd_cb(context, no_password);
}

AsioTls::AsioTls(std::unique_ptr<Context> context) : context_(std::move(context)) {}
AsioTls::~AsioTls() = default;

void AsioTls::ask_nobody() {
    UI_set_default_method(UI_null());
}

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
    prepare_tls(context->ssl.native_handle(), options.least, options.most);
    context->ssl.set_verify_mode(context->verify ? ssl::verify_peer : ssl::verify_none);
    auto loaded = load_authorities(context->ssl, options.ca_file, !options.ca_pem.empty());
    if (loaded) loaded = load_texts(context->ssl, texts_of(options));
    if (loaded) loaded = load_own_certificate(context->ssl, options.cert_file, options.key_file);
    if (!loaded) return tl::unexpected(loaded.error());
    return std::shared_ptr<const AsioTls>(new AsioTls(std::move(context)));
}

Status AsioTls::use_texts(ssl_ctx_st* context, const Client& options) {
    prepare_tls(context, options.least, options.most);
    SSL_CTX_up_ref(context);  // the one here lets go of it again
    ssl::context shared(context);
    return load_texts(shared, texts_of(options));
}

}  // namespace tocsin
