#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_credentials.h"
#include "notifiers/integrations/notifier.h"

namespace tocsin {

/// A notifier whose messages are requests of HTTP, mostly one POST of JSON each.
class HttpNotifier : public Notifier {
public:
    AttemptId notify(Notification notification, Duration timeout, Done done) final;
    void cancel(AttemptId id) final;
    std::optional<LinePlace> place_in_line(AttemptId id) const final;

protected:
    struct Message {
        std::string url;  // may be secret
        std::string body;
        std::vector<HttpHeader> headers;  // beside those of http_config
        std::string template_error;
        std::string method = "POST";
        std::string content_type = "application/json";
        /// What is secret of it beside the URL and the headers. A server may repeat any of that: see Quote.
        std::vector<std::string> secrets;
        std::vector<Message> next;  // each sent when the one before was taken; the last one's outcome counts
    };

    /// The beginning of a piece of the answer, with `<secret>` in place of every secret of the request. Nothing of an
    /// answer may be shown in another way.
    using Quote = std::function<std::string(std::string_view answer)>;

    /// `kind` names the integration in messages.
    HttpNotifier(std::string_view kind, std::shared_ptr<const IntegrationConfig> config,
                 const NotifierContext& context);

    /// An error is one that no retry will mend.
    virtual Result<Message> compose(const Notification& notification) = 0;
    /// By the status, with the beginning of the answer as the reason, unless an integration knows better.
    virtual Outcome judge(const Notification& notification, const HttpResponse& response, const Quote& quote);

    Disk& disk() { return disk_; }
    const Scheduler& clock() const { return clock_; }

private:
    struct Attempt;
    void send_next(const std::shared_ptr<Attempt>& attempt);
    void end_step(const std::shared_ptr<Attempt>& attempt, Outcome outcome);
    Result<HttpRequest> build_request(const Message& message, Duration timeout) const;
    void send(const std::shared_ptr<Attempt>& attempt, Message& message, Result<HttpRequest> complete);
    Outcome outcome_of(const Notification& notification, const Message& message, const Result<HttpResponse>& verdict);
    static std::vector<std::string> secrets_of(const Message& message);

    std::string label_;
    std::shared_ptr<const IntegrationConfig> config_;
    HttpClient& http_;
    Disk& disk_;
    HttpCredentials credentials_;  // secrets are read anew for each message
    const Scheduler& clock_;
    std::string user_agent_;
    std::map<AttemptId, HttpClient::RequestId> running_;
    AttemptId next_attempt_ = 1;
};

/// By status alone: 2xx delivered; 429 and 5xx are to be retried, 429 after `Retry-After` where it is given;
/// everything else failed. `details` is asked for what the message of a failure has beside the status.
Outcome classify_status(const HttpResponse& response, Timestamp now, const std::function<std::string()>& details);

/// Seconds or a date of HTTP, as a wait of at most an hour; nothing when it is neither.
std::optional<Duration> parse_retry_after(std::string_view text, Timestamp now);

/// The beginning of an answer, for a message.
std::string answer_excerpt(std::string_view body);

}  // namespace tocsin
