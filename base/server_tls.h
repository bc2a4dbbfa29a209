#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "base/tls_version.h"

namespace tocsin {

/// What a server shows of itself under TLS, and what it asks of its clients. All certificates are PEM texts. Plain
/// data.
struct ServerTls {
    /// What a client has to show, as Go's tls.ClientAuthType.
    enum class Clients { Anonymous, Asked, AnyCertificate, VerifiedIfGiven, Verified };

    std::string certificate;  // with those that it is signed by, if they are not known to everybody
    Secret key;
    Clients clients = Clients::Anonymous;
    std::string client_authorities;         // who signs what clients show; empty: whom the system trusts
    std::vector<std::string> client_names;  // one of them must stand in it as a subject alternative name; empty: any
    TlsVersion least = TlsVersion::Tls12, most = TlsVersion::Tls13;
    std::vector<std::string> ciphers;  // of TLS 1.2, by their names in the RFCs; empty: the library's
    std::vector<std::string> curves;   // by OpenSSL's names; empty: the library's
    bool prefers_own_ciphers = true;   // in the order above, to the client's order
    bool operator==(const ServerTls&) const = default;
};

}  // namespace tocsin
