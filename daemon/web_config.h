#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "base/http.h"
#include "base/secret.h"
#include "base/server_tls.h"
#include "base/time.h"

namespace tocsin {

/// Who may reach the server and how: the file of `--web.config.file`, in the format of Prometheus' exporter-toolkit
/// (docs/web-configuration.md there). Plain data.
struct WebConfig {
    /// One request each `interval`, and so many more at once as were not made before.
    struct RateLimit {
        Duration interval{0};  // 0: no limit
        std::int64_t burst = 0;
    };

    std::optional<ServerTls> tls;         // nothing: plain text
    std::map<std::string, Secret> users;  // bcrypt hashes by name; none: everybody may come in
    std::vector<HttpHeader> headers;      // of every answer
    RateLimit rate;
    std::vector<std::string> files;  // that it was read from

    /// Nobody comes in without showing who it is.
    bool asks_who() const { return !users.empty() || (tls && tls->clients == ServerTls::Clients::Verified); }
};

/// Everything that is wrong with the file at once, with its place, also what is no certificate, or a key of another
/// one. Relative file names in it start where it lies.
Parsed<WebConfig> parse_web_config(Disk& disk, std::string_view text, const std::string& path);

/// The same of a file, which must be there.
Parsed<WebConfig> load_web_config(Disk& disk, const std::string& path);

}  // namespace tocsin
