#include "tests/fakes/fake_resolver.h"

#include <utility>

#include <fmt/format.h>

namespace tocsin::fakes {

void FakeResolver::resolve(const std::string& host, std::function<void(Result<std::vector<std::string>>)> done) {
    asked_.push_back(host);
    const auto found = hosts_.find(host);
    Result<std::vector<std::string>> answer =
        found != hosts_.end() ? found->second.answer
                              : fail(Error::Kind::NotFound, fmt::format("lookup {}: no such host", host));
    const Duration delay = found != hosts_.end() ? found->second.delay : Duration{0};
    // The Resolver's own limits: 5 s and 16 addresses.
    constexpr Duration kPatience{5'000};
    constexpr std::size_t kMostAddresses = 16;
    if (delay > kPatience) answer = fail(Error::Kind::Timeout, fmt::format("lookup {}: timed out after 5s", host));
    if (answer && answer->size() > kMostAddresses) answer->resize(kMostAddresses);
    scheduler_.after(std::min(delay, kPatience),
                     [done = std::move(done), answer = std::move(answer)] { done(answer); });
}

}  // namespace tocsin::fakes
