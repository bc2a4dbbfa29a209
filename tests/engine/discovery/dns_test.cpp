#include <string>

#include "tests/catch.h"
#include "tests/engine/discovery/discovery_rig.h"

using namespace tocsin;
using namespace std::chrono_literals;
using tests::DiscoveryRig;

TEST_CASE("each record of a name is a target", "[engine][discovery][dns]") {
    struct Case {
        std::string type;
        DnsType asked;
        DnsRecord record;
        LabelSet target;
    };
    const auto c = GENERATE(values<Case>({
        {"SRV",
         DnsType::Srv,
         {"db1.example.org.", 3306},
         {{"__address__", "db1.example.org:3306"},
          {"__meta_dns_name", "n"},
          {"__meta_dns_srv_record_port", "3306"},
          {"__meta_dns_srv_record_target", "db1.example.org."}}},
        {"a", DnsType::A, {"192.0.2.2", 0}, {{"__address__", "192.0.2.2:80"}, {"__meta_dns_name", "n"}}},
        {"AAAA", DnsType::Aaaa, {"2001:db8::1", 0}, {{"__address__", "[2001:db8::1]:80"}, {"__meta_dns_name", "n"}}},
        {"MX",
         DnsType::Mx,
         {"smtp.example.org.", 0},
         {{"__address__", "smtp.example.org:80"},
          {"__meta_dns_name", "n"},
          {"__meta_dns_mx_record_target", "smtp.example.org."}}},
        {"NS",
         DnsType::Ns,
         {"ns1.example.org.", 0},
         {{"__address__", "ns1.example.org:80"},
          {"__meta_dns_name", "n"},
          {"__meta_dns_ns_record_target", "ns1.example.org."}}},
    }));
    CAPTURE(c.type);
    DiscoveryRig rig;
    rig.dns.set("n", c.asked, std::vector<DnsRecord>{c.record});
    rig.start("dns_sd_configs", "{names: [n], port: 80, type: " + c.type + "}");
    rig.scheduler.advance(1ms);
    REQUIRE(rig.groups.count("n") == 1);
    CHECK(rig.groups["n"].targets == std::vector<LabelSet>{c.target});
}

TEST_CASE("a name without records loses its targets, one whose lookup fails keeps them", "[engine][discovery][dns]") {
    DiscoveryRig rig;
    rig.dns.set("n", DnsType::A, std::vector<DnsRecord>{{"10.0.0.2", 0}, {"10.0.0.1", 0}});
    rig.start("dns_sd_configs", "{names: [n], type: A, port: 1}");
    rig.scheduler.advance(1s);
    CHECK(rig.shown() == "n {}: 10.0.0.1:1 10.0.0.2:1\n");
    rig.dns.set("n", DnsType::A, fail(Error::Kind::Unavailable, "no server answers"));
    rig.scheduler.advance(30s);
    CHECK(rig.shown() == "n {}: 10.0.0.1:1 10.0.0.2:1\n");
    CHECK(rig.metrics.counter("prometheus_sd_dns_lookup_failures_total", "").get() == 1);
    rig.dns.set("n", DnsType::A, std::vector<DnsRecord>{});
    rig.scheduler.advance(30s);
    CHECK(rig.shown().empty());
    CHECK(rig.metrics.counter("prometheus_sd_dns_lookups_total", "").get() == 3);
}
