#include "notifiers/preview.h"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/http_credentials.h"
#include "base/mail.h"
#include "base/random.h"
#include "base/version.h"
#include "notifiers/kept_messages.h"
#include "notifiers/masking.h"
#include "notifiers/receiver.h"

namespace tocsin {
namespace {

/// Keeps the request instead of sending it, and answers as a receiver that took it.
class KeepingClient final : public HttpClient {
public:
    RequestId send(HttpRequest request, HttpEvents events) override {
        if (request.label == kTokenRequestLabel) return events.verdict(pretended_token()), 0;
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

class KeepingMailClient final : public MailClient {
public:
    explicit KeepingMailClient(KeepingClient& client) : client_(client) {}

    MailId send(Mail mail, Done done) override {
        client_.kept = request_of(std::move(mail));
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
    const std::unique_ptr<Disk> disk = make_masked_disk();
    auto shown = preview(receiver, config, notification, clock, *disk);
    for (PreviewedMessage& one : shown) {
        if (one.request) mask(*one.request);
    }
    return shown;
}

}  // namespace tocsin
