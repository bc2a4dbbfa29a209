#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/http.h"
#include "base/http_access.h"
#include "base/json.h"
#include "base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// Questions to a running tocsin or Prometheus.
namespace tocsin::cli {

using ApiParameters = std::vector<std::pair<std::string, std::string>>;

/// Where the API is: `http://host:port`, with a path in front of the API's if need be; and how one comes in.
struct ApiServer {
    std::string url;
    std::string http_config_file = {};  // of passwords, certificates and the like; empty: as anybody
};
/// `--server`, which it returns, and `--http.config.file`.
CLI::Option& add_server_flags(CLI::App& command, ApiServer& server, const std::string& what);

struct ApiQuestion {
    ApiServer server;
    std::string path;
    ApiParameters parameters;
    bool in_body = false;  // POST them as a form, which may be of any length
    Duration timeout{std::chrono::seconds(30)};
};

/// Asks one question after the other, each of which waits for its answer. One thread.
class ApiClient {
public:
    /// `access`: who asks, and by which way.
    explicit ApiClient(HttpAccess access = {});
    ~ApiClient();
    ApiClient(const ApiClient&) = delete;
    ApiClient& operator=(const ApiClient&) = delete;

    /// The answer as it came, whatever its status; Unavailable when there is none. No secret of `access` is in it.
    Result<HttpResponse> send(const ApiQuestion& question);
    /// The `data` of Prometheus' API; what the server says against the question is an InvalidInput, anything else
    /// Unavailable.
    Result<Json> ask(const ApiQuestion& question);

private:
    struct World;
    HttpAccess access_;
    std::unique_ptr<World> world_;
};

/// The same for one question, by what its server's file says. What is wrong with that file is an InvalidInput.
Result<HttpResponse> send_question(const ApiQuestion& question);
Result<Json> ask_api(const ApiQuestion& question);

/// Reads a file of `--http.config.file`. Where it is bad the problems are printed, and the exit code comes back.
tl::expected<HttpAccess, int> load_http_access(Disk& disk, const std::string& path);

}  // namespace tocsin::cli
