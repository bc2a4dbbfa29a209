#include "notifiers/preview.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/mail.h"
#include "base/random.h"
#include "base/version.h"
#include "notifiers/receiver.h"

namespace tocsin {
namespace {

constexpr std::string_view kMask = "<secret>";
// Stands for a secret while a message is made. It can be a key, and a URL too.
constexpr std::string_view kStandIn = "https://secret.invalid";

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

tl::unexpected<Error> not_here() {
    return fail(Error::Kind::Unavailable, "not while messages are shown only");
}

class MaskedFile final : public DiskFile {
public:
    Result<std::size_t> read_at(std::uint64_t offset, char* into, std::size_t bytes) override {
        return kStandIn.substr(std::min<std::size_t>(offset, kStandIn.size())).copy(into, bytes);
    }
    Status write_at(std::uint64_t, std::string_view) override { return not_here(); }
    Status append(std::string_view) override { return not_here(); }
    Status truncate(std::uint64_t) override { return not_here(); }
    Status sync() override { return not_here(); }
    Result<std::uint64_t> size() override { return kStandIn.size(); }
    Status lock() override { return not_here(); }
};

/// In every file there is a secret.
class MaskedDisk final : public Disk {
public:
    Result<std::unique_ptr<DiskFile>> open(const std::string&, Open) override { return std::make_unique<MaskedFile>(); }
    bool exists(const std::string&) override { return true; }
    Status rename(const std::string&, const std::string&) override { return not_here(); }
    Status remove(const std::string&) override { return not_here(); }
    Status make_directories(const std::string&) override { return not_here(); }
    Result<std::vector<std::string>> list(const std::string&) override { return not_here(); }
    Status sync_directory(const std::string&) override { return not_here(); }
    Result<std::vector<std::string>> glob(const std::string&) override { return not_here(); }
    Result<std::uint64_t> free_bytes(const std::string&) override { return not_here(); }
};

/// Keeps the request instead of sending it, and answers as a receiver that took it.
class KeepingClient final : public HttpClient {
public:
    RequestId send(HttpRequest request, HttpEvents events) override {
        kept = std::move(request);
        HttpResponse taken;
        taken.status = 200;
        taken.body = "ok";
        events.verdict(std::move(taken));
        return 0;
    }
    void cancel(RequestId) override {}

    std::optional<HttpRequest> kept;
};

/// Keeps a mail in the shape of a request.
class KeepingMailClient final : public MailClient {
public:
    explicit KeepingMailClient(KeepingClient& client) : client_(client) {}

    MailId send(Mail mail, Done done) override {
        HttpRequest& kept = client_.kept.emplace();
        kept.method = "MAIL";
        kept.url = fmt::format("from {} to {} by {}:{}", mail.from, fmt::join(mail.to, ", "), mail.host, mail.port);
        kept.body = std::move(mail.content);
        done(MailReceipt{});
        return 0;
    }
    void cancel(MailId) override {}

private:
    KeepingClient& client_;
};

/// The same every time.
class NoRandom final : public Random {
public:
    std::uint64_t next() override { return 0; }
};

PreviewedMessage preview_one(Integration& integration, KeepingClient& client, Notification notification) {
    PreviewedMessage shown{fmt::format("{}[{}]", integration.kind, integration.index), HttpRequest{}, {}};
    if (!integration.send_resolved) {
        std::erase_if(notification.data.alerts, [](const auto& alert) { return alert.status == "resolved"; });
    }
    if (notification.data.alerts.empty()) {
        shown.request = fail(Error::Kind::NotFound, "nothing is sent: no alert fires and send_resolved is false");
        return shown;
    }
    client.kept.reset();
    integration.notifier->notify(notification, integration.timeout, [&](const Outcome& outcome) {
        shown.template_error = outcome.template_error;
        if (!client.kept) shown.request = fail(Error::Kind::InvalidInput, outcome.message);
    });
    if (client.kept) shown.request = *std::move(client.kept);
    return shown;
}

void mask(HttpRequest& request) {
    request.url = request.url.starts_with(kStandIn) ? std::string(kMask) : request.url;
    request.body = replace_all(std::move(request.body), kStandIn, kMask);
    for (HttpHeader& header : request.headers) {
        // Names and passwords are there in another notation.
        if (header.name == "Authorization") header.value = kMask;
        header.value = replace_all(std::move(header.value), kStandIn, kMask);
    }
}

}  // namespace

std::vector<PreviewedMessage> preview(const ReceiverConfig& receiver, const AlertmanagerConfig& config,
                                      const Notification& notification, const Scheduler& clock, Disk& disk) {
    KeepingClient client;
    KeepingMailClient mail(client);
    NoRandom random;
    const NotifierContext context{.http = client,
                                  .mail = mail,
                                  .disk = disk,
                                  .clock = clock,
                                  .random = random,
                                  .templates = config.templates,
                                  .user_agent = std::string("tocsin/") + version(),
                                  .receiver = receiver.name};
    const std::shared_ptr<Receiver> made = make_receiver(receiver, context);
    std::vector<PreviewedMessage> shown;
    for (const auto& integration : made->integrations) {
        shown.push_back(preview_one(*integration, client, notification));
    }
    return shown;
}

std::vector<PreviewedMessage> preview_masked(const ReceiverConfig& receiver, const AlertmanagerConfig& config,
                                             const Notification& notification, const Scheduler& clock) {
    MaskedDisk disk;
    auto shown = preview(receiver, config, notification, clock, disk);
    for (PreviewedMessage& one : shown) {
        if (one.request) mask(*one.request);
    }
    return shown;
}

Parsed<AlertmanagerConfig> read_masked(const AlertmanagerConfig& config) {
    auto masked = parse_alertmanager_config(replace_all(config.masked_text, kMask, kStandIn), config.file);
    if (masked) masked->templates = config.templates;
    return masked;
}

}  // namespace tocsin
