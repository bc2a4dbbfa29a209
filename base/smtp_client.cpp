#include "base/smtp_client.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/asio_address.h"
#include "base/asio_stream.h"
#include "base/asio_tls.h"
#include "base/digest.h"
#include "base/outgoing_request.h"
#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::size_t kReplyBytesMax = 64 * 1024;

/// What a server answers to one command, all lines of it.
struct Reply {
    int code = 0;
    std::vector<std::string> lines;  // without the code

    bool is_good() const { return code / 100 == 2; }
    bool is_permanent() const { return code / 100 == 5; }
    std::string text() const { return fmt::format("{} {}", code, escape_control_characters(join(lines, " "))); }
};

/// A line that may hold a secret must not break out of it.
bool is_one_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

bool is_this_machine(const std::string& host) {
    return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

/// A dot at the beginning of a line is doubled, else it would end the mail (RFC 5321 4.5.2).
std::string with_dots_stuffed(std::string_view content) {
    std::string out;
    out.reserve(content.size() + 16);
    bool line_begins = true;
    for (const char c : content) {
        if (line_begins && c == '.') out += '.';
        out += c;
        line_begins = c == '\n';
    }
    if (!line_begins) out += "\r\n";
    return out + ".\r\n";
}

Error::Kind kind_of_reply(const Reply& reply) {
    return reply.is_permanent() ? Error::Kind::InvalidInput : Error::Kind::Unavailable;
}

}  // namespace

/// One mail on its way: a connection and the step that the conversation is at.
class SmtpClient::Session : public std::enable_shared_from_this<Session> {
public:
    Session(AsioScheduler& scheduler, Resolver& resolver, Mail mail, Done done)
        : scheduler_(scheduler), resolver_(resolver), mail_(std::move(mail)), done_(std::move(done)) {}

    void start() {
        if (is_over_) return;
        timer_ = scheduler_.after(mail_.timeout, [self = shared_from_this()] {
            self->end(Error::Kind::Timeout, timed_out(self->mail_.timeout).message);
        });
        if (is_ip_literal(mail_.host)) return connect_to({mail_.host});
        resolver_.resolve(mail_.host, [self = shared_from_this()](Result<std::vector<std::string>> addresses) {
            if (self->is_over_) return;
            if (!addresses) return self->end(addresses.error().kind, "name lookup: " + addresses.error().message);
            self->connect_to(*std::move(addresses));
        });
    }

    void give_up() {
        is_over_ = true;
        scheduler_.cancel(timer_);
        if (stream_) stream_->close();
        done_ = nullptr;
    }

private:
    using Then = std::function<void(const Reply&)>;

    void end(Error::Kind kind, const std::string& message) {
        finish(fail(kind, fmt::format("{}: {}", mail_.label, message)));
    }

    void refuse(std::string_view step, const Reply& reply) {
        end(kind_of_reply(reply), fmt::format("{}: {}", step, reply.text()));
    }

    void finish(Result<MailReceipt> verdict) {
        if (is_over_) return;
        const Done done = std::move(done_);
        give_up();
        done(std::move(verdict));
    }

    void connect_to(std::vector<std::string> addresses) {
        addresses_ = std::move(addresses);
        std::reverse(addresses_.begin(), addresses_.end());
        connect_next("no address");
    }

    void connect_next(const std::string& last_error) {
        if (addresses_.empty()) return end(Error::Kind::Unavailable, "connect: " + last_error);
        const std::string address = std::move(addresses_.back());
        addresses_.pop_back();
        stream_ = std::make_unique<AsioStream>(scheduler_);
        stream_->connect(address, mail_.port, [self = shared_from_this()](const Status& connected) {
            if (!connected) return self->connect_next(connected.error().message);
            self->connected();
        });
    }

    void connected() {
        if (mail_.encryption == Mail::Encryption::Implicit) return encrypt([this] { greet(); });
        greet();
    }

    void encrypt(std::function<void()> then) {
        const auto tls = AsioTls::make_client(AsioTls::client_of(mail_.tls));
        if (!tls) return end(Error::Kind::InvalidInput, tls.error().message);
        const std::string& name = mail_.tls.server_name.empty() ? mail_.host : mail_.tls.server_name;
        stream_->start_tls(*tls, name, [self = shared_from_this(), then = std::move(then)](const Status& encrypted) {
            if (!encrypted) return self->end(Error::Kind::Unavailable, encrypted.error().message);
            self->is_encrypted_ = true;
            then();
        });
    }

    void greet() {
        read_reply([this](const Reply& greeting) {
            if (!greeting.is_good()) return refuse("greeting", greeting);
            say_hello();
        });
    }

    void say_hello() {
        command("EHLO " + mail_.hello, [this](const Reply& reply) {
            if (reply.is_permanent()) return say_old_hello();
            if (!reply.is_good()) return refuse("EHLO", reply);
            extensions_ = reply.lines;
            greeted();
        });
    }

    /// To a server of before 1995, or in front of one.
    void say_old_hello() {
        command("HELO " + mail_.hello, [this](const Reply& reply) {
            if (!reply.is_good()) return refuse("HELO", reply);
            extensions_.clear();
            greeted();
        });
    }

    void greeted() {
        if (mail_.encryption == Mail::Encryption::StartTls && !is_encrypted_) return start_tls();
        authenticate();
    }

    void start_tls() {
        if (!find_extension("STARTTLS")) {
            return end(Error::Kind::Unavailable,
                       fmt::format("'require_tls' is true (default) but {} does not advertise the STARTTLS extension",
                                   go_quote(join_host_port(mail_.host, mail_.port))));
        }
        command("STARTTLS", [this](const Reply& reply) {
            if (!reply.is_good()) return refuse("STARTTLS", reply);
            // What came behind the reply was not encrypted and may be anybody's.
            if (!received_.empty()) return end(Error::Kind::Unavailable, "STARTTLS: more than a reply came");
            encrypt([this] { say_hello(); });
        });
    }

    /// The words behind an extension's name, as `PLAIN LOGIN` of AUTH.
    std::optional<std::string> find_extension(std::string_view name) const {
        for (const std::string& line : extensions_) {
            const std::string_view word = std::string_view(line).substr(0, line.find(' '));
            if (iequals(word, name)) return line.size() > word.size() ? line.substr(word.size() + 1) : std::string();
        }
        return std::nullopt;
    }

    void authenticate() {
        const auto offered = find_extension("AUTH");
        if (mail_.username.empty() || !offered) return say_from();
        std::string missing;
        for (const std::string_view mechanism : split(*offered, ' ')) {
            const bool by_secret = iequals(mechanism, "CRAM-MD5");
            const bool by_password = iequals(mechanism, "PLAIN") || iequals(mechanism, "LOGIN");
            if (!by_secret && !by_password) continue;
            if ((by_secret ? mail_.secret : mail_.password).empty()) {
                missing = fmt::format("missing {} for {} auth mechanism", by_secret ? "secret" : "password", mechanism);
                continue;
            }
            if (by_secret) return authenticate_by_cram_md5();
            return iequals(mechanism, "PLAIN") ? authenticate_by_plain() : authenticate_by_login();
        }
        end(Error::Kind::InvalidInput, !missing.empty() ? missing : "unknown auth mechanism: " + *offered);
    }

    void authenticate_by_cram_md5() {
        command("AUTH CRAM-MD5", [this](const Reply& reply) {
            const auto challenge = base64_decode(reply.lines.empty() ? std::string_view() : reply.lines.front());
            if (reply.code != 334 || !challenge) return refuse_authentication(reply);
            answer_challenge(mail_.username + " " + hmac_md5_hex(mail_.secret.reveal(), *challenge));
        });
    }

    void authenticate_by_plain() {
        if (!is_encrypted_ && !is_this_machine(mail_.host)) {
            return end(Error::Kind::InvalidInput, "PLAIN auth: unencrypted connection");
        }
        const std::string zero(1, '\0');
        const std::string words = mail_.identity + zero + mail_.username + zero + mail_.password.reveal();
        command("AUTH PLAIN " + base64_encode(words), [this](const Reply& reply) { authenticated(reply); });
    }

    void authenticate_by_login() {
        command("AUTH LOGIN", [this](const Reply& reply) {
            if (reply.code != 334) return refuse_authentication(reply);
            command(base64_encode(mail_.username), [this](const Reply& second) {
                if (second.code != 334) return refuse_authentication(second);
                answer_challenge(mail_.password.reveal());
            });
        });
    }

    void answer_challenge(const std::string& answer) {
        command(base64_encode(answer), [this](const Reply& reply) { authenticated(reply); });
    }

    void authenticated(const Reply& reply) {
        if (!reply.is_good()) return refuse_authentication(reply);
        say_from();
    }

    void refuse_authentication(const Reply& reply) {
        end(kind_of_reply(reply), fmt::format("authentication failed with code {}", reply.code));
    }

    void say_from() {
        std::string line = fmt::format("MAIL FROM:<{}>", mail_.from);
        if (find_extension("8BITMIME")) line += " BODY=8BITMIME";
        if (find_extension("SMTPUTF8")) line += " SMTPUTF8";
        command(line, [this](const Reply& reply) {
            if (!reply.is_good()) return refuse("MAIL FROM", reply);
            say_recipient();
        });
    }

    void say_recipient() {
        if (next_recipient_ == mail_.to.size()) return say_data();
        const std::string address = mail_.to[next_recipient_++];
        command(fmt::format("RCPT TO:<{}>", address), [this, address](const Reply& reply) {
            if (!reply.is_good()) receipt_.refused.push_back({address, reply.text(), !reply.is_permanent()});
            say_recipient();
        });
    }

    void say_data() {
        if (receipt_.refused.size() == mail_.to.size()) {
            const bool for_now = std::any_of(receipt_.refused.begin(), receipt_.refused.end(),
                                             [](const MailReceipt::Refusal& refusal) { return refusal.for_now; });
            const auto kind = for_now ? Error::Kind::Unavailable : Error::Kind::InvalidInput;
            const std::string reason = mail_.to.empty() ? "there is none" : receipt_.refused.front().reason;
            return end(kind, "no recipient was taken: " + reason);
        }
        command("DATA", [this](const Reply& reply) {
            if (reply.code != 354) return refuse("DATA", reply);
            send(with_dots_stuffed(mail_.content), [this](const Reply& taken) {
                if (!taken.is_good()) return refuse("DATA", taken);
                say_goodbye();
            });
        });
    }

    /// The mail is taken; the server is told that nothing more comes, and whether it hears that is its affair.
    void say_goodbye() {
        sent_ = "QUIT\r\n";
        stream_->write(sent_, {}, [self = shared_from_this()](const Result<std::size_t>&) {
            self->finish(std::move(self->receipt_));
        });
    }

    void command(const std::string& line, Then then) {
        if (!is_one_line(line)) return end(Error::Kind::InvalidInput, "a line feed in an address or a name");
        send(line + "\r\n", std::move(then));
    }

    void send(std::string bytes, Then then) {
        sent_ = std::move(bytes);
        stream_->write(sent_, {}, [self = shared_from_this(), then = std::move(then)](const Result<std::size_t>& sent) {
            if (!sent) return self->end(Error::Kind::Unavailable, sent.error().message);
            self->read_reply(then);
        });
    }

    void read_reply(const Then& then) {
        if (const auto reply = take_reply()) return then(*reply);
        if (is_over_) return;
        stream_->read_some(buffer_.data(), buffer_.size(),
                           [self = shared_from_this(), then](const Result<std::size_t>& bytes) {
                               if (!bytes) return self->end(Error::Kind::Unavailable, bytes.error().message);
                               if (*bytes == 0) return self->end(Error::Kind::Unavailable, "connection closed");
                               self->received_.append(self->buffer_.data(), *bytes);
                               self->read_reply(then);
                           });
    }

    /// Nothing as long as the last line of one, `250 text`, has not come.
    std::optional<Reply> take_reply() {
        Reply reply;
        for (std::size_t begin = 0; begin < received_.size();) {
            const std::size_t end_of_line = received_.find('\n', begin);
            if (end_of_line == received_.npos) break;
            const std::string_view line = trim(std::string_view(received_).substr(begin, end_of_line - begin));
            const bool has_code = line.size() >= 3 && std::all_of(line.begin(), line.begin() + 3,
                                                                  [](char c) { return c >= '0' && c <= '9'; });
            if (!has_code) {
                end(Error::Kind::Unavailable, "malformed reply");
                return std::nullopt;
            }
            reply.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
            reply.lines.emplace_back(line.substr(std::min<std::size_t>(4, line.size())));
            begin = end_of_line + 1;
            if (line.size() > 3 && line[3] == '-') continue;
            received_.erase(0, begin);
            return reply;
        }
        if (received_.size() > kReplyBytesMax) end(Error::Kind::LimitExceeded, "reply larger than 65536 bytes");
        return std::nullopt;
    }

    AsioScheduler& scheduler_;
    Resolver& resolver_;
    const Mail mail_;
    Done done_;
    Scheduler::TaskId timer_ = 0;
    bool is_over_ = false;
    bool is_encrypted_ = false;
    std::vector<std::string> addresses_;  // the next one is the last
    std::unique_ptr<AsioStream> stream_;
    std::array<char, 4096> buffer_{};
    std::string received_;
    std::string sent_;
    std::vector<std::string> extensions_;
    std::size_t next_recipient_ = 0;
    MailReceipt receipt_;
};

SmtpClient::SmtpClient(AsioScheduler& scheduler, Resolver& resolver) : scheduler_(scheduler), resolver_(resolver) {}

SmtpClient::~SmtpClient() {
    for (const auto& [id, session] : sessions_) session->give_up();
}

MailClient::MailId SmtpClient::send(Mail mail, Done done) {
    const MailId id = ++last_id_;
    // The caller of send() has its id before anything is told.
    const auto session = std::make_shared<Session>(scheduler_, resolver_, std::move(mail),
                                                   [this, id, done = std::move(done)](Result<MailReceipt> verdict) {
                                                       const auto ended = sessions_.extract(id);
                                                       done(std::move(verdict));
                                                   });
    sessions_.emplace(id, session);
    scheduler_.post([session] { session->start(); });
    return id;
}

void SmtpClient::cancel(MailId id) {
    const auto session = sessions_.find(id);
    if (session == sessions_.end()) return;
    session->second->give_up();
    sessions_.erase(session);
}

}  // namespace tocsin
