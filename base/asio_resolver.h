#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/time.h"

namespace tocsin {

/// Asks the system for the addresses of a name, and waits as long as that takes. IP literals give themselves. Only for
/// the start of the program; afterwards it is what AsioResolver does on threads of its own.
Result<std::vector<std::string>> resolve_blocking(const std::string& host);

/// Names by getaddrinfo, which has no deadline of its own: so it is asked on threads (AsioLookups).
class AsioResolver final : public Resolver {
public:
    using Lookup = std::function<Result<std::vector<std::string>>(const std::string& host)>;

    /// `scheduler` must outlive this. `lookup` is called on the threads.
    explicit AsioResolver(Scheduler& scheduler, Lookup lookup = resolve_blocking);
    ~AsioResolver() override;
    AsioResolver(const AsioResolver&) = delete;
    AsioResolver& operator=(const AsioResolver&) = delete;

    void resolve(const std::string& host, std::function<void(Result<std::vector<std::string>>)> done) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
