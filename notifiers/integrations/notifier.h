#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/http.h"
#include "base/mail.h"
#include "base/random.h"
#include "notifiers/integrations/integration.h"
#include "notifiers/notification.h"

namespace tocsin {

/// Why an attempt did not deliver, in the words of alertmanager_notifications_failed_total.
enum class FailureReason { Other, ClientError, ServerError, AuthError, RateLimited, Cancelled, DeadlineExceeded };
std::string_view to_string(FailureReason reason);

/// What became of one attempt.
struct Outcome {
    enum class Kind {
        Delivered,   // the receiver took it
        RetryLater,  // worth trying again with the same content
        Failed,      // the receiver will refuse this content again
    };

    Kind kind = Kind::Delivered;
    FailureReason reason = FailureReason::Other;
    std::string message;                  // of a failure; no secret
    int http_status = 0;                  // 0 when there was no answer
    std::optional<Duration> retry_after;  // the receiver's wish: not before
    DeliveryNotes notes;                  // of a delivery: replaces what was noted before
    bool forget_notes = false;            // the notes were no good: to be tried again at once without them
    /// Recipients of a delivery that did not get it, each with the reason.
    std::vector<std::string> refused;
    /// Those of them to whom another attempt may bring it: their addresses, for Notification::only_to.
    std::vector<std::string> still_to_tell;
    /// The message went out with plain facts in place of what a template should have made.
    std::string template_error;
};

/// Sends notifications to one integration of one receiver; any number of attempts may run at once. Scheduler's thread
/// only.
class Notifier {
public:
    using AttemptId = std::uint64_t;
    using Done = std::function<void(Outcome)>;

    virtual ~Notifier() = default;

    /// One attempt. `done` is called once, at once or later; the caller keeps the notifier alive until then.
    virtual AttemptId notify(Notification notification, Duration timeout, Done done) = 0;

    /// Gives a running attempt up: its `done` is not called.
    virtual void cancel(AttemptId id) = 0;

    /// Where a running attempt stands that waits for its turn on the way out; nothing: it is being made.
    virtual std::optional<LinePlace> place_in_line(AttemptId) const { return std::nullopt; }
};

/// What notifiers are built with. References outlive them, but for `templates`, which is only used while they are
/// built.
struct NotifierContext {
    HttpClient& http;
    MailClient& mail;
    Disk& disk;
    const Scheduler& clock;
    Random& random;
    const templates::NotificationTemplates& templates;
    std::string user_agent;
    std::string receiver;
    /// Where events of PagerDuty's first API and messages of Pushover go. Alertmanager has it fixed; tests send them
    /// elsewhere.
    std::string pagerduty_v1_url = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
    std::string pushover_url = "https://api.pushover.net/1/messages.json";
};

}  // namespace tocsin
