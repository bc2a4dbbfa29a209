#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "daemon/web_config.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

/// Any text is a web configuration or is refused with reasons; what asks for users has hashes of all of them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fakes::FakeDisk disk;
    std::vector<std::string> files;
    const auto config = parse_web_config(disk, {reinterpret_cast<const char*>(data), size}, "/fuzz.yml", files);
    TOCSIN_ASSERT(!files.empty() && files.front() == "/fuzz.yml");
    if (!config) {
        TOCSIN_ASSERT(has_errors(config.error()));
        return 0;
    }
    for (const auto& [user, hash] : config->users) TOCSIN_ASSERT(hash.reveal().size() == 60);
    TOCSIN_ASSERT(!config->tls || !config->tls->certificate.empty());
    return 0;
}
