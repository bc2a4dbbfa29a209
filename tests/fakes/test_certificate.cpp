#include "tests/fakes/test_certificate.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "base/assert.h"

namespace tocsin::fakes {

namespace {

constexpr long kDay = 24 * 3600;

template <auto Free>
struct Freer {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using File = std::unique_ptr<std::FILE, Freer<std::fclose>>;

void add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    TOCSIN_ASSERT(extension != nullptr);
    X509_add_ext(certificate, extension.get(), -1);
}

Certificate make_certificate(EVP_PKEY* key, const std::string& subject_names, int days_from_now) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), days_from_now * kDay - 3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), (days_from_now + 1) * kDay);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    const auto* const text = reinterpret_cast<const unsigned char*>("tocsin test");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), NID_subject_alt_name, subject_names);
    TOCSIN_ASSERT(X509_sign(certificate.get(), key, EVP_sha256()) != 0);
    return certificate;
}

}  // namespace

TestCertificate::TestCertificate(const std::string& subject_names, int days_from_now)
    : directory_("/tmp/tocsin-certificate-XXXXXX") {
    TOCSIN_ASSERT(mkdtemp(directory_.data()) != nullptr);
    cert_file_ = directory_ + "/cert.pem";
    key_file_ = directory_ + "/key.pem";
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = make_certificate(key.get(), subject_names, days_from_now);
    const File cert_out(std::fopen(cert_file_.c_str(), "w"));
    const File key_out(std::fopen(key_file_.c_str(), "w"));
    TOCSIN_ASSERT(cert_out != nullptr && key_out != nullptr);
    TOCSIN_ASSERT(PEM_write_X509(cert_out.get(), certificate.get()) == 1);
    TOCSIN_ASSERT(PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

TestCertificate::~TestCertificate() {
    unlink(cert_file_.c_str());
    unlink(key_file_.c_str());
    rmdir(directory_.c_str());
}

ServerTls server_with(const TestCertificate& shown, const TestCertificate* of_clients) {
    ServerTls tls;
    tls.certificate = text_of_file(shown.cert_file());
    tls.key = Secret(text_of_file(shown.key_file()));
    if (of_clients == nullptr) return tls;
    tls.clients = ServerTls::Clients::Verified;
    tls.client_authorities = text_of_file(of_clients->cert_file());
    return tls;
}

std::string text_of_file(const std::string& path) {
    std::ifstream in(path);
    TOCSIN_ASSERT(in.good());
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace tocsin::fakes
