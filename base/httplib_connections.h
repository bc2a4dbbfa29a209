#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "base/http.h"
#include "base/time.h"

namespace tocsin {

/// Where a connection leads, and on which terms: requests of the same place may share one.
struct HttplibPlace {
    std::shared_ptr<const HttpOptions> options;
    std::string peers;  // scheme, host and port, and the proxy's, when there is one

    bool operator==(const HttplibPlace& other) const;
};

/// A connection over which cpp-httplib had a whole answer. Closed when it is destroyed.
class HttplibConnection {
public:
    virtual ~HttplibConnection() = default;
    /// Whether the other side has said nothing since, not even that it closes.
    virtual bool is_quiet() const = 0;
};

/// Connections that wait, for a moment, for another request to the same place: many messages at once need not connect
/// one by one. So short that no server which lets clients wait at all closes them first. From any thread.
class HttplibConnections {
public:
    static constexpr Duration kIdleMax{1'000};
    static constexpr std::size_t kMax = 128;

    /// The one that was used last and is quiet, or null.
    std::unique_ptr<HttplibConnection> take(const HttplibPlace& place);
    void put(HttplibPlace place, std::unique_ptr<HttplibConnection> connection, MonotonicTime now);
    /// Closes those that nobody wanted for kIdleMax. Returns whether some are left.
    bool sweep(MonotonicTime now);

private:
    struct Idle {
        HttplibPlace place;
        std::unique_ptr<HttplibConnection> connection;
        MonotonicTime since;
    };

    std::mutex mutex_;
    std::list<Idle> idle_;  // guarded by mutex_; the one that was used last in front
};

}  // namespace tocsin
