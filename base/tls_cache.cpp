#include "base/tls_cache.h"

#include <algorithm>

namespace tocsin {

namespace {

constexpr Duration kKept{60'000};

}  // namespace

Result<std::shared_ptr<const AsioTls>> TlsCache::get(const AsioTls::Client& options) {
    const MonotonicTime now = scheduler_.monotonic();
    std::erase_if(kept_, [now](const Kept& kept) { return now - kept.read_at >= kKept; });
    const auto found =
        std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.options == options; });
    if (found != kept_.end()) return found->tls;
    TOCSIN_TRY(auto tls, AsioTls::make_client(options));
    kept_.push_back({options, tls, now});
    return tls;
}

}  // namespace tocsin
