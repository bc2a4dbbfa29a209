#include "daemon/http_server_request.h"

#include <algorithm>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>

#include "base/text.h"
#include "base/url.h"
#include "daemon/http_server.h"

namespace tocsin {

namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

// A chunk's line has a size and extensions that nobody uses.
constexpr std::size_t kChunkLineBytesMax = 4 * 1024;
// What a client says will come has room at once up to here; it may never come.
constexpr std::uint64_t kBodyReserved = 64 * 1024;

std::string_view view_of(string_view text) {
    return {text.data(), text.size()};
}

std::size_t count_headers(const std::vector<HttpHeader>& headers, std::string_view name) {
    const auto has_name = [name](const HttpHeader& header) { return iequals(header.name, name); };
    return static_cast<std::size_t>(std::count_if(headers.begin(), headers.end(), has_name));
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool has_bad_escape(std::string_view path) {
    for (std::size_t at = path.find('%'); at != path.npos; at = path.find('%', at + 1)) {
        if (at + 2 >= path.size() || !is_hex_digit(path[at + 1]) || !is_hex_digit(path[at + 2])) return true;
    }
    return false;
}

/// A request line may name the server too (RFC 9112, 3.2.2), and then that name counts and not the Host header's.
std::string_view take_authority(std::string_view& target) {
    const std::string scheme = to_lower(target.substr(0, 8));
    if (!scheme.starts_with("http://") && scheme != "https://") return {};
    target.remove_prefix(scheme == "https://" ? 8 : 7);
    const std::string_view authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(authority.size());
    return authority;
}

}  // namespace

class HttpRequestReader::Parser final : public http::basic_parser<true> {
public:
    Parser() {
        header_limit(1024 * 1024);  // the head has been measured before it comes here
        body_limit(boost::none);
        eager(true);
    }

    ServerRequest request;
    std::string target;
    int version = 11;
    std::uint64_t body_bytes_max = 0;
    bool body_too_large = false;

private:
    void on_request_impl(http::verb, string_view its_method, string_view its_target, int its_version,
                         error_code&) override {
        request.method = view_of(its_method);
        target = view_of(its_target);
        version = its_version;
    }

    void on_response_impl(int, string_view, int, error_code&) override {}

    void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
        if (is_header_done()) return;  // trailers behind a chunked body mean nothing to us
        request.headers.push_back({std::string(view_of(name)), std::string(view_of(value))});
    }

    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

    std::size_t on_body_impl(string_view body, error_code& error) override {
        body_too_large = request.body.size() + body.size() > body_bytes_max;
        if (body_too_large) {
            error = http::error::body_limit;
        } else {
            request.body.append(body.data(), body.size());
        }
        return body.size();
    }

    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
        return on_body_impl(body, error);
    }

    void on_finish_impl(error_code&) override {}
};

HttpRequestReader::HttpRequestReader(const HttpLimits& limits) : limits_(limits) {
    reset();
}

HttpRequestReader::~HttpRequestReader() = default;

void HttpRequestReader::reset() {
    state_ = State::Head;
    refusal_.reset();
    parser_ = std::make_unique<Parser>();
    scanned_ = line_begin_ = first_line_end_ = lines_ = head_begin_ = head_end_ = 0;
}

HttpRequestReader::State HttpRequestReader::put(std::string& received) {
    if (state_ == State::Head) return put_head(received);
    return state_ == State::Body ? put_body(received) : state_;
}

HttpRequestReader::State HttpRequestReader::refuse(int status, std::string reason) {
    refusal_ = Refusal{status, std::move(reason)};
    return state_ = State::Refused;
}

HttpRequestReader::State HttpRequestReader::put_head(std::string& received) {
    if (auto refusal = scan_head(received)) return refuse(refusal->status, std::move(refusal->reason));
    if (head_end_ == 0) return state_;
    error_code error;
    parser_->put(boost::asio::buffer(received.data() + head_begin_, head_end_ - head_begin_), error);
    received.erase(0, head_end_);
    if (error || !parser_->is_header_done()) return refuse(400, "malformed request");
    if (auto refusal = check_head()) return refuse(refusal->status, std::move(refusal->reason));
    return state_ = parser_->is_done() ? State::Complete : State::Body;
}

// Finds the end of the head before anything is parsed, so that each limit has its own answer. Beast would unfold lines
// and count no headers.
std::optional<HttpRequestReader::Refusal> HttpRequestReader::scan_head(const std::string& received) {
    for (; scanned_ < received.size() && head_end_ == 0; ++scanned_) {
        const char c = received[scanned_];
        const char before = scanned_ > line_begin_ ? received[scanned_ - 1] : '\0';
        const bool folded = scanned_ == line_begin_ && lines_ > 0 && (c == ' ' || c == '\t');
        if (c == '\0' || folded || (c == '\n') != (before == '\r')) return Refusal{400, "malformed request"};
        if (auto refusal = check_size(scanned_)) return refusal;
        if (c != '\n') continue;
        if (auto refusal = scan_line_end(scanned_)) return refusal;
    }
    return std::nullopt;
}

std::optional<HttpRequestReader::Refusal> HttpRequestReader::check_size(std::size_t at) const {
    if (lines_ == 0 && at - line_begin_ > limits_.request_line_bytes) return Refusal{414, "request line too long"};
    if (lines_ > 0 && at - first_line_end_ > limits_.header_bytes) return Refusal{431, "headers too large"};
    return std::nullopt;
}

std::optional<HttpRequestReader::Refusal> HttpRequestReader::scan_line_end(std::size_t at) {
    const bool is_empty = at == line_begin_ + 1;
    if (is_empty && lines_ == 0 && head_begin_ == 0) {
        head_begin_ = line_begin_ = at + 1;  // RFC 9112, 2.2: one empty line before a request is to be ignored
        return std::nullopt;
    }
    if (is_empty && lines_ == 0) return Refusal{400, "malformed request"};
    if (is_empty) {
        head_end_ = at + 1;
        return std::nullopt;
    }
    if (lines_ == 0) first_line_end_ = at + 1;
    if (lines_++ > limits_.headers) return Refusal{431, "too many headers"};
    line_begin_ = at + 1;
    return std::nullopt;
}

std::optional<HttpRequestReader::Refusal> HttpRequestReader::check_head() {
    if (auto refusal = check_framing()) return refusal;
    if (!take_target(parser_->target)) return Refusal{400, "malformed request target"};
    const auto& headers = parser_->request.headers;
    const std::string_view encoding = find_header(headers, "Content-Encoding");
    if (!encoding.empty() && !iequals(encoding, "identity")) return Refusal{415, "content encodings are not accepted"};
    const std::string_view expect = find_header(headers, "Expect");
    if (!expect.empty() && !iequals(expect, "100-continue")) return Refusal{417, "unknown expectation"};
    parser_->body_bytes_max = body_bytes_max();
    const auto length = parser_->content_length();
    if (length && *length > parser_->body_bytes_max) return Refusal{413, "body too large"};
    if (length) parser_->request.body.reserve(std::min(*length, kBodyReserved));
    return std::nullopt;
}

std::optional<HttpRequestReader::Refusal> HttpRequestReader::check_framing() const {
    const auto& headers = parser_->request.headers;
    const std::size_t hosts = count_headers(headers, "Host");
    if (hosts > 1 || (hosts == 0 && !is_http_1_0())) return Refusal{400, "a request has exactly one Host header"};
    const std::size_t lengths = count_headers(headers, "Content-Length");
    if (lengths > 1 || (lengths == 1 && !is_digits(find_header(headers, "Content-Length")))) {
        return Refusal{400, "malformed Content-Length"};
    }
    const std::size_t encodings = count_headers(headers, "Transfer-Encoding");
    if (encodings == 0) return std::nullopt;
    const bool is_chunked = encodings == 1 && iequals(find_header(headers, "Transfer-Encoding"), "chunked");
    if (is_chunked && !is_http_1_0()) return std::nullopt;
    return Refusal{400, "unknown Transfer-Encoding"};
}

bool HttpRequestReader::take_target(std::string_view target) {
    ServerRequest& request = parser_->request;
    if (const std::string_view authority = take_authority(target); !authority.empty()) {
        std::erase_if(request.headers, [](const HttpHeader& header) { return iequals(header.name, "Host"); });
        request.headers.push_back({"Host", std::string(authority)});
        if (!target.starts_with('/')) target = target.empty() ? "/" : target;
    }
    if (request.method == "OPTIONS" && target == "*") target = "/";
    const std::string_view path = target.substr(0, target.find('?'));
    if (!path.starts_with('/') || has_bad_escape(path)) return false;
    request.path = percent_decode(path);
    if (path.size() < target.size()) request.query = target.substr(path.size() + 1);
    return request.path.find('\0') == std::string::npos;
}

std::uint64_t HttpRequestReader::body_bytes_max() const {
    const ServerRequest& request = parser_->request;
    return limits_.body_bytes_of ? limits_.body_bytes_of(request.method, request.path) : limits_.body_bytes;
}

HttpRequestReader::State HttpRequestReader::put_body(std::string& received) {
    if (received.empty()) return state_;
    error_code error;
    const std::size_t used = parser_->put(boost::asio::buffer(received), error);
    received.erase(0, used);
    if (parser_->body_too_large) return refuse(413, "body too large");
    if (error && error != http::error::need_more) return refuse(400, "malformed body");
    if (parser_->is_done()) return state_ = State::Complete;
    if (received.size() > kChunkLineBytesMax) return refuse(400, "malformed body");
    return state_;
}

bool HttpRequestReader::wants_continue() const {
    return state_ == State::Body && !is_http_1_0() && !find_header(parser_->request.headers, "Expect").empty();
}

bool HttpRequestReader::keep_alive() const {
    return parser_->is_header_done() && parser_->keep_alive();
}
bool HttpRequestReader::is_http_1_0() const {
    return parser_->version == 10;
}
ServerRequest& HttpRequestReader::request() {
    return parser_->request;
}

}  // namespace tocsin
