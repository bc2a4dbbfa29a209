#include <iterator>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/diagnostic_order.h"
#include "base/file_patterns.h"
#include "base/heap.h"
#include "base/json.h"
#include "base/posix_disk.h"
#include "base/result.h"
#include "cli/commands.h"
#include "cli/features.h"
#include "cli/findings.h"
#include "cli/terminal.h"
#include "daemon/configuration.h"
#include "daemon/web_config.h"
#include "notifiers/doubtful_intervals.h"
#include "notifiers/notification_service.h"
#include "parser/exposition.h"
#include "parser/exposition_report.h"
#include "parser/metric_lint.h"
#include "rules/rule_duplicates.h"

namespace tocsin::cli {
namespace {

struct CheckFlags {
    std::vector<std::string> files;
    std::string format = "text";
    std::string fail_on = "error";
    std::string features;
    std::string content_type = "text/plain; version=0.0.4";
    bool prints_own_json = false;
    bool syntax_only = false;
    QueryOptions query;
};

/// What became of the files that were checked.
class Checked {
public:
    void add(Diagnostics findings) {
        if (findings_.empty()) return findings_.swap(findings);
        findings_.insert(findings_.end(), std::move_iterator(findings.begin()), std::move_iterator(findings.end()));
    }
    void add(const ConfigurationProblems& problems) {
        add(problems.problems);
        add(problems.warnings);
        unreadable_ |= problems.unreadable;
    }
    void good(std::string line) { good_.push_back(std::move(line)); }

    bool has_findings() const { return !findings_.empty(); }

    /// Mistakes and doubts together, as they stand in the files.
    void sort() { sort_by_place(findings_); }

    int report(const CheckFlags& flags) const {
        // What `metrics` prints as JSON says itself what is wrong.
        if (!flags.prints_own_json || flags.format != "json") print_findings(findings_, flags.format);
        if (flags.format == "text") {
            for (const std::string& line : good_) print(line + "\n");
        }
        if (unreadable_) return kImpossible;
        const bool warnings_count = flags.fail_on == "warning" && !findings_.empty();
        return has_errors(findings_) || warnings_count ? kBad : kGood;
    }

private:
    Diagnostics findings_;
    std::vector<std::string> good_;
    bool unreadable_ = false;
};

Result<std::string> read(Disk& disk, const std::string& path, Checked& checked) {
    if (path == "-") return read_stdin();
    auto text = read_file(disk, path);
    if (!text) checked.add(ConfigurationProblems{{{.file = path, .message = text.error().message}}, true});
    return text;
}

std::size_t count_rules(std::span<const RuleFile> files) {
    std::size_t count = 0;
    for (const RuleFile& file : files) {
        for (const RuleGroupDefinition& group : file.groups) count += group.rules.size();
    }
    return count;
}

int check_rules(const CheckFlags& flags) {
    const HeapGrowth growth;
    PosixDisk disk;
    Checked checked;
    std::vector<RuleFile> files;
    std::set<std::string> seen;
    for (const std::string& path : flags.files) {
        if (!seen.insert(resolve_pattern(".", path)).second) continue;
        const auto text = read(disk, path, checked);
        if (!text) continue;
        Diagnostics doubts;
        auto file = parse_rule_file(*text, path, flags.query, doubts);
        if (file) checked.good(path + ": " + counted(count_rules({&*file, 1}), "rule") + " found");
        checked.add(std::move(file ? file->warnings : file.error()));
        checked.add(std::move(doubts));
        if (file) files.push_back(*std::move(file));
    }
    checked.add(find_duplicates_between(files));
    checked.sort();
    return checked.report(flags);
}

std::string contents_of(const RuleConfiguration& configuration) {
    return counted(configuration.prometheus.scrape_configs.size(), "scrape job") + ", " +
           counted(configuration.rule_files.size(), "rule file") + ", " +
           counted(count_rules(configuration.rule_files), "rule");
}

int check_config(const CheckFlags& flags) {
    const HeapGrowth growth;
    PosixDisk disk;
    Checked checked;
    for (const std::string& path : flags.files) {
        const auto configuration = load_rule_configuration(
            disk, path, flags.query, flags.syntax_only ? ConfigReach::SyntaxOnly : ConfigReach::NamedFiles);
        if (!configuration) {
            checked.add(configuration.error());
            continue;
        }
        checked.add(configuration->warnings);
        checked.good(path + ": " + (flags.syntax_only ? "valid syntax" : contents_of(*configuration)));
    }
    checked.sort();
    return checked.report(flags);
}

/// The file is good as it is, but this program cannot do what it says.
Diagnostics unsendable_warnings(const AlertmanagerConfig& config) {
    Diagnostics warnings = find_unsendable(config);
    for (Diagnostic& warning : warnings) {
        warning.severity = Severity::Warning;
        warning.message += ": with this file the daemon does not start";
    }
    return warnings;
}

int check_alertmanager(const CheckFlags& flags) {
    PosixDisk disk;
    Checked checked;
    for (const std::string& path : flags.files) {
        if (path != "-" && !read(disk, path, checked)) continue;
        const auto config =
            path == "-" ? parse_alertmanager_config(read_stdin(), path) : load_alertmanager_config(disk, path);
        if (!config) {
            checked.add(config.error());
            continue;
        }
        checked.add(config->warnings);
        checked.add(unsendable_warnings(*config));
        checked.add(find_doubtful_intervals(*config, NotificationOptions().retention));
        checked.good(path + ": " + counted(config->receivers.size(), "receiver") + ", " +
                     counted(config->inhibit_rules.size(), "inhibition rule") + ", " +
                     counted(config->template_globs.size(), "template glob"));
    }
    return checked.report(flags);
}

int check_web_config(const CheckFlags& flags) {
    PosixDisk disk;
    Checked checked;
    for (const std::string& path : flags.files) {
        const auto text = read(disk, path, checked);
        if (!text) continue;
        std::vector<std::string> read_too;
        const auto config = parse_web_config(disk, *text, path, read_too);
        if (!config) {
            checked.add(config.error());
            continue;
        }
        checked.good(path + ": " + (config->tls ? "TLS" : "no TLS") + ", " + counted(config->users.size(), "user"));
    }
    return checked.report(flags);
}

void check_body(const std::string& body, const std::string& path, const CheckFlags& flags, Checked& checked) {
    const auto format = exposition_format(flags.content_type);
    const Json report = exposition_report(flags.content_type, body);
    if (flags.format == "json") print(dump(report, JsonStyle::Plain) + "\n");
    if (!report.at("ok").as_bool()) {
        const auto line = static_cast<std::size_t>(report.at("line").as_integer());
        return checked.add(
            Diagnostics{{.file = path, .where = {line, 1, line, 1}, .message = report.at("error").as_string()}});
    }
    if (flags.format == "json") return;
    checked.add(lint_metrics(body, *format, path));
    checked.good(path + ": " + counted(report.at("samples").items().size(), "sample"));
}

int check_metrics(const CheckFlags& flags) {
    PosixDisk disk;
    Checked checked;
    for (const std::string& path : flags.files) {
        const auto body = read(disk, path, checked);
        if (body) {
            check_body(*body, path, flags, checked);
        } else if (flags.format == "json") {
            print(dump(unread_exposition_report(body.error().message), JsonStyle::Plain) + "\n");
        }
    }
    const int code = checked.report(flags);
    // Pipelines that run promtool ask for its code.
    return code == kGood && flags.format == "text" && checked.has_findings() ? kAdvice : code;
}

CLI::App* add_kind(CLI::App& check, const char* name, const char* what, const std::shared_ptr<CheckFlags>& flags,
                   int (*work)(const CheckFlags&), Action& run) {
    CLI::App* kind = check.add_subcommand(name, what);
    kind->add_option("files", flags->files, "Files; - is standard input")->required()->type_name("FILE");
    kind->add_option("--format", flags->format, "How findings are printed")
        ->check(CLI::IsMember({"text", "json", "github", "sarif"}))
        ->capture_default_str();
    kind->add_option("--fail-on", flags->fail_on, "From which severity on the exit code is 1")
        ->check(CLI::IsMember({"error", "warning"}))
        ->capture_default_str();
    kind->add_option("--enable-feature", flags->features, "Features of PromQL, separated by commas, or all");
    kind->callback([flags, work, &run] {
        run = [flags, work] {
            const auto features = parse_features(flags->features);
            if (!features) {
                print_error("tocsin check: " + features.error().message + "\n");
                return static_cast<int>(kUsage);
            }
            flags->query.features = *features;
            return work(*flags);
        };
    });
    return kind;
}

}  // namespace

void add_check(CLI::App& app, Action& run) {
    CLI::App* check = app.add_subcommand("check", "Validate files: every problem at once, with file, line and column.");
    check->require_subcommand(1);
    const auto flags = std::make_shared<CheckFlags>();
    add_kind(*check, "config", "prometheus.yml files with the files of rules, targets, secrets that they name", flags,
             check_config, run)
        ->add_flag("--syntax-only", flags->syntax_only, "Leave alone the files that they name, rules included");
    add_kind(*check, "rules", "Rule files", flags, check_rules, run);
    add_kind(*check, "alertmanager", "alertmanager.yml files", flags, check_alertmanager, run);
    add_kind(*check, "web-config", "Files of --web.config.file: TLS and users", flags, check_web_config, run);
    const auto metrics = std::make_shared<CheckFlags>();
    metrics->prints_own_json = true;
    add_kind(*check, "metrics",
             "Bodies as /metrics gives them: whether a scrape would take them, and advice about names", metrics,
             check_metrics, run)
        ->add_option("--content-type", metrics->content_type, "How the body is announced")
        ->capture_default_str();
    check->footer(
        "Examples:\n  tocsin check rules rules/*.yml\n  tocsin check config prometheus.yml --fail-on=warning\n"
        "  tocsin check alertmanager alertmanager.yml --format=github\n"
        "  curl -s localhost:9100/metrics | tocsin check metrics -");
}

}  // namespace tocsin::cli
