#include "base/dns.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/discovery/discovery.h"
#include "engine/discovery/discovery_metrics.h"

namespace tocsin {
namespace {

constexpr Duration kDnsRefreshInterval{std::chrono::seconds(30)};

constexpr std::array<std::pair<std::string_view, DnsType>, 5> kTypes{
    {{"A", DnsType::A}, {"AAAA", DnsType::Aaaa}, {"MX", DnsType::Mx}, {"NS", DnsType::Ns}, {"SRV", DnsType::Srv}}};

struct DnsSource {
    std::vector<std::string> names;
    DnsType type = DnsType::Srv;
    std::uint16_t port = 0;  // of all but SRV
    Duration refresh = kDnsRefreshInterval;

    bool operator==(const DnsSource&) const = default;
};

// Go's net.JoinHostPort.
std::string address_of(std::string_view host, std::uint16_t port) {
    const bool is_v6 = host.find(':') != std::string_view::npos;
    return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

LabelSet dns_target_of(const std::string& name, const DnsRecord& record, const DnsSource& source) {
    std::string_view host = record.target;
    while (host.ends_with('.')) host.remove_suffix(1);
    const bool is_srv = source.type == DnsType::Srv;
    LabelBuilder labels;
    labels.set("__meta_dns_name", name);
    labels.set("__address__", address_of(host, is_srv ? record.port : source.port));
    if (is_srv) {
        labels.set("__meta_dns_srv_record_target", record.target);
        labels.set("__meta_dns_srv_record_port", std::to_string(record.port));
    } else if (source.type == DnsType::Mx) {
        labels.set("__meta_dns_mx_record_target", record.target);
    } else if (source.type == DnsType::Ns) {
        labels.set("__meta_dns_ns_record_target", record.target);
    }
    return labels.build();
}

/// Asks for the records of names every refresh interval; each record is a target. A name whose lookup fails keeps its
/// targets; one that has no records any more loses them.
class DnsDiscovery final : public Discovery {
public:
    DnsDiscovery(const DiscoveryContext& context, const DnsSource& source)
        : context_(context), source_(source), metrics_(context.metrics) {}

    ~DnsDiscovery() override {
        *self_ = nullptr;
        context_.scheduler.cancel(timer_);
    }

    void start(Publish publish) override {
        publish_ = std::move(publish);
        if (context_.dns != nullptr) ask();
    }

private:
    void ask() {
        timer_ = context_.scheduler.after(source_.refresh, [this] { ask(); });
        for (const std::string& name : source_.names) {
            metrics_.dns_lookups.add();
            context_.dns->lookup(name, source_.type,
                                 [self = self_, name](const Result<std::vector<DnsRecord>>& records) {
                                     if (*self != nullptr) (*self)->take(name, records);
                                 });
        }
    }

    void take(const std::string& name, const Result<std::vector<DnsRecord>>& records) {
        if (!records) {
            metrics_.dns_lookup_failures.add();
            context_.log.error(kDiscoveryLogTarget, "error refreshing DNS targets",
                               {{"job", context_.job}, {"name", name}, {"error", records.error().message}});
            return;
        }
        TargetGroup group{.source = name, .targets = {}, .labels = {}};
        for (const DnsRecord& record : *records) group.targets.push_back(dns_target_of(name, record, source_));
        // Servers turn the order of records at each answer; that is no change.
        std::ranges::sort(group.targets);
        publish_(std::move(group));
    }

    DiscoveryContext context_;
    const DnsSource source_;
    DiscoveryMetrics metrics_;
    Publish publish_;
    Scheduler::TaskId timer_ = 0;
    std::shared_ptr<DnsDiscovery*> self_ = std::make_shared<DnsDiscovery*>(this);
};

using DnsDiscoveryConfig = DiscoveryConfigOf<DnsDiscovery, DnsSource>;

bool read_type(YamlFields& fields, DnsType& into) {
    std::string name;
    if (!fields.read("type", name)) return true;
    const auto known = std::ranges::find_if(kTypes, [&](const auto& type) { return iequals(type.first, name); });
    if (known == kTypes.end()) {
        fields.report(fields.get("type")->where, fmt::format("invalid DNS-SD records type {}", name),
                      "SRV, A, AAAA, MX or NS");
        return false;
    }
    into = known->second;
    return true;
}

bool read_port(YamlFields& fields, const DiscoveryType::Source& source, DnsSource& into) {
    std::uint64_t port = 0;
    if (fields.read("port", port) && port > 65'535) {
        fields.report(fields.get("port")->where, "port is too large", "1 to 65535");
        return false;
    }
    if (port == 0 && into.type != DnsType::Srv) {
        fields.report(source.node.where, "a port is required in DNS-SD configs for all record types except SRV");
        return false;
    }
    into.port = static_cast<std::uint16_t>(port);
    return true;
}

std::shared_ptr<const DiscoveryConfig> parse_dns(const DiscoveryType::Source& source) {
    YamlFields fields(source.node, "dns_sd_config", source.file, source.diagnostics);
    DnsSource dns;
    fields.read("names", dns.names);
    bool good = read_refresh_interval(fields, dns.refresh);
    good = read_type(fields, dns.type) && read_port(fields, source, dns) && good;
    fields.ignore("port");
    fields.finish();
    if (dns.names.empty()) {
        fields.report(source.node.where, "DNS-SD config must contain at least one SRV record name");
        return nullptr;
    }
    return good ? std::make_shared<const DnsDiscoveryConfig>(std::move(dns)) : nullptr;
}

}  // namespace

namespace discovery {

extern const DiscoveryType dns_targets;
const DiscoveryType dns_targets{.config_key = "dns_sd_configs", .parse = parse_dns};

}  // namespace discovery
}  // namespace tocsin
