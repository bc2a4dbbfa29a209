#include "notifiers/receiver_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "notifiers/checked_integrations.h"

namespace tocsin {
namespace {

void read_integrations(ConfigFields& fields, const IntegrationType& type, ReceiverConfig& receiver,
                       const GlobalConfig& global, const std::string& directory) {
    std::size_t index = 0;
    fields.read_each(
        type.config_key,
        [&](const YamlNode& item) {
            auto config = type.read(item, fields.reading(), global, directory);
            receiver.integrations.push_back({&type, std::move(config), index++});
        },
        fmt::format("missing {} config", type.name));
}

void check_integrations(ConfigFields& fields, const CheckedIntegration& kind, ReceiverConfig& receiver,
                        const GlobalConfig& global, const std::string& directory) {
    fields.read_each(
        kind.config_key,
        [&](const YamlNode& item) {
            kind.check(item, fields.reading(), global, directory);
            receiver.unsendable.push_back({std::string(kind.name), item.where});
        },
        fmt::format("missing {} config", kind.name));
}

void read_receiver_labels(ConfigFields& fields, ReceiverConfig& receiver) {
    fields.read("labels", receiver.labels);
    for (const auto& [name, value] : receiver.labels) {
        if (name == "name" && value != receiver.name) {
            fields.report("labels",
                          fmt::format("label name must be equal to the receiver's name {}", go_quote(receiver.name)));
        }
    }
    std::erase_if(receiver.labels, [](const auto& label) { return label.first == "name"; });
    receiver.labels.emplace_back("name", receiver.name);
    std::sort(receiver.labels.begin(), receiver.labels.end());
}

}  // namespace

ReceiverConfig read_receiver_config(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                                    const std::string& directory) {
    ConfigFields fields(node, "receiver", reading);
    ReceiverConfig receiver;
    receiver.where = node.where;
    fields.read("name", receiver.name);
    if (receiver.name.empty()) fields.report({}, "missing name in receiver");
    read_receiver_labels(fields, receiver);
    for (const IntegrationType* type : integrations::all()) {
        read_integrations(fields, *type, receiver, global, directory);
    }
    for (const CheckedIntegration& kind : checked_integrations()) {
        check_integrations(fields, kind, receiver, global, directory);
    }
    fields.finish();
    return receiver;
}

}  // namespace tocsin
