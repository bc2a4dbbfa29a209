#include "daemon/configuration.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tocsin {
namespace {

void append(Diagnostics& to, const Diagnostics& more) {
    to.insert(to.end(), more.begin(), more.end());
}

bool has_magic(const std::string& pattern) {
    return pattern.find_first_of("*?[") != std::string::npos;
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

/// Whether a `[` of a shell pattern has no end, or its end no character to stand for: Go's path/filepath refuses it.
bool is_malformed(std::string_view pattern) {
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\' && ++at == pattern.size()) return true;
        if (pattern[at] != '[') continue;
        const std::size_t first = at + 1 + (pattern.substr(at + 1).starts_with('^') ? 1 : 0);
        const std::size_t end = pattern.find(']', first);
        if (end == pattern.npos || end == first) return true;
        at = end;
    }
    return false;
}

/// The files that a pattern names, or a finding at `place`, where the pattern stands, that says why they are not known.
std::optional<std::vector<std::string>> expand(Disk& disk, const std::string& pattern, Diagnostic place,
                                               ConfigurationProblems& problems) {
    auto found = is_malformed(pattern) ? fail(Error::Kind::InvalidInput, "syntax error in pattern " + pattern)
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
                                  const std::vector<SourceRange>& where, Diagnostics& warnings,
                                  ConfigurationProblems& problems) {
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
    auto file = parse_rule_file(text, path, options);
    if (file) return *std::move(file);
    append(problems.problems, file.error());
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

Reading read_rules(Disk& disk, const std::string& config_file, const QueryOptions& options,
                   const RuleFileTexts* fallback = nullptr) {
    Reading reading;
    const auto text = read(disk, config_file, {.file = config_file}, reading.problems);
    if (!text) return reading;
    // A mistake in it does not hide those of the rule files.
    Config config = parse_config(*text, config_file, reading.problems.problems);
    RuleConfiguration configuration;
    for (const auto& [path, named_at] :
         paths_of(disk, config_file, config.scrape_config_files, config.scrape_config_files_where,
                  configuration.warnings, reading.problems)) {
        if (const auto jobs = read(disk, path, named_at, reading.problems)) {
            read_scrape_config_file(*jobs, path, config, reading.problems.problems);
        }
    }
    append(configuration.warnings, config.warnings);
    read_rule_files(disk,
                    paths_of(disk, config_file, config.rule_files, config.rule_files_where, configuration.warnings,
                             reading.problems),
                    options, fallback, configuration, reading.problems);
    configuration.prometheus = std::move(config);
    reading.configuration = std::move(configuration);
    return reading;
}

}  // namespace

tl::expected<RuleConfiguration, ConfigurationProblems> load_rule_configuration(Disk& disk,
                                                                               const std::string& config_file,
                                                                               const QueryOptions& options) {
    Reading reading = read_rules(disk, config_file, options);
    if (has_errors(reading.problems.problems)) return tl::unexpected(std::move(reading.problems));
    return *std::move(reading.configuration);
}

tl::expected<Configuration, ConfigurationProblems> load_configuration(Disk& disk, const std::string& config_file,
                                                                      const std::string& alertmanager_config_file,
                                                                      const QueryOptions& options,
                                                                      const ConfigOptions& routing_options,
                                                                      const RuleFileTexts* fallback) {
    Reading reading =
        config_file.empty() ? Reading{RuleConfiguration{}, {}} : read_rules(disk, config_file, options, fallback);
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
    if (has_errors(problems.problems)) return tl::unexpected(std::move(problems));
    Configuration configuration;
    configuration.prometheus = std::move(reading.configuration->prometheus);
    configuration.rule_files = std::move(reading.configuration->rule_files);
    configuration.warnings = std::move(reading.configuration->warnings);
    configuration.held_back = std::move(reading.configuration->held_back);
    configuration.rule_texts = std::move(reading.configuration->rule_texts);
    append(configuration.warnings, routing->warnings);
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
        for (const std::string& path : *found) files.emplace(path, Diagnostic{.file = path});
    }
    read_rule_files(disk, files, options, nullptr, configuration, problems);
    if (has_errors(problems.problems)) return tl::unexpected(std::move(problems));
    return configuration;
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
