#include <algorithm>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include "base/duration.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/daemon_process.h"
#include "cli/features.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

/// The command line as it was written, before its texts are read.
struct RunFlags {
    Options options;
    LogOptions log;
    std::string log_level = "info";
    std::string log_format = "pretty";
    std::uint64_t log_file_megabytes = 100;
    std::string keep = "rules";
    std::string auto_reload_interval = "30s";
    std::string outage_tolerance = "1h", grace_period = "10m", history_retention = "30d";
    std::string retention = "0s", resend_delay = "1m", health_interval = "30s", lookback_delta = "5m";
    std::string query_timeout = "2m";
    std::string features;
    unsigned threads = std::max(1U, std::thread::hardware_concurrency());
};

Status read_durations(RunFlags& flags) {
    TOCSIN_TRY(flags.options.retention, parse_duration(flags.retention));
    TOCSIN_TRY(flags.options.resend_delay, parse_duration(flags.resend_delay));
    TOCSIN_TRY(flags.options.auto_reload_interval, parse_duration(flags.auto_reload_interval));
    TOCSIN_TRY(flags.options.outage.tolerance, parse_duration(flags.outage_tolerance));
    TOCSIN_TRY(flags.options.outage.grace, parse_duration(flags.grace_period));
    TOCSIN_TRY(flags.options.alert_history.retention, parse_duration(flags.history_retention));
    TOCSIN_TRY(flags.options.health_interval, parse_duration(flags.health_interval));
    TOCSIN_TRY(flags.options.query.lookback_delta, parse_duration(flags.lookback_delta));
    TOCSIN_TRY(flags.options.query_limits.timeout, parse_duration(flags.query_timeout));
    return {};
}

Status complete(RunFlags& flags) {
    if (flags.options.config_file.empty()) {
        return fail(Error::Kind::InvalidInput, "--config.file: expected the name of a prometheus.yml");
    }
    TOCSIN_TRY(flags.log.level, parse_log_level(flags.log_level));
    TOCSIN_TRY(flags.log.format, parse_log_format(flags.log_format));
    TOCSIN_TRY(flags.options.query.features, parse_features(flags.features));
    flags.log.file_bytes_max = flags.log_file_megabytes * 1024 * 1024;
    flags.log.colour = flags.log.file.empty() && stderr_has_colour();
    flags.options.keep_all = flags.keep == "all";
    return read_durations(flags);
}

int run_daemon(RunFlags& flags) {
    if (const Status status = complete(flags); !status) {
        print_error("tocsin run: " + status.error().message + "\n");
        return kUsage;
    }
    return run_daemon_process({"tocsin run", flags.options, flags.log, flags.threads});
}

void add_run_flags(CLI::App& command, RunFlags& flags) {
    Options& options = flags.options;
    // Given twice, the last one counts, as scripts that append flags expect.
    command.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    command.add_option("--config.file", options.config_file, "prometheus.yml")->capture_default_str();
    command.add_option("--alertmanager.config-file", options.alertmanager_config_file, "alertmanager.yml")
        ->capture_default_str();
    command.add_flag("--config.auto-reload", options.auto_reload, "Reload when the files have changed and are at rest");
    command.add_flag("--config.partial-reload", options.partial_reload,
                     "A reload goes ahead without a rule file that is bad: what it said last stays in force");
    command
        .add_option("--config.auto-reload-interval", flags.auto_reload_interval,
                    "How often to look at files of which the system tells nothing")
        ->capture_default_str();
    command
        .add_option("--alertmanager.notification-queue-capacity", options.alert_queue_capacity,
                    "Alerts that wait for each external Alertmanager, at most")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command
        .add_option("--alertmanager.notification-batch-size", options.alert_batch_size,
                    "Alerts of one request to an external Alertmanager, at most")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command.add_flag(
        "--alertmanager.drain-notification-queue-on-shutdown,!--no-alertmanager.drain-notification-queue-on-shutdown",
        options.drain_alert_queues, "Send what waits for external Alertmanagers before the end (on by default)");
    command.add_option("--web.listen-address", options.listen_address, "Where to listen; port 0 takes a free one")
        ->capture_default_str();
    command.add_option("--web.external-url", options.external_url, "How people reach it, for links in messages");
    command.add_option("--web.allowed-hosts", options.allowed_hosts, "Further Host headers on a loopback listener")
        ->delimiter(',')
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_flag("--web.allow-unauthenticated", options.allow_unauthenticated,
                     "Listen on an address that is not loopback, and ask nobody who it is");
    command.add_option("--web.config.file", options.web_config_file,
                       "TLS and users, in the format of Prometheus' exporter-toolkit");
    command.add_option("--web.max-connections", options.connections_max, "Connections at a time")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    command.add_option("--storage.path", options.storage_path, "The folder for state")->capture_default_str();
    command.add_option("--storage.keep", flags.keep, "Which series to keep")
        ->check(CLI::IsMember({"rules", "all"}))
        ->capture_default_str();
    command.add_option("--storage.retention", flags.retention, "How far back every kept series reaches at least")
        ->capture_default_str();
    command.add_flag("--scrape.spread", options.scrape_spread,
                     "Poll targets spread over their interval instead of at its begin, as Prometheus does");
    command
        .add_option("--rules.alert.resend-delay", flags.resend_delay, "How often a firing alert is sent to the routing")
        ->capture_default_str();
    command
        .add_option("--rules.alert.for-outage-tolerance", flags.outage_tolerance,
                    "After a longer outage pending alerts begin anew")
        ->capture_default_str();
    command
        .add_option(
            "--rules.alert.for-grace-period", flags.grace_period,
            "How long after an outage a pending alert fires at the earliest, if its `for` is at least that long")
        ->capture_default_str();
    command
        .add_option("--rules.alert.history-retention", flags.history_retention,
                    "How long changes of alerts are remembered (tocsin history)")
        ->capture_default_str();
    command
        .add_option("--rules.alert.history-limit", options.alert_history.records_max,
                    "How many of them, at most: the last ones")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    command.add_option("--query.lookback-delta", flags.lookback_delta, "How old a sample may be")
        ->capture_default_str();
    command.add_option("--query.timeout", flags.query_timeout, "How long a query of the API may take")
        ->capture_default_str();
    command.add_option("--query.max-concurrency", options.query_limits.concurrent_max, "Queries of the API at a time")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command.add_option("--query.max-samples", options.query.samples_max, "Samples that a query may hold at a time")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40U))
        ->capture_default_str();
    command.add_option("--enable-feature", flags.features, "Features of PromQL, separated by commas, or all");
    command.add_option("--health.interval", flags.health_interval, "How often /healthz looks at the parts")
        ->capture_default_str();
    command.add_option("--executor.threads", flags.threads, "Threads that parse and evaluate")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    command.add_option("--log.level", flags.log_level, "trace, debug, info, warn, error or off")->capture_default_str();
    command.add_option("--log.format", flags.log_format, "pretty, json, compact or logfmt")->capture_default_str();
    command.add_option("--log.file", flags.log.file, "Log to this file instead of stderr");
    command.add_option("--log.max-file-size-mb", flags.log_file_megabytes, "Size at which the log file is rotated")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command.add_option("--log.max-backup-files", flags.log.backup_files_max, "Rotated log files to keep")
        ->check(CLI::Range(0, 10'000))
        ->capture_default_str();
}

}  // namespace

void add_run(CLI::App& app, Action& run) {
    CLI::App* command = app.add_subcommand("run", "The daemon: poll, evaluate, notify.");
    const auto flags = std::make_shared<RunFlags>();
    add_run_flags(*command, *flags);
    command->footer(
        "Examples:\n  tocsin run\n"
        "  tocsin run --config.file=prometheus.yml --alertmanager.config-file=alertmanager.yml\n"
        "  tocsin run --log.format=json --log.file=/var/log/tocsin/tocsin.log");
    command->callback([flags, &run] { run = [flags] { return run_daemon(*flags); }; });
}

}  // namespace tocsin::cli
