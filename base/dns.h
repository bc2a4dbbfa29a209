#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tocsin {

enum class DnsType { A, Aaaa, Mx, Ns, Srv };

/// What one record of an answer says.
struct DnsRecord {
    std::string target;      // of A and AAAA the address in text form, otherwise a name with its final dot
    std::uint16_t port = 0;  // of SRV

    bool operator==(const DnsRecord&) const = default;
};

/// The records of a name, beyond the addresses that a Resolver finds. Scheduler's thread only; never blocks.
class DnsClient {
public:
    virtual ~DnsClient() = default;
    /// The records of that type; none when every server says that there are none. Aliases are followed, the search list
    /// of the system applies. An error after 5 s.
    virtual void lookup(const std::string& name, DnsType type,
                        std::function<void(Result<std::vector<DnsRecord>>)> done) = 0;
};

}  // namespace tocsin
