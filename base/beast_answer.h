#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/result.h"

namespace tocsin {

/// Reads one answer from the bytes of a connection: head, framing, gzip, limits.
///
/// Interim answers (1xx) are skipped. A body in gzip comes decoded, and Content-Encoding and Content-Length are then
/// not among the headers; other encodings come as they are.
class BeastAnswer {
public:
    struct Limits {
        std::uint64_t bytes_max = 64 * 1024;  // decoded
        std::uint32_t header_bytes_max = 32 * 1024;
        /// How much gzip may blow up beyond the first MiB.
        std::uint64_t expansion_max = 100;
    };
    /// What is told while bytes are put; each may be empty. They may not put bytes themselves.
    struct Events {
        std::function<void()> head;
        std::function<void(std::string_view piece)> body;
        /// Asked after each piece; true stops the reading.
        std::function<bool()> stopped;
    };
    enum class Body { Expected, None };  // None for the answer to HEAD, and to CONNECT

    BeastAnswer(Body body, Limits limits, Events events);
    ~BeastAnswer();
    BeastAnswer(const BeastAnswer&) = delete;
    BeastAnswer& operator=(const BeastAnswer&) = delete;

    /// How many bytes were used; the rest is to be put again together with what comes behind it. A rest once done()
    /// means that the other side said more than it should.
    Result<std::size_t> put(std::string_view bytes);
    /// The connection has ended, which ends an answer without a length and spoils any other.
    Status end();

    bool done() const;
    /// Anything has come, be it a part of the head.
    bool started() const;
    /// The connection may carry another request. Only when done().
    bool keep_alive() const;

    /// Once the head has come.
    int status() const;
    std::vector<HttpHeader>& headers();
    /// How many bytes the body is said to have; 0 when that is not known, or not true of the decoded body.
    std::uint64_t announced_bytes() const;

private:
    class Parser;
    struct State;
    void begin_parser();
    Status after_put();

    std::unique_ptr<State> state_;
    std::unique_ptr<Parser> parser_;
};

}  // namespace tocsin
