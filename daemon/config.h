#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/labels.h"
#include "base/time.h"
#include "daemon/alerting_config.h"
#include "engine/scrape/scrape_config.h"

namespace tocsin {

/// What prometheus.yml says.
struct Config {
    std::string path;
    Duration evaluation_interval{std::chrono::minutes(1)};
    Duration rule_query_offset{0};
    LabelSet external_labels;
    std::vector<std::string> rule_files;  // shell patterns, resolved against the file's folder
    std::vector<SourceRange> rule_files_where;
    std::vector<std::shared_ptr<const ScrapeConfig>> scrape_configs;
    AlertingConfig alerting;
    /// Keys that are known and not acted on, to be told once.
    Diagnostics warnings;
};

/// Reads a prometheus.yml; all that is wrong with it is added to `problems`. What could be read comes back nevertheless, so that the rule
/// files it names can be checked in the same go. Keys are Prometheus' (config/config.go). One that tocsin knows and does not act on
/// is a warning; one without which targets or alerts would be missed, and one that nobody knows, is an error.
Config parse_config(std::string_view text, const std::string& path, Diagnostics& problems);

}  // namespace tocsin
