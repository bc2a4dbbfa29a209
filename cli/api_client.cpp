#include "cli/api_client.h"

#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/asio_resolver.h"
#include "base/asio_scheduler.h"
#include "base/http_credentials.h"
#include "base/httplib_client.h"
#include "base/posix_disk.h"
#include "base/text.h"
#include "base/url.h"
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/terminal.h"

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
    request.url = question.server.url.substr(0, question.server.url.find_last_not_of('/') + 1) + question.path;
    if (question.in_body) {
        request.method = "POST";
        request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
        request.body = encoded(question.parameters);
    } else if (!question.parameters.empty()) {
        request.url += "?" + encoded(question.parameters);
    }
    return request;
}

Result<HttpAccess> access_to(const ApiServer& server) {
    if (server.http_config_file.empty()) return HttpAccess{};
    PosixDisk disk;
    TOCSIN_TRY(const std::string text, read_file(disk, server.http_config_file));
    auto access = parse_http_access(text, server.http_config_file);
    if (access) return *std::move(access);
    std::string problems;
    for (const Diagnostic& problem : access.error()) problems += (problems.empty() ? "" : "\n") + to_string(problem);
    return fail(Error::Kind::InvalidInput, problems);
}

}  // namespace

CLI::Option& add_server_flags(CLI::App& command, ApiServer& server, const std::string& what) {
    CLI::Option* const url = command.add_option("--server", server.url, what)->type_name("URL");
    if (!server.url.empty()) url->capture_default_str();
    CLI::Option* const file =
        command
            .add_option("--http.config.file", server.http_config_file,
                        "How to come in there: passwords, tokens, certificates, proxies, as for amtool")
            ->type_name("FILE");
    if (server.url.empty()) file->needs(url);
    return *url;
}

struct ApiClient::World {
    AsioScheduler scheduler;
    AsioResolver resolver{scheduler};
    HttplibClient http{scheduler, resolver, {.proxies = proxy_environment()}};
    PosixDisk disk;
    HttpCredentials credentials{scheduler, http, disk};
};

ApiClient::ApiClient(HttpAccess access) : access_(std::move(access)), world_(std::make_unique<World>()) {}
ApiClient::~ApiClient() = default;

Result<HttpResponse> ApiClient::send(const ApiQuestion& question) {
    Result<HttpResponse> answer = fail(Error::Kind::Unavailable, "the server gave no answer");
    const auto end_with = [&](Result<HttpResponse> verdict) {
        answer = std::move(verdict);
        world_->scheduler.stop();
    };
    world_->credentials.complete(request_of(question), access_, [&](Result<HttpRequest> request) {
        if (!request) return end_with(tl::unexpected(request.error()));
        HttpEvents events;
        events.verdict = end_with;
        world_->http.send(*std::move(request), std::move(events));
    });
    world_->scheduler.run();
    return answer;
}

Result<Json> ApiClient::ask(const ApiQuestion& question) {
    TOCSIN_TRY(const HttpResponse answer, send(question));
    const auto json = parse_json(answer.body, {.depth = 32, .values = 20'000'000});
    if (json && json->at("status").as_string() == "success") return json->at("data");
    const std::string error = json ? json->at("error").as_string() : std::string();
    if (!error.empty()) return fail(Error::Kind::InvalidInput, error);
    return fail(Error::Kind::Unavailable, fmt::format("the server answered with status {}", answer.status));
}

Result<HttpResponse> send_question(const ApiQuestion& question) {
    TOCSIN_TRY(HttpAccess access, access_to(question.server));
    return ApiClient(std::move(access)).send(question);
}

Result<Json> ask_api(const ApiQuestion& question) {
    TOCSIN_TRY(HttpAccess access, access_to(question.server));
    return ApiClient(std::move(access)).ask(question);
}

tl::expected<HttpAccess, int> load_http_access(Disk& disk, const std::string& path) {
    const auto text = read_file(disk, path);
    if (!text) {
        print_error("tocsin: " + escape_control_characters(text.error().message) + "\n");
        return tl::unexpected<int>(kImpossible);
    }
    auto access = parse_http_access(*text, path);
    if (access) return *std::move(access);
    print_diagnostics(access.error());
    return tl::unexpected<int>(kBad);
}

}  // namespace tocsin::cli
