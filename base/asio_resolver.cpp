#include "base/asio_resolver.h"

#include <algorithm>
#include <array>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

#include "base/asio_lookups.h"

namespace tocsin {

namespace {

using Addresses = std::vector<std::string>;

constexpr std::size_t kAddressesMax = 16;

struct Host {
    std::string name;
    bool operator<(const Host& other) const { return name < other.name; }
};
const std::string& to_text(const Host& host) {
    return host.name;
}

Error lookup_error(const std::string& host, int code) {
    if (code == EAI_NONAME || code == EAI_NODATA) return {Error::Kind::NotFound, "name not found: " + host};
    if (code == EAI_AGAIN) return {Error::Kind::Unavailable, "name server does not answer for " + host};
    return {Error::Kind::Unavailable, "name lookup of " + host + " failed"};
}

std::string numeric_text(const addrinfo& entry) {
    std::array<char, NI_MAXHOST> text{};
    const int failed =
        getnameinfo(entry.ai_addr, entry.ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    return failed != 0 ? std::string() : std::string(text.data());
}

Addresses addresses_of(const addrinfo* entry) {
    Addresses addresses;
    for (; entry != nullptr && addresses.size() < kAddressesMax; entry = entry->ai_next) {
        std::string text = numeric_text(*entry);
        const bool known = std::find(addresses.begin(), addresses.end(), text) != addresses.end();
        if (!text.empty() && !known) addresses.push_back(std::move(text));
    }
    return addresses;
}

}  // namespace

Result<Addresses> resolve_blocking(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
        return tl::unexpected(lookup_error(host, code));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
    Addresses addresses = addresses_of(found);
    if (addresses.empty()) return tl::unexpected(lookup_error(host, EAI_NONAME));
    return addresses;
}

struct AsioResolver::Impl {
    AsioLookups<Host, Addresses> lookups;
};

AsioResolver::AsioResolver(Scheduler& scheduler, Lookup lookup)
    : impl_(new Impl{{scheduler, [lookup = std::move(lookup)](const Host& host) { return lookup(host.name); }}}) {}

AsioResolver::~AsioResolver() = default;

void AsioResolver::resolve(const std::string& host, std::function<void(Result<Addresses>)> done) {
    impl_->lookups.ask(Host{host}, std::move(done));
}

}  // namespace tocsin
