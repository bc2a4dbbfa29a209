#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/no_log.h"
#include "base/posix_disk.h"
#include "base/text.h"
#include "base/virtual_scheduler.h"
#include "cli/commands.h"
#include "cli/diff_output.h"
#include "cli/offline_rules.h"
#include "cli/replay_window.h"
#include "cli/terminal.h"
#include "cli/voice.h"
#include "daemon/configuration.h"
#include "daemon/git_tree.h"
#include "daemon/replay.h"

namespace tocsin::cli {
namespace {

struct DiffFlags {
    OfflineRuleFlags rules;
    std::vector<std::string> folders, fixtures, fail_on;
    std::string base, head;  // revisions
    std::string alertmanager_file = "alertmanager.yml";
    std::string start, end;
    std::string format = "text";
};

constexpr Voice kDiffVoice("diff");

// ---- one version

struct Version {
    RuleConfiguration rules;
    std::optional<AlertmanagerConfig> routing;

    RuleVersion view() const {
        return {rules.rule_files, rules.prometheus.evaluation_interval, rules.prometheus.external_labels,
                routing ? &*routing : nullptr, rules.prometheus.rule_query_offset};
    }
};

/// Where a version lies: in a folder, or in that folder as it is in a revision of its repository.
struct Place {
    std::string folder, revision;
};

tl::expected<Version, int> load_folder(Disk& disk, const std::string& folder, const DiffFlags& flags,
                                       const Options& options) {
    auto rules = load_offline_rules(disk, flags.rules, options, folder);
    if (!rules) return tl::unexpected<int>(rules.error());
    Version version{*std::move(rules), std::nullopt};
    const std::string path = resolve_path(folder, flags.alertmanager_file);
    if (!disk.exists(path)) {
        kDiffVoice.note("there is no " + path + ": routing and notifications are not compared");
        return version;
    }
    auto routing = load_alertmanager_config(disk, path);
    if (!routing) {
        print_diagnostics(routing.error());
        return tl::unexpected<int>(kBad);
    }
    version.routing = *std::move(routing);
    return version;
}

tl::expected<Version, int> load_version(Disk& disk, const Place& place, const DiffFlags& flags,
                                        const Options& options) {
    if (place.revision.empty()) return load_folder(disk, place.folder, flags, options);
    const auto tree = GitTree::open(place.folder, place.revision);
    if (!tree) return tl::unexpected<int>(kDiffVoice.refuse(tree.error()));
    return load_folder(**tree, (*tree)->root(), flags, options);
}

/// Before and after; nothing where the flags do not say both.
std::optional<std::pair<Place, Place>> places_of(const DiffFlags& flags) {
    const std::vector<std::string>& folders = flags.folders;
    if (!flags.base.empty() && folders.size() <= 1) {
        const std::string folder = folders.empty() ? "." : folders.front();
        return std::pair(Place{folder, flags.base}, Place{folder, flags.head});
    }
    if (!flags.base.empty() || !flags.head.empty() || folders.size() != 2) return std::nullopt;
    return std::pair(Place{folders[0], {}}, Place{folders[1], {}});
}

// ---- over a fixture

struct Happened {
    std::vector<ReplayedEvent> alerts, notifications;
    std::vector<FixtureFeed::Facts> facts;  // of each fixture
};

void note_transition(const AlertTransition& change, std::vector<ReplayedEvent>& events) {
    const bool ends = change.to == AlertPhase::Inactive && change.from == AlertPhase::Firing;
    if (change.to != AlertPhase::Firing && !ends) return;
    events.push_back({change.at, {}, fmt::format("{} {}", ends ? "resolved" : "firing", to_string(change.labels))});
}

// Several integrations of a receiver are told at the same time: that is one notification. Time only goes on, so those
// of this moment are at the end.
void note_told(const OfflineNotification& told, std::vector<ReplayedEvent>& events) {
    const AttemptEvent& attempt = told.attempt;
    ReplayedEvent event{attempt.started_at, attempt.receiver,
                        fmt::format("{} {}", attempt.status, to_string(attempt.group_labels))};
    for (auto known = events.rbegin(); known != events.rend() && known->at >= event.at; ++known) {
        if (*known == event) return;
    }
    events.push_back(std::move(event));
}

/// `routing` is that of the version, or nothing: then nobody is told.
tl::expected<Happened, int> replay_version(const Version& version, const std::optional<AlertmanagerConfig>& routing,
                                           const Options& options, Disk& disk, const Recording& recording,
                                           const Window& window) {
    Happened happened;
    VirtualScheduler scheduler(window.start - Duration{1});
    NoLog log;
    Replay::Subject subject;
    subject.rule_files = version.rules.rule_files;
    subject.rules = rule_settings(version.rules.prometheus, options, "http://localhost:9099");
    subject.alertmanager = routing;
    Replay::Listeners listeners;
    listeners.notification = [&](const OfflineNotification& told) { note_told(told, happened.notifications); };
    listeners.transition = [&](const AlertTransition& change) { note_transition(change, happened.alerts); };
    auto world = Replay::create({scheduler, log}, std::move(subject), std::move(listeners));
    if (!world) {
        print_diagnostics(world.error());
        return tl::unexpected<int>(kBad);
    }
    auto feeds = open_feeds(disk, recording, **world);
    if (!feeds) return tl::unexpected<int>(kDiffVoice.refuse(feeds.error()));
    const Status status = run_feeds(**world, *feeds, window.end, {});
    if (!status) return tl::unexpected<int>(kDiffVoice.refuse(status.error()));
    for (const auto& feed : *feeds) happened.facts.push_back(feed->facts());
    return happened;
}

/// Series are told that neither version reads.
void tell_remarks(const Recording& recording, const Happened& base, const Happened& head) {
    for (std::size_t i = 0; i < recording.paths.size(); ++i) {
        FixtureFeed::Facts facts = head.facts[i];
        const std::set<LabelSet> before(base.facts[i].unused.begin(), base.facts[i].unused.end());
        std::erase_if(facts.unused, [&](const LabelSet& labels) { return !before.contains(labels); });
        for (const std::string& remark : remarks_on(recording.paths[i], facts)) kDiffVoice.note(remark);
    }
}

void compare_happened(const Happened& base, const Happened& head, VersionDiff& diff) {
    diff.has_replay = true;
    diff.alerts = compare_events(base.alerts, head.alerts);
    diff.notifications = compare_events(base.notifications, head.notifications);
    for (const ReplayedEvent& event : base.notifications) ++diff.by_receiver[event.who].before;
    for (const ReplayedEvent& event : head.notifications) ++diff.by_receiver[event.who].after;
}

// ---- both

std::vector<std::string> receivers_only_in(const Version& one, const Version& other) {
    std::vector<std::string> names;
    if (!one.routing || !other.routing) return names;
    for (const ReceiverConfig& receiver : one.routing->receivers) {
        if (other.routing->find_receiver(receiver.name) == nullptr) names.push_back(receiver.name);
    }
    return names;
}

bool is_bad(const VersionDiff& diff, const std::string& what) {
    if (what == "rules") return !diff.rules.empty();
    if (what == "identity") return std::ranges::any_of(diff.rules, &RuleChange::pages_again);
    if (what == "routing")
        return !(diff.routes.empty() && diff.receivers_added.empty() && diff.receivers_removed.empty());
    if (what == "alerts") return !diff.alerts.empty();
    if (what == "notifications") return !diff.notifications.empty();
    const auto differs = [&](auto is_so) {
        return std::ranges::any_of(diff.by_receiver, [&](const auto& entry) { return is_so(entry.second); });
    };
    if (what == "more") return differs([](const VersionDiff::Counts& counts) { return counts.after > counts.before; });
    return differs([](const VersionDiff::Counts& counts) { return counts.after < counts.before; });
}

int tell(const VersionDiff& diff, const DiffFlags& flags) {
    print(flags.format == "json"       ? diff_json(diff)
          : flags.format == "markdown" ? diff_markdown(diff)
                                       : diff_text(diff));
    int code = kGood;
    for (const std::string& what : flags.fail_on) {
        if (!is_bad(diff, what)) continue;
        kDiffVoice.note("--fail-on=" + what + " is so");
        code = kBad;
    }
    return code;
}

int diff_versions(const DiffFlags& flags) {
    const auto options = read_offline_options(flags.rules);
    if (!options) return kDiffVoice.refuse(options.error().message, kUsage);
    const auto places = places_of(flags);
    if (!places) return kDiffVoice.refuse("give two folders, or --base with a revision and at most one folder", kUsage);
    PosixDisk disk;
    const auto base = load_version(disk, places->first, flags, *options);
    const auto head = load_version(disk, places->second, flags, *options);
    if (!base || !head) return std::max(base ? kGood : base.error(), head ? kGood : head.error());
    VersionDiff diff;
    diff.rules = compare_rules(base->view(), head->view());
    diff.routes = compare_routes(base->view(), head->view());
    diff.receivers_added = receivers_only_in(*head, *base);
    diff.receivers_removed = receivers_only_in(*base, *head);
    if (flags.fixtures.empty()) return tell(diff, flags);
    const auto note = [](const std::string& what) { kDiffVoice.note(what); };
    const auto recording = survey_recording(disk, flags.fixtures, note);
    if (!recording) return kDiffVoice.refuse(recording.error());
    const auto window = window_of(flags.start, flags.end, *recording, note);
    if (!window) return kDiffVoice.refuse(window.error().message, kUsage);
    diff.window = *window;
    diff.has_routing = base->routing && head->routing;
    const auto routing_of = [&](const Version& version) { return diff.has_routing ? version.routing : std::nullopt; };
    const auto before = replay_version(*base, routing_of(*base), *options, disk, *recording, *window);
    if (!before) return before.error();
    const auto after = replay_version(*head, routing_of(*head), *options, disk, *recording, *window);
    if (!after) return after.error();
    tell_remarks(*recording, *before, *after);
    compare_happened(*before, *after, diff);
    return tell(diff, flags);
}

void add_diff_flags(CLI::App& command, DiffFlags& flags) {
    command
        .add_option(
            "folders", flags.folders,
            "The folders with the versions of before and after; with --base one in the repository (default: here)")
        ->expected(0, 2)
        ->type_name("FOLDER");
    command.add_option("--base", flags.base, "The version of before is that of this git revision: origin/main, HEAD~1")
        ->type_name("REVISION");
    command
        .add_option("--head", flags.head, "With --base: the version of after, too (default: the files as they are now)")
        ->type_name("REVISION");
    add_offline_rule_flags(command, flags.rules,
                           {.config_file = "prometheus.yml, as seen from each folder",
                            .rules = "Rule files instead, as seen from each folder: names or shell patterns"});
    command
        .add_option("--alertmanager.config,--alertmanager.config-file", flags.alertmanager_file,
                    "alertmanager.yml, as seen from each folder")
        ->capture_default_str()
        ->type_name("FILE");
    command.add_option("--fixture", flags.fixtures, "Recorded metrics to replay both over; can be repeated")
        ->type_name("FILE");
    command.add_option("--start", flags.start, "As in tocsin replay")->type_name("TIME");
    command.add_option("--end", flags.end, "As in tocsin replay")->type_name("TIME");
    command.add_option("--format", flags.format, "How it is printed")
        ->check(CLI::IsMember({"text", "json", "markdown"}))
        ->capture_default_str();
    command
        .add_option(
            "--fail-on", flags.fail_on,
            "Exit code 1 when something of this is different: rules, identity (alerts with other labels), routing, "
            "alerts, notifications; or when a receiver is told more or less often: more, less")
        ->delimiter(',')
        ->check(CLI::IsMember({"rules", "identity", "routing", "alerts", "notifications", "more", "less"}));
}

}  // namespace

void add_diff(CLI::App& app, Action& run) {
    CLI::App* command = app.add_subcommand(
        "diff",
        "Two versions of rules and routing: what changes in meaning, and who is told more, less or at another time.");
    const auto flags = std::make_shared<DiffFlags>();
    flags->rules.config_file = "prometheus.yml";
    add_diff_flags(*command, *flags);
    command->footer(
        "Examples:\n"
        "  tocsin diff --base=origin/main --rules='rules/*.yml'\n"
        "  tocsin diff --base=origin/main --fixture=recorded/week.om.zst --format=markdown --fail-on=identity,more\n"
        "  tocsin diff /etc/tocsin.old /etc/tocsin");
    command->callback([flags, &run] { run = [flags] { return diff_versions(*flags); }; });
}

}  // namespace tocsin::cli
