#include "cli/offline_rules.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "base/duration.h"
#include "cli/commands.h"
#include "cli/features.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

Result<Duration> read_positive(const std::string& flag, const std::string& text) {
    const auto read = parse_duration(text);
    if (!read) return fail(Error::Kind::InvalidInput, flag + ": " + read.error().message);
    if (*read <= Duration{0}) return fail(Error::Kind::InvalidInput, flag + ": expected more than 0");
    return *read;
}

}  // namespace

CLI::Option* add_offline_rule_flags(CLI::App& command, OfflineRuleFlags& flags, const OfflineRuleHelp& help) {
    auto* config = command.add_option("--config.file", flags.config_file, help.config_file)->type_name("FILE");
    if (!flags.config_file.empty()) config->capture_default_str();
    auto* rules = command.add_option("--rules", flags.rules, help.rules)->type_name("FILE")->excludes(config);
    command
        .add_option("--evaluation-interval", flags.evaluation_interval,
                    "With --rules: of groups that do not say how often they are evaluated")
        ->capture_default_str()
        ->type_name("TIME");
    command.add_option("--query.lookback-delta", flags.lookback_delta, "How old a sample may be")
        ->capture_default_str()
        ->type_name("TIME");
    command.add_option("--enable-feature", flags.features, "Features of PromQL, separated by commas, or all");
    return rules;
}

Result<Options> read_offline_options(const OfflineRuleFlags& flags) {
    Options options;
    TOCSIN_TRY(options.query.features, parse_features(flags.features));
    TOCSIN_TRY(options.query.lookback_delta, read_positive("--query.lookback-delta", flags.lookback_delta));
    TOCSIN_TRY([[maybe_unused]] const Duration interval,
               read_positive("--evaluation-interval", flags.evaluation_interval));
    return options;
}

tl::expected<RuleConfiguration, int> load_offline_rules(Disk& disk, const OfflineRuleFlags& flags,
                                                        const Options& options, const std::string& folder) {
    const auto seen = [&](const std::string& path) { return folder.empty() ? path : resolve_path(folder, path); };
    RuleConfiguration start;
    start.prometheus.evaluation_interval =
        parse_duration(flags.evaluation_interval).value_or(start.prometheus.evaluation_interval);
    std::vector<std::string> patterns;
    for (const std::string& pattern : flags.rules) patterns.push_back(seen(pattern));
    auto loaded = patterns.empty() ? load_rule_configuration(disk, seen(flags.config_file), options.query)
                                   : load_rule_files(disk, patterns, options.query, std::move(start));
    if (!loaded) return tl::unexpected<int>(tell_problems(loaded.error()));
    return *std::move(loaded);
}

int tell_problems(const ConfigurationProblems& problems) {
    print_diagnostics(problems.problems);
    return problems.unreadable ? kImpossible : kBad;
}

}  // namespace tocsin::cli
