#include "base/asio_signals.h"

#include <csignal>
#include <map>
#include <utility>
#include <vector>

#include <boost/asio/basic_signal_set.hpp>
#include <boost/asio/io_context.hpp>

namespace tocsin {

namespace {

int number_of(Signal signal) {
    switch (signal) {
        case Signal::Interrupt:
            return SIGINT;
        case Signal::Terminate:
            return SIGTERM;
        case Signal::Hangup:
            return SIGHUP;
    }
    return 0;
}

}  // namespace

struct AsioSignals::Handlers : std::enable_shared_from_this<Handlers> {
    explicit Handlers(boost::asio::io_context& io) : signals(io) {}

    void wait() {
        signals.async_wait([weak = weak_from_this()](const boost::system::error_code& error, int number) {
            const auto self = weak.lock();
            if (error || self == nullptr) return;
            self->wait();
            self->call(number);
        });
    }

    void call(int number) {
        auto& handlers = by_number[number];
        for (std::size_t i = 0; i < handlers.size(); ++i) {
            const auto handler = handlers[i];  // a copy: it may add others
            handler();
        }
    }

    boost::asio::basic_signal_set<boost::asio::io_context::executor_type> signals;
    std::map<int, std::vector<std::function<void()>>> by_number;
};

AsioSignals::AsioSignals(AsioScheduler& scheduler) : handlers_(std::make_shared<Handlers>(scheduler.io_context())) {
    handlers_->wait();
}

AsioSignals::~AsioSignals() = default;

void AsioSignals::on(Signal signal, std::function<void()> handler) {
    boost::system::error_code ignored;  // the three can always be caught
    handlers_->signals.add(number_of(signal), ignored);
    handlers_->by_number[number_of(signal)].push_back(std::move(handler));
}

}  // namespace tocsin
