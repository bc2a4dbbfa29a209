#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/time.h"

namespace tocsin::fakes {

/// What a server on the other side does with one request, step by step: connection, header, pieces of the body, end.
/// Each step takes virtual time, may fail, or may never come.
struct FakeAnswer {
    enum class Fault {
        None,
        Refused,       // no connection
        Reset,         // connection lost where the header should come
        CutShort,      // connection lost behind the last piece of the body
        NeverOpens,    // the connection never comes to be
        NeverAnswers,  // the header never comes
        NeverEnds,     // the body comes and never ends
    };

    int status = 200;
    std::vector<HttpHeader> headers = {};
    std::vector<std::string> pieces = {};  // of the body
    Duration connect_delay{0};
    Duration header_delay{0};
    Duration piece_delay{0};  // before each piece
    Fault fault = Fault::None;

    static FakeAnswer ok(std::string body = {});
    static FakeAnswer with_status(int status, std::string body = {});
    static FakeAnswer fails(Fault fault);
    FakeAnswer& header(std::string name, std::string value);
    FakeAnswer& after(Duration delay);  // before the header
};

/// An HttpClient whose servers are FakeAnswers and whose time is that of a scheduler, usually a virtual one.
///
/// A request is answered by the first of: the answers given for its URL by once(), the one given by always(), the
/// handler. Where there is none the connection is refused. Time-out, size limit and cancellation are as HttpClient
/// promises them. Redirects are not followed.
class FakeHttpClient final : public HttpClient {
public:
    explicit FakeHttpClient(Scheduler& scheduler) : scheduler_(scheduler) {}

    RequestId send(HttpRequest request, HttpEvents events) override;
    void cancel(RequestId id) override;
    std::optional<LinePlace> place_in_line(RequestId id) const override;

    /// The answer to one request to that URL; several are taken in order.
    void once(const std::string& url, FakeAnswer answer) { next_[url].push_back(std::move(answer)); }
    void always(const std::string& url, FakeAnswer answer) { answers_[url] = std::move(answer); }
    using Handler = std::function<FakeAnswer(const HttpRequest&)>;
    void handle(Handler handler) { handler_ = std::move(handler); }

    /// Requests to that URL say from now on that they wait behind so many; what becomes of them stays the same.
    void say_behind(const std::string& url, std::size_t behind) { behind_[url] = behind; }

    struct Sent {
        HttpRequest request;
        Timestamp at;
        bool cancelled = false;
    };
    /// Everything that was sent, in order.
    const std::deque<Sent>& sent() const { return sent_; }
    /// Requests without verdict yet.
    std::size_t in_flight() const { return exchanges_.size(); }

private:
    struct Exchange {
        HttpRequest request;
        MonotonicTime sent;
        HttpEvents events;
        FakeAnswer answer;
        HttpResponse response;
        std::uint64_t bytes = 0;
        std::size_t next_piece = 0;
        const char* step = "connect";  // what is waited for
        Scheduler::TaskId next_task = 0;
        Scheduler::TaskId timeout_task = 0;
    };
    using Step = void (FakeHttpClient::*)(RequestId, Exchange&);

    FakeAnswer answer_to(const HttpRequest& request);
    void go_on(RequestId id, Exchange& exchange, Duration delay, Step step);
    void connect(RequestId id, Exchange& exchange);
    void give_header(RequestId id, Exchange& exchange);
    void give_piece(RequestId id, Exchange& exchange);
    void go_on_with_body(RequestId id, Exchange& exchange);
    void end(RequestId id, Result<HttpResponse> verdict);
    void fail_with(RequestId id, const Exchange& exchange, Error::Kind kind, std::string_view reason);

    Scheduler& scheduler_;
    Handler handler_;
    std::map<std::string, std::deque<FakeAnswer>> next_;
    std::map<std::string, FakeAnswer> answers_;
    std::map<std::string, std::size_t> behind_;
    std::map<RequestId, std::unique_ptr<Exchange>> exchanges_;
    std::deque<Sent> sent_;
};

}  // namespace tocsin::fakes
