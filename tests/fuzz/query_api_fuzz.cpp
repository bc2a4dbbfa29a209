#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/json.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;

namespace {

constexpr const char* kPaths[] = {
    "/api/v1/query",          "/api/v1/query_range",    "/api/v1/series",           "/api/v1/labels",
    "/api/v1/label/a/values", "/api/v1/metadata",       "/api/v1/targets/metadata", "/api/v1/format_query",
    "/api/v1/parse_query",    "/api/v1/query_exemplars"};

/// One daemon for all inputs, with some series to find.
class World : public tests::SimulatedDaemon {
public:
    World() {
        put("prometheus.yml",
            "scrape_configs:\n  - job_name: j\n    scrape_interval: 10s\n    static_configs: [{targets: ['a:1']}]\n");
        put("alertmanager.yml", "route: {receiver: r}\nreceivers: [{name: r}]\n");
        options.keep_all = true;
        options.retention = std::chrono::hours(1);
        options.query.samples_max = 10'000;
        targets.always("http://a:1/metrics",
                       fakes::FakeAnswer::ok("a 1\nb{c=\"d\"} 2\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n")
                           .header("Content-Type", "text/plain; version=0.0.4"));
        TOCSIN_ASSERT(start().has_value());
        advance(std::chrono::minutes(5));
    }
};

}  // namespace

/// Whatever parameters a request has, in the query or in a form, the answer is JSON of one of the known kinds. The
/// first byte chooses the path, its highest bit the way the rest is sent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    static World world;
    const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
    const bool as_form = (data[0] & 0x80U) != 0;
    fakes::FakeHttpServer::Call call;
    call.target = kPaths[(data[0] & 0x7FU) % std::size(kPaths)];
    if (as_form) {
        call.method = "POST";
        call.body = rest;
        call.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    } else {
        call.target += "?" + rest;
    }
    const auto response = world.server.request(std::move(call));
    TOCSIN_ASSERT(response.has_value());
    if (response->content_type != "application/json") {
        TOCSIN_ASSERT(response->status >= 400 && response->status < 500);
        return 0;
    }
    const auto body = parse_json(response->body, JsonLimits{400, 10'000'000});
    TOCSIN_ASSERT(body.has_value());
    const std::string& status = body->at("status").as_string();
    TOCSIN_ASSERT(status == (response->status == 200 ? "success" : "error"));
    TOCSIN_ASSERT(response->status != 500);
    return 0;
}
