#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "base/http.h"
#include "base/log.h"
#include "base/process.h"
#include "base/time.h"
#include "daemon/config_watch.h"
#include "daemon/password_check.h"
#include "daemon/web_config.h"

namespace tocsin {

/// Puts the file of `--web.config.file` in force: TLS, who may come in, how often, and what every answer says.
/// Scheduler's thread.
class WebAccess {
public:
    struct Context {
        Scheduler& scheduler;
        Executor& executor;  // for passwords: may be busy
        Disk& disk;
        FileWatch& file_watch;
        HttpServer& server;
        Log& log;
    };
    /// Without a `file` everybody may come in, over plain text. With `must_ask` the file may not let everybody in.
    WebAccess(const Context& context, std::string file, bool must_ask);

    /// What the file says now. TLS cannot be switched on or off any more once it is in force: that takes a new start.
    Parsed<WebConfig> read() const;
    /// From now on; and the files it was read from are watched. One that changes and is good is used, one that is bad
    /// is told in the log, and what was in force stays.
    void use(WebConfig config);

    bool asks_who() const { return config_.asks_who(); }
    bool speaks_tls() const { return config_.tls.has_value(); }

    /// Hands the request on when it may come in, at once or later; answers it otherwise: 401 as the exporter-toolkit,
    /// 429 beyond the rate, 503 when too many passwords wait to be checked.
    void admit(ServerRequest request, HttpServer::Respond respond, HttpServer::Handler next);

private:
    struct Pass {
        ServerRequest request;
        HttpServer::Respond respond;
        HttpServer::Handler next;
    };

    std::optional<Diagnostic> objection(const WebConfig& config) const;
    void read_again();
    bool is_within_rate();
    HttpServer::Respond with_headers(HttpServer::Respond respond) const;
    void ask_who(Pass pass);

    Context context_;
    std::string file_;
    bool must_ask_;
    WebConfig config_;
    bool in_force_ = false;
    double tokens_ = 0;  // of the rate limit
    Timestamp tokens_at_{};
    PasswordCheck passwords_;
    std::optional<ConfigWatch> watch_;
};

}  // namespace tocsin
