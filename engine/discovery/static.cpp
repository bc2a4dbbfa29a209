#include <string>
#include <utility>

#include "base/text.h"
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
    std::vector<std::string> addresses;
    std::vector<std::pair<std::string, std::string>> labels;
    YamlFields fields(source.node, "static_config", source.file, source.diagnostics);
    fields.read("targets", addresses);
    fields.read("labels", labels);
    fields.finish();

    TargetGroup group{.source = std::to_string(source.index), .targets = {}, .labels = LabelSet::from(labels)};
    bool good = true;
    for (const std::string& address : addresses) {
        if (address.find('/') != std::string::npos) {
            fields.report(source.node.find("targets")->where, go_quote(address) + " is not a valid hostname",
                          "host or host:port");
            good = false;
        }
        group.targets.push_back(LabelSet{{"__address__", address}});
    }
    return good ? make_static_discovery(std::move(group)) : nullptr;
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
