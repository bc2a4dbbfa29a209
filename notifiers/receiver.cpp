#include "notifiers/receiver.h"

#include <algorithm>

#include "base/assert.h"

namespace tocsin {

void Lane::enter(std::function<void()> run) {
    if (running_ >= running_max_) {
        waiting_.push_back(std::move(run));
        return;
    }
    ++running_;
    run();
}

void Lane::leave() {
    TOCSIN_ASSERT(running_ > 0);
    --running_;
    // An attempt that ends at once leaves from within run(); the loop further out goes on then.
    if (draining_) return;
    draining_ = true;
    while (running_ < running_max_ && !waiting_.empty()) {
        const auto run = std::move(waiting_.front());
        waiting_.pop_front();
        ++first_number_;
        ++running_;
        run();
    }
    draining_ = false;
}

const Integration* find_integration(const Receiver& receiver, std::string_view kind, std::size_t index) {
    const auto found =
        std::find_if(receiver.integrations.begin(), receiver.integrations.end(),
                     [&](const auto& integration) { return integration->kind == kind && integration->index == index; });
    return found == receiver.integrations.end() ? nullptr : found->get();
}

std::shared_ptr<Receiver> make_receiver(const ReceiverConfig& config, NotifierContext context) {
    context.receiver = config.name;
    auto receiver = std::make_shared<Receiver>();
    receiver->name = config.name;
    for (const auto& entry : config.integrations) {
        auto integration = std::make_shared<Integration>();
        integration->receiver = config.name;
        integration->kind = entry.type->name;
        integration->index = entry.index;
        integration->send_resolved = entry.config->send_resolved;
        integration->timeout = entry.config->timeout;
        integration->notifier = entry.type->create(entry.config, context);
        receiver->integrations.push_back(std::move(integration));
    }
    return receiver;
}

}  // namespace tocsin
