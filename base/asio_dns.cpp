#include "base/asio_dns.h"

#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include "base/asio_lookups.h"

namespace tocsin {

namespace {

using Records = std::vector<DnsRecord>;

constexpr std::size_t kRecordsMax = 10'000;

struct Question {
    std::string name;
    DnsType type = DnsType::A;
    bool operator<(const Question& other) const { return std::tie(name, type) < std::tie(other.name, other.type); }
};
const std::string& to_text(const Question& question) {
    return question.name;
}

int type_number(DnsType type) {
    switch (type) {
        case DnsType::A:
            return ns_t_a;
        case DnsType::Aaaa:
            return ns_t_aaaa;
        case DnsType::Mx:
            return ns_t_mx;
        case DnsType::Ns:
            return ns_t_ns;
        case DnsType::Srv:
            return ns_t_srv;
    }
    return ns_t_invalid;
}

// The thread's own: its state must not be shared, and reading resolv.conf each time sees changes.
class ResolverState {
public:
    ResolverState() { good_ = res_ninit(&state_) == 0; }
    ~ResolverState() {
        if (good_) res_nclose(&state_);
    }
    ResolverState(const ResolverState&) = delete;
    ResolverState& operator=(const ResolverState&) = delete;

    bool good() const { return good_; }
    struct __res_state* get() {
        return &state_;
    }

private:
    struct __res_state state_ {};
    bool good_ = false;
};

std::optional<std::string> name_at(const ns_msg& message, const unsigned char* at) {
    std::array<char, NS_MAXDNAME> name{};
    if (dn_expand(ns_msg_base(message), ns_msg_end(message), at, name.data(), name.size()) < 0) return std::nullopt;
    return std::string(name.data()) + ".";
}

std::optional<std::string> address_of(int family, const unsigned char* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(family, bytes, text.data(), text.size()) == nullptr) return std::nullopt;
    return std::string(text.data());
}

// Nothing when the record is malformed.
std::optional<DnsRecord> read_record(const ns_msg& message, const ns_rr& record) {
    const unsigned char* data = ns_rr_rdata(record);
    const std::size_t bytes = ns_rr_rdlen(record);
    DnsRecord found;
    std::optional<std::string> target;
    switch (ns_rr_type(record)) {
        case ns_t_a:
            if (bytes == 4) target = address_of(AF_INET, data);
            break;
        case ns_t_aaaa:
            if (bytes == 16) target = address_of(AF_INET6, data);
            break;
        case ns_t_mx:
            if (bytes > 2) target = name_at(message, data + 2);
            break;
        case ns_t_ns:
            target = name_at(message, data);
            break;
        case ns_t_srv:
            if (bytes <= 6) break;
            found.port = static_cast<std::uint16_t>(data[4] << 8 | data[5]);
            target = name_at(message, data + 6);
            break;
        default:
            break;
    }
    if (!target) return std::nullopt;
    found.target = *std::move(target);
    return found;
}

Result<Records> ask_system(const Question& question) {
    ResolverState state;
    if (!state.good()) return fail(Error::Kind::Unavailable, "the system's name servers are not configured");
    std::string answer(NS_MAXMSG, '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(answer.data());
    const int length = res_nsearch(state.get(), question.name.c_str(), ns_c_in, type_number(question.type), bytes,
                                   static_cast<int>(answer.size()));
    if (length < 0) {
        const int reason = state.get()->res_h_errno;
        if (reason == HOST_NOT_FOUND || reason == NO_DATA) return Records{};
        return fail(Error::Kind::Unavailable,
                    "could not resolve \"" + question.name +
                        "\": all servers responded with errors to at least one search domain");
    }
    answer.resize(std::min(answer.size(), static_cast<std::size_t>(length)));
    return read_dns_answer(answer, question.type);
}

}  // namespace

Result<Records> read_dns_answer(std::string_view message, DnsType type) {
    ns_msg parsed;
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    if (message.size() > NS_MAXMSG || ns_initparse(bytes, static_cast<int>(message.size()), &parsed) != 0) {
        return fail(Error::Kind::Unavailable, "malformed DNS answer");
    }
    Records records;
    for (int i = 0; i < ns_msg_count(parsed, ns_s_an) && records.size() < kRecordsMax; ++i) {
        ns_rr record;
        if (ns_parserr(&parsed, ns_s_an, i, &record) != 0)
            return fail(Error::Kind::Unavailable, "malformed DNS answer");
        if (ns_rr_type(record) != type_number(type)) continue;
        auto found = read_record(parsed, record);
        if (!found) return fail(Error::Kind::Unavailable, "malformed DNS answer");
        records.push_back(*std::move(found));
    }
    return records;
}

struct AsioDns::Impl {
    AsioLookups<Question, Records> lookups;
};

AsioDns::AsioDns(Scheduler& scheduler) : impl_(new Impl{{scheduler, ask_system}}) {}
AsioDns::~AsioDns() = default;

void AsioDns::lookup(const std::string& name, DnsType type, std::function<void(Result<Records>)> done) {
    impl_->lookups.ask(Question{name, type}, std::move(done));
}

}  // namespace tocsin
