#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/asio_stream.h"
#include "base/time.h"

namespace tocsin {

/// Connections that wait for another request to the same place. Scheduler's thread only.
class IdleConnections {
public:
    struct Limits {
        Duration idle{300'000};
        std::size_t per_place = 16;
        std::size_t all = 16'384;
    };

    /// `scheduler` must outlive this.
    IdleConnections(Scheduler& scheduler, Limits limits);
    ~IdleConnections();
    IdleConnections(const IdleConnections&) = delete;
    IdleConnections& operator=(const IdleConnections&) = delete;

    /// The one that was used last and that the other side has not closed since.
    std::optional<AsioStream> take(const std::string& place);
    void put(const std::string& place, AsioStream stream);

    std::size_t count() const { return count_; }

private:
    struct Idle {
        AsioStream stream;
        MonotonicTime since;
    };
    void sweep();
    void plan_sweep();

    Scheduler& scheduler_;
    Limits limits_;
    std::map<std::string, std::vector<Idle>> by_place_;  // of each place, the oldest first
    std::size_t count_ = 0;
    Scheduler::TaskId sweep_ = 0;
};

}  // namespace tocsin
