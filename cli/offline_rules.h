#pragma once

#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "daemon/configuration.h"
#include "daemon/options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tocsin::cli {

/// Which rules a command works with that polls nothing, and how they are evaluated.
struct OfflineRuleFlags {
    std::string config_file;         // a prometheus.yml, for its rules and settings
    std::vector<std::string> rules;  // rule files instead of that, as names or shell patterns
    std::string evaluation_interval = "1m", lookback_delta = "5m";
    std::string features;
};

/// What is said of the two that name files; the other flags are the same everywhere. `flags` outlives `command`.
struct OfflineRuleHelp {
    std::string config_file = "prometheus.yml, for its rules and settings";
    std::string rules = "Rule files instead, as names or shell patterns";
};
/// `--config.file`, `--rules` (the answer, for what it needs), `--evaluation-interval`, `--query.lookback-delta` and
/// `--enable-feature`.
CLI::Option* add_offline_rule_flags(CLI::App& command, OfflineRuleFlags& flags, const OfflineRuleHelp& help = {});

/// What they say of the evaluation. Fails at the first one that is no duration or no feature: wrong usage.
Result<Options> read_offline_options(const OfflineRuleFlags& flags);

/// The rules; names are seen from `folder` (empty: from here). Where they are bad the problems are printed, and the
/// exit code comes back.
tl::expected<RuleConfiguration, int> load_offline_rules(Disk& disk, const OfflineRuleFlags& flags,
                                                        const Options& options, const std::string& folder = "");

/// Prints them; the exit code that they come to.
int tell_problems(const ConfigurationProblems& problems);

}  // namespace tocsin::cli
