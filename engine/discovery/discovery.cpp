#include "engine/discovery/discovery.h"

#include <algorithm>

namespace tocsin {
namespace discovery {

#define DISCOVERY(name) extern const DiscoveryType name##_targets;
#include "engine/discovery/discovery.def"
#undef DISCOVERY

}  // namespace discovery

const std::vector<const DiscoveryType*>& discovery_types() {
    static const std::vector<const DiscoveryType*> types = [] {
        std::vector<const DiscoveryType*> all{
#define DISCOVERY(name) &discovery::name##_targets,
#include "engine/discovery/discovery.def"
#undef DISCOVERY
        };
        std::ranges::sort(all, {}, &DiscoveryType::config_key);
        return all;
    }();
    return types;
}

bool read_refresh_interval(YamlFields& fields, Duration& into) {
    if (!fields.read("refresh_interval", into) || into > Duration{0}) return true;
    fields.report(fields.get("refresh_interval")->where, "refresh_interval must be greater than zero");
    return false;
}

}  // namespace tocsin
