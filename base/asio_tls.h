#pragma once

#include <memory>
#include <string>

#include "base/http.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/server_tls.h"
#include "base/tls_version.h"

struct ssl_ctx_st;  // OpenSSL's

namespace tocsin {

/// One side of TLS with its certificates, made once and shared by many connections. TLS 1.2 is the least that is
/// spoken.
class AsioTls {
public:
    struct Client {
        bool insecure_skip_verify = false;
        std::string ca_file;                     // empty: what the system trusts
        std::string cert_file, key_file;         // what it shows of itself; both or none
        std::string ca_pem = {}, cert_pem = {};  // text instead of the file
        Secret key_pem = {};
        TlsVersion least = TlsVersion::Tls12, most = TlsVersion::Tls13;
        bool operator==(const Client&) const = default;
    };
    /// What of the options is about TLS.
    static Client client_of(const HttpOptions& options);

    /// Reads the files now: a certificate that changes later needs a new object. A key with a password is an error.
    /// Messages name the file, never its content.
    static Result<std::shared_ptr<const AsioTls>> make_client(const Client& options);
    static Result<std::shared_ptr<const AsioTls>> make_server(const ServerTls& options);

    /// What of the options is text, and the versions, for a library that has a context of its own and knows files only.
    static Status use_texts(ssl_ctx_st* context, const Client& options);

    /// Once, early: from then on nothing in this process asks a person at the terminal for the password of a key.
    static void ask_nobody();

    ~AsioTls();
    AsioTls(const AsioTls&) = delete;
    AsioTls& operator=(const AsioTls&) = delete;

private:
    friend class AsioStream;
    struct Context;
    explicit AsioTls(std::unique_ptr<Context> context);
    std::unique_ptr<Context> context_;
};

}  // namespace tocsin
