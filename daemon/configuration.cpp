#include "daemon/configuration.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/diagnostic_order.h"
#include "base/file_patterns.h"
#include "daemon/named_files.h"
#include "rules/rule_duplicates.h"

namespace tocsin {
namespace {

void append(Diagnostics& to, const Diagnostics& more) {
    to.insert(to.end(), more.begin(), more.end());
}

void append_found(const Diagnostics& found, ConfigurationProblems& problems) {
    for (const Diagnostic& finding : found) {
        (finding.severity == Severity::Error ? problems.problems : problems.warnings).push_back(finding);
    }
}

/// The text of a file, or a finding at `place` that says why there is none.
std::optional<std::string> read(Disk& disk, const std::string& path, Diagnostic place,
                                ConfigurationProblems& problems) {
    auto text = read_file(disk, path);
    if (text) return *std::move(text);
    place.message = text.error().message;
    problems.problems.push_back(std::move(place));
    problems.unreadable = true;
    return std::nullopt;
}

/// The files that a pattern names, or a finding at `place`, where the pattern stands, that says why they are not known.
std::optional<std::vector<std::string>> expand(Disk& disk, const std::string& pattern, Diagnostic place,
                                               ConfigurationProblems& problems) {
    auto found = is_malformed_pattern(pattern) ? fail(Error::Kind::InvalidInput, "syntax error in pattern " + pattern)
                                               : disk.glob(pattern);
    if (found) return *std::move(found);
    place.message = found.error().message;
    problems.problems.push_back(std::move(place));
    problems.unreadable = true;
    return std::nullopt;
}

/// Files by their paths, and where each one is named.
using NamedFiles = std::map<std::string, Diagnostic>;

/// The files that a list of patterns in prometheus.yml names.
NamedFiles paths_of(Disk& disk, const std::string& config_file, const std::vector<std::string>& patterns,
                    const std::vector<SourceRange>& where, Diagnostics& warnings, ConfigurationProblems& problems) {
    NamedFiles files;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        const Diagnostic place{.file = config_file, .where = where[i]};
        const auto found = expand(disk, patterns[i], place, problems);
        if (!found) continue;
        if (found->empty() && has_magic(patterns[i])) {
            warnings.push_back({.severity = Severity::Warning,
                                .check = "config/rule-files",
                                .file = config_file,
                                .where = where[i],
                                .message = fmt::format("no file matches {}", patterns[i])});
        }
        for (const std::string& path : *found) files.emplace(path, place);
    }
    return files;
}

std::optional<RuleFile> parse_rules(const std::string& text, const std::string& path, const QueryOptions& options,
                                    ConfigurationProblems& problems) {
    Diagnostics doubts;
    auto file = parse_rule_file(text, path, options, doubts);
    if (file) return *std::move(file);
    append(problems.problems, file.error());
    append(problems.warnings, doubts);
    return std::nullopt;
}

/// The file as it is, with its text; where it is bad the one that it falls back to, and what is wrong is held back. One
/// that is not there is told where it is named, or by its own name when it is held back.
std::optional<RuleFile> read_rule_file(Disk& disk, const std::string& path, const Diagnostic& named_at,
                                       const QueryOptions& options, const RuleFileTexts* fallback,
                                       RuleConfiguration& into, ConfigurationProblems& problems) {
    ConfigurationProblems own;
    const auto before = fallback == nullptr ? RuleFileTexts::const_iterator() : fallback->find(path);
    const bool falls_back = fallback != nullptr && before != fallback->end();
    std::optional<std::string> text = read(disk, path, falls_back ? Diagnostic{.file = path} : named_at, own);
    std::optional<RuleFile> file = text ? parse_rules(*text, path, options, own) : std::nullopt;
    if (!file && falls_back) {
        append(into.held_back, std::exchange(own, {}).problems);
        text = before->second;
        file = parse_rules(*text, path, options, own);
    }
    append(problems.problems, own.problems);
    append(problems.warnings, own.warnings);
    problems.unreadable |= own.unreadable;
    if (file && fallback != nullptr) into.rule_texts[path] = *std::move(text);
    return file;
}

void read_rule_files(Disk& disk, const NamedFiles& files, const QueryOptions& options, const RuleFileTexts* fallback,
                     RuleConfiguration& into, ConfigurationProblems& problems) {
    for (const auto& [path, named_at] : files) {
        auto file = read_rule_file(disk, path, named_at, options, fallback, into, problems);
        if (!file) continue;
        append(into.warnings, file->warnings);
        into.rule_files.push_back(*std::move(file));
    }
}

struct Reading {
    std::optional<RuleConfiguration> configuration;
    ConfigurationProblems problems;
};

/// A file that jobs were read from.
struct JobFile {
    const std::string& text;
    const std::string& path;
    ScrapeConfigs jobs;
    const AlertingConfig* alerting;  // null: it has none
    bool is_good;                    // nothing is wrong with it so far
};

/// Looks at what a file names.
void look_further(Disk& disk, const JobFile& file, ConfigReach reach, ConfigurationProblems& problems) {
    if (reach == ConfigReach::Rules) return;
    // What is wrong with a job would be told again of each of its targets.
    if (file.is_good) append(problems.problems, check_static_targets(file.text, file.path, file.jobs, file.alerting));
    if (reach == ConfigReach::SyntaxOnly) return;
    append_found(check_named_files(disk, file.text, file.path, file.is_good ? file.jobs : ScrapeConfigs{},
                                   file.is_good ? file.alerting : nullptr),
                 problems);
}

/// Reads a file that is named at `named_at` and has jobs.
void read_job_file(Disk& disk, const std::string& path, const Diagnostic& named_at, ConfigReach reach, Config& config,
                   ConfigurationProblems& problems) {
    const auto text = read(disk, path, named_at, problems);
    if (!text) return;
    const std::size_t jobs_before = config.scrape_configs.size(), problems_before = problems.problems.size();
    read_scrape_config_file(*text, path, config, problems.problems);
    look_further(disk,
                 {.text = *text,
                  .path = path,
                  .jobs = std::span(config.scrape_configs).subspan(jobs_before),
                  .alerting = nullptr,
                  .is_good = problems.problems.size() == problems_before},
                 reach, problems);
}

Reading read_rules(Disk& disk, const std::string& config_file, const QueryOptions& options, ConfigReach reach,
                   const RuleFileTexts* fallback = nullptr) {
    Reading reading;
    ConfigurationProblems& problems = reading.problems;
    const auto text = read(disk, config_file, {.file = config_file}, problems);
    if (!text) return reading;
    RuleConfiguration& configuration = reading.configuration.emplace();
    // A mistake in it does not hide those of the rule files.
    Config config = parse_config(*text, config_file, problems.problems);
    look_further(disk,
                 {.text = *text,
                  .path = config_file,
                  .jobs = config.scrape_configs,
                  .alerting = &config.alerting,
                  .is_good = problems.problems.empty()},
                 reach, problems);
    const auto files_of = [&](const std::vector<std::string>& patterns, const std::vector<SourceRange>& where) {
        if (reach == ConfigReach::SyntaxOnly) return NamedFiles{};
        return paths_of(disk, config_file, patterns, where, configuration.warnings, problems);
    };
    for (const auto& [path, named_at] : files_of(config.scrape_config_files, config.scrape_config_files_where)) {
        read_job_file(disk, path, named_at, reach, config, problems);
    }
    append(configuration.warnings, config.warnings);
    read_rule_files(disk, files_of(config.rule_files, config.rule_files_where), options, fallback, configuration,
                    problems);
    configuration.prometheus = std::move(config);
    return reading;
}

/// Errors and warnings in order: what was read, with all that is doubtful, or what is wrong with it.
tl::expected<RuleConfiguration, ConfigurationProblems> settle(RuleConfiguration configuration,
                                                              ConfigurationProblems problems) {
    append(configuration.warnings, problems.warnings);
    append(configuration.warnings, find_duplicates_between(configuration.rule_files));
    sort_by_place(configuration.warnings);
    if (!has_errors(problems.problems)) return configuration;
    sort_by_place(problems.problems);
    problems.warnings = std::move(configuration.warnings);
    return tl::unexpected(std::move(problems));
}

}  // namespace

tl::expected<RuleConfiguration, ConfigurationProblems> load_rule_configuration(Disk& disk,
                                                                               const std::string& config_file,
                                                                               const QueryOptions& options,
                                                                               ConfigReach reach) {
    Reading reading = read_rules(disk, config_file, options, reach);
    return settle(std::move(reading.configuration).value_or(RuleConfiguration{}), std::move(reading.problems));
}

tl::expected<Configuration, ConfigurationProblems> load_configuration(Disk& disk, const std::string& config_file,
                                                                      const std::string& alertmanager_config_file,
                                                                      const QueryOptions& options,
                                                                      const ConfigOptions& routing_options,
                                                                      const RuleFileTexts* fallback) {
    Reading reading = config_file.empty() ? Reading{RuleConfiguration{}, {}}
                                          : read_rules(disk, config_file, options, ConfigReach::Rules, fallback);
    ConfigurationProblems& problems = reading.problems;
    // The routing is read even when the rules are bad: all mistakes are told at once.
    const bool routing_is_there =
        read(disk, alertmanager_config_file, {.file = alertmanager_config_file}, problems).has_value();
    auto routing = routing_is_there ? load_alertmanager_config(disk, alertmanager_config_file, routing_options)
                                    : Parsed<AlertmanagerConfig>(tl::unexpected(Diagnostics{}));
    if (routing) {
        append(problems.problems, find_unsendable(*routing));
    } else {
        append(problems.problems, routing.error());
    }
    if (routing) append(problems.warnings, routing->warnings);
    auto rules = settle(std::move(reading.configuration).value_or(RuleConfiguration{}), std::move(problems));
    if (!rules) return tl::unexpected(std::move(rules.error()));
    Configuration configuration;
    configuration.prometheus = std::move(rules->prometheus);
    configuration.rule_files = std::move(rules->rule_files);
    configuration.warnings = std::move(rules->warnings);
    configuration.held_back = std::move(rules->held_back);
    configuration.rule_texts = std::move(rules->rule_texts);
    configuration.alertmanager = *std::move(routing);
    return configuration;
}

tl::expected<RuleConfiguration, ConfigurationProblems> load_rule_files(Disk& disk,
                                                                       const std::vector<std::string>& patterns,
                                                                       const QueryOptions& options,
                                                                       RuleConfiguration configuration) {
    ConfigurationProblems problems;
    NamedFiles files;
    for (const std::string& pattern : patterns) {
        const auto found = expand(disk, pattern, {.file = pattern}, problems);
        if (!found) continue;
        if (found->empty()) {
            problems.problems.push_back({.file = pattern, .message = "no file matches this"});
            problems.unreadable = true;
        }
        for (const std::string& path : *found) files.emplace(resolve_pattern(".", path), Diagnostic{.file = path});
    }
    read_rule_files(disk, files, options, nullptr, configuration, problems);
    return settle(std::move(configuration), std::move(problems));
}

RuleSettings rule_settings(const Config& prometheus, const Options& options, const std::string& external_url) {
    RuleSettings settings;
    settings.evaluation_interval = prometheus.evaluation_interval;
    settings.query_offset = prometheus.rule_query_offset;
    settings.resend_delay = options.resend_delay;
    settings.outage = options.outage;
    settings.external_labels = prometheus.external_labels;
    settings.external_url = external_url;
    settings.query = options.query;
    settings.query.default_subquery_step = prometheus.evaluation_interval;
    return settings;
}

}  // namespace tocsin
