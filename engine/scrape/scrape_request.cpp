#include "engine/scrape/scrape_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::chrono::minutes kSecretAgeMax{1};

constexpr std::pair<int, std::string_view> kReasons[] = {
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Request Entity Too Large"},
    {414, "Request URI Too Long"},
    {415, "Unsupported Media Type"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

std::string_view media_type(ScrapeProtocol protocol) {
    switch (protocol) {
        case ScrapeProtocol::OpenMetricsText0_0_1:
            return "application/openmetrics-text;version=0.0.1";
        case ScrapeProtocol::OpenMetricsText1_0_0:
            return "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8";
        case ScrapeProtocol::PrometheusText0_0_4:
            return "text/plain;version=0.0.4";
        case ScrapeProtocol::PrometheusText1_0_0:
            return "text/plain;version=1.0.0;escaping=allow-utf-8";
    }
    return "";
}

Result<std::string> secret_of(const Secret& given, const std::string& file, std::string_view what,
                              SecretFiles& secrets) {
    if (file.empty()) return given.reveal();
    return secrets.read(file, what);
}

// Empty when the job needs none.
Result<std::string> authorization(const ScrapeAuth& auth, SecretFiles& secrets) {
    if (!auth.username.empty() || !auth.username_file.empty()) {
        std::string user = auth.username;
        if (!auth.username_file.empty()) {
            TOCSIN_TRY(user, secrets.read(auth.username_file, "basic auth username"));
        }
        TOCSIN_TRY(const std::string password,
                   secret_of(auth.password, auth.password_file, "basic auth password", secrets));
        return "Basic " + base64_encode(user + ":" + password);
    }
    if (auth.credentials.empty() && auth.credentials_file.empty()) return std::string();
    TOCSIN_TRY(const std::string credentials,
               secret_of(auth.credentials, auth.credentials_file, "authorization credentials", secrets));
    return auth.type + " " + credentials;
}

}  // namespace

Result<std::string> SecretFiles::read(const std::string& path, std::string_view what) {
    const MonotonicTime now = scheduler_.monotonic();
    const auto known = known_.find(path);
    if (known != known_.end() && now - known->second.read_at < kSecretAgeMax) return known->second.text;
    auto text = read_file(disk_, path, 1024 * 1024);
    if (!text) return fail_with_context(fmt::format("unable to read {} file {}", what, path), text.error());
    Known& fresh = known_[path];
    fresh = {std::string(trim(*text)), now};
    return fresh.text;
}

std::string accept_header(const std::vector<ScrapeProtocol>& protocols) {
    static const std::vector<ScrapeProtocol> kDefault{
        ScrapeProtocol::OpenMetricsText1_0_0, ScrapeProtocol::OpenMetricsText0_0_1, ScrapeProtocol::PrometheusText1_0_0,
        ScrapeProtocol::PrometheusText0_0_4};
    // Prometheus counts down from one more than the formats it knows, of which we have all but protobuf.
    int weight = 6;
    std::string accept;
    for (const ScrapeProtocol protocol : protocols.empty() ? kDefault : protocols) {
        accept += fmt::format("{};q=0.{},", media_type(protocol), weight--);
    }
    return accept + fmt::format("*/*;q=0.{}", weight);
}

Result<HttpRequest> make_scrape_request(const Target& target, const ScrapeConfig& config, Duration timeout,
                                        std::uint64_t body_bytes_max, std::string_view version, SecretFiles& secrets) {
    HttpRequest request;
    request.url = target.url;
    request.label = fmt::format("target {}/{}", target.labels.get("job"), target.labels.get("instance"));
    request.timeout = timeout;
    request.answer_bytes_max = body_bytes_max;
    request.options = config.http_options;
    const double seconds = static_cast<double>(timeout.count()) / 1000;
    request.headers = {
        {"Accept", accept_header(config.scrape_protocols)},
        {"Accept-Encoding", config.enable_compression ? "gzip" : "identity"},
        {"User-Agent", fmt::format("tocsin/{}", version)},
        {"X-Prometheus-Scrape-Timeout-Seconds", format_value(seconds)},
    };
    TOCSIN_TRY(std::string credentials, authorization(config.auth, secrets));
    if (!credentials.empty()) request.headers.push_back({"Authorization", std::move(credentials)});
    for (const auto& [name, value] : config.http_headers) request.headers.push_back({name, value.reveal()});
    return request;
}

Result<ExpositionFormat> negotiated_format(std::string_view content_type, std::optional<ScrapeProtocol> fallback) {
    if (const auto format = exposition_format(content_type)) return *format;
    if (fallback) {
        const bool open_metrics = media_type(*fallback).starts_with("application/");
        return open_metrics ? ExpositionFormat::OpenMetrics : ExpositionFormat::PrometheusText;
    }
    if (content_type.empty()) {
        return fail(Error::Kind::InvalidInput,
                    "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified "
                    "for target");
    }
    return fail(Error::Kind::InvalidInput,
                fmt::format("received unsupported Content-Type {} and no fallback_scrape_protocol specified for target",
                            go_quote(content_type)));
}

std::string status_error(int status) {
    const auto reason = std::ranges::find(kReasons, status, [](const auto& entry) { return entry.first; });
    if (reason == std::end(kReasons)) return fmt::format("server returned HTTP status {}", status);
    return fmt::format("server returned HTTP status {} {}", status, reason->second);
}

}  // namespace tocsin
