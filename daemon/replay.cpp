#include "daemon/replay.h"

#include <utility>

#include "base/no_network.h"
#include "base/random.h"
#include "base/version.h"
#include "engine/scrape/scrape_manager.h"
#include "notifiers/kept_messages.h"
#include "notifiers/masking.h"
#include "notifiers/notification_service.h"

namespace tocsin {
namespace {

/// Puts what an attempt was together with what it would have sent.
class Witness final : public NotificationObserver {
public:
    Witness(KeptMessages& receivers, std::function<void(const ReplayedNotification&)> tell)
        : receivers_(receivers), tell_(std::move(tell)) {}

    void on_attempt(const AttemptEvent& attempt) override {
        ReplayedNotification told{attempt, receivers_.take()};
        for (HttpRequest& message : told.messages) mask(message);
        if (tell_) tell_(told);
    }

private:
    KeptMessages& receivers_;
    std::function<void(const ReplayedNotification&)> tell_;
};

/// Where nobody is told.
class NoSink final : public AlertSink {
public:
    void receive(std::span<const Alert>) override {}
};

}  // namespace

struct Replay::Impl {
    Impl(const Doors& d, const Subject& subject, Listeners listeners)
        : doors(d),
          executor(d.scheduler, 0),
          masked_disk(make_masked_disk()),
          receivers(d.scheduler),
          witness(receivers, std::move(listeners.notification)),
          store(StoreOptions{.lookback_delta = subject.rules.query.lookback_delta}),
          scrapes({d.scheduler, executor, network, network, *masked_disk, store, random, metrics, d.log}, {}) {
        if (subject.alertmanager) {
            NotificationOptions options;
            options.external_url = subject.rules.external_url;
            options.version = version();
            options.observer = &witness;
            notifications.emplace(
                NotificationDoors{d.scheduler, receivers, receivers, random, *masked_disk, d.log, metrics}, options);
        }
        AlertSink& sink = notifications ? static_cast<AlertSink&>(*notifications) : nobody;
        rules.emplace(RuleManagerContext{d.scheduler, executor, store, scrapes, d.log, metrics, sink});
        if (listeners.transition) rules->on_transition(std::move(listeners.transition));
    }

    tl::expected<void, Diagnostics> load(Subject subject) {
        auto prepared = rules->prepare(std::move(subject.rule_files), std::move(subject.rules));
        if (!prepared) return tl::unexpected(std::move(prepared).error());
        if (subject.alertmanager) {
            auto masked = read_masked(*subject.alertmanager);
            if (!masked) return tl::unexpected(std::move(masked).error());
            if (auto loaded = notifications->load(*std::move(masked)); !loaded) return loaded;
        }
        rules->apply(*std::move(prepared));
        rules->start();
        return {};
    }

    Doors doors;
    VirtualExecutor executor;
    NoNetwork network;
    std::unique_ptr<Disk> masked_disk;
    SeededRandom random{1};
    SelfMetrics metrics;
    KeptMessages receivers;
    Witness witness;
    NoSink nobody;
    Store store;
    ScrapeManager scrapes;
    std::optional<NotificationService> notifications;
    std::optional<RuleManager> rules;
};

Replay::Replay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replay::~Replay() = default;

Parsed<std::unique_ptr<Replay>> Replay::create(Doors doors, Subject subject, Listeners listeners) {
    auto impl = std::make_unique<Impl>(doors, subject, std::move(listeners));
    if (auto loaded = impl->load(std::move(subject)); !loaded) return tl::unexpected(std::move(loaded).error());
    return std::unique_ptr<Replay>(new Replay(std::move(impl)));
}

Store& Replay::store() {
    return impl_->store;
}

Status Replay::run_until(Timestamp until, const std::vector<FixtureFeed*>& feeds,
                         const std::function<void(Timestamp)>& on_progress) {
    VirtualScheduler& scheduler = impl_->doors.scheduler;
    for (bool is_over = false; !is_over;) {
        is_over = scheduler.next_due() > until;
        const Timestamp next = is_over ? until : scheduler.next_due();
        for (FixtureFeed* feed : feeds) {
            if (Status status = feed->play(next); !status) return status;
        }
        scheduler.advance_to(next);
        if (on_progress) on_progress(next);
    }
    return {};
}

std::vector<RuleGroupView> Replay::groups() const {
    return impl_->rules->groups();
}

std::size_t Replay::pending_deliveries() const {
    return impl_->notifications ? impl_->notifications->pending_deliveries() : 0;
}

}  // namespace tocsin
