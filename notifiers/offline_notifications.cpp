#include "notifiers/offline_notifications.h"

#include <optional>
#include <utility>

#include "base/self_metrics.h"
#include "base/version.h"
#include "base/virtual_scheduler.h"
#include "notifiers/kept_messages.h"
#include "notifiers/masking.h"
#include "notifiers/notification_service.h"

namespace tocsin {

struct OfflineNotifications::Impl final : NotificationObserver {
    Impl(Scheduler& with_clock, Log& with_log, Options with)
        : clock(with_clock),
          log(with_log),
          options(std::move(with)),
          receivers(with_clock),
          masked_disk(make_masked_disk()) {
        begin();
    }

    void begin() {
        service.emplace(NotificationDoors{clock, receivers, receivers, random, *masked_disk, log, metrics},
                        service_options());
    }

    Parsed<void> load(const AlertmanagerConfig& config) {
        auto masked = read_masked(config);
        if (!masked) return tl::unexpected(std::move(masked).error());
        if (auto loaded = service->load(*std::move(masked)); !loaded) return loaded;
        in_force = config;
        return {};
    }

    NotificationOptions service_options() {
        NotificationOptions service_options;
        service_options.external_url = options.external_url;
        service_options.version = version();
        service_options.observer = this;
        return service_options;
    }

    void on_attempt(const AttemptEvent& attempt) override {
        OfflineNotification told{attempt, receivers.take()};
        for (HttpRequest& message : told.messages) mask(message);
        if (options.told) options.told(told);
    }

    Scheduler& clock;
    Log& log;
    Options options;
    SeededRandom random{1};
    SelfMetrics metrics;
    KeptMessages receivers;
    std::unique_ptr<Disk> masked_disk;
    AlertmanagerConfig in_force;
    NotificationState kept;  // while it is stopped
    std::optional<NotificationService> service;
};

OfflineNotifications::OfflineNotifications(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OfflineNotifications::~OfflineNotifications() = default;

Parsed<std::unique_ptr<OfflineNotifications>> OfflineNotifications::create(Scheduler& clock, Log& log,
                                                                           const AlertmanagerConfig& config,
                                                                           Options options) {
    auto impl = std::make_unique<Impl>(clock, log, std::move(options));
    if (auto loaded = impl->load(config); !loaded) return tl::unexpected(std::move(loaded).error());
    return std::unique_ptr<OfflineNotifications>(new OfflineNotifications(std::move(impl)));
}

void OfflineNotifications::receive(std::span<const Alert> alerts) {
    impl_->service->receive(alerts);
}

Parsed<void> OfflineNotifications::reload(const AlertmanagerConfig& config) {
    return impl_->load(config);
}

void OfflineNotifications::stop() {
    impl_->kept = impl_->service->snapshot();
    impl_->service.reset();
}

Parsed<void> OfflineNotifications::go_on() {
    impl_->begin();
    impl_->service->restore(std::exchange(impl_->kept, {}));
    return impl_->load(AlertmanagerConfig(impl_->in_force));
}

}  // namespace tocsin
