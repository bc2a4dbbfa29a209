#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "notifiers/global_config.h"

namespace tocsin {

class Notifier;
struct NotifierContext;

/// What every integration of a receiver has; the rest is of its own kind.
struct IntegrationConfig {
    IntegrationConfig() = default;
    IntegrationConfig(const IntegrationConfig&) = default;
    IntegrationConfig& operator=(const IntegrationConfig&) = default;
    virtual ~IntegrationConfig() = default;

    bool send_resolved = false;
    HttpClientConfig http;  // the receiver's own one replaces the global one whole
    Duration timeout{0};    // of one attempt; 0: as long as the flush lasts
    SourceRange where;
};

/// A kind of integration that tocsin can send with: one file of this folder, one line of integrations.def.
struct IntegrationType {
    std::string_view name;        // as metrics and the notification log call it
    std::string_view config_key;  // in a receiver
    /// Reads one entry of the list; what is wrong with it is reported in `reading`, and the result is then not used.
    std::shared_ptr<const IntegrationConfig> (*read)(const YamlNode& node, ConfigReading& reading,
                                                     const GlobalConfig& global, const std::string& directory);
    /// `config` is what read() returned. Templates that do not parse are told by the first notification, as a failed
    /// one.
    std::unique_ptr<Notifier> (*create)(std::shared_ptr<const IntegrationConfig> config,
                                        const NotifierContext& context);
};

namespace integrations {

/// All of them, in the order of integrations.def.
std::span<const IntegrationType* const> all();

}  // namespace integrations

/// Reads what every integration has: send_resolved, and http_config where the kind has one.
void read_common_fields(ConfigFields& fields, IntegrationConfig& config, const GlobalConfig& global,
                        const std::string& directory);

}  // namespace tocsin
