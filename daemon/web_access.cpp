#include "daemon/web_access.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/password_hash.h"
#include "base/text.h"
#include "daemon/router.h"

namespace tocsin {
namespace {

constexpr Duration kLookInterval = std::chrono::seconds(30);

struct UserAndPassword {
    std::string user;
    Secret password;
};

/// Of an `Authorization: Basic` header.
std::optional<UserAndPassword> basic_credentials(const std::vector<HttpHeader>& headers) {
    constexpr std::string_view kScheme = "Basic ";
    const std::string_view header = find_header(headers, "Authorization");
    if (!iequals(header.substr(0, kScheme.size()), kScheme)) return std::nullopt;
    const auto text = base64_decode(header.substr(kScheme.size()));
    if (!text) return std::nullopt;
    const std::size_t colon = text->find(':');
    if (colon == std::string::npos) return std::nullopt;
    return UserAndPassword{text->substr(0, colon), Secret(text->substr(colon + 1))};
}

/// What somebody who is not known is compared with, so that the answer takes as long.
const Secret& costliest(const std::map<std::string, Secret>& users) {
    const auto by_cost = [](const auto& a, const auto& b) {
        return bcrypt_cost(a.second.reveal()) < bcrypt_cost(b.second.reveal());
    };
    return std::max_element(users.begin(), users.end(), by_cost)->second;
}

/// Of this file alone, whatever characters are in its name.
std::string pattern_of(const std::string& path) {
    std::string pattern;
    for (const char c : path) {
        if (std::string_view("*?[\\").find(c) != std::string_view::npos) pattern += '\\';
        pattern += c;
    }
    return pattern;
}

ServerResponse unauthorized() {
    ServerResponse response = text_response(401, "Unauthorized\n");
    response.headers.push_back({"WWW-Authenticate", "Basic"});
    return response;
}

}  // namespace

WebAccess::WebAccess(const Context& context, std::string file, bool must_ask)
    : context_(context), file_(std::move(file)), must_ask_(must_ask), passwords_(context.executor) {
    context_.server.on_failed_handshake(
        [this](const std::string& address, const std::string& reason) { handshake_failed(address, reason); });
}

// What the watch takes for known is read after it has looked: what changes meanwhile is a change to it.
Parsed<WebConfig> WebAccess::read() {
    if (file_.empty()) return WebConfig{};
    follow(files_.empty() ? std::vector{file_} : files_);
    std::vector<std::string> files;
    auto config = read_once(files);
    if (files == files_) return config;
    follow(files);
    return read_once(files);
}

Parsed<WebConfig> WebAccess::read_once(std::vector<std::string>& files) const {
    auto config = load_web_config(context_.disk, file_, files);
    if (!config) return config;
    if (auto against = objection(*config)) return tl::unexpected(Diagnostics{*std::move(against)});
    return config;
}

void WebAccess::follow(const std::vector<std::string>& files) {
    if (!watch_) {
        watch_.emplace(ConfigWatch::Context{context_.scheduler, context_.disk, context_.file_watch}, kLookInterval,
                       [this] { read_and_use(); });
    }
    files_ = files;
    std::vector<std::string> patterns;
    for (const std::string& file : files) patterns.push_back(pattern_of(file));
    watch_->follow(std::move(patterns));
}

std::optional<Diagnostic> WebAccess::objection(const WebConfig& config) const {
    if (in_force_ && config.tls.has_value() != config_.tls.has_value()) {
        return Diagnostic{.file = file_, .message = "TLS cannot be switched on or off while the daemon runs"};
    }
    if (!must_ask_ || config.asks_who()) return std::nullopt;
    return Diagnostic{.file = file_,
                      .message = "everybody who reaches the address that is listened on could silence every alert",
                      .expected =
                          "basic_auth_users, RequireAndVerifyClientCert with a client_ca_file, or "
                          "--web.allow-unauthenticated"};
}

Status WebAccess::use(WebConfig config) {
    if (config.tls && config.tls != config_.tls) {
        if (Status used = context_.server.use_tls(*config.tls); !used) return used;
    }
    if (config.users != config_.users) passwords_.forget();
    if (config.rate != config_.rate) {
        tokens_ = static_cast<double>(config.rate.burst);
        tokens_at_ = context_.scheduler.monotonic();
    }
    config_ = std::move(config);
    in_force_ = true;
    return {};
}

void WebAccess::read_and_use() {
    auto config = read();
    Diagnostics problems;
    if (!config) {
        problems = std::move(config.error());
    } else if (const Status used = use(*std::move(config)); !used) {
        problems.push_back({.file = file_, .message = used.error().message});
    }
    for (const Diagnostic& problem : problems) {
        context_.log.error("daemon", "web configuration refused, nothing has changed",
                           {{"problem", to_string(problem)}});
    }
    if (problems.empty()) {
        context_.log.info("daemon", "web configuration has changed and is in force", {{"file", file_}});
    }
}

void WebAccess::admit(const ServerRequest& head, HttpServer::Decide decide) {
    if (!is_within_rate()) return refuse(decide, "rate", text_response(429, "Too Many Requests\n"));
    if (config_.users.empty()) return decide(std::nullopt);
    ask_who(head, std::move(decide));
}

void WebAccess::refuse(const HttpServer::Decide& decide, const char* reason, ServerResponse response) {
    context_.metrics
        .counter("tocsin_http_requests_refused_total",
                 "Requests that did not come in: without a user, beyond the rate, or too many at once.",
                 {{"reason", reason}})
        .add();
    decide(std::move(response));
}

// A bucket that fills by one each interval.
bool WebAccess::is_within_rate() {
    const WebConfig::RateLimit& rate = config_.rate;
    if (rate.interval.count() == 0) return true;
    const MonotonicTime now = context_.scheduler.monotonic();
    tokens_ += std::chrono::duration<double>(now - tokens_at_) / std::chrono::duration<double>(rate.interval);
    tokens_ = std::min(static_cast<double>(rate.burst), tokens_);
    tokens_at_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

HttpServer::Respond WebAccess::with_headers(HttpServer::Respond respond) const {
    if (config_.headers.empty()) return respond;
    return [respond = std::move(respond), headers = config_.headers](ServerResponse response) {
        response.headers.insert(response.headers.end(), headers.begin(), headers.end());
        respond(std::move(response));
    };
}

HttpServer::Decide WebAccess::with_headers(HttpServer::Decide decide) const {
    const auto refuse =
        with_headers(HttpServer::Respond([decide](ServerResponse response) { decide(std::move(response)); }));
    return [decide = std::move(decide), refuse](std::optional<ServerResponse> refusal) {
        return refusal ? refuse(*std::move(refusal)) : decide(std::nullopt);
    };
}

void WebAccess::handshake_failed(const std::string& remote_address, const std::string& reason) {
    context_.metrics.counter("tocsin_tls_handshakes_failed_total", "Connections that ended before TLS was agreed on.")
        .add();
    context_.log.warn("daemon", "TLS handshake failed", {{"from", remote_address}, {"problem", reason}});
}

void WebAccess::ask_who(const ServerRequest& head, HttpServer::Decide decide) {
    auto who = basic_credentials(head.headers);
    if (!who) return refuse(decide, "unauthorized", unauthorized());
    const auto user = config_.users.find(who->user);
    const bool is_user = user != config_.users.end();
    PasswordCheck::Attempt attempt{std::move(who->user), is_user, std::move(who->password),
                                   is_user ? user->second : costliest(config_.users), head.remote_address};
    passwords_.check(std::move(attempt), [this, decide = std::move(decide)](PasswordCheck::Verdict verdict) {
        if (verdict == PasswordCheck::Verdict::Right) return decide(std::nullopt);
        if (verdict == PasswordCheck::Verdict::Wrong) return refuse(decide, "unauthorized", unauthorized());
        refuse(decide, "overloaded", text_response(503, "too many passwords wait to be checked\n"));
    });
}

}  // namespace tocsin
