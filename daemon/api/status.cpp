#include "base/version.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

// Grafana tells Prometheus from Mimir by this answer: no `application`, and no features of a ruler.
ServerResponse build_info(const Router::Call&) {
    return api_success(Json::Object{{"version", version()},
                                    {"revision", ""},
                                    {"branch", ""},
                                    {"buildUser", ""},
                                    {"buildDate", ""},
                                    {"goVersion", ""}});
}

ServerResponse tsdb(const Context& context) {
    const Store::Stats stats = context.store.stats();
    return api_success(Json::Object{
        {"headStats", Json::Object{{"numSeries", static_cast<std::uint64_t>(stats.series)},
                                   {"numTimelines", static_cast<std::uint64_t>(stats.timelines)},
                                   {"bytes", static_cast<std::uint64_t>(stats.bytes)},
                                   {"samplesAppended", stats.samples_appended}}},
    });
}

}  // namespace

void add_status(Router& router, Context& context) {
    router.answer("GET", "/api/v1/status/buildinfo", build_info);
    router.answer("GET", "/api/v1/status/tsdb", [&context](const Router::Call&) { return tsdb(context); });
}

}  // namespace tocsin::api
