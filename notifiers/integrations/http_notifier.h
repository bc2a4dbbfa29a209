#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "notifiers/integrations/notifier.h"

namespace tocsin {

/// A notifier whose messages are requests of HTTP, mostly one POST of JSON each.
class HttpNotifier : public Notifier {
public:
    AttemptId notify(const Notification& notification, Duration timeout, Done done) final;
    void cancel(AttemptId id) final;

protected:
    struct Message {
        std::string url;  // may be secret
        std::string body;
        std::vector<HttpHeader> headers;  // beside those of http_config
        std::string template_error;
        std::string method = "POST";
        std::string content_type = "application/json";
        std::vector<Message> next;  // each sent when the one before was taken; the last one's outcome counts
    };

    /// `kind` names the integration in messages.
    HttpNotifier(std::string_view kind, std::shared_ptr<const IntegrationConfig> config,
                 const NotifierContext& context);

    /// An error is one that no retry will mend.
    virtual Result<Message> compose(const Notification& notification) = 0;
    /// By the status, with the beginning of the answer as the reason, unless an integration knows better.
    virtual Outcome judge(const Notification& notification, const HttpResponse& response);

    Disk& disk() { return disk_; }
    const Scheduler& clock() const { return clock_; }

private:
    struct Attempt;
    void send_next(const std::shared_ptr<Attempt>& attempt);
    void end_step(const std::shared_ptr<Attempt>& attempt, Outcome outcome);
    Result<HttpRequest> build_request(const Message& message, Duration timeout);
    Outcome outcome_of(const Notification& notification, const std::vector<std::string>& secrets,
                       const Result<HttpResponse>& verdict);

    std::string label_;
    std::shared_ptr<const IntegrationConfig> config_;
    HttpClient& http_;
    Disk& disk_;
    const Scheduler& clock_;
    std::string user_agent_;
    std::map<AttemptId, HttpClient::RequestId> running_;
    AttemptId next_attempt_ = 1;
};

/// By status alone: 2xx delivered; 429 and 5xx are to be retried, after `Retry-After` where it is given; everything
/// else failed.
Outcome classify_status(const HttpResponse& response, Timestamp now, std::string_view details = {});

/// Seconds or a date of HTTP, as a wait of at most an hour; nothing when it is neither.
std::optional<Duration> parse_retry_after(std::string_view text, Timestamp now);

/// What a server may repeat of a request and nobody may read: its URL, the parts of it, what its headers prove. Longest
/// first.
std::vector<std::string> secrets_of(const HttpRequest& request);

/// `<secret>` in place of each of them.
std::string mask_secrets(std::string text, const std::vector<std::string>& secrets);

/// The beginning of an answer, for a message.
std::string answer_excerpt(std::string_view body);

}  // namespace tocsin
