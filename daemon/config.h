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
#include "daemon/scrape_config_reader.h"
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
    std::vector<std::string> scrape_config_files;  // likewise
    std::vector<SourceRange> scrape_config_files_where;
    ScrapeDefaults scrape_defaults;  // for those files
    ScrapeJobs jobs;
    std::vector<std::shared_ptr<const ScrapeConfig>> scrape_configs;
    AlertingConfig alerting;
    /// Keys that are known and not acted on, to be told once.
    Diagnostics warnings;
};

/// Reads a prometheus.yml; all that is wrong with it is added to `problems`. What could be read comes back
/// nevertheless, so that the rule files it names can be checked in the same go. Keys are Prometheus'
/// (config/config.go). One that tocsin knows and does not act on is a warning; one without which targets or alerts
/// would be missed, and one that nobody knows, is an error.
Config parse_config(std::string_view text, const std::string& path, Diagnostics& problems);

/// Reads a file that scrape_config_files names, and adds its jobs to those of `config`. Its relative names start in its
/// own folder, and the defaults are those of `global`.
void read_scrape_config_file(std::string_view text, const std::string& path, Config& config, Diagnostics& problems);

}  // namespace tocsin
