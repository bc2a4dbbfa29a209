#include "base/beast_answer.h"

#include <optional>
#include <string>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>

#include "base/gunzip_stream.h"
#include "base/outgoing_request.h"
#include "base/text.h"

namespace tocsin {

namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

constexpr std::uint64_t kExpansionFreeBytes = 1024 * 1024;
constexpr std::size_t kHeadersMax = 1000;
constexpr int kInterimMax = 10;

std::string_view view_of(string_view text) {
    return {text.data(), text.size()};
}

Error malformed(const std::string& why) {
    return {Error::Kind::Unavailable, "malformed answer: " + why};
}

/// As far as it has come. Beast looks only when a whole head has, which a server of another protocol never sends.
bool begins_as_http(std::string_view bytes) {
    constexpr std::string_view kBegin = "HTTP/1.";
    return kBegin.substr(0, bytes.size()) == bytes.substr(0, kBegin.size());
}

bool is_gzip(std::string_view encoding) {
    return iequals(encoding, "gzip") || iequals(encoding, "x-gzip");
}

}  // namespace

struct BeastAnswer::State {
    State(Body its_body, Limits its_limits, Events its_events)
        : body(its_body), limits(its_limits), events(std::move(its_events)) {}

    Body body;
    Limits limits;
    Events events;
    int status = 0;
    int interim_answers = 0;
    std::uint64_t announced_bytes = 0;
    std::uint64_t bytes_in = 0;   // of the body, as it came
    std::uint64_t bytes_out = 0;  // decoded
    std::vector<HttpHeader> headers;
    std::optional<GunzipStream> gunzip;
    std::optional<Error> error;  // why our own part of the parser gave up

    bool is_interim() const { return status / 100 == 1; }
    bool is_stopped() const { return events.stopped && events.stopped(); }

    void begin_body(std::optional<std::uint64_t> length) {
        if (is_gzip(trim(find_header(headers, "Content-Encoding")))) {
            gunzip.emplace();
            std::erase_if(headers, [](const HttpHeader& header) {
                return iequals(header.name, "Content-Encoding") || iequals(header.name, "Content-Length");
            });
            return;
        }
        announced_bytes = length.value_or(0);
        if (announced_bytes > limits.bytes_max) error = answer_too_large(limits.bytes_max);
    }

    /// False when no more is wanted, because of `error` or of the one who listens.
    bool take(std::string_view bytes) {
        bytes_in += bytes.size();
        if (!gunzip) return give(bytes);
        if (auto decoded = gunzip->put(bytes, [this](std::string_view piece) { return give(piece); }); !decoded) {
            error = decoded.error();
        }
        return !error && !is_stopped();
    }

    bool give(std::string_view piece) {
        bytes_out += piece.size();
        if (bytes_out > limits.bytes_max) {
            error = answer_too_large(limits.bytes_max);
        } else if (bytes_out > kExpansionFreeBytes && bytes_out / limits.expansion_max > bytes_in) {
            error = Error{Error::Kind::LimitExceeded,
                          "answer compressed more than " + std::to_string(limits.expansion_max) + ":1"};
        } else if (events.body) {
            events.body(piece);
        }
        return !error && !is_stopped();
    }
};

class BeastAnswer::Parser final : public http::basic_parser<false> {
public:
    explicit Parser(State& its_state) : state_(its_state) {
        header_limit(state_.limits.header_bytes_max);
        body_limit(boost::none);
        eager(true);
        skip(state_.body == Body::None);
    }

private:
    void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}

    void on_response_impl(int status, string_view, int, error_code&) override { state_.status = status; }

    void on_field_impl(http::field, string_view name, string_view value, error_code& error) override {
        if (is_header_done()) return;  // trailers behind a chunked body mean nothing to us
        if (state_.headers.size() >= kHeadersMax) {
            error = http::error::header_limit;
        } else {
            state_.headers.push_back({std::string(view_of(name)), std::string(view_of(value))});
        }
    }

    void on_header_impl(error_code& error) override {
        if (state_.is_interim()) return;
        std::optional<std::uint64_t> length;
        if (const auto announced = content_length()) length = *announced;
        state_.begin_body(state_.body == Body::None ? std::nullopt : length);
        if (!state_.error && state_.events.head) state_.events.head();
        stop_if(state_.error || state_.is_stopped(), error);
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

    std::size_t on_body_impl(string_view body, error_code& error) override {
        stop_if(!state_.take(view_of(body)), error);
        return body.size();
    }

    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
        return on_body_impl(body, error);
    }

    void on_finish_impl(error_code& error) override {
        if (!state_.gunzip || state_.bytes_in == 0) return;
        if (auto finished = state_.gunzip->finish(); !finished) state_.error = finished.error();
        stop_if(state_.error.has_value(), error);
    }

    // The code only has to differ from success: put() looks at state_.error first.
    static void stop_if(bool stopped, error_code& error) {
        if (stopped) error = http::error::end_of_stream;
    }

    State& state_;
};

BeastAnswer::BeastAnswer(Body body, Limits limits, Events events)
    : state_(std::make_unique<State>(body, limits, std::move(events))) {
    begin_parser();
}

BeastAnswer::~BeastAnswer() = default;

void BeastAnswer::begin_parser() {
    state_->headers.clear();
    parser_ = std::make_unique<Parser>(*state_);
}

Result<std::size_t> BeastAnswer::put(std::string_view bytes) {
    if (state_->status == 0 && !begins_as_http(bytes)) return tl::unexpected(malformed("bad version"));
    std::size_t used = 0;
    while (used < bytes.size() && !done()) {
        error_code error;
        const std::size_t count = parser_->put(boost::asio::buffer(bytes.substr(used)), error);
        used += count;
        if (state_->error) return tl::unexpected(*state_->error);
        if (state_->is_stopped()) break;
        if (error == http::error::need_more) break;
        if (error) return tl::unexpected(malformed(error.message()));
        if (auto ready = after_put(); !ready) return tl::unexpected(ready.error());
    }
    return used;
}

Status BeastAnswer::after_put() {
    if (!parser_->is_done() || !state_->is_interim()) return {};
    if (state_->status == 101 || ++state_->interim_answers > kInterimMax) {
        return tl::unexpected(malformed("status " + std::to_string(state_->status)));
    }
    begin_parser();
    return {};
}

Status BeastAnswer::end() {
    error_code error;
    if (parser_->got_some()) parser_->put_eof(error);
    if (state_->error) return tl::unexpected(*state_->error);
    if (!error && parser_->is_done()) return {};
    return fail(Error::Kind::Unavailable, "connection closed before the end of the answer");
}

bool BeastAnswer::done() const {
    return parser_->is_done();
}
bool BeastAnswer::started() const {
    return parser_->got_some() || state_->interim_answers > 0;
}
bool BeastAnswer::keep_alive() const {
    return parser_->keep_alive();
}
int BeastAnswer::status() const {
    return state_->status;
}
std::vector<HttpHeader>& BeastAnswer::headers() {
    return state_->headers;
}
std::uint64_t BeastAnswer::announced_bytes() const {
    return state_->announced_bytes;
}

}  // namespace tocsin
