#pragma once

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/json.h"
#include "base/virtual_scheduler.h"
#include "notifiers/config.h"
#include "notifiers/delivery.h"
#include "notifiers/receiver.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_mail.h"

namespace tocsin::tests {

using fakes::FakeAnswer;

/// The first integration of a receiver `all`, alone: what it makes of a message and of the answers.
class IntegrationRig {
public:
    /// `integration` is YAML for one entry, in flow style: `{url: 'http://r/hook'}`.
    IntegrationRig(const std::string& key, const std::string& integration, const std::string& more = {}) {
        auto parsed = parse_alertmanager_config(
            "route: {receiver: all}\nreceivers:\n- name: all\n  " + key + ":\n  - " + integration + "\n" + more,
            "/etc/am/alertmanager.yml");
        if (!parsed) FAIL(to_string(parsed.error().front()));
        config = *std::move(parsed);
        build();
    }

    void build() {
        NotifierContext context{http,           mail, disk,          scheduler,          random, config.templates,
                                "tocsin/1.2.3", {},   "http://r/v1", "http://r/pushover"};
        receiver = make_receiver(config.receivers.front(), context);
    }

    /// The alert of the examples in Alertmanager's documentation of the payloads.
    static FlushAlert example(bool firing, const std::string& instance = "a:1") {
        Alert alert;
        alert.labels = LabelSet::from(std::vector<std::pair<std::string, std::string>>{{"alertname", "HighErr"},
                                                                                       {"cluster", "eu"},
                                                                                       {"instance", instance},
                                                                                       {"job", "api"},
                                                                                       {"severity", "critical"}});
        alert.annotations = {{"summary", "5xx <high> & rising"}};
        alert.starts_at = *parse_rfc3339("2026-01-02T03:04:05.678Z");
        alert.ends_at = *parse_rfc3339("2026-01-02T04:00:00Z");
        alert.generator_url = SharedText::of("http://prom.example/g0");
        return {std::make_shared<StoredAlert>(alert), firing, false};
    }

    static Notification notification(const std::vector<FlushAlert>& alerts,
                                     NotifyReason reason = NotifyReason::FirstNotification) {
        static const Route route = [] {
            Route r;
            r.options.receiver = "all";
            return r;
        }();
        const LabelSet group{{"alertname", "HighErr"}, {"cluster", "eu"}};
        Notification out;
        out.group_key = R"({}:{alertname="HighErr", cluster="eu"})";
        out.now = *parse_rfc3339("2026-01-02T05:00:00Z");
        bool fires = false;
        for (const FlushAlert& alert : alerts) fires = fires || alert.firing;
        out.data = make_notification_data(alerts, reason, fires, route, group, "http://am.example:9093");
        return out;
    }

    /// Sends and waits for the outcome.
    Outcome send(const Notification& notification) {
        std::optional<Outcome> outcome;
        receiver->integrations.front()->notifier->notify(notification, std::chrono::seconds(10),
                                                         [&](Outcome result) { outcome = std::move(result); });
        scheduler.advance(std::chrono::seconds(11));
        REQUIRE(outcome.has_value());
        return *outcome;
    }

    Outcome send(const std::vector<FlushAlert>& alerts) { return send(notification(alerts)); }

    Outcome send_with_answer(FakeAnswer answer) {
        http.handle([answer](const HttpRequest&) { return answer; });
        return send({example(true)});
    }

    const HttpRequest& last_request() const { return http.sent().back().request; }
    const std::string& last_body() const { return last_request().body; }
    Json last_json() const { return *parse_json(last_body(), {.depth = 64, .values = 100'000}); }

    VirtualScheduler scheduler{from_unix_ms(1'767'323'045'000)};
    SeededRandom random{7};
    fakes::FakeHttpClient http{scheduler};
    fakes::FakeMailClient mail{scheduler};
    fakes::FakeDisk disk;
    AlertmanagerConfig config;
    std::shared_ptr<Receiver> receiver;
};

/// A body to the byte, from tests/corpus/notifications.
inline std::string golden(const std::string& name) {
    std::ifstream file(std::string(TOCSIN_SOURCE_DIR) + "/tests/corpus/notifications/" + name, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// What an integration must make of each status, and that no text it gives away holds the secret of its configuration.
struct RetryCase {
    int status;
    Outcome::Kind kind;
    FailureReason reason;
};

inline void check_retry_table(IntegrationRig& rig, const std::vector<RetryCase>& cases, const std::string& secret) {
    for (const RetryCase& c : cases) {
        CAPTURE(c.status);
        const Outcome outcome = rig.send_with_answer(FakeAnswer::with_status(c.status, "no"));
        CHECK(outcome.kind == c.kind);
        if (outcome.kind != Outcome::Kind::Delivered) CHECK(outcome.reason == c.reason);
        CHECK(outcome.message.find(secret) == std::string::npos);
        CHECK(rig.last_request().label.find(secret) == std::string::npos);
    }
    const Outcome refused = rig.send_with_answer(FakeAnswer::fails(FakeAnswer::Fault::Refused));
    CHECK(refused.kind == Outcome::Kind::RetryLater);
    CHECK(refused.message.find(secret) == std::string::npos);
    const Outcome timeout = rig.send_with_answer(FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    CHECK(timeout.kind == Outcome::Kind::RetryLater);
    CHECK(timeout.reason == FailureReason::DeadlineExceeded);
    CHECK(timeout.message.find(secret) == std::string::npos);
}

/// The table of most kinds.
inline void check_usual_retry_table(IntegrationRig& rig, const std::string& secret) {
    using Kind = Outcome::Kind;
    check_retry_table(rig,
                      {{200, Kind::Delivered, FailureReason::Other},
                       {204, Kind::Delivered, FailureReason::Other},
                       {302, Kind::Failed, FailureReason::Other},
                       {400, Kind::Failed, FailureReason::ClientError},
                       {401, Kind::Failed, FailureReason::AuthError},
                       {404, Kind::Failed, FailureReason::ClientError},
                       {429, Kind::RetryLater, FailureReason::RateLimited},
                       {500, Kind::RetryLater, FailureReason::ServerError},
                       {503, Kind::RetryLater, FailureReason::ServerError}},
                      secret);
}

inline std::string header_of(const HttpRequest& request, std::string_view name) {
    return std::string(find_header(request.headers, name));
}

}  // namespace tocsin::tests
