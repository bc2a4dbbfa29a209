#include "cli/api_client.h"

#include <optional>

#include <fmt/format.h>

#include "base/asio_resolver.h"
#include "base/asio_scheduler.h"
#include "base/httplib_client.h"
#include "base/url.h"

namespace tocsin::cli {
namespace {

constexpr std::uint64_t kAnswerBytesMax = 256 * 1024 * 1024;

Result<HttpResponse> get(const std::string& url, const ApiParameters& parameters) {
    AsioScheduler scheduler;
    AsioResolver resolver(scheduler);
    HttplibClient client(scheduler, resolver);
    HttpRequest request;
    request.method = "GET";
    request.url = url;
    request.label = "the server";
    request.timeout = std::chrono::seconds(30);
    request.answer_bytes_max = kAnswerBytesMax;
    for (const auto& [name, value] : parameters) {
        request.url += fmt::format("{}{}={}", request.url == url ? "?" : "&", query_escape(name), query_escape(value));
    }
    std::optional<Result<HttpResponse>> answer;
    HttpEvents events;
    events.verdict = [&](Result<HttpResponse> verdict) {
        answer.emplace(std::move(verdict));
        scheduler.stop();
    };
    client.send(std::move(request), std::move(events));
    scheduler.run();
    if (!answer) return fail(Error::Kind::Unavailable, "the server gave no answer");
    return *std::move(answer);
}

}  // namespace

Result<Json> ask_api(const std::string& server, const std::string& path, const ApiParameters& parameters) {
    const std::string base = server.substr(0, server.find_last_not_of('/') + 1);
    TOCSIN_TRY(const HttpResponse answer, get(base + path, parameters));
    const auto json = parse_json(answer.body, {.depth = 32, .values = 20'000'000});
    if (json && json->at("status").as_string() == "success") return json->at("data");
    const std::string error = json ? json->at("error").as_string() : std::string();
    if (!error.empty()) return fail(Error::Kind::InvalidInput, error);
    return fail(Error::Kind::Unavailable, fmt::format("the server answered with status {}", answer.status));
}

}  // namespace tocsin::cli
