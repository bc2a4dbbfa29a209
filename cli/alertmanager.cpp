#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/text.h"
#include "base/url.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/daemon_process.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

/// Of Alertmanager, with nothing to do here: a cluster of one speaks to nobody, answers to GET are not expensive, and
/// groups are swept as soon as they are empty.
constexpr std::array kWithoutEffect = {"--cluster.peer-timeout",
                                       "--cluster.peers-resolve-timeout",
                                       "--cluster.gossip-interval",
                                       "--cluster.pushpull-interval",
                                       "--cluster.tcp-timeout",
                                       "--cluster.probe-timeout",
                                       "--cluster.probe-interval",
                                       "--cluster.settle-timeout",
                                       "--cluster.reconnect-interval",
                                       "--cluster.reconnect-timeout",
                                       "--cluster.tls-config",
                                       "--cluster.label",
                                       "--dispatch.maintenance-interval",
                                       "--web.get-concurrency",
                                       "--web.timeout",
                                       "--auto-gomemlimit.ratio",
                                       "--web.ui-path"};
constexpr std::array kSwitchesWithoutEffect = {"--cluster.allow-insecure-public-advertise-address-discovery",
                                               "--no-cluster.allow-insecure-public-advertise-address-discovery"};
constexpr std::array<std::string_view, 5> kFeaturesWithoutEffect = {
    "alert-names-in-metrics", "receiver-name-in-metrics", "group-key-in-metrics", "auto-gomemlimit", "event-recorder"};

/// The command line as it was written, before its texts are read.
struct AlertmanagerFlags {
    Options options;
    LogOptions log;
    std::vector<std::string> listen_addresses{"127.0.0.1:9093"};
    std::string route_prefix;
    std::string log_level = "info", log_format = "logfmt";
    std::string retention = "120h", maintenance_interval = "15m", gc_interval = "30m", start_delay = "0s";
    std::string features;
    std::string cluster_listen = "0.0.0.0:9094", cluster_advertise;
    std::vector<std::string> cluster_peers;
    bool systemd_socket = false;
    std::int64_t alerts_max = 0, silences_max = 0, silence_bytes_max = 0;
    std::map<std::string, std::string> without_effect;
    std::map<std::string, bool> switched_without_effect;
};

Result<Duration> read_duration(const char* flag, const std::string& text) {
    const auto duration = parse_go_duration(text);
    if (duration && *duration >= std::chrono::nanoseconds(0)) return std::chrono::duration_cast<Duration>(*duration);
    return fail(Error::Kind::InvalidInput,
                fmt::format("{}: {} is no duration, expected one like 1h30m", flag, go_quote(text)));
}

Status read_times(AlertmanagerFlags& flags) {
    NotificationOptions& notifications = flags.options.notifications;
    TOCSIN_TRY(notifications.retention, read_duration("--data.retention", flags.retention));
    TOCSIN_TRY(notifications.maintenance_interval,
               read_duration("--data.maintenance-interval", flags.maintenance_interval));
    TOCSIN_TRY(notifications.alerts_gc_interval, read_duration("--alerts.gc-interval", flags.gc_interval));
    TOCSIN_TRY(notifications.start_delay, read_duration("--dispatch.start-delay", flags.start_delay));
    // Of those that come round again and again none may be endless.
    for (const Duration interval : {notifications.maintenance_interval, notifications.alerts_gc_interval}) {
        if (interval == Duration{0}) return fail(Error::Kind::InvalidInput, "an interval must be longer than nothing");
    }
    return {};
}

Status read_syntax(AlertmanagerFlags& flags) {
    bool classic = false;
    bool utf8 = false;
    for (const std::string_view piece : split(flags.features, ',')) {
        const std::string_view name = trim(piece);
        classic = classic || name == "classic-mode";
        utf8 = utf8 || name == "utf8-strict-mode";
        const bool known = name.empty() || name == "classic-mode" || name == "utf8-strict-mode" ||
                           std::find(kFeaturesWithoutEffect.begin(), kFeaturesWithoutEffect.end(), name) !=
                               kFeaturesWithoutEffect.end();
        if (!known) {
            return fail(Error::Kind::InvalidInput, fmt::format("--enable-feature: unknown feature {}", go_quote(name)));
        }
    }
    if (classic && utf8) {
        return fail(Error::Kind::InvalidInput,
                    "--enable-feature: classic-mode and utf8-strict-mode exclude each other");
    }
    if (classic) flags.options.matchers_syntax = MatchersSyntax::Classic;
    if (utf8) flags.options.matchers_syntax = MatchersSyntax::Utf8Strict;
    return {};
}

/// `/alerts` of `alerts/`; nothing of `/`.
std::string normal_prefix(std::string_view text) {
    while (text.ends_with('/')) text.remove_suffix(1);
    while (text.starts_with('/')) text.remove_prefix(1);
    return text.empty() ? std::string() : fmt::format("/{}", text);
}

Status read_web(AlertmanagerFlags& flags) {
    if (flags.systemd_socket) {
        return fail(Error::Kind::InvalidInput, "--web.systemd-socket is not supported; expected --web.listen-address");
    }
    flags.options.listen_address = flags.listen_addresses.front();
    flags.options.further_listen_addresses.assign(flags.listen_addresses.begin() + 1, flags.listen_addresses.end());
    const std::string& external_url = flags.options.external_url;
    if (!flags.route_prefix.empty()) {
        flags.options.route_prefix = normal_prefix(flags.route_prefix);
    } else if (!external_url.empty()) {
        TOCSIN_TRY(const Url url, parse_url(external_url));
        flags.options.route_prefix = normal_prefix(url.path);
    }
    return {};
}

void read_cluster(AlertmanagerFlags& flags) {
    ClusterOfOne& cluster = flags.options.cluster;
    if (flags.cluster_listen.empty()) return;
    cluster.address = flags.cluster_advertise.empty() ? flags.cluster_listen : flags.cluster_advertise;
    for (const std::string& peer : flags.cluster_peers) {
        if (peer != cluster.address && peer != flags.cluster_listen) cluster.others.push_back(peer);
    }
}

// What is negative means no more than nothing, as upstream.
void read_limits(AlertmanagerFlags& flags) {
    NotificationOptions& notifications = flags.options.notifications;
    const auto read = [](std::int64_t given, std::size_t& limit) {
        if (given > 0) limit = static_cast<std::size_t>(given);
    };
    read(flags.alerts_max, notifications.alert_limits.per_alertname);
    read(flags.silences_max, notifications.silence_limits.silences);
    read(flags.silence_bytes_max, notifications.silence_limits.bytes_each);
}

Status complete_flags(AlertmanagerFlags& flags) {
    TOCSIN_TRY(flags.log.level, parse_log_level(flags.log_level));
    TOCSIN_TRY(flags.log.format, parse_log_format(flags.log_format));
    flags.log.colour = stderr_has_colour();
    read_limits(flags);
    if (auto read = read_times(flags); !read) return read;
    if (auto read = read_syntax(flags); !read) return read;
    read_cluster(flags);
    return read_web(flags);
}

int run_alertmanager(AlertmanagerFlags& flags) {
    if (const Status status = complete_flags(flags); !status) {
        print_error("tocsin alertmanager: " + status.error().message + "\n");
        return kUsage;
    }
    return run_daemon_process({"tocsin alertmanager", flags.options, flags.log, 1});
}

/// An option that may be given without a text: `--cluster.listen-address=` has a meaning of its own. CLI11 would take a
/// captured default for it.
CLI::Option* add_text(CLI::App& command, const std::string& name, std::string& into, const std::string& help) {
    return command.add_option(name, into, help)->expected(0, 1);
}

void add_web_flags(CLI::App& command, AlertmanagerFlags& flags) {
    Options& options = flags.options;
    command
        .add_option("--web.listen-address", flags.listen_addresses,
                    "Where to listen, as often as there are addresses; port 0 takes a free one")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->capture_default_str();
    add_text(command, "--web.external-url", options.external_url, "How people reach it, for links in messages");
    add_text(command, "--web.route-prefix", flags.route_prefix,
             "Before all paths; where it is not given, the path of the external URL");
    command.add_option("--web.allowed-hosts", options.allowed_hosts, "Further Host headers on a loopback listener")
        ->delimiter(',')
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_flag("--web.allow-unauthenticated", options.allow_unauthenticated,
                     "Do not warn of an address that is not loopback where nobody is asked who it is");
    add_text(command, "--web.config.file", options.web_config_file,
             "TLS and users, in the format of Prometheus' exporter-toolkit");
    command.add_flag("--web.systemd-socket,!--no-web.systemd-socket", flags.systemd_socket,
                     "Not supported: refused when it is given");
}

void add_data_flags(CLI::App& command, AlertmanagerFlags& flags) {
    Options& options = flags.options;
    command.add_option("--config.file", options.alertmanager_config_file, "alertmanager.yml")->capture_default_str();
    command.add_option("--storage.path", options.storage_path, "The folder for state")->capture_default_str();
    command
        .add_option("--data.retention", flags.retention, "How long to remember what was told, and silences that ended")
        ->capture_default_str();
    command.add_option("--data.maintenance-interval", flags.maintenance_interval, "How often to forget what is older")
        ->capture_default_str();
    command.add_option("--alerts.gc-interval", flags.gc_interval, "How often to forget alerts that ended")
        ->capture_default_str();
    command
        .add_option("--alerts.per-alertname-limit", flags.alerts_max,
                    "Alerts of one alertname, at most; 0 or less: no limit")
        ->capture_default_str();
    command.add_option("--silences.max-silences", flags.silences_max, "Silences, at most; 0 or less: 100000")
        ->capture_default_str();
    command
        .add_option("--silences.max-silence-size-bytes", flags.silence_bytes_max, "Of one silence; 0 or less: 64 KiB")
        ->capture_default_str();
    command.add_flag("--log.silences,!--no-log.silences", options.notifications.log_silences,
                     "Log silences that are made, changed and ended");
    command.add_option("--dispatch.start-delay", flags.start_delay, "Tell nobody anything so long after the start")
        ->capture_default_str();
    command
        .add_option("--enable-feature", flags.features, "classic-mode or utf8-strict-mode, among those of Alertmanager")
        ->capture_default_str();
    command.add_option("--log.level", flags.log_level, "debug, info, warn or error")->capture_default_str();
    command.add_option("--log.format", flags.log_format, "logfmt, json, pretty or compact")->capture_default_str();
}

void add_cluster_flags(CLI::App& command, AlertmanagerFlags& flags) {
    add_text(command, "--cluster.listen-address", flags.cluster_listen,
             "What a cluster of one says its address is, by default 0.0.0.0:9094; empty: no cluster");
    add_text(command, "--cluster.advertise-address", flags.cluster_advertise, "The same, for others");
    add_text(command, "--cluster.peer-name", flags.options.cluster.name, "Its name; empty: one by chance");
    command
        .add_option("--cluster.peer", flags.cluster_peers, "Other nodes: nobody speaks to them, and the log says so")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_flags_without_effect(CLI::App& command, AlertmanagerFlags& flags) {
    const char* group = "Taken for Alertmanager's sake, without effect";
    for (const char* name : kWithoutEffect) add_text(command, name, flags.without_effect[name], "")->group(group);
    for (const char* name : kSwitchesWithoutEffect) {
        command.add_flag(name, flags.switched_without_effect[name])->group(group);
    }
}

}  // namespace

void add_alertmanager(CLI::App& app, Action& run) {
    CLI::App* command = app.add_subcommand(
        "alertmanager", "The notifying half alone, in place of Alertmanager: alerts come from Prometheus.");
    const auto flags = std::make_shared<AlertmanagerFlags>();
    flags->options.config_file.clear();
    command->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    command->set_version_flag("--version", std::string("tocsin, version ") + version());
    add_data_flags(*command, *flags);
    add_web_flags(*command, *flags);
    add_cluster_flags(*command, *flags);
    add_flags_without_effect(*command, *flags);
    command->footer(
        "Examples:\n  tocsin alertmanager --config.file=alertmanager.yml --storage.path=data/\n"
        "  tocsin alertmanager --web.listen-address=:9093 --web.config.file=web.yml");
    command->require_subcommand(0, 1);
    add_test_receiver(*command, run);
    // Called after that of a subcommand.
    command->callback([flags, command, &run] {
        if (command->get_subcommands().empty()) run = [flags] { return run_alertmanager(*flags); };
    });
}

}  // namespace tocsin::cli
