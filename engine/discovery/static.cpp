#include <cstddef>
#include <memory>
#include <utility>

#include "engine/discovery/discovery.h"
#include "engine/discovery/target_groups.h"

namespace tocsin {
namespace {

class StaticDiscovery final : public Discovery {
public:
    StaticDiscovery(const DiscoveryContext&, TargetGroup group) : group_(std::move(group)) {}
    void start(Publish publish) override { publish(group_); }

private:
    TargetGroup group_;
};

using StaticDiscoveryConfig = DiscoveryConfigOf<StaticDiscovery, TargetGroup>;

std::shared_ptr<const DiscoveryConfig> parse_static(const DiscoveryType::Source& source) {
    const std::size_t problems_before = source.diagnostics.size();
    TargetGroup group = read_static_group(source.node, source.index, source.file, source.diagnostics);
    const bool is_good = source.diagnostics.size() == problems_before;
    return is_good ? make_static_discovery(std::move(group)) : nullptr;
}

}  // namespace

std::shared_ptr<const DiscoveryConfig> make_static_discovery(TargetGroup group) {
    return std::make_shared<const StaticDiscoveryConfig>(std::move(group));
}

namespace discovery {

extern const DiscoveryType static_targets;
const DiscoveryType static_targets{.config_key = "static_configs", .parse = parse_static};

}  // namespace discovery
}  // namespace tocsin
