#include <string>
#include <utility>

#include "engine/discovery/discovery.h"

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
    std::vector<std::string> addresses;
    std::vector<std::pair<std::string, std::string>> labels;
    YamlFields fields(source.node, "static_config", source.file, source.diagnostics);
    fields.read("targets", addresses);
    fields.read("labels", labels);
    fields.finish();

    if (source.diagnostics.size() > problems_before) return nullptr;
    TargetGroup group{.source = std::to_string(source.index), .targets = {}, .labels = LabelSet::from(labels)};
    for (const std::string& address : addresses) group.targets.push_back(LabelSet{{"__address__", address}});
    return make_static_discovery(std::move(group));
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
