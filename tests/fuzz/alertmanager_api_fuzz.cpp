#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/json.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;

namespace {

struct Entry {
    const char* method;
    const char* path;  // what the input has left is the body of a POST, and the end of any other path
};

constexpr Entry kEntries[] = {
    {"POST", "/api/v2/alerts"},
    {"POST", "/api/v2/silences"},
    {"DELETE", "/api/v2/silence/"},
    {"GET", "/api/v2/silence/"},
    {"GET", "/api/v2/silences?filter="},
    {"GET", "/api/v2/alerts?"},
    {"GET", "/api/v2/alerts/groups?"},
    {"GET", "/api/v1/notifications?"},
    {"GET", "/api/v1/notifications/explain?alert="},
    {"GET", "/api/v1/notifications/untold?"},
    {"GET", "/api/v2/silences?"},
    {"GET", "/api/v2/receivers?"},
};
// In an input it stands for the silence that was made last.
constexpr std::string_view kLastSilence = "11111111-1111-4111-8111-111111111111";
constexpr std::size_t kInputsOfOneWorld = 500;

/// A notifying half with a route, an inhibition and a mute time, whose receivers take everything.
class World : public tests::SimulatedDaemon {
public:
    World() {
        put("alertmanager.yml",
            "route: {receiver: r, group_by: [a], group_wait: 1s, group_interval: 1s, routes: [{matchers: [b=c], "
            "receiver: r, mute_time_intervals: [t]}]}\n"
            "receivers: [{name: r, webhook_configs: [{url: 'http://r/hook'}]}]\n"
            "inhibit_rules: [{source_matchers: [d=e], target_matchers: [f=g], equal: [a]}]\n"
            "time_intervals: [{name: t, time_intervals: [{}]}]\n");
        options.config_file.clear();
        receivers.always("http://r/hook", fakes::FakeAnswer::ok());
        TOCSIN_ASSERT(start().has_value());
    }

    std::string last_silence{kLastSilence};
};

std::string with_last_silence(std::string text, const std::string& id) {
    const std::size_t at = text.find(kLastSilence);
    return at == std::string::npos ? text : text.replace(at, kLastSilence.size(), id);
}

void remember_silence(World& world, const Json& answer) {
    const std::string& id = answer.at("silenceID").as_string();
    if (!id.empty()) world.last_silence = id;
}

fakes::FakeHttpServer::Call call_of(const Entry& entry, const std::string& rest) {
    fakes::FakeHttpServer::Call call;
    call.method = entry.method;
    call.target = entry.path;
    if (call.method == "POST") {
        call.body = rest;
        call.headers = {{"Content-Type", "application/json"}};
    } else {
        call.target += rest;
    }
    return call;
}

}  // namespace

/// Whatever is posted to Alertmanager's API, the answer is one of its kinds, and what was taken is sent, shown and
/// explained. The first byte, a digit, chooses the path.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    static std::unique_ptr<World> world;
    static std::size_t inputs = 0;
    if (inputs++ % kInputsOfOneWorld == 0) world = std::make_unique<World>();
    const Entry& entry = kEntries[(data[0] - std::size_t{'0'}) % std::size(kEntries)];
    std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto response =
        world->server.request(call_of(entry, with_last_silence(std::move(rest), world->last_silence)));
    world->advance(std::chrono::milliseconds(300));
    TOCSIN_ASSERT(response.has_value());
    TOCSIN_ASSERT(response->status != 500);
    if (response->content_type == "application/json" && !response->body.empty()) {
        const auto answer = parse_json(response->body, JsonLimits{400, 10'000'000});
        TOCSIN_ASSERT(answer.has_value());
        remember_silence(*world, *answer);
    }
    for (const char* path : {"/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences"}) {
        const auto shown = world->server.get(path);
        TOCSIN_ASSERT(shown && shown->status == 200 && parse_json(shown->body, JsonLimits{400, 10'000'000}).has_value());
    }
    return 0;
}
