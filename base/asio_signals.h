#pragma once

#include <functional>
#include <memory>

#include "base/asio_scheduler.h"
#include "base/process.h"

namespace tocsin {

/// SIGINT, SIGTERM and SIGHUP on the scheduler's loop. A signal keeps what it does by default until on() was called for
/// it; several handlers for one signal are called in the order in which they came.
class AsioSignals final : public Signals {
public:
    /// `scheduler` must outlive this.
    explicit AsioSignals(AsioScheduler& scheduler);
    ~AsioSignals() override;
    AsioSignals(const AsioSignals&) = delete;
    AsioSignals& operator=(const AsioSignals&) = delete;

    void on(Signal signal, std::function<void()> handler) override;

private:
    struct Handlers;
    std::shared_ptr<Handlers> handlers_;
};

}  // namespace tocsin
