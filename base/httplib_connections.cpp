#include "base/httplib_connections.h"

#include <algorithm>
#include <utility>

namespace tocsin {

bool HttplibPlace::operator==(const HttplibPlace& other) const {
    if (peers != other.peers) return false;
    if (options == nullptr || other.options == nullptr) return options == other.options;
    return options == other.options || *options == *other.options;
}

// What is closed is closed without the lock: with TLS that may be a write.

std::unique_ptr<HttplibConnection> HttplibConnections::take(const HttplibPlace& place) {
    std::list<Idle> closed;
    const std::scoped_lock lock(mutex_);
    for (auto at = idle_.begin(); at != idle_.end();) {
        const auto idle = at++;
        if (idle->place != place) continue;
        closed.splice(closed.begin(), idle_, idle);
        if (closed.front().connection->is_quiet()) return std::move(closed.front().connection);
    }
    return nullptr;
}

void HttplibConnections::put(HttplibPlace place, std::unique_ptr<HttplibConnection> connection, MonotonicTime now) {
    const std::scoped_lock lock(mutex_);
    if (idle_.size() < kMax) idle_.push_front({std::move(place), std::move(connection), now});
}

bool HttplibConnections::sweep(MonotonicTime now) {
    std::list<Idle> closed;
    const std::scoped_lock lock(mutex_);
    const auto first_old =
        std::find_if(idle_.begin(), idle_.end(), [&](const Idle& idle) { return now - idle.since >= kIdleMax; });
    closed.splice(closed.end(), idle_, first_old, idle_.end());
    return !idle_.empty();
}

}  // namespace tocsin
