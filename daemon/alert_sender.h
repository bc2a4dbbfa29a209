#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/http.h"
#include "base/http_credentials.h"
#include "base/log.h"
#include "base/self_metrics.h"
#include "daemon/alerting_config.h"
#include "engine/discovery/discovery.h"
#include "engine/scrape/scrape_request.h"

namespace tocsin {

/// Sends alerts to external Alertmanagers, as Prometheus does (notifier/manager.go): each has a queue of its own, out
/// of which one request at a time takes what is oldest. What does not fit pushes out the oldest; what could not be sent
/// is dropped and counted, for what still fires is told again after the resend delay.
///
/// Scheduler's thread.
class AlertSender final : public AlertSink {
public:
    struct Options {
        std::size_t queue_capacity = 10'000;  // --alertmanager.notification-queue-capacity
        std::size_t batch_size = 256;         // --alertmanager.notification-batch-size
        std::string version;
    };
    /// `context.job` has no meaning.
    AlertSender(const DiscoveryContext& context, Options options);
    ~AlertSender() override;

    /// Alertmanagers that stay keep their queues.
    void apply(AlertingConfig config);

    void receive(std::span<const Alert> alerts) override;

    /// `done` when all queues are empty, or after `timeout`.
    void drain(Duration timeout, std::function<void()> done);

    /// Their URLs, sorted.
    std::vector<std::string> active() const;
    /// Those that relabelling left out.
    std::vector<std::string> dropped() const;

private:
    struct Peer;
    struct Found {
        std::string url;
        LabelSet labels;
    };
    struct Source {
        AlertmanagersConfig config;
        std::vector<std::unique_ptr<Discovery>> discoveries;
        std::map<std::string, std::vector<Found>> found;  // by group
        std::map<std::string, std::vector<std::string>> dropped;
    };
    using PeerPtr = std::shared_ptr<Peer>;

    void discover(const std::shared_ptr<Source>& source);
    void take(Source& source, const std::string& key, const TargetGroup& group);
    void update_peers();
    void enqueue(Peer& peer, const std::vector<Alert>& alerts);
    void send_next(const PeerPtr& peer);
    HttpRequest request_to(const Peer& peer, const std::string& body) const;
    void send(const PeerPtr& peer, std::size_t count, HttpRequest request);
    void sent(const PeerPtr& peer, std::size_t count, MonotonicTime started, const Result<HttpResponse>& verdict);
    bool is_idle() const;
    void finish_draining();

    DiscoveryContext context_;
    Options options_;
    HttpCredentials credentials_;
    SelfMetrics::Value& discovered_;
    RelabelConfigs alert_relabel_configs_;
    std::vector<std::shared_ptr<Source>> sources_;
    std::map<std::string, PeerPtr> peers_;  // by URL
    std::function<void()> drained_;
    Scheduler::TaskId drain_timer_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// Tells several who take alerts.
class AlertFanOut final : public AlertSink {
public:
    explicit AlertFanOut(std::vector<AlertSink*> sinks) : sinks_(std::move(sinks)) {}
    void receive(std::span<const Alert> alerts) override {
        for (AlertSink* sink : sinks_) sink->receive(alerts);
    }

private:
    std::vector<AlertSink*> sinks_;
};

}  // namespace tocsin
