#include "base/asio_address.h"

#include <optional>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace tocsin {
namespace {

namespace ip = boost::asio::ip;

// One of IPv4 that is written in IPv6 is one of IPv4.
std::optional<ip::address> parse_address(const std::string& text) {
    boost::system::error_code error;
    const auto address = ip::make_address(text, error);
    if (error) return std::nullopt;
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

template <class Network, class Address>
bool contains(const Network& network, const Address& address) {
    return network.canonical() == Network(address, network.prefix_length()).canonical();
}

}  // namespace

bool is_ip_literal(const std::string& host) {
    return parse_address(host).has_value();
}

bool is_loopback_literal(const std::string& host) {
    const auto address = parse_address(host);
    return address && address->is_loopback();
}

bool is_in_network(const std::string& host, const std::string& network) {
    const auto address = parse_address(host);
    if (!address) return false;
    boost::system::error_code error;
    if (address->is_v4()) {
        const auto block = ip::make_network_v4(network, error);
        return !error && contains(block, address->to_v4());
    }
    const auto block = ip::make_network_v6(network, error);
    return !error && contains(block, address->to_v6());
}

bool is_same_address(const std::string& host, const std::string& other) {
    const auto address = parse_address(host);
    return address && address == parse_address(other);
}

std::string join_host_port(const std::string& host, std::uint16_t port) {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace tocsin
