#pragma once

#include <map>
#include <memory>

#include "base/asio_scheduler.h"
#include "base/http.h"
#include "base/mail.h"

namespace tocsin {

/// Mails by SMTP (RFC 5321), one connection each, with STARTTLS or TLS and AUTH by CRAM-MD5, PLAIN or LOGIN: the first
/// of those that the server names for which there is a password or secret. PLAIN is said under TLS or to this machine
/// only, as in Go's net/smtp.
///
/// A recipient that the server refuses does not keep the mail from the others. Of what a server answers to AUTH only
/// the code gets into a message.
class SmtpClient final : public MailClient {
public:
    /// Both must outlive this.
    SmtpClient(AsioScheduler& scheduler, Resolver& resolver);
    ~SmtpClient() override;
    SmtpClient(const SmtpClient&) = delete;
    SmtpClient& operator=(const SmtpClient&) = delete;

    MailId send(Mail mail, Done done) override;
    void cancel(MailId id) override;

private:
    class Session;
    AsioScheduler& scheduler_;
    Resolver& resolver_;
    std::map<MailId, std::shared_ptr<Session>> sessions_;
    MailId last_id_ = 0;
};

}  // namespace tocsin
