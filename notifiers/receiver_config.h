#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "notifiers/integrations/integration.h"

namespace tocsin {

/// One of `receivers`. Without integrations it swallows what it gets.
struct ReceiverConfig {
    struct Integration {
        const IntegrationType* type;
        std::shared_ptr<const IntegrationConfig> config;
        std::size_t index;  // among those of its type
    };
    /// An integration that is valid and that tocsin has no code to send with.
    struct Unsendable {
        std::string kind;
        SourceRange where;
    };

    std::string name;
    std::vector<std::pair<std::string, std::string>> labels;  // with `name`
    std::vector<Integration> integrations;
    std::vector<Unsendable> unsendable;
    SourceRange where;
};

ReceiverConfig read_receiver_config(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                                    const std::string& directory);

}  // namespace tocsin
