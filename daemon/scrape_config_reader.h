#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "engine/scrape/scrape_config.h"

namespace tocsin {

/// What `global` says for all jobs.
struct ScrapeDefaults {
    std::optional<Duration> scrape_interval;
    Duration scrape_timeout{10'000};
    std::vector<ScrapeProtocol> scrape_protocols;
    std::uint64_t body_size_limit = 0, sample_limit = 0, target_limit = 0, label_limit = 0, label_name_length_limit = 0,
                  label_value_length_limit = 0, keep_dropped_targets = 0;
    bool extra_scrape_metrics = false;
};

/// Where problems of a file go, and where its relative names start.
struct ConfigSource {
    std::string file;
    std::string directory;
    Diagnostics& problems;
    Diagnostics& warnings;
};

/// The keys of `global` and of a job that limit a scrape, or say which formats are asked for.
void read_scrape_limits(YamlFields& fields, ConfigSource& source, ScrapeDefaults& into);

/// Reads one entry of scrape_configs, or of a list whose entries have the same keys: messages call it `what`.
ScrapeConfig read_scrape_config(const YamlNode& node, const ScrapeDefaults& defaults, ConfigSource& source,
                                const char* what = "scrape config");

/// By name, the file in which a job was found: each name may be there once.
using ScrapeJobs = std::map<std::string, std::string>;

/// Reads the list under `scrape_configs`, in prometheus.yml or in a file of scrape_config_files.
std::vector<ScrapeConfig> read_scrape_configs(YamlFields& fields, const ScrapeDefaults& defaults, ConfigSource& source,
                                              ScrapeJobs& jobs);

/// Tells that these keys are known and do nothing.
void warn_of_ignored(YamlFields& fields, std::initializer_list<std::string_view> keys, std::string_view because,
                     ConfigSource& source);

}  // namespace tocsin
