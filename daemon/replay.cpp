#include "daemon/replay.h"

#include <utility>

#include "base/no_network.h"
#include "base/no_sink.h"
#include "base/random.h"
#include "engine/scrape/scrape_manager.h"
#include "notifiers/masking.h"

namespace tocsin {

struct Replay::Impl {
    Impl(const Doors& d, const QueryOptions& query)
        : doors(d),
          executor(d.scheduler, 0),
          masked_disk(make_masked_disk()),
          store(StoreOptions{.lookback_delta = query.lookback_delta}),
          scrapes({d.scheduler, executor, network, network, *masked_disk, store, random, metrics, d.log}, {}) {}

    tl::expected<void, Diagnostics> load(Subject subject, Listeners listeners) {
        if (subject.alertmanager) {
            auto made = OfflineNotifications::create(doors.scheduler, doors.log, *subject.alertmanager,
                                                     {subject.rules.external_url, std::move(listeners.notification)});
            if (!made) return tl::unexpected(std::move(made).error());
            notifications = *std::move(made);
        }
        AlertSink& sink = notifications ? static_cast<AlertSink&>(*notifications) : nobody;
        rules.emplace(RuleManagerContext{doors.scheduler, executor, store, scrapes, doors.log, metrics, sink});
        if (listeners.transition) rules->on_transition(std::move(listeners.transition));
        if (listeners.compared_value) rules->on_compared_value(std::move(listeners.compared_value));
        auto prepared = rules->prepare(std::move(subject.rule_files), std::move(subject.rules));
        if (!prepared) return tl::unexpected(std::move(prepared).error());
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
    NoSink nobody;
    Store store;
    ScrapeManager scrapes;
    std::unique_ptr<OfflineNotifications> notifications;
    std::optional<RuleManager> rules;
};

Replay::Replay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replay::~Replay() = default;

Parsed<std::unique_ptr<Replay>> Replay::create(Doors doors, Subject subject, Listeners listeners) {
    auto impl = std::make_unique<Impl>(doors, subject.rules.query);
    if (auto loaded = impl->load(std::move(subject), std::move(listeners)); !loaded) {
        return tl::unexpected(std::move(loaded).error());
    }
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
        if (Status status = play_together(feeds, next); !status) return status;
        scheduler.advance_to(next);
        if (on_progress) on_progress(next);
    }
    return {};
}

std::vector<RuleGroupView> Replay::groups() const {
    return impl_->rules->groups();
}

}  // namespace tocsin
