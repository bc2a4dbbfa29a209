#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "daemon/scrape_config_reader.h"
#include "engine/scrape/relabel.h"
#include "engine/scrape/scrape_config.h"

namespace tocsin {

/// One entry of `alerting.alertmanagers`: Alertmanagers that are found and reached in the same way.
struct AlertmanagersConfig {
    /// How they are found, relabelled and reached: what an Alertmanager has in common with a target.
    std::shared_ptr<const ScrapeConfig> reach;
    std::string path_prefix = "/";
    Duration timeout{10'000};
    RelabelConfigs alert_relabel_configs;  // after those of all
};

/// `alerting` of a prometheus.yml (config/config.go AlertingConfig).
struct AlertingConfig {
    RelabelConfigs alert_relabel_configs;
    std::vector<AlertmanagersConfig> alertmanagers;
};

AlertingConfig read_alerting(const YamlNode* node, ConfigSource& source);

}  // namespace tocsin
