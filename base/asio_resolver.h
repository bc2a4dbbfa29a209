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

/// Names by getaddrinfo, which has no deadline of its own: on at most 4 threads, with the answer dropped when it
/// comes after 5 s. Questions for a name that is being looked up already wait for the same answer.
///
/// A thread that hangs in a lookup when this is destroyed is left behind and ends when the lookup does.
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
    struct Waiters;
    struct Threads;
    std::shared_ptr<Waiters> waiters_;
    std::shared_ptr<Threads> threads_;
};

}  // namespace tocsin
