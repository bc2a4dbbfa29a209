#include "notifiers/integrations/http_notifier.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "base/url.h"
#include "notifiers/masking.h"

namespace tocsin {
namespace {

constexpr Duration kRetryAfterMax = std::chrono::hours(1);
constexpr std::size_t kExcerptBytes = 1024;
// What stands in the paths of receivers and is no key.
constexpr std::array<std::string_view, 18> kWordsOfPaths = {
    "alert",        "alerts",        "alertmanager", "enqueue", "generic",  "hook",
    "hooks",        "incoming",      "integration",  "json",    "messages", "notify",
    "integrations", "notifications", "services",     "send",    "webhook",  "webhooks"};
// Of every request, in front of those that may hold a secret: Content-Type and User-Agent.
constexpr std::ptrdiff_t kOwnHeaders = 2;
// Of an attempt whose request waits for a token.
constexpr HttpClient::RequestId kNotSent = 0;

std::optional<int> parse_digits(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

/// `Wed, 21 Oct 2015 07:28:00 GMT`, the one form that servers may send today (RFC 9110 5.6.7).
std::optional<Timestamp> parse_http_date(std::string_view text) {
    static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
    const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
    const auto day = parse_digits(text.substr(5, 2));
    const auto year = parse_digits(text.substr(12, 4));
    const auto hour = parse_digits(text.substr(17, 2));
    const auto minute = parse_digits(text.substr(20, 2));
    const auto second = parse_digits(text.substr(23, 2));
    if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return Timestamp{std::chrono::sys_days(date)} + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

void add_key(std::string_view part, std::vector<std::string>& into) {
    into.emplace_back(part);
    into.push_back(percent_decode(part, true));
}

bool is_word_of_paths(std::string_view part) {
    return std::find(kWordsOfPaths.begin(), kWordsOfPaths.end(), part) != kWordsOfPaths.end();
}

/// A URL, its parts, and whatever in it may be a key: a server may repeat it alone.
void add_url_secrets(const std::string& text, std::vector<std::string>& into) {
    into.push_back(text);
    const auto url = parse_url(text);
    if (!url) return;
    for (const std::string& part : {url->target(), url->path, url->query, url->password}) into.push_back(part);
    for (const std::string_view segment : split(url->path, '/')) {
        if (!is_word_of_paths(segment)) add_key(segment, into);
    }
    for (const std::string_view field : split(url->query, '&')) add_key(field.substr(field.find('=') + 1), into);
}

/// `Bearer token`: the token too. `Basic base64`: also the password in it.
void add_credentials(const std::string& header, std::vector<std::string>& into) {
    into.push_back(header);
    into.push_back(header.substr(header.rfind(' ') + 1));
    if (!header.starts_with("Basic ")) return;
    const std::string pair = base64_decode(into.back()).value_or("");
    into.push_back(pair.substr(pair.find(':') + 1));
}

FailureReason reason_of_status(int status) {
    if (status == 429) return FailureReason::RateLimited;
    if (status == 401 || status == 403) return FailureReason::AuthError;
    if (status / 100 == 4) return FailureReason::ClientError;
    if (status / 100 == 5) return FailureReason::ServerError;
    return FailureReason::Other;
}

Outcome unanswered(const Error& error, Outcome::Kind kind) {
    Outcome outcome;
    outcome.kind = kind;
    if (error.kind == Error::Kind::Timeout) outcome.reason = FailureReason::DeadlineExceeded;
    outcome.message = error.message;
    return outcome;
}

// A server of tokens that cannot be reached may be there later; a secret that cannot be read will not come by itself.
Outcome not_sent(const Error& error) {
    const bool may_pass = error.kind == Error::Kind::Timeout || error.kind == Error::Kind::Unavailable;
    return unanswered(error, may_pass ? Outcome::Kind::RetryLater : Outcome::Kind::Failed);
}

}  // namespace

std::string_view to_string(FailureReason reason) {
    switch (reason) {
        case FailureReason::Other:
            return "other";
        case FailureReason::ClientError:
            return "clientError";
        case FailureReason::ServerError:
            return "serverError";
        case FailureReason::AuthError:
            return "authError";
        case FailureReason::RateLimited:
            return "rateLimited";
        case FailureReason::Cancelled:
            return "contextCanceled";
        case FailureReason::DeadlineExceeded:
            return "contextDeadlineExceeded";
    }
    return "other";
}

HttpNotifier::HttpNotifier(std::string_view kind, std::shared_ptr<const IntegrationConfig> config,
                           const NotifierContext& context)
    : label_(fmt::format("{} {}", kind, context.receiver)),
      config_(std::move(config)),
      http_(context.http),
      disk_(context.disk),
      credentials_(context.clock, context.http, context.disk, Duration{0}),
      clock_(context.clock),
      user_agent_(context.user_agent) {}

/// The requests of one message, of which one runs at a time.
struct HttpNotifier::Attempt {
    AttemptId id;
    Notification notification;
    std::vector<Message> messages;
    std::string template_error;
    MonotonicTime deadline;
    Done done;
    std::size_t next = 0;
};

Notifier::AttemptId HttpNotifier::notify(Notification notification, Duration timeout, Done done) {
    const auto attempt = std::make_shared<Attempt>();
    attempt->id = next_attempt_++;
    attempt->notification = std::move(notification);
    attempt->deadline = clock_.monotonic() + timeout;
    attempt->done = std::move(done);
    auto message = compose(attempt->notification);
    if (!message) {
        Outcome outcome;
        outcome.kind = Outcome::Kind::Failed;
        outcome.message = message.error().message;
        attempt->done(std::move(outcome));
        return attempt->id;
    }
    attempt->template_error = message->template_error;
    auto more = std::move(message->next);
    attempt->messages.push_back(*std::move(message));
    std::move(more.begin(), more.end(), std::back_inserter(attempt->messages));
    send_next(attempt);
    return attempt->id;
}

void HttpNotifier::send_next(const std::shared_ptr<Attempt>& attempt) {
    const Duration left = std::chrono::ceil<Duration>(attempt->deadline - clock_.monotonic());
    Message& message = attempt->messages[attempt->next++];
    running_[attempt->id] = kNotSent;
    auto request = build_request(message, std::max(left, Duration{1}));
    if (!request) return send(attempt, message, std::move(request));
    credentials_.complete(
        *std::move(request), config_->http.access,
        [this, attempt, &message](Result<HttpRequest> complete) { send(attempt, message, std::move(complete)); });
}

void HttpNotifier::send(const std::shared_ptr<Attempt>& attempt, Message& message, Result<HttpRequest> complete) {
    if (!running_.contains(attempt->id)) return;  // cancelled while it waited for a token
    if (!complete) {
        running_.erase(attempt->id);
        return end_step(attempt, not_sent(complete.error()));
    }
    message.headers.assign(complete->headers.begin() + kOwnHeaders, complete->headers.end());
    HttpEvents events;
    events.verdict = [this, attempt, &message](const Result<HttpResponse>& verdict) {
        running_.erase(attempt->id);
        end_step(attempt, outcome_of(attempt->notification, message, verdict));
    };
    const HttpClient::RequestId request_id = http_.send(*std::move(complete), std::move(events));
    // A client may have answered before send() returned.
    if (const auto entry = running_.find(attempt->id); entry != running_.end() && entry->second == kNotSent) {
        entry->second = request_id;
    }
}

void HttpNotifier::end_step(const std::shared_ptr<Attempt>& attempt, Outcome outcome) {
    if (outcome.kind == Outcome::Kind::Delivered && attempt->next < attempt->messages.size()) {
        return send_next(attempt);
    }
    outcome.template_error = attempt->template_error;
    const Done done = std::move(attempt->done);
    done(std::move(outcome));
}

void HttpNotifier::cancel(AttemptId id) {
    const auto running = running_.find(id);
    if (running == running_.end()) return;
    if (running->second != kNotSent) http_.cancel(running->second);
    running_.erase(running);
}

std::optional<LinePlace> HttpNotifier::place_in_line(AttemptId id) const {
    const auto running = running_.find(id);
    return running == running_.end() ? std::nullopt : http_.place_in_line(running->second);
}

Result<HttpRequest> HttpNotifier::build_request(const Message& message, Duration timeout) const {
    TOCSIN_TRY([[maybe_unused]] const Url url, parse_url(message.url));
    HttpRequest request;
    request.method = message.method;
    request.url = message.url;
    request.label = label_;
    request.body = message.body;
    request.timeout = timeout;
    request.headers = {{"Content-Type", message.content_type}, {"User-Agent", user_agent_}};
    request.headers.insert(request.headers.end(), message.headers.begin(), message.headers.end());
    return request;
}

Outcome HttpNotifier::judge(const Notification&, const HttpResponse& response, const Quote& quote) {
    return classify_status(response, clock_.now(), [&] { return quote(response.body); });
}

Outcome HttpNotifier::outcome_of(const Notification& notification, const Message& message,
                                 const Result<HttpResponse>& verdict) {
    if (verdict) {
        // Masked before anything is cut off: half a secret would not be found.
        return judge(notification, *verdict, [&](std::string_view answer) {
            return answer_excerpt(mask_secrets(std::string(answer), secrets_of(message)));
        });
    }
    return unanswered(verdict.error(), Outcome::Kind::RetryLater);
}

std::vector<std::string> HttpNotifier::secrets_of(const Message& message) {
    std::vector<std::string> secrets = message.secrets;
    add_url_secrets(message.url, secrets);
    for (const HttpHeader& header : message.headers) add_credentials(header.value, secrets);
    return secrets;
}

Outcome classify_status(const HttpResponse& response, Timestamp now, const std::function<std::string()>& details) {
    Outcome outcome;
    outcome.http_status = response.status;
    if (response.status / 100 == 2) return outcome;
    const bool retry = response.status == 429 || response.status / 100 == 5;
    outcome.kind = retry ? Outcome::Kind::RetryLater : Outcome::Kind::Failed;
    outcome.reason = reason_of_status(response.status);
    outcome.message = fmt::format("unexpected status code {}", response.status);
    if (const std::string more = details(); !more.empty()) outcome.message += ": " + more;
    // A maintenance page may ask for an hour, and the receiver may be back in a second.
    if (response.status == 429)
        outcome.retry_after = parse_retry_after(find_header(response.headers, "Retry-After"), now);
    return outcome;
}

std::optional<Duration> parse_retry_after(std::string_view text, Timestamp now) {
    text = trim(text);
    if (text.empty()) return std::nullopt;
    const bool number = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (number) {
        const auto seconds = parse_digits(text);
        return seconds ? std::min<Duration>(std::chrono::seconds(*seconds), kRetryAfterMax) : kRetryAfterMax;
    }
    const auto date = parse_http_date(text);
    if (!date) return std::nullopt;
    return std::clamp(*date - now, Duration{0}, kRetryAfterMax);
}

std::string answer_excerpt(std::string_view body) {
    return escape_control_characters(replace_invalid_utf8(trim(body.substr(0, kExcerptBytes))));
}

}  // namespace tocsin
