#pragma once

#include <string>

#include "base/server_tls.h"

namespace tocsin::fakes {

/// A certificate that signs itself, in PEM files of a folder that goes with it. Valid for a day from `days_from_now`
/// on.
class TestCertificate {
public:
    /// `subject_names` as OpenSSL writes them: `DNS:alerts.test,IP:127.0.0.1`.
    explicit TestCertificate(const std::string& subject_names, int days_from_now = 0);
    ~TestCertificate();
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;

    const std::string& cert_file() const { return cert_file_; }
    const std::string& key_file() const { return key_file_; }

private:
    std::string directory_, cert_file_, key_file_;
};

/// A server that shows it and asks its clients for nothing; or for `of_clients`, when that is given.
ServerTls server_with(const TestCertificate& shown, const TestCertificate* of_clients = nullptr);

/// What is in a file that is there.
std::string text_of_file(const std::string& path);

}  // namespace tocsin::fakes
