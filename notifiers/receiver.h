#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "notifiers/integrations/notifier.h"
#include "notifiers/receiver_config.h"

namespace tocsin {

/// Lets so many attempts to one integration run at once; the others wait in line. A receiver that answers slowly has a
/// long line of its own and delays nobody else.
class Lane {
public:
    explicit Lane(std::size_t running_max) : running_max_(running_max) {}

    /// Calls `run` at once or when it is its turn; every call of it is to be answered by one of leave().
    void enter(std::function<void()> run);
    void leave();

    std::size_t running() const { return running_; }
    std::size_t waiting() const { return waiting_.size(); }

    /// Of whoever enters next, if it has to wait.
    std::uint64_t next_number() const { return first_number_ + waiting_.size(); }
    /// Behind how many somebody waits, those that run included.
    std::size_t behind(std::uint64_t number) const { return running_ + (number - first_number_); }

private:
    std::size_t running_max_;
    std::size_t running_ = 0;
    std::uint64_t first_number_ = 0;  // of the first that waits
    bool draining_ = false;
    std::deque<std::function<void()>> waiting_;
};

/// How an integration does, from one configuration to the next.
struct IntegrationStatus {
    std::size_t waiting = 0;           // messages that it has not taken yet
    Timestamp last_attempt{};          // when it began; none: nobody tried yet
    Duration last_attempt_duration{};  // until the verdict
    std::string last_error;            // of the last attempt, without a secret; empty: the message was taken

    bool is_failing() const { return !last_error.empty(); }
};

/// The messages that an integration has not taken, and what they wait for.
struct Backlog {
    std::size_t sending = 0;       // nothing: an attempt is under way
    std::size_t queued = 0;        // their turn
    std::size_t retrying = 0;      // the next attempt
    std::optional<Timestamp> due;  // the first flush of them; none: nothing waits
};

using Backlogs = std::unordered_map<const IntegrationStatus*, Backlog>;

/// One way in which a receiver is told.
struct Integration {
    std::string receiver;
    std::string kind;
    std::size_t index = 0;  // among those of its kind
    bool send_resolved = true;
    Duration timeout{};  // 0: none of its own
    std::unique_ptr<Notifier> notifier;
    Lane lane{8};
    /// The receiver asked for quiet until then; it counts for all groups.
    MonotonicTime not_before{};
    /// Never null; shared with the same integration of the next configuration.
    std::shared_ptr<IntegrationStatus> status = std::make_shared<IntegrationStatus>();
};

/// The place of an attempt in its integration's lane, which is given back once. Keeps the integration.
class LanePlace {
public:
    explicit LanePlace(std::shared_ptr<Integration> integration) : integration_(std::move(integration)) {}

    void leave() {
        if (const auto left = std::exchange(integration_, nullptr)) left->lane.leave();
    }

private:
    std::shared_ptr<Integration> integration_;
};

/// A named set of integrations.
struct Receiver {
    std::string name;
    std::vector<std::shared_ptr<Integration>> integrations;
};

/// The integration of that kind and place; null when there is none.
const Integration* find_integration(const Receiver& receiver, std::string_view kind, std::size_t index);

/// `context.receiver` is set here.
std::shared_ptr<Receiver> make_receiver(const ReceiverConfig& config, NotifierContext context);

}  // namespace tocsin
