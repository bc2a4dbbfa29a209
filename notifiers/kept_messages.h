#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/http.h"
#include "base/mail.h"
#include "base/time.h"

namespace tocsin {

/// Receivers that take everything and keep it: what would be sent is kept and answered, at the same instant, as a
/// receiver answers that took it. Mails are kept in the shape of requests (method `MAIL`).
///
/// Several integrations may be told at the same time, each by several requests. Those of one attempt are found when it
/// ends: a NotificationObserver that is told of an attempt calls take() for its requests.
///
/// Scheduler's thread only. Nothing fails: every request that is not cancelled is answered. The scheduler outlives
/// this; what is not answered when this goes never is.
class KeptMessages final : public HttpClient, public MailClient {
public:
    explicit KeptMessages(Scheduler& scheduler) : scheduler_(scheduler) {}

    HttpClient::RequestId send(HttpRequest request, HttpEvents events) override;
    MailClient::MailId send(Mail mail, MailClient::Done done) override;
    void cancel(std::uint64_t id) override;

    /// The requests of the attempt that has just ended, in order; none when there were none.
    std::vector<HttpRequest> take();

private:
    HttpClient::RequestId answer_token(HttpEvents events);
    std::uint64_t keep(HttpRequest request);
    void post_answer(std::uint64_t id, std::function<void()> verdict);
    void answer(std::uint64_t id, const std::function<void()>& verdict);

    Scheduler& scheduler_;
    std::uint64_t next_id_ = 1;
    std::map<std::uint64_t, std::vector<HttpRequest>> under_way_;  // by the request that is being answered
    std::vector<HttpRequest> ended_;                               // of the attempt whose last answer is being given
    std::shared_ptr<int> alive_ = std::make_shared<int>();         // for tasks that outlive this
};

/// The answer of a server of OAuth 2.0 tokens that there is not.
HttpResponse pretended_token();

/// A mail in the shape of a request: `MAIL from … to … by …`.
HttpRequest request_of(Mail mail);

}  // namespace tocsin
