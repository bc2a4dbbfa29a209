#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/asio_tls.h"
#include "base/time.h"

namespace tocsin {

/// Keeps what was read from certificate files for a minute, so that files that are replaced are noticed soon and a
/// thousand connections do not read them a thousand times. Scheduler's thread only.
class TlsCache {
public:
    explicit TlsCache(const Scheduler& scheduler) : scheduler_(scheduler) {}

    Result<std::shared_ptr<const AsioTls>> get(const AsioTls::Client& options);

private:
    struct Kept {
        AsioTls::Client options;
        std::shared_ptr<const AsioTls> tls;
        MonotonicTime read_at;
    };
    const Scheduler& scheduler_;
    std::vector<Kept> kept_;
};

}  // namespace tocsin
