#pragma once

#include <memory>

#include "base/dns.h"
#include "base/time.h"

namespace tocsin {

/// Records by the system's stub resolver (resolv.conf: servers, search list, options), which blocks: so it is asked on
/// threads (AsioLookups).
class AsioDns final : public DnsClient {
public:
    /// `scheduler` must outlive this.
    explicit AsioDns(Scheduler& scheduler);
    ~AsioDns() override;

    void lookup(const std::string& name, DnsType type,
                std::function<void(Result<std::vector<DnsRecord>>)> done) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The records of that type in the answer section of a DNS message; what cannot be read is an error.
Result<std::vector<DnsRecord>> read_dns_answer(std::string_view message, DnsType type);

}  // namespace tocsin
