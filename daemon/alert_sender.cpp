#include "daemon/alert_sender.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "engine/scrape/target.h"

namespace tocsin {
namespace {

constexpr std::string_view kSent = "prometheus_notifications_sent_total";
constexpr std::string_view kErrors = "prometheus_notifications_errors_total";
constexpr std::string_view kDropped = "prometheus_notifications_dropped_total";
constexpr std::string_view kQueueLength = "prometheus_notifications_queue_length";
constexpr std::string_view kLatency = "prometheus_notifications_latency_seconds";

constexpr std::uint64_t kAnswerBytesMax = 64 * 1024;

Json to_json(const LabelSet& labels) {
    Json json = Json::object();
    for (const Label label : labels) json.add(std::string(label.name), label.value);
    return json;
}

/// As Alertmanager's API v2 takes them.
std::string body_of(const std::vector<Alert>& alerts) {
    Json body = Json::array();
    for (const Alert& alert : alerts) {
        body.push(Json::Object{{"annotations", to_json(alert.annotations)},
                               {"endsAt", to_rfc3339_ms(alert.ends_at)},
                               {"startsAt", to_rfc3339_ms(alert.starts_at)},
                               {"generatorURL", alert.generator_url.view()},
                               {"labels", to_json(alert.labels)}});
    }
    return dump(body);
}

/// The alerts with their labels relabelled, without those that are dropped by it.
std::vector<Alert> relabelled(std::span<const Alert> alerts, const RelabelConfigs& configs) {
    std::vector<Alert> kept;
    for (const Alert& alert : alerts) {
        LabelBuilder labels(alert.labels);
        if (!relabel(labels, configs)) continue;
        kept.push_back(alert);
        if (!configs.empty()) kept.back().labels = labels.build();
    }
    return kept;
}

std::string alerts_path(std::string_view prefix) {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    while (prefix.starts_with('/')) prefix.remove_prefix(1);
    return prefix.empty() ? "/api/v2/alerts" : fmt::format("/{}/api/v2/alerts", prefix);
}

std::string url_of(const LabelBuilder& labels) {
    return fmt::format("{}://{}{}", labels.get("__scheme__"), labels.get("__address__"), labels.get("__alerts_path__"));
}

}  // namespace

/// One Alertmanager with what waits for it, and its figures for as long as it is there.
struct AlertSender::Peer {
    Peer(SelfMetrics& registry, const std::string& at, AlertmanagersConfig with)
        : metrics(registry),
          url(at),
          labels{{"alertmanager", at}},
          config(std::move(with)),
          sent(registry.counter(kSent, "Total number of alerts sent.", labels)),
          errors(registry.counter(kErrors, "Total number of sent alerts affected by errors.", labels)),
          dropped(registry.counter(
              kDropped, "Total number of alerts dropped due to errors when sending to Alertmanager.", labels)),
          queue_length(registry.gauge(kQueueLength, "The number of alert notifications in the queue.", labels)),
          latency(registry.summary(kLatency, "Latency quantiles for sending alert notifications.", labels)) {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() {
        for (const auto name : {kSent, kErrors, kDropped, kQueueLength, kLatency}) metrics.remove(name, labels);
    }

    SelfMetrics& metrics;
    std::string url;
    LabelSet labels;
    AlertmanagersConfig config;
    SelfMetrics::Value& sent;
    SelfMetrics::Value& errors;
    SelfMetrics::Value& dropped;
    SelfMetrics::Value& queue_length;
    SelfMetrics::Distribution& latency;
    std::deque<Alert> queue;
    HttpClient::RequestId in_flight = 0;
    bool waits_for_token = false;
    bool failing = false;
};

AlertSender::AlertSender(const DiscoveryContext& context, Options options)
    : context_(context),
      options_(std::move(options)),
      credentials_(context.scheduler, context.http, context.disk),
      discovered_(context.metrics.gauge("prometheus_notifications_alertmanagers_discovered",
                                        "The number of alertmanagers discovered and active.")) {
    context.metrics.gauge("prometheus_notifications_queue_capacity", "The capacity of the alert notifications queue.")
        .set(static_cast<double>(options_.queue_capacity));
}

AlertSender::~AlertSender() {
    context_.scheduler.cancel(drain_timer_);
    for (const auto& [url, peer] : peers_) {
        if (peer->in_flight != 0) context_.http.cancel(peer->in_flight);
    }
}

void AlertSender::apply(AlertingConfig config) {
    alert_relabel_configs_ = std::move(config.alert_relabel_configs);
    sources_.clear();
    for (AlertmanagersConfig& entry : config.alertmanagers) {
        sources_.push_back(std::make_shared<Source>(Source{std::move(entry), {}, {}, {}}));
        discover(sources_.back());
    }
    update_peers();
}

void AlertSender::discover(const std::shared_ptr<Source>& source) {
    DiscoveryContext context = context_;
    context.job = source->config.reach->job_name;
    for (const auto& discovery : source->config.reach->discoveries) {
        const std::size_t index = source->discoveries.size();
        source->discoveries.push_back(discovery->create(context));
        source->discoveries.back()->start(
            [this, index, weak = std::weak_ptr<Source>(source)](const TargetGroup& group) {
                const auto of = weak.lock();
                if (!of) return;
                take(*of, fmt::format("{}/{}", index, group.source), group);
                update_peers();
            });
    }
}

// As Prometheus' notifier AlertmanagerFromGroup.
void AlertSender::take(Source& source, const std::string& key, const TargetGroup& group) {
    auto& found = source.found[key];
    auto& dropped = source.dropped[key];
    found.clear();
    dropped.clear();
    for (const LabelSet& target : group.targets) {
        LabelBuilder labels(target);
        for (const Label label : group.labels) {
            if (!target.has(label.name)) labels.set(label.name, label.value);
        }
        if (!labels.has("__scheme__")) labels.set("__scheme__", source.config.reach->scheme);
        if (!labels.has("__alerts_path__")) labels.set("__alerts_path__", alerts_path(source.config.path_prefix));
        const std::string as_found = url_of(labels);
        if (!relabel(labels, source.config.reach->relabel_configs)) {
            dropped.push_back(as_found);
        } else if (labels.has("__address__")) {
            found.push_back({url_of(labels), labels.build()});
        }
    }
}

void AlertSender::update_peers() {
    std::map<std::string, PeerPtr> next;
    for (const auto& source : sources_) {
        for (const auto& [key, group] : source->found) {
            for (const Found& found : group) {
                const auto before = peers_.find(found.url);
                PeerPtr peer = before != peers_.end()
                                   ? before->second
                                   : std::make_shared<Peer>(context_.metrics, found.url, source->config);
                peer->config = source->config;
                next.emplace(found.url, std::move(peer));
            }
        }
    }
    for (const auto& [url, peer] : peers_) {
        if (!next.contains(url) && peer->in_flight != 0) context_.http.cancel(std::exchange(peer->in_flight, 0));
    }
    peers_ = std::move(next);
    discovered_.set(static_cast<double>(peers_.size()));
}

void AlertSender::receive(std::span<const Alert> alerts) {
    if (peers_.empty()) return;
    const std::vector<Alert> kept = relabelled(alerts, alert_relabel_configs_);
    for (const auto& [url, peer] : peers_) {
        enqueue(*peer, relabelled(kept, peer->config.alert_relabel_configs));
        send_next(peer);
    }
}

void AlertSender::enqueue(Peer& peer, const std::vector<Alert>& alerts) {
    peer.queue.insert(peer.queue.end(), alerts.begin(), alerts.end());
    if (peer.queue.size() > options_.queue_capacity) {
        const std::size_t over = peer.queue.size() - options_.queue_capacity;
        peer.queue.erase(peer.queue.begin(), peer.queue.begin() + static_cast<std::ptrdiff_t>(over));
        peer.dropped.add(static_cast<double>(over));
        context_.log.warn("alerting", "alert notification queue full, dropping alerts",
                          {{"alertmanager", peer.url}, {"count", std::to_string(over)}});
    }
    peer.queue_length.set(static_cast<double>(peer.queue.size()));
}

void AlertSender::send_next(const PeerPtr& peer) {
    if (peer->in_flight != 0 || peer->waits_for_token || peer->queue.empty()) return;
    const auto count = std::min(options_.batch_size, peer->queue.size());
    const auto end = peer->queue.begin() + static_cast<std::ptrdiff_t>(count);
    const std::vector<Alert> batch(peer->queue.begin(), end);
    peer->queue.erase(peer->queue.begin(), end);
    peer->queue_length.set(static_cast<double>(peer->queue.size()));
    peer->waits_for_token = true;
    credentials_.complete(request_to(*peer, body_of(batch)), peer->config.reach->access,
                          [this, peer, count, alive = std::weak_ptr<bool>(alive_)](Result<HttpRequest> request) {
                              if (alive.expired()) return;
                              peer->waits_for_token = false;
                              if (request) return send(peer, count, *std::move(request));
                              sent(peer, count, context_.scheduler.monotonic(), tl::unexpected(request.error()));
                              finish_draining();
                          });
}

void AlertSender::send(const PeerPtr& peer, std::size_t count, HttpRequest request) {
    const auto started = context_.scheduler.monotonic();
    HttpEvents events;
    events.verdict = [this, peer, count, started,
                      alive = std::weak_ptr<bool>(alive_)](const Result<HttpResponse>& verdict) {
        if (alive.expired()) return;
        peer->in_flight = 0;
        sent(peer, count, started, verdict);
        send_next(peer);
        finish_draining();
    };
    peer->in_flight = context_.http.send(std::move(request), std::move(events));
}

// Reached as a target is, so with the same credentials and headers, without those that ask for samples.
HttpRequest AlertSender::request_to(const Peer& peer, const std::string& body) const {
    Target target;
    target.url = peer.url;
    HttpRequest request =
        make_scrape_request(target, *peer.config.reach, peer.config.timeout, kAnswerBytesMax, options_.version);
    std::erase_if(request.headers, [](const HttpHeader& header) {
        return header.name == "Accept" || header.name == "Accept-Encoding" ||
               header.name == "X-Prometheus-Scrape-Timeout-Seconds";
    });
    request.headers.push_back({"Content-Type", "application/json"});
    request.method = "POST";
    request.label = "alertmanager " + peer.url;
    request.body = body;
    return request;
}

void AlertSender::sent(const PeerPtr& peer, std::size_t count, MonotonicTime started,
                       const Result<HttpResponse>& verdict) {
    const auto number = static_cast<double>(count);
    peer->latency.observe(std::chrono::duration<double>(context_.scheduler.monotonic() - started).count());
    peer->sent.add(number);
    const bool taken = verdict && verdict->status / 100 == 2;
    if (!taken) {
        peer->errors.add(number);
        peer->dropped.add(number);
        context_.log.error(
            "alerting", "error sending alerts",
            {{"alertmanager", peer->url},
             {"count", std::to_string(count)},
             {"error", verdict ? fmt::format("bad response status {}", verdict->status) : verdict.error().message}});
    } else if (peer->failing) {
        context_.log.info("alerting", "alerts are taken again", {{"alertmanager", peer->url}});
    }
    peer->failing = !taken;
}

bool AlertSender::is_idle() const {
    return std::all_of(peers_.begin(), peers_.end(), [](const auto& peer) {
        return peer.second->in_flight == 0 && !peer.second->waits_for_token && peer.second->queue.empty();
    });
}

void AlertSender::drain(Duration timeout, std::function<void()> done) {
    drained_ = std::move(done);
    drain_timer_ = context_.scheduler.after(timeout, [this] {
        if (drained_) std::exchange(drained_, nullptr)();
    });
    finish_draining();
}

void AlertSender::finish_draining() {
    if (!drained_ || !is_idle()) return;
    context_.scheduler.cancel(drain_timer_);
    std::exchange(drained_, nullptr)();
}

std::vector<std::string> AlertSender::active() const {
    std::vector<std::string> urls;
    for (const auto& [url, peer] : peers_) urls.push_back(url);
    return urls;
}

std::vector<std::string> AlertSender::dropped() const {
    std::vector<std::string> urls;
    for (const auto& source : sources_) {
        for (const auto& [key, group] : source->dropped) urls.insert(urls.end(), group.begin(), group.end());
    }
    std::sort(urls.begin(), urls.end());
    return urls;
}

}  // namespace tocsin
