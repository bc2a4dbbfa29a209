#include "base/http_credentials.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/outgoing_request.h"
#include "base/signed_grant.h"
#include "base/text.h"
#include "base/url.h"

namespace tocsin {
namespace {

constexpr std::chrono::seconds kTokenExpiresEarly{10};
constexpr std::uint64_t kTokenAnswerBytesMax = 1024 * 1024;
constexpr std::size_t kTokensMax = 10'000;

std::shared_ptr<const HttpOptions> shared_options(const HttpAccess::Way& way) {
    return std::make_shared<const HttpOptions>(way.options());
}

// As Go's client, in place of what the request says of itself.
void show_token(HttpRequest& request, const std::string& authorization) {
    std::erase_if(request.headers, [](const HttpHeader& header) { return iequals(header.name, "Authorization"); });
    request.headers.push_back({"Authorization", authorization});
}

HttpRequest form_request(const HttpAccess::OAuth2& source, std::string form) {
    HttpRequest request;
    request.method = "POST";
    request.url = source.token_url;
    request.label = kTokenRequestLabel;
    request.answer_bytes_max = kTokenAnswerBytesMax;
    request.options = shared_options(source.way);
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    request.body = std::move(form);
    for (const auto& [name, value] : source.endpoint_params) {
        request.body += "&" + query_escape(name) + "=" + query_escape(value);
    }
    return request;
}

HttpRequest secret_request(const HttpAccess::OAuth2& source, const std::string& secret, bool secret_in_body) {
    std::string form = "grant_type=client_credentials";
    if (!source.scopes.empty()) form += "&scope=" + query_escape(join(source.scopes, " "));
    HttpRequest request = form_request(source, std::move(form));
    if (secret_in_body) {
        request.body += "&client_id=" + query_escape(source.client_id) + "&client_secret=" + query_escape(secret);
    } else {
        const std::string pair = query_escape(source.client_id) + ":" + query_escape(secret);
        request.headers.push_back({"Authorization", "Basic " + base64_encode(pair)});
    }
    return request;
}

struct TokenAnswer {
    std::string authorization;
    std::int64_t seconds = 0;  // 0: it does not expire
};

// The message never repeats the answer, which may hold a token.
Result<TokenAnswer> read_token(const HttpResponse& answer) {
    if (answer.status / 100 != 2) {
        return fail(Error::Kind::Unavailable, fmt::format("oauth2: cannot fetch token: status {}", answer.status));
    }
    const auto json = parse_json(answer.body);
    if (!json) return fail(Error::Kind::Unavailable, "oauth2: cannot parse the token answer: not JSON");
    const std::string& token = json->at("access_token").as_string();
    if (token.empty()) return fail(Error::Kind::Unavailable, "oauth2: server response missing access_token");
    // Go's spelling of the types that it knows, whatever the server's.
    std::string type = json->at("token_type").as_string();
    if (type.empty() || iequals(type, "bearer")) type = "Bearer";
    const Json& expires = json->at("expires_in");
    const std::int64_t seconds = expires.is_string()
                                     ? static_cast<std::int64_t>(parse_float(expires.as_string()).value_or(0))
                                     : static_cast<std::int64_t>(expires.as_number());
    return TokenAnswer{type + " " + token, std::clamp<std::int64_t>(seconds, 0, 10LL * 365 * 86'400)};
}

}  // namespace

Result<std::string> SecretFiles::read(const SecretText& secret, std::string_view what) {
    if (secret.file.empty()) return secret.text.reveal();
    const MonotonicTime now = scheduler_.monotonic();
    const auto known = known_.find(secret.file);
    if (known != known_.end() && now - known->second.read_at < age_max_) return known->second.text;
    auto text = secret.resolve(disk_);
    if (!text) return fail_with_context(fmt::format("unable to read {} file {}", what, secret.file), text.error());
    Known& fresh = known_[secret.file];
    fresh = {*std::move(text), now};
    return fresh.text;
}

HttpCredentials::~HttpCredentials() {
    for (const auto& token : tokens_) {
        if (token->is_fetching) http_.cancel(token->fetching);
    }
}

void HttpCredentials::complete(HttpRequest request, const HttpAccess& access, const Ready& ready) {
    request.options = shared_options(access.way);
    if (const Status added = add_headers(request, access); !added) return ready(tl::unexpected(added.error()));
    if (!access.oauth2) return ready(std::move(request));
    Token& token = token_of(*access.oauth2);
    if (is_fresh(token)) {
        show_token(request, token.authorization);
        return ready(std::move(request));
    }
    token.waiting.push_back({std::move(request), ready, scheduler_.monotonic()});
    if (!token.is_fetching) fetch(token);
}

Status HttpCredentials::add_headers(HttpRequest& request, const HttpAccess& access) {
    TOCSIN_TRY(std::string credentials, authorization(access));
    // As in Go's client, what a request says of itself counts.
    const bool has_own = !find_header(request.headers, "Authorization").empty();
    if (!credentials.empty() && !has_own) request.headers.push_back({"Authorization", std::move(credentials)});
    for (const auto& [name, secret] : access.headers) {
        TOCSIN_TRY(std::string value, secrets_.read(secret, "header " + name));
        request.headers.push_back({name, std::move(value)});
    }
    return {};
}

// Empty when there is none, or when it is a token.
Result<std::string> HttpCredentials::authorization(const HttpAccess& access) {
    if (access.basic_auth) {
        TOCSIN_TRY(const std::string user, secrets_.read(access.basic_auth->username, "basic auth username"));
        TOCSIN_TRY(const std::string password, secrets_.read(access.basic_auth->password, "basic auth password"));
        return "Basic " + base64_encode(user + ":" + password);
    }
    if (!access.authorization || access.authorization->credentials.empty()) return std::string();
    TOCSIN_TRY(const std::string credentials,
               secrets_.read(access.authorization->credentials, "authorization credentials"));
    return access.authorization->type + " " + credentials;
}

// ---- tokens

HttpCredentials::Token& HttpCredentials::token_of(const HttpAccess::OAuth2& source) {
    const auto found = std::ranges::find_if(tokens_, [&](const auto& token) { return token->source == source; });
    if (found != tokens_.end()) return **found;
    if (tokens_.size() >= kTokensMax) {
        std::erase_if(tokens_, [](const auto& token) { return token->waiting.empty() && !token->is_fetching; });
    }
    tokens_.push_back(std::make_unique<Token>());
    tokens_.back()->source = source;
    return *tokens_.back();
}

bool HttpCredentials::is_fresh(const Token& token) const {
    return !token.authorization.empty() && (!token.expires || scheduler_.monotonic() < token.expires_at);
}

Result<HttpRequest> HttpCredentials::token_request(const Token& token) {
    const HttpAccess::OAuth2& source = token.source;
    if (!source.signed_grant) {
        TOCSIN_TRY(const std::string secret, secrets_.read(source.client_secret, "oauth2 client secret"));
        return secret_request(source, secret, token.secret_in_body);
    }
    TOCSIN_TRY(const std::string key, secrets_.read(source.signed_grant->key, "oauth2 client certificate key"));
    TOCSIN_TRY(const std::string assertion, signed_assertion(source, key, scheduler_.now(), ++assertions_));
    return form_request(source, fmt::format("grant_type={}&assertion={}", query_escape(kSignedGrantType), assertion));
}

void HttpCredentials::fetch(Token& token) {
    auto request = token_request(token);
    if (!request) return hand_out(token, tl::unexpected(request.error()));
    request->timeout = Duration{0};
    for (const Waiting& one : token.waiting) request->timeout = std::max(request->timeout, one.request.timeout);
    HttpEvents events;
    events.verdict = [this, &token](const Result<HttpResponse>& answer) {
        token.is_fetching = false;
        fetched(token, answer);
    };
    token.is_fetching = true;
    token.fetching = http_.send(*std::move(request), std::move(events));
}

// A server that does not take the secret as a header may take it in the body; what works is remembered.
void HttpCredentials::fetched(Token& token, const Result<HttpResponse>& answer) {
    if (!answer) return hand_out(token, fail_with_context("oauth2: cannot fetch token", answer.error()));
    auto read = read_token(*answer);
    const bool has_secret = !token.source.signed_grant;
    if (!read && has_secret && !std::exchange(token.secret_in_body, true)) return fetch(token);
    if (!read) {
        token.secret_in_body = false;
        return hand_out(token, tl::unexpected(read.error()));
    }
    token.authorization = std::move(read->authorization);
    token.expires = read->seconds > 0;
    token.expires_at = scheduler_.monotonic() + std::chrono::seconds(read->seconds) - kTokenExpiresEarly;
    hand_out(token, {});
}

void HttpCredentials::hand_out(Token& token, const Status& status) {
    const MonotonicTime now = scheduler_.monotonic();
    for (Waiting& one : std::exchange(token.waiting, {})) {
        if (!status) {
            one.ready(tl::unexpected(status.error()));
            continue;
        }
        const auto left = one.request.timeout - std::chrono::duration_cast<Duration>(now - one.since);
        if (left <= Duration{0}) {
            one.ready(tl::unexpected(timed_out(one.request.timeout)));
            continue;
        }
        one.request.timeout = left;
        show_token(one.request, token.authorization);
        one.ready(std::move(one.request));
    }
}

}  // namespace tocsin
