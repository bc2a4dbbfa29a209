#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "daemon/config.h"
#include "daemon/options.h"
#include "engine/eval/query.h"
#include "notifiers/config.h"
#include "rules/rule_file.h"
#include "rules/rule_manager.h"

namespace tocsin {

/// The texts of rule files by their paths: what a bad one falls back to.
using RuleFileTexts = std::map<std::string, std::string>;

/// All files of a set-up, read together.
struct Configuration {
    Config prometheus;
    std::vector<RuleFile> rule_files;
    AlertmanagerConfig alertmanager;
    Diagnostics warnings;      // of all of them
    Diagnostics held_back;     // errors of rule files in whose place an earlier version of them stands
    RuleFileTexts rule_texts;  // of `rule_files`; nothing without a fallback
};

/// Everything that is wrong with all files at once; `unreadable` when one of them could not be read at all.
struct ConfigurationProblems {
    Diagnostics problems;
    bool unreadable = false;
    Diagnostics warnings = {};  // what is doubtful besides
};

/// Reads prometheus.yml, the rule files that it names, and alertmanager.yml. A pattern of `rule_files` that matches nothing is a warning,
/// a name without a pattern that is not there is an error. Without the name of a prometheus.yml there are no rules and nothing to poll.
/// With a `fallback` a rule file that is bad or cannot be read is replaced by the text it has there, and is no error.
tl::expected<Configuration, ConfigurationProblems> load_configuration(Disk& disk, const std::string& config_file,
                                                                      const std::string& alertmanager_config_file,
                                                                      const QueryOptions& options,
                                                                      const ConfigOptions& routing_options = {},
                                                                      const RuleFileTexts* fallback = nullptr);

/// The first half of it: prometheus.yml and its rule files.
struct RuleConfiguration {
    Config prometheus;
    std::vector<RuleFile> rule_files;
    Diagnostics warnings;
    Diagnostics held_back = {};     // as of Configuration
    RuleFileTexts rule_texts = {};
};
/// How much of a set-up is looked at.
enum class ConfigReach {
    SyntaxOnly,  // prometheus.yml alone; without its rules
    Rules,       // the files that have rules and jobs too
    NamedFiles,  // those of secrets, certificates and targets as well (daemon/named_files.h)
};
tl::expected<RuleConfiguration, ConfigurationProblems> load_rule_configuration(Disk& disk, const std::string& config_file,
                                                                               const QueryOptions& options,
                                                                               ConfigReach reach = ConfigReach::Rules);

/// Rule files without a prometheus.yml: `patterns` are names or shell patterns, and what they name is added to
/// `configuration`.
tl::expected<RuleConfiguration, ConfigurationProblems> load_rule_files(Disk& disk,
                                                                       const std::vector<std::string>& patterns,
                                                                       const QueryOptions& options,
                                                                       RuleConfiguration configuration);

/// What a prometheus.yml and the flags say about all rules. `external_url` without a slash at the end.
RuleSettings rule_settings(const Config& prometheus, const Options& options, const std::string& external_url);

}  // namespace tocsin
