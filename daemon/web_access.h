#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "base/http.h"
#include "base/log.h"
#include "base/process.h"
#include "base/self_metrics.h"
#include "base/time.h"
#include "daemon/config_watch.h"
#include "daemon/password_check.h"
#include "daemon/web_config.h"

namespace tocsin {

/// Puts the file of `--web.config.file` in force: TLS, who may come in, how often, and what answers say beside.
/// Scheduler's thread.
class WebAccess {
public:
    struct Context {
        Scheduler& scheduler;
        Executor& executor;  // for passwords
        Disk& disk;
        FileWatch& file_watch;
        HttpServer& server;
        Log& log;
        SelfMetrics& metrics;
    };
    /// Without a `file` everybody may come in, over plain text. With `must_ask` the file may not let everybody in.
    WebAccess(const Context& context, std::string file, bool must_ask);

    /// What the file says now. From here on the files that were read are watched: when they change and are good they
    /// are used, what is bad is told in the log, and what was in force stays. TLS cannot be switched on or off any more
    /// once it is in force: that takes a new start.
    Parsed<WebConfig> read();
    /// From now on. After an error all is as before.
    Status use(WebConfig config);

    bool asks_who() const { return config_.asks_who(); }
    bool speaks_tls() const { return config_.tls.has_value(); }

    /// Add to the answer the headers that each one has.
    HttpServer::Respond with_headers(HttpServer::Respond respond) const;
    HttpServer::Decide with_headers(HttpServer::Decide decide) const;

    /// Whether the request may come in. Refusals: 401 as the exporter-toolkit, 429 beyond the rate, 503 when too many
    /// passwords wait to be checked.
    void admit(const ServerRequest& head, HttpServer::Decide decide);

private:
    Parsed<WebConfig> read_once(std::vector<std::string>& files) const;
    std::optional<Diagnostic> objection(const WebConfig& config) const;
    void follow(const std::vector<std::string>& files);
    void read_and_use();
    bool is_within_rate();
    void handshake_failed(const std::string& remote_address, const std::string& reason);
    void ask_who(const ServerRequest& head, HttpServer::Decide decide);
    void refuse(const HttpServer::Decide& decide, const char* reason, ServerResponse response);

    Context context_;
    std::string file_;
    bool must_ask_;
    WebConfig config_;
    bool in_force_ = false;
    std::vector<std::string> files_;  // that are watched
    double tokens_ = 0;               // of the rate limit
    MonotonicTime tokens_at_{};
    PasswordCheck passwords_;
    std::optional<ConfigWatch> watch_;
};

}  // namespace tocsin
