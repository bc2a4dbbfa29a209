#include "notifiers/kept_messages.h"

#include <string_view>

#include <fmt/format.h>

#include "base/http_credentials.h"

namespace tocsin {
namespace {

/// What a receiver says that took a message.
HttpResponse answer_to(const HttpRequest& request) {
    HttpResponse taken;
    taken.status = 200;
    taken.body = "ok";
    // Slack's API says by which message it may be updated later.
    if (request.url.find("/chat.") != std::string::npos) {
        taken.headers.push_back({"Content-Type", "application/json"});
        taken.body = R"({"ok":true,"ts":"1.000000","channel":"C1"})";
    }
    return taken;
}

}  // namespace

HttpResponse pretended_token() {
    HttpResponse answer;
    answer.status = 200;
    answer.body = R"({"access_token":"token","token_type":"Bearer","expires_in":3600})";
    return answer;
}

// A request that is sent while another one's answer is given belongs to the same attempt.
std::uint64_t KeptMessages::keep(HttpRequest request) {
    const std::uint64_t id = next_id_++;
    auto& requests = under_way_[id];
    requests = std::exchange(ended_, {});
    requests.push_back(std::move(request));
    return id;
}

void KeptMessages::post_answer(std::uint64_t id, std::function<void()> verdict) {
    scheduler_.post([this, id, verdict = std::move(verdict), alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) answer(id, verdict);
    });
}

void KeptMessages::answer(std::uint64_t id, const std::function<void()>& verdict) {
    const auto found = under_way_.find(id);
    if (found == under_way_.end()) return;
    ended_ = std::move(found->second);
    under_way_.erase(found);
    verdict();
    ended_.clear();
}

HttpClient::RequestId KeptMessages::send(HttpRequest request, HttpEvents events) {
    if (request.label == kTokenRequestLabel) return answer_token(std::move(events));
    HttpResponse taken = answer_to(request);
    const std::uint64_t id = keep(std::move(request));
    post_answer(id, [taken = std::move(taken), verdict = std::move(events.verdict)] { verdict(taken); });
    return id;
}

// No message: it is answered, and not kept.
HttpClient::RequestId KeptMessages::answer_token(HttpEvents events) {
    const std::uint64_t id = next_id_++;
    under_way_[id] = {};
    post_answer(id, [verdict = std::move(events.verdict)] { verdict(pretended_token()); });
    return id;
}

MailClient::MailId KeptMessages::send(Mail mail, MailClient::Done done) {
    const std::uint64_t id = keep(request_of(std::move(mail)));
    post_answer(id, [done = std::move(done)] { done(MailReceipt{}); });
    return id;
}

void KeptMessages::cancel(std::uint64_t id) {
    under_way_.erase(id);
}

std::vector<HttpRequest> KeptMessages::take() {
    return std::exchange(ended_, {});
}

HttpRequest request_of(Mail mail) {
    HttpRequest request;
    request.method = "MAIL";
    request.url = fmt::format("from {} to {} by {}:{}", mail.from, fmt::join(mail.to, ", "), mail.host, mail.port);
    request.body = std::move(mail.content);
    return request;
}

}  // namespace tocsin
