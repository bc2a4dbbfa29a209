#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"

namespace tocsin {

struct HttpLimits;

/// Reads requests from the bytes of a connection, one after the other.
class HttpRequestReader {
public:
    enum class State { Head, Body, Complete, Refused };
    struct Refusal {
        int status;
        std::string reason;
    };

    /// `limits` must outlive this.
    explicit HttpRequestReader(const HttpLimits& limits);
    ~HttpRequestReader();
    HttpRequestReader(const HttpRequestReader&) = delete;
    HttpRequestReader& operator=(const HttpRequestReader&) = delete;

    /// Takes from the front of `received` what belongs to the request, and leaves the rest there. Of the head first:
    /// with Body it stops, and takes of the body when it is called again.
    State put(std::string& received);
    State state() const { return state_; }

    /// Makes ready for the next request.
    void reset();

    /// The head has come and the client waits to be asked for the body.
    bool wants_continue() const;
    /// Once the head has come: whether the connection may go on after the answer, and what the answer has to say about
    /// it.
    bool keep_alive() const;
    bool is_http_1_0() const;

    /// Once Complete.
    ServerRequest& request();
    /// Once Refused. The connection is of no use after the answer: nobody knows where the next request would begin.
    const Refusal& refusal() const { return *refusal_; }

private:
    class Parser;

    State refuse(int status, std::string reason);
    State put_head(std::string& received);
    State put_body(std::string& received);
    std::optional<Refusal> scan_head(const std::string& received);
    std::optional<Refusal> check_size(std::size_t at) const;
    std::optional<Refusal> scan_line_end(std::size_t at);
    std::optional<Refusal> check_head();
    std::optional<Refusal> check_framing() const;
    bool take_target(std::string_view target);
    std::uint64_t body_bytes_max() const;

    const HttpLimits& limits_;
    State state_ = State::Head;
    std::optional<Refusal> refusal_;
    std::unique_ptr<Parser> parser_;

    // of the scan for the end of the head
    std::size_t scanned_ = 0;
    std::size_t line_begin_ = 0;
    std::size_t first_line_end_ = 0;
    std::size_t lines_ = 0;
    std::size_t head_begin_ = 0;
    std::size_t head_end_ = 0;  // 0 until it is found
};

}  // namespace tocsin
