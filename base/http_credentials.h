#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/http.h"
#include "base/http_access.h"
#include "base/time.h"

namespace tocsin {

/// Secrets that configuration names by file, read again when what is known of them is older than `age_max`.
class SecretFiles {
public:
    SecretFiles(Disk& disk, const Scheduler& scheduler, Duration age_max)
        : disk_(disk), scheduler_(scheduler), age_max_(age_max) {}

    /// The text itself, or the content of its file without surrounding blanks. `what` names the secret in the error.
    Result<std::string> read(const SecretText& secret, std::string_view what);

private:
    struct Known {
        std::string text;
        MonotonicTime read_at;
    };
    Disk& disk_;
    const Scheduler& scheduler_;
    const Duration age_max_;
    std::map<std::string, Known> known_;
};

/// What requests for a token are called.
inline constexpr std::string_view kTokenRequestLabel = "oauth2 token";

/// Makes requests ready to leave: the way to the server, the credentials, the configured headers.
///
/// Tokens of OAuth 2.0 are fetched when they are needed, once for all who wait for the same one, and kept until ten
/// seconds before they expire, as Go's oauth2 does. Scheduler's thread only.
class HttpCredentials {
public:
    /// All of it must outlive this. A secret's file is read again when what is known of it is older than
    /// `secret_age_max`: at every request for 0.
    HttpCredentials(const Scheduler& scheduler, HttpClient& http, Disk& disk,
                    Duration secret_age_max = std::chrono::minutes(1))
        : scheduler_(scheduler), http_(http), secrets_(disk, scheduler, secret_age_max) {}
    /// Cancels what is in flight; nobody is called any more.
    ~HttpCredentials();
    HttpCredentials(const HttpCredentials&) = delete;
    HttpCredentials& operator=(const HttpCredentials&) = delete;

    using Ready = std::function<void(Result<HttpRequest>)>;
    /// `ready` gets the request with everything in it, or why it cannot be sent: at once, or when a token has come. The
    /// time that took is taken from the request's timeout.
    void complete(HttpRequest request, const HttpAccess& access, const Ready& ready);

private:
    struct Waiting {
        HttpRequest request;
        Ready ready;
        MonotonicTime since;
    };
    struct Token {
        HttpAccess::OAuth2 source;
        std::string authorization;  // the value of the header; empty: none yet
        bool expires = false;
        MonotonicTime expires_at;
        HttpClient::RequestId fetching = 0;
        bool is_fetching = false;
        bool secret_in_body = false;  // the server wants it so
        std::vector<Waiting> waiting;
    };

    Status add_headers(HttpRequest& request, const HttpAccess& access);
    Result<std::string> authorization(const HttpAccess& access);
    Token& token_of(const HttpAccess::OAuth2& source);
    bool is_fresh(const Token& token) const;
    Result<HttpRequest> token_request(const Token& token);
    void fetch(Token& token);
    void fetched(Token& token, const Result<HttpResponse>& answer);
    void hand_out(Token& token, const Status& status);

    const Scheduler& scheduler_;
    HttpClient& http_;
    SecretFiles secrets_;
    std::vector<std::unique_ptr<Token>> tokens_;
    std::uint64_t assertions_ = 0;  // signed so far
};

}  // namespace tocsin
