#include "daemon/web_access.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "base/digest.h"
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

ServerResponse unauthorized() {
    ServerResponse response = text_response(401, "Unauthorized\n");
    response.headers.push_back({"WWW-Authenticate", "Basic"});
    return response;
}

}  // namespace

WebAccess::WebAccess(const Context& context, std::string file, bool must_ask)
    : context_(context), file_(std::move(file)), must_ask_(must_ask), passwords_(context.executor) {}

Parsed<WebConfig> WebAccess::read() const {
    if (file_.empty()) return WebConfig{};
    auto config = load_web_config(context_.disk, file_);
    if (!config) return config;
    if (auto against = objection(*config)) return tl::unexpected(Diagnostics{*std::move(against)});
    return config;
}

std::optional<Diagnostic> WebAccess::objection(const WebConfig& config) const {
    if (in_force_ && config.tls.has_value() != config_.tls.has_value()) {
        return Diagnostic{.file = file_, .message = "TLS cannot be switched on or off while the daemon runs"};
    }
    if (!must_ask_ || config.asks_who()) return std::nullopt;
    return Diagnostic{.file = file_,
                      .message = "everybody who reaches the address that is listened on could silence every alert",
                      .expected =
                          "basic_auth_users, client_auth_type: RequireAndVerifyClientCert, or "
                          "--web.allow-unauthenticated"};
}

void WebAccess::use(WebConfig config) {
    if (config.tls && config.tls != config_.tls) {
        // The text was tried when it was read.
        if (const Status used = context_.server.use_tls(*config.tls); !used) {
            return context_.log.error("daemon", "certificate refused", {{"error", used.error().message}});
        }
    }
    config_ = std::move(config);
    tokens_ = static_cast<double>(config_.rate.burst);
    tokens_at_ = context_.scheduler.now();
    in_force_ = true;
    if (file_.empty()) return;
    if (!watch_) {
        watch_.emplace(ConfigWatch::Context{context_.scheduler, context_.disk, context_.file_watch}, kLookInterval,
                       [this] { read_again(); });
    }
    watch_->follow(config_.files);
}

void WebAccess::read_again() {
    auto config = read();
    if (config) {
        context_.log.info("daemon", "web configuration has changed and is in force", {{"file", file_}});
        return use(*std::move(config));
    }
    for (const Diagnostic& problem : config.error()) {
        context_.log.error("daemon", "web configuration refused, nothing has changed",
                           {{"problem", to_string(problem)}});
    }
}

void WebAccess::admit(ServerRequest request, HttpServer::Respond respond, HttpServer::Handler next) {
    respond = with_headers(std::move(respond));
    if (!is_within_rate()) return respond(text_response(429, "Too Many Requests\n"));
    if (config_.users.empty()) return next(std::move(request), std::move(respond));
    ask_who({std::move(request), std::move(respond), std::move(next)});
}

// A bucket that fills by one each interval.
bool WebAccess::is_within_rate() {
    const WebConfig::RateLimit& rate = config_.rate;
    if (rate.interval == Duration{0}) return true;
    const Timestamp now = context_.scheduler.now();
    const double came = std::chrono::duration<double>(now - tokens_at_) / std::chrono::duration<double>(rate.interval);
    tokens_ = std::min(static_cast<double>(rate.burst), tokens_ + std::max(0.0, came));
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

// One who is not known takes as long as one who is: time must not tell names.
void WebAccess::ask_who(Pass pass) {
    const auto who = basic_credentials(pass.request.headers);
    if (!who) return pass.respond(unauthorized());
    const auto user = config_.users.find(who->user);
    const bool is_known = user != config_.users.end();
    const Secret& hash = is_known ? user->second : config_.users.begin()->second;
    const auto held = std::make_shared<Pass>(std::move(pass));
    passwords_.check(who->password, hash, [held, is_known](PasswordCheck::Verdict verdict) {
        if (verdict == PasswordCheck::Verdict::Overloaded) {
            return held->respond(text_response(503, "too many passwords wait to be checked\n"));
        }
        if (!is_known || verdict == PasswordCheck::Verdict::Wrong) return held->respond(unauthorized());
        held->next(std::move(held->request), std::move(held->respond));
    });
}

}  // namespace tocsin
