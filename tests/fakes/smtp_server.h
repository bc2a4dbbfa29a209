#pragma once

#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/asio_scheduler.h"
#include "base/asio_stream.h"

namespace tocsin::fakes {

/// A mail server on a free port of 127.0.0.1 that takes everything, unless the test says what it answers to a line. It
/// knows STARTTLS, and TLS from the first byte.
class SmtpServer {
public:
    struct Options {
        std::vector<std::string> extensions = {};         // lines of the answer to EHLO
        std::map<std::string, std::string> answers = {};  // by the line, or its beginning; without CRLF
        std::shared_ptr<const AsioTls> tls = nullptr;     // for STARTTLS
        bool implicit_tls = false;
        std::string greeting = "220 mail.test ready";
        bool is_mute = false;  // connects and says nothing
    };

    SmtpServer(AsioScheduler& scheduler, Options options)
        : options_(std::move(options)), listener_(*AsioListener::open(scheduler, "127.0.0.1", 0)) {
        accept();
    }

    std::uint16_t port() const { return listener_.port(); }
    /// Everything that clients said, without line ends; mails are one text each.
    const std::vector<std::string>& heard() const { return heard_; }
    const std::vector<std::string>& mails() const { return mails_; }
    int handshakes() const { return handshakes_; }

private:
    struct Client {
        explicit Client(AsioStream its_stream) : stream(std::move(its_stream)) {}
        AsioStream stream;
        std::array<char, 4096> buffer{};
        std::string received, answer;
        bool in_data = false;
    };
    using ClientPtr = std::shared_ptr<Client>;

    void accept() {
        listener_.accept([this](Result<AsioStream> stream) {
            const auto client = std::make_shared<Client>(*std::move(stream));
            clients_.push_back(client);
            if (options_.implicit_tls) {
                shake_hands(client, [this, client] { greet(client); });
            } else if (!options_.is_mute) {
                greet(client);
            }
            accept();
        });
    }

    void greet(const ClientPtr& client) { say(client, options_.greeting); }

    void shake_hands(const ClientPtr& client, std::function<void()> then) {
        client->stream.accept_tls(options_.tls, [this, client, then = std::move(then)](const Status& accepted) {
            if (!accepted) return client->stream.close();
            ++handshakes_;
            then();
        });
    }

    void say(const ClientPtr& client, const std::string& text) {
        client->answer = text + "\r\n";
        client->stream.write(client->answer, {}, [this, client](const Result<std::size_t>& sent) {
            if (sent) listen(client);
        });
    }

    void listen(const ClientPtr& client) {
        const std::string end = client->in_data ? "\r\n.\r\n" : "\r\n";
        const auto at = client->received.find(end);
        if (at != std::string::npos) {
            const std::string line = client->received.substr(0, at);
            client->received.erase(0, at + end.size());
            return answer(client, line);
        }
        client->stream.read_some(client->buffer.data(), client->buffer.size(),
                                 [this, client](const Result<std::size_t>& bytes) {
                                     if (!bytes || *bytes == 0) return client->stream.close();
                                     client->received.append(client->buffer.data(), *bytes);
                                     listen(client);
                                 });
    }

    void answer(const ClientPtr& client, const std::string& line) {
        if (client->in_data) {
            client->in_data = false;
            mails_.push_back(line);
            return say(client, scripted("END OF MAIL").value_or("250 taken"));
        }
        heard_.push_back(line);
        if (line == "QUIT") return client->stream.close();
        if (const auto said = scripted(line)) return say(client, *said);
        if (line == "STARTTLS") return start_tls(client);
        if (line.starts_with("EHLO")) return say(client, hello());
        client->in_data = line == "DATA";
        say(client, client->in_data ? "354 go on" : line.starts_with("AUTH") ? "235 welcome" : "250 ok");
    }

    void start_tls(const ClientPtr& client) {
        client->answer = "220 go on\r\n";
        client->stream.write(client->answer, {}, [this, client](const Result<std::size_t>&) {
            shake_hands(client, [this, client] { listen(client); });
        });
    }

    std::string hello() const {
        std::string text;
        for (const std::string& extension : options_.extensions) text += "250-" + extension + "\r\n";
        return text + "250 HELP";
    }

    std::optional<std::string> scripted(const std::string& line) const {
        for (const auto& [begin, said] : options_.answers) {
            if (line.starts_with(begin)) return said;
        }
        return std::nullopt;
    }

    Options options_;
    AsioListener listener_;
    std::list<ClientPtr> clients_;
    std::vector<std::string> heard_, mails_;
    int handshakes_ = 0;
};

}  // namespace tocsin::fakes
