#include "tests/fakes/fake_http_server.h"

#include <utility>

#include <fmt/format.h>

#include "base/url.h"

namespace tocsin::fakes {

Result<std::string> FakeHttpServer::listen(const std::string& address, Handler handler) {
    if (occupied_) {
        return fail(Error::Kind::Unavailable, fmt::format("listen tcp {}: bind: address already in use", address));
    }
    address_ = address.ends_with(":0") ? address.substr(0, address.size() - 1) + "40000" : address;
    handler_ = std::move(handler);
    draining_ = false;
    return address_;
}

Status FakeHttpServer::use_tls(const ServerTls& tls) {
    if (tls.certificate.empty() || tls.key.empty()) return fail(Error::Kind::InvalidInput, "tls: no certificate");
    tls_ = tls;
    return {};
}

void FakeHttpServer::drain(std::function<void()> done) {
    draining_ = true;
    drained_ = std::move(done);
    if (open_ == 0 && drained_) scheduler_.post(std::exchange(drained_, nullptr));
}

FakeHttpServer::Reply FakeHttpServer::start(Call call) {
    auto reply = std::make_shared<std::optional<ServerResponse>>();
    if (!handler_ || draining_) return reply;
    ServerRequest request;
    const std::size_t question = call.target.find('?');
    request.method = std::move(call.method);
    request.path = percent_decode(call.target.substr(0, question));
    if (question != std::string::npos) request.query = call.target.substr(question + 1);
    request.headers = std::move(call.headers);
    if (find_header(request.headers, "Host").empty()) request.headers.push_back({"Host", address_});
    request.body = std::move(call.body);
    request.remote_address = std::move(call.remote_address);
    ++open_;
    scheduler_.post([this, reply, request = std::move(request)]() mutable { admit(std::move(request), reply); });
    return reply;
}

void FakeHttpServer::admit(ServerRequest request, const Slot& slot) {
    if (!gate_) return hand_over(std::move(request), slot);
    std::string body = std::exchange(request.body, {});
    const auto held = std::make_shared<ServerRequest>(std::move(request));
    gate_(*held, [this, held, slot, body = std::move(body)](std::optional<ServerResponse> refusal) {
        if (refusal) return answer(slot, *std::move(refusal));
        held->body = body;
        hand_over(std::move(*held), slot);
    });
}

void FakeHttpServer::hand_over(ServerRequest request, const Slot& slot) {
    handler_(std::move(request), [this, slot](ServerResponse response) { answer(slot, std::move(response)); });
}

void FakeHttpServer::answer(const Slot& slot, ServerResponse response) {
    if (slot->has_value()) return;
    *slot = std::move(response);
    --open_;
    if (open_ == 0 && drained_) scheduler_.post(std::exchange(drained_, nullptr));
}

std::optional<ServerResponse> FakeHttpServer::request(Call call) {
    const Reply reply = start(std::move(call));
    scheduler_.settle();
    return *reply;
}

std::optional<ServerResponse> FakeHttpServer::post(std::string target, std::string body, std::string content_type) {
    Call call;
    call.method = "POST";
    call.target = std::move(target);
    call.body = std::move(body);
    call.headers = {{"Content-Type", std::move(content_type)}};
    return request(std::move(call));
}

}  // namespace tocsin::fakes
