#pragma once

#include <cstdint>
#include <string>

namespace tocsin {

/// "10.0.0.7" or "::1", as opposed to a name.
bool is_ip_literal(const std::string& host);
bool is_loopback_literal(const std::string& host);
/// Whether `network` is a block as `10.0.0.0/8` and `host` an address in it.
bool is_in_network(const std::string& host, const std::string& network);
/// Whether both are addresses, and the same one however they are written.
bool is_same_address(const std::string& host, const std::string& other);

/// `10.0.0.7:80`, `[::1]:80`.
std::string join_host_port(const std::string& host, std::uint16_t port);

}  // namespace tocsin
