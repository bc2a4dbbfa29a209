#include "cli/api_client.h"

#include <utility>

#include <fmt/format.h>

#include "base/asio_resolver.h"
#include "base/asio_scheduler.h"
#include "base/httplib_client.h"
#include "base/url.h"

namespace tocsin::cli {
namespace {

constexpr std::uint64_t kAnswerBytesMax = 1024ULL * 1024 * 1024;

std::string encoded(const ApiParameters& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters) {
        if (!text.empty()) text += '&';
        text += query_escape(name) + "=" + query_escape(value);
    }
    return text;
}

HttpRequest request_of(const ApiQuestion& question) {
    HttpRequest request;
    request.label = "the server";
    request.timeout = question.timeout;
    request.answer_bytes_max = kAnswerBytesMax;
    request.url = question.server.substr(0, question.server.find_last_not_of('/') + 1) + question.path;
    if (question.in_body) {
        request.method = "POST";
        request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
        request.body = encoded(question.parameters);
    } else if (!question.parameters.empty()) {
        request.url += "?" + encoded(question.parameters);
    }
    return request;
}

}  // namespace

Result<HttpResponse> send_question(const ApiQuestion& question) {
    AsioScheduler scheduler;
    AsioResolver resolver(scheduler);
    HttplibClient client(scheduler, resolver);
    Result<HttpResponse> answer = fail(Error::Kind::Unavailable, "the server gave no answer");
    HttpEvents events;
    events.verdict = [&](Result<HttpResponse> verdict) {
        answer = std::move(verdict);
        scheduler.stop();
    };
    client.send(request_of(question), std::move(events));
    scheduler.run();
    return answer;
}

Result<Json> ask_api(const ApiQuestion& question) {
    TOCSIN_TRY(const HttpResponse answer, send_question(question));
    const auto json = parse_json(answer.body, {.depth = 32, .values = 20'000'000});
    if (json && json->at("status").as_string() == "success") return json->at("data");
    const std::string error = json ? json->at("error").as_string() : std::string();
    if (!error.empty()) return fail(Error::Kind::InvalidInput, error);
    return fail(Error::Kind::Unavailable, fmt::format("the server answered with status {}", answer.status));
}

}  // namespace tocsin::cli
