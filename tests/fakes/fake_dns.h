#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/dns.h"
#include "base/time.h"

namespace tocsin::fakes {

/// A DnsClient with records from a list. A name that is not in it has none.
class FakeDns final : public DnsClient {
public:
    explicit FakeDns(Scheduler& scheduler) : scheduler_(scheduler) {}

    void lookup(const std::string& name, DnsType type,
                std::function<void(Result<std::vector<DnsRecord>>)> done) override {
        const auto found = answers_.find({name, type});
        Result<std::vector<DnsRecord>> answer;
        if (found != answers_.end()) answer = found->second;
        scheduler_.post([done = std::move(done), answer = std::move(answer)] { done(answer); });
    }

    /// Replaces what was said before.
    void set(const std::string& name, DnsType type, Result<std::vector<DnsRecord>> answer) {
        answers_.insert_or_assign({name, type}, std::move(answer));
    }

private:
    Scheduler& scheduler_;
    std::map<std::pair<std::string, DnsType>, Result<std::vector<DnsRecord>>> answers_;
};

}  // namespace tocsin::fakes
