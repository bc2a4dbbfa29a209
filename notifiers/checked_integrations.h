#pragma once

#include <span>
#include <string>
#include <string_view>

#include "notifiers/global_config.h"

namespace tocsin {

/// A kind of integration that Alertmanager has and tocsin reads for its mistakes, but cannot send with.
struct CheckedIntegration {
    std::string_view name;
    std::string_view config_key;
    void (*check)(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                  const std::string& directory);
};

/// Null for a key that no integration of Alertmanager has, and for those that tocsin sends with.
const CheckedIntegration* find_checked_integration(std::string_view config_key);

/// In the order of their keys.
std::span<const CheckedIntegration> checked_integrations();

}  // namespace tocsin
