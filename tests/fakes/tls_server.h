#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "base/asio_scheduler.h"
#include "base/asio_stream.h"
#include "tests/fakes/test_certificate.h"

namespace tocsin::fakes {

/// Says the same to everybody who asks anything under TLS, on a free port of 127.0.0.1.
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
            client->stream.accept_tls(tls_, [this, client](const Status& accepted) {
                if (!accepted) return client->stream.close();
                ++handshakes_;
                answer(client);
            });
            accept();
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
};

}  // namespace tocsin::fakes
