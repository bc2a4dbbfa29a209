#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/virtual_scheduler.h"
#include "notifiers/notification_service.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_mail.h"
#include "tests/fakes/recording_log.h"

namespace tocsin::tests {

using fakes::FakeAnswer;
using Lines = std::vector<std::string>;

/// A whole notification service on virtual time, whose receivers are a FakeHttpClient that takes everything.
class NotificationRig {
public:
    explicit NotificationRig(const std::string& yaml, NotificationOptions options = {}) {
        options.external_url = "http://am.example:9093";
        options.version = "1.2.3";
        http.handle([](const HttpRequest&) { return FakeAnswer::ok("ok"); });
        service = std::make_unique<NotificationService>(doors(), options);
        load(yaml);
    }

    NotificationDoors doors() { return {scheduler, http, mail, random, disk, log, metrics}; }

    void load(const std::string& yaml) {
        auto config = parse_alertmanager_config(yaml, "/etc/am/alertmanager.yml");
        if (!config) FAIL(to_string(config.error().front()));
        const auto loaded = service->load(*std::move(config));
        if (!loaded) FAIL(to_string(loaded.error().front()));
    }

    /// The service is gone with all it knew; a new one goes on with what was saved.
    void restart(const std::string& yaml, const NotificationState& state, NotificationOptions options = {}) {
        options.external_url = "http://am.example:9093";
        service.reset();
        service = std::make_unique<NotificationService>(doors(), options);
        service->restore(state);
        load(yaml);
    }

    /// An alert that fires from now on, for as long as nobody resolves it; `labels` beside the alertname.
    Alert firing(const std::string& name, std::vector<std::pair<std::string, std::string>> labels = {}) const {
        labels.emplace_back("alertname", name);
        Alert alert;
        alert.labels = LabelSet::from(std::move(labels));
        alert.starts_at = scheduler.now();
        alert.ends_at = scheduler.now() + std::chrono::hours(1000);
        return alert;
    }

    void fire(const std::string& name, std::vector<std::pair<std::string, std::string>> labels = {}) {
        receive({firing(name, std::move(labels))});
    }

    void resolve(const std::string& name, std::vector<std::pair<std::string, std::string>> labels = {}) {
        Alert alert = firing(name, std::move(labels));
        alert.starts_at = started_at;
        alert.ends_at = scheduler.now();
        receive({alert});
    }

    void receive(const std::vector<Alert>& alerts) { service->receive(alerts); }

    std::string silence(const std::string& matchers, Duration from_now, Duration until_now) {
        Silence silence;
        silence.matchers = parse_matchers(matchers)->matchers;
        silence.starts_at = scheduler.now() + from_now;
        silence.ends_at = scheduler.now() + until_now;
        silence.created_by = "somebody";
        silence.comment = "because";
        auto id = service->set_silence(silence);
        REQUIRE(id.has_value());
        return *id;
    }

    /// Of the first integration of the first receiver.
    Backlog backlog() const { return service->receivers().front().backlogs.front(); }
    bool waits_for_next_attempt() const { return backlog().retrying > 0; }

    void advance(Duration by) { scheduler.advance(by); }
    void settle() { scheduler.settle(); }

    /// What was sent since the last call, one line a request: when, where to, status, firing (+) and resolved (-)
    /// alerts, reason.
    ///
    ///     30s hook firing +a +b -c (first notification)
    Lines told() {
        Lines lines;
        for (; seen < http.sent().size(); ++seen) lines.push_back(line_of(http.sent()[seen]));
        return lines;
    }

    const HttpRequest& last_request() const { return http.sent().back().request; }
    Json last_body() const { return *parse_json(last_request().body, {.depth = 64, .values = 1'000'000}); }

    VirtualScheduler scheduler{from_unix_ms(1'767'323'045'000)};  // 2026-01-02T03:04:05Z, a Friday
    Timestamp started_at = scheduler.now();
    SeededRandom random{7};
    fakes::FakeHttpClient http{scheduler};
    fakes::FakeMailClient mail{scheduler};
    fakes::FakeDisk disk;
    fakes::RecordingLog log;
    SelfMetrics metrics;
    std::unique_ptr<NotificationService> service;
    std::size_t seen = 0;

private:
    std::string line_of(const fakes::FakeHttpClient::Sent& sent) const {
        const std::string& url = sent.request.url;
        std::string line = fmt::format("{} {}", to_string(sent.at - started_at), url.substr(url.rfind('/') + 1));
        const auto body = parse_json(sent.request.body, {.depth = 64, .values = 1'000'000});
        if (!body) return line + " no JSON";
        if (body->find("alerts") == nullptr) return line + other_line(*body);
        line += " " + body->at("status").as_string();
        for (const Json& alert : body->at("alerts").items()) {
            const bool fires = alert.at("status").as_string() == "firing";
            line += fmt::format(" {}{}", fires ? '+' : '-', alert.at("labels").at("alertname").as_string());
        }
        return line + fmt::format(" ({})", body->at("notification_reason").as_string());
    }

    static std::string other_line(const Json& body) {
        if (body.find("event_action") != nullptr) {
            const bool v1 = body.find("event_type") != nullptr;
            return " " + body.at(v1 ? "event_type" : "event_action").as_string();
        }
        return " " + body.at("attachments").at(std::size_t{0}).at("title").as_string();
    }
};

}  // namespace tocsin::tests
