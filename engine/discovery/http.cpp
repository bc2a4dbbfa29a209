#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/http_access.h"
#include "base/http_credentials.h"
#include "base/text.h"
#include "base/url.h"
#include "base/version.h"
#include "engine/discovery/discovery.h"
#include "engine/discovery/discovery_metrics.h"
#include "engine/discovery/target_groups.h"

namespace tocsin {
namespace {

constexpr Duration kHttpRefreshInterval{std::chrono::minutes(1)};
constexpr std::uint64_t kAnswerBytesMax = 16 * 1024 * 1024;
constexpr std::string_view kUrlLabel = "__meta_url";

struct HttpSource {
    std::string url;
    Duration refresh;
    HttpAccess access;

    bool operator==(const HttpSource&) const = default;
};

// Prometheus' `^(?i:application\/json(;\s*charset=("utf-8"|utf-8))?)$`.
bool is_json(std::string_view content_type) {
    const auto semicolon = content_type.find(';');
    if (!iequals(content_type.substr(0, semicolon), "application/json")) return false;
    if (semicolon == std::string_view::npos) return true;
    const std::string parameter = to_lower(trim(content_type.substr(semicolon + 1)));
    return parameter == "charset=utf-8" || parameter == "charset=\"utf-8\"";
}

Result<std::vector<TargetGroup>> read_answer(const HttpResponse& answer) {
    if (answer.status != 200) {
        return fail(Error::Kind::Unavailable, fmt::format("server returned HTTP status {}", answer.status));
    }
    const std::string_view type = find_header(answer.headers, "Content-Type");
    if (!is_json(trim(type))) {
        return fail(Error::Kind::InvalidInput, fmt::format("unsupported content type {}", go_quote(type)));
    }
    return parse_target_groups_json(answer.body);
}

/// Asks a server for the targets every refresh interval. As long as it does not answer well, what it said last holds.
class HttpDiscovery final : public Discovery {
public:
    HttpDiscovery(const DiscoveryContext& context, const HttpSource& source)
        : context_(context),
          source_(source),
          credentials_(context.scheduler, context.http, context.disk),
          metrics_(context.metrics) {}

    ~HttpDiscovery() override {
        *self_ = nullptr;
        context_.scheduler.cancel(timer_);
        if (is_asking_) context_.http.cancel(request_);
    }

    void start(Publish publish) override {
        publish_ = std::move(publish);
        ask();
    }

private:
    void ask() {
        timer_ = context_.scheduler.after(source_.refresh, [this] { ask(); });
        if (is_asking_ || is_reading_) return;
        credentials_.complete(request(), source_.access, [self = self_](Result<HttpRequest> complete) {
            if (*self == nullptr) return;
            if (!complete) return (*self)->tell(complete.error());
            (*self)->send(*std::move(complete));
        });
    }

    HttpRequest request() const {
        HttpRequest request;
        request.url = source_.url;
        request.label = "http_sd of job " + context_.job;
        request.timeout = source_.refresh;
        request.answer_bytes_max = kAnswerBytesMax;
        const double seconds = std::chrono::duration<double>(source_.refresh).count();
        request.headers = {{"Accept", "application/json"},
                           {"Accept-Encoding", "gzip"},
                           {"User-Agent", std::string("tocsin/") + version()},
                           {"X-Prometheus-Refresh-Interval-Seconds", format_value(seconds)}};
        return request;
    }

    void send(HttpRequest request) {
        HttpEvents events;
        events.verdict = [this](Result<HttpResponse> answer) {
            is_asking_ = false;
            if (!answer) return tell(answer.error());
            read(*std::move(answer));
        };
        is_asking_ = true;
        request_ = context_.http.send(std::move(request), std::move(events));
    }

    // Not on the scheduler's thread: the answer may be large.
    void read(HttpResponse answer) {
        is_reading_ = true;
        const auto groups = std::make_shared<Result<std::vector<TargetGroup>>>();
        context_.executor.run([groups, answer = std::move(answer)] { *groups = read_answer(answer); },
                              [groups, self = self_] {
                                  if (*self != nullptr) (*self)->take(std::move(*groups));
                              });
    }

    void take(Result<std::vector<TargetGroup>> groups) {
        is_reading_ = false;
        if (!groups) return tell(groups.error());
        group_count_ = publish_numbered(publish_, source_.url, kUrlLabel, *std::move(groups), group_count_);
    }

    // The URL may hold a password.
    void tell(const Error& error) {
        metrics_.http_failures.add();
        context_.log.error(kDiscoveryLogTarget, "unable to refresh target groups",
                           {{"discovery", "http"}, {"job", context_.job}, {"error", error.message}});
    }

    DiscoveryContext context_;
    const HttpSource source_;
    HttpCredentials credentials_;
    DiscoveryMetrics metrics_;
    Publish publish_;
    Scheduler::TaskId timer_ = 0;
    HttpClient::RequestId request_ = 0;
    bool is_asking_ = false;
    bool is_reading_ = false;
    std::size_t group_count_ = 0;
    std::shared_ptr<HttpDiscovery*> self_ = std::make_shared<HttpDiscovery*>(this);
};

using HttpDiscoveryConfig = DiscoveryConfigOf<HttpDiscovery, HttpSource>;

std::shared_ptr<const DiscoveryConfig> parse_http(const DiscoveryType::Source& source) {
    YamlFields fields(source.node, "http_sd_config", source.file, source.diagnostics);
    HttpSource http{.url = {}, .refresh = kHttpRefreshInterval, .access = {}};
    fields.read("url", http.url);
    const bool good_interval = read_refresh_interval(fields, http.refresh);
    http.access = read_http_access(fields, source.directory, source.diagnostics);
    fields.ignore("enable_http2");
    fields.finish();
    if (http.url.empty()) {
        fields.report(source.node.where, "URL is missing");
        return nullptr;
    }
    if (const auto url = parse_url(http.url); !url) {
        fields.report(fields.get("url")->where, url.error().message, "an http or https URL with a host");
        return nullptr;
    }
    return good_interval ? std::make_shared<const HttpDiscoveryConfig>(std::move(http)) : nullptr;
}

}  // namespace

namespace discovery {

extern const DiscoveryType http_targets;
const DiscoveryType http_targets{.config_key = "http_sd_configs", .parse = parse_http};

}  // namespace discovery
}  // namespace tocsin
