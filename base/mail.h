#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace tocsin {

/// One mail that goes out, and the server that takes it.
struct Mail {
    enum class Encryption {
        None,
        StartTls,  // a server without STARTTLS is not spoken to any further
        Implicit,  // TLS from the first byte
    };

    std::string label;  // how messages name the other side: `email oncall`
    std::string host;
    std::uint16_t port = 25;
    Encryption encryption = Encryption::StartTls;
    HttpOptions tls;  // of it what is about TLS
    std::string hello = "localhost";

    std::string username;  // empty: without authentication
    Secret password;       // for PLAIN and LOGIN
    Secret secret;         // for CRAM-MD5
    std::string identity;  // for PLAIN

    std::string from;             // an address alone
    std::vector<std::string> to;  // addresses alone
    std::string content;          // header and body; lines end in CRLF
    Duration timeout{10'000};     // for all of it
};

/// What became of a mail that the server took.
struct MailReceipt {
    struct Refusal {
        std::string address;
        std::string reason;
        bool for_now = false;  // it may be taken another time
    };
    std::vector<Refusal> refused;  // recipients that it did not take; at least one other was taken
};

/// The door through which mails go out. Scheduler's thread only; never blocks.
class MailClient {
public:
    using MailId = std::uint64_t;
    /// Called once. Error::Kind::InvalidInput: the server will not take this mail, however often it is tried.
    using Done = std::function<void(Result<MailReceipt>)>;

    virtual ~MailClient() = default;
    virtual MailId send(Mail mail, Done done) = 0;
    /// Its `done` is not called. The mail may have been taken.
    virtual void cancel(MailId id) = 0;
};

}  // namespace tocsin
