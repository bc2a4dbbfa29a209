#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "notifiers/config.h"
#include "notifiers/route.h"

using namespace tocsin;

/// Any text is a configuration or is refused with reasons; what is accepted routes every alert somewhere, and its
/// masked text is accepted too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = parse_alertmanager_config(text, "fuzz.yml");
    if (!config) {
        TOCSIN_ASSERT(has_errors(config.error()));
        return 0;
    }
    static_cast<void>(find_unsendable(*config));
    const RouteTree tree(config->route);
    for (const Route* route : tree.match({{"alertname", "a"}, {"severity", "critical"}})) {
        TOCSIN_ASSERT(config->find_receiver(route->options.receiver) != nullptr);
    }
    TOCSIN_ASSERT(parse_alertmanager_config(config->masked_text, "masked.yml").has_value());
    return 0;
}
