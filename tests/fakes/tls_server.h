#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/asio_scheduler.h"
#include "base/asio_stream.h"
#include "tests/fakes/test_certificate.h"

namespace tocsin::fakes {

/// Says the same to everybody who asks anything under TLS, on a free port of 127.0.0.1. It may be the proxy before
/// itself too.
class TlsServer {
public:
    TlsServer(AsioScheduler& scheduler, const ServerTls& options, std::string answer)
        : tls_(*AsioTls::make_server(options)),
          answer_(std::move(answer)),
          listener_(*AsioListener::open(scheduler, "127.0.0.1", 0)) {
        accept();
    }

    std::uint16_t port() const { return listener_.port(); }
    std::string url(const std::string& host = "127.0.0.1") const {
        return "https://" + host + ":" + std::to_string(port()) + "/";
    }
    int handshakes() const { return handshakes_; }

    /// Connections that come from now on begin with the request for a tunnel.
    void begin_with_tunnel() { begins_with_tunnel_ = true; }
    /// What they asked for, in order.
    const std::vector<std::string>& tunnels() const { return tunnels_; }

private:
    struct Client {
        explicit Client(AsioStream its_stream) : stream(std::move(its_stream)) {}
        AsioStream stream;
        std::array<char, 4096> buffer{};
    };

    void accept() {
        listener_.accept([this](Result<AsioStream> stream) {
            auto client = std::make_shared<Client>(*std::move(stream));
            clients_.push_back(client);
            if (begins_with_tunnel_) {
                dig(client);
            } else {
                secure(client);
            }
            accept();
        });
    }

    void dig(const std::shared_ptr<Client>& client) {
        client->stream.read_some(client->buffer.data(), client->buffer.size(),
                                 [this, client](const Result<std::size_t>& bytes) {
                                     if (!bytes || *bytes == 0) return client->stream.close();
                                     tunnels_.emplace_back(client->buffer.data(), *bytes);
                                     client->stream.write("HTTP/1.1 200 Connection established\r\n\r\n", {},
                                                          [this, client](const Result<std::size_t>& written) {
                                                              if (written) secure(client);
                                                          });
                                 });
    }

    void secure(const std::shared_ptr<Client>& client) {
        client->stream.accept_tls(tls_, [this, client](const Status& accepted) {
            if (!accepted) return client->stream.close();
            ++handshakes_;
            answer(client);
        });
    }

    void answer(const std::shared_ptr<Client>& client) {
        client->stream.read_some(
            client->buffer.data(), client->buffer.size(), [this, client](Result<std::size_t> bytes) {
                if (!bytes || *bytes == 0) return client->stream.close();
                client->stream.write(answer_, {}, [this, client](const Result<std::size_t>& written) {
                    if (written) answer(client);
                });
            });
    }

    std::shared_ptr<const AsioTls> tls_;
    std::string answer_;
    AsioListener listener_;
    std::list<std::shared_ptr<Client>> clients_;
    int handshakes_ = 0;
    bool begins_with_tunnel_ = false;
    std::vector<std::string> tunnels_;
};

}  // namespace tocsin::fakes
