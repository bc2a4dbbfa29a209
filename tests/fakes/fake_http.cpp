#include "tests/fakes/fake_http.h"

#include <utility>

#include <fmt/format.h>

#include "base/duration.h"

namespace tocsin::fakes {

FakeAnswer FakeAnswer::ok(std::string body) {
    return with_status(200, std::move(body));
}

FakeAnswer FakeAnswer::with_status(int status, std::string body) {
    FakeAnswer answer;
    answer.status = status;
    if (!body.empty()) answer.pieces.push_back(std::move(body));
    return answer;
}

FakeAnswer FakeAnswer::fails(Fault fault) {
    FakeAnswer answer;
    answer.fault = fault;
    return answer;
}

FakeAnswer& FakeAnswer::header(std::string name, std::string value) {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
}

FakeAnswer& FakeAnswer::after(Duration delay) {
    header_delay = delay;
    return *this;
}

HttpClient::RequestId FakeHttpClient::send(HttpRequest request, HttpEvents events) {
    sent_.push_back({request, scheduler_.now()});
    const RequestId id = sent_.size();
    auto exchange = std::make_unique<Exchange>();
    exchange->answer = answer_to(request);
    exchange->request = std::move(request);
    exchange->sent = scheduler_.monotonic();
    exchange->events = std::move(events);
    Exchange& started = *exchange;
    exchanges_[id] = std::move(exchange);
    started.timeout_task = scheduler_.after(started.request.timeout, [this, id] {
        const Exchange& late = *exchanges_.at(id);
        fail_with(id, late, Error::Kind::Timeout, fmt::format("timed out after {}", to_string(late.request.timeout)));
    });
    go_on(id, started, started.answer.connect_delay, &FakeHttpClient::connect);
    return id;
}

void FakeHttpClient::cancel(RequestId id) {
    const auto found = exchanges_.find(id);
    if (found == exchanges_.end()) return;
    scheduler_.cancel(found->second->next_task);
    scheduler_.cancel(found->second->timeout_task);
    exchanges_.erase(found);
    sent_[id - 1].cancelled = true;
}

std::optional<LinePlace> FakeHttpClient::place_in_line(RequestId id) const {
    const auto exchange = exchanges_.find(id);
    if (exchange == exchanges_.end()) return std::nullopt;
    const auto behind = behind_.find(exchange->second->request.url);
    if (behind == behind_.end()) return std::nullopt;
    return LinePlace{behind->second, exchange->second->sent};
}

FakeAnswer FakeHttpClient::answer_to(const HttpRequest& request) {
    if (const auto next = next_.find(request.url); next != next_.end() && !next->second.empty()) {
        FakeAnswer answer = std::move(next->second.front());
        next->second.pop_front();
        return answer;
    }
    if (const auto found = answers_.find(request.url); found != answers_.end()) return found->second;
    return handler_ ? handler_(request) : FakeAnswer::fails(FakeAnswer::Fault::Refused);
}

void FakeHttpClient::go_on(RequestId id, Exchange& exchange, Duration delay, Step step) {
    exchange.next_task = scheduler_.after(delay, [this, id, step] { (this->*step)(id, *exchanges_.at(id)); });
}

// An event may cancel its request, and the exchange is gone then; so each step arranges what comes next before it
// tells.
void FakeHttpClient::connect(RequestId id, Exchange& exchange) {
    if (exchange.answer.fault == FakeAnswer::Fault::NeverOpens) return;
    if (exchange.answer.fault == FakeAnswer::Fault::Refused) {
        return fail_with(id, exchange, Error::Kind::Unavailable, "connection refused");
    }
    exchange.step = "header";
    const auto tell = exchange.events.connected;
    go_on(id, exchange, exchange.answer.header_delay, &FakeHttpClient::give_header);
    if (tell) tell();
}

// An event may cancel its request, and the exchange is gone then; so each step arranges what comes next before it
// tells.
void FakeHttpClient::give_header(RequestId id, Exchange& exchange) {
    if (exchange.answer.fault == FakeAnswer::Fault::NeverAnswers) return;
    if (exchange.answer.fault == FakeAnswer::Fault::Reset) {
        return fail_with(id, exchange, Error::Kind::Unavailable, "connection reset by peer");
    }
    exchange.step = "body";
    exchange.response.status = exchange.answer.status;
    exchange.response.headers = exchange.answer.headers;
    const auto tell = exchange.events.headers;
    const auto headers = exchange.response.headers;
    const int status = exchange.response.status;
    go_on_with_body(id, exchange);
    if (tell) tell(status, headers);
}

void FakeHttpClient::go_on_with_body(RequestId id, Exchange& exchange) {
    const bool more = exchange.next_piece < exchange.answer.pieces.size();
    go_on(id, exchange, more ? exchange.answer.piece_delay : Duration{0}, &FakeHttpClient::give_piece);
}

void FakeHttpClient::give_piece(RequestId id, Exchange& exchange) {
    if (exchange.next_piece == exchange.answer.pieces.size()) {
        if (exchange.answer.fault == FakeAnswer::Fault::NeverEnds) return;
        if (exchange.answer.fault == FakeAnswer::Fault::CutShort) {
            return fail_with(id, exchange, Error::Kind::Unavailable, "unexpected end of the answer");
        }
        return end(id, std::move(exchange.response));
    }
    const std::string piece = exchange.answer.pieces[exchange.next_piece++];
    exchange.bytes += piece.size();
    if (exchange.bytes > exchange.request.answer_bytes_max) {
        return fail_with(id, exchange, Error::Kind::LimitExceeded,
                         fmt::format("larger than {} bytes", exchange.request.answer_bytes_max));
    }
    const auto tell = exchange.events.body;
    if (!tell) exchange.response.body += piece;
    go_on_with_body(id, exchange);
    if (tell) tell(piece);
}

void FakeHttpClient::fail_with(RequestId id, const Exchange& exchange, Error::Kind kind, std::string_view reason) {
    end(id, fail(kind, fmt::format("{}: {}", exchange.step, reason)));
}

void FakeHttpClient::end(RequestId id, Result<HttpResponse> verdict) {
    const auto found = exchanges_.find(id);
    const auto tell = std::move(found->second->events.verdict);
    scheduler_.cancel(found->second->next_task);
    scheduler_.cancel(found->second->timeout_task);
    exchanges_.erase(found);
    if (tell) tell(std::move(verdict));
}

}  // namespace tocsin::fakes
