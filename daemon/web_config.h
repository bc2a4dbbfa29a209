#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
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
        std::chrono::nanoseconds interval{0};  // 0: no limit
        std::int64_t burst = 0;
        bool operator==(const RateLimit&) const = default;
    };

    std::optional<ServerTls> tls;         // nothing: plain text
    std::map<std::string, Secret> users;  // bcrypt hashes by name; none: everybody may come in
    std::vector<HttpHeader> headers;      // of every answer to a request that is complete and within the limits
    RateLimit rate;

    /// Nobody comes in without showing who it is. A certificate that anybody can buy shows nothing.
    bool asks_who() const {
        const bool is_verified = tls && tls->clients == ServerTls::Clients::Verified;
        return !users.empty() || (is_verified && !(tls->client_authorities.empty() && tls->client_names.empty()));
    }
};

/// Everything that is wrong with the file at once, with its place, also what is no certificate, or a key of another
/// one. Relative file names in it start where it lies. `files` is what it was read from, also when something is wrong.
Parsed<WebConfig> parse_web_config(Disk& disk, std::string_view text, const std::string& path,
                                   std::vector<std::string>& files);

/// The same of a file, which must be there.
Parsed<WebConfig> load_web_config(Disk& disk, const std::string& path, std::vector<std::string>& files);

}  // namespace tocsin
