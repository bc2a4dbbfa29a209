#include "daemon/replay.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/asio_scheduler.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/posix_disk.h"
#include "base/text.h"
#include "base/virtual_scheduler.h"
#include "cli/commands.h"
#include "cli/offline_rules.h"
#include "cli/progress.h"
#include "cli/replay_output.h"
#include "cli/replay_page.h"
#include "cli/replay_window.h"
#include "cli/terminal.h"
#include "cli/voice.h"
#include "daemon/configuration.h"
#include "daemon/replay_history.h"
#include "engine/store/fixture_feed.h"

namespace tocsin::cli {
namespace {

struct ReplayFlags {
    OfflineRuleFlags rules;
    std::vector<std::string> fixtures;
    std::string alertmanager_file, start, end;
    std::string external_url = "http://localhost:9099";
    std::string format = "text", html;
    bool alerts = false, brief = false;
};

constexpr Voice kReplayVoice("replay");

/// What goes to stderr and was not good, with the time of the replay in front.
class WarningLog final : public Log {
public:
    explicit WarningLog(std::unique_ptr<Log> log) : log_(std::move(log)) {}
    bool enabled(LogLevel level) const override { return log_->enabled(level); }
    void write(LogLevel level, std::string_view target, std::string_view message,
               std::vector<LogField> fields) override {
        ++count;
        log_->write(level, target, message, std::move(fields));
    }

    std::size_t count = 0;

private:
    std::unique_ptr<Log> log_;
};

// ---- what came of it

/// Counts what goes out, and lets it out.
class Output {
public:
    Output(const ReplayFlags& flags, const Window& window, Progress& progress) : flags_(flags), progress_(progress) {
        if (!flags.html.empty()) history_.emplace(window.start, window.end);
    }

    Replay::Listeners listeners() {
        Replay::Listeners listeners;
        listeners.notification = [this](const OfflineNotification& told) { add(told); };
        if (history_) {
            listeners.transition = [this](const AlertTransition& change) { history_->add(change); };
            listeners.compared_value = [this](const ComparedValue& compared) { history_->add(compared); };
        } else if (flags_.alerts) {
            listeners.transition = [this](const AlertTransition& change) {
                say(flags_.format == "json" ? transition_json(change) : transition_text(change));
            };
        }
        return listeners;
    }

    std::string summary() const {
        std::string text = counted(notifications_, "notification");
        for (const auto& [receiver, count] : by_receiver_) text += fmt::format("; {}: {}", receiver, count);
        return text;
    }
    std::size_t failed() const { return failed_; }
    /// With --html.
    const ReplayHistory& history() const { return *history_; }

private:
    void add(const OfflineNotification& told) {
        ++notifications_;
        ++by_receiver_[told.attempt.receiver];
        if (told.attempt.outcome.kind != Outcome::Kind::Delivered || !told.attempt.outcome.template_error.empty()) {
            ++failed_;
        }
        if (history_) return history_->add(told);
        say(flags_.format == "json" ? notification_json(told) : notification_text(told, !flags_.brief));
    }
    void say(const std::string& text) {
        progress_.clear();
        print(text);
    }

    const ReplayFlags& flags_;
    Progress& progress_;
    std::optional<ReplayHistory> history_;
    std::size_t notifications_ = 0, failed_ = 0;
    std::map<std::string, std::size_t> by_receiver_;
};

int finish(const ReplayFlags& flags, const std::vector<std::unique_ptr<FixtureFeed>>& feeds, const Window& window,
           const Output& output, bool was_well) {
    for (std::size_t i = 0; i < feeds.size(); ++i) {
        const FixtureFeed::Facts facts = feeds[i]->facts();
        for (const std::string& remark : remarks_on(flags.fixtures[i], facts)) kReplayVoice.note(remark);
        was_well = was_well && !facts.cut_off;
    }
    kReplayVoice.note(fmt::format("{} to {}: {}", to_rfc3339(window.start), to_rfc3339(window.end), output.summary()));
    return was_well && output.failed() == 0 ? kGood : kBad;
}

Status write_page(const ReplayFlags& flags, Disk& disk, const Replay& replay, const Output& output,
                  std::vector<std::string> notes) {
    ReplayPage page;
    for (const std::string& path : flags.fixtures) page.fixtures.push_back(path.substr(path.rfind('/') + 1));
    page.has_routing = !flags.alertmanager_file.empty();
    page.notes = std::move(notes);
    page.view = output.history().view(replay.groups());
    return write_file_atomically(disk, flags.html, to_html(page));
}

std::vector<std::string> cut_off_notes(const std::vector<std::unique_ptr<FixtureFeed>>& feeds) {
    std::vector<std::string> notes;
    for (const auto& feed : feeds) {
        const auto cut_off = feed->facts().cut_off;
        if (cut_off) notes.push_back(*cut_off + ": it was cut off; what is in front of that was replayed");
    }
    return notes;
}

int run_replay(const ReplayFlags& flags, Replay::Subject subject, Disk& disk, const Recording& recording,
               const Window& window) {
    // The first tick is at the start.
    VirtualScheduler scheduler(window.start - Duration{1});
    const AsioScheduler real_clock;
    Progress progress(real_clock);
    LogOptions log_options;
    log_options.level = LogLevel::Warn;
    log_options.format = LogFormat::Compact;
    auto opened = open_log(log_options, scheduler);
    if (!opened) return kReplayVoice.refuse(opened.error());
    WarningLog log(*std::move(opened));
    Output output(flags, window, progress);
    auto replay = Replay::create({scheduler, log}, std::move(subject), output.listeners());
    if (!replay) {
        print_diagnostics(replay.error());
        return kBad;
    }
    const auto feeds = open_feeds(disk, recording, **replay);
    if (!feeds) return kReplayVoice.refuse(feeds.error());
    const auto show = [&](Timestamp now) {
        progress.show([&] {
            const auto whole = std::max<std::int64_t>(1, (window.end - window.start).count());
            return fmt::format("{} ({} %), {}", to_rfc3339(now), 100 * (now - window.start).count() / whole,
                               output.summary());
        });
    };
    const Status status = run_feeds(**replay, *feeds, window.end, show);
    progress.clear();
    if (!status) return kReplayVoice.refuse(status.error());
    if (!flags.html.empty()) {
        if (const Status written = write_page(flags, disk, **replay, output, cut_off_notes(*feeds)); !written)
            return kReplayVoice.refuse(written.error());
    }
    return finish(flags, *feeds, window, output, log.count == 0);
}

int replay(ReplayFlags& flags) {
    auto options = read_offline_options(flags.rules);
    if (!options) return kReplayVoice.refuse(options.error().message, kUsage);
    options->external_url = flags.external_url;
    PosixDisk disk;
    if (flags.rules.rules.empty() && flags.rules.config_file.empty())
        return kReplayVoice.refuse("give either --rules or --config.file", kUsage);
    auto rules = load_offline_rules(disk, flags.rules, *options);
    if (!rules) return rules.error();
    Replay::Subject subject;
    if (flags.alertmanager_file.empty()) {
        kReplayVoice.note("without --alertmanager.config nobody is told: changes of alerts are shown");
        flags.alerts = true;
    } else {
        if (!disk.exists(flags.alertmanager_file))
            return kReplayVoice.refuse(flags.alertmanager_file + " is not there", kImpossible);
        auto routing = load_alertmanager_config(disk, flags.alertmanager_file);
        if (!routing) return tell_problems({routing.error(), false});
        const Diagnostics unsendable = find_unsendable(*routing);
        if (has_errors(unsendable)) return tell_problems({unsendable, false});
        subject.alertmanager = *std::move(routing);
    }
    const auto note = [](const std::string& what) { kReplayVoice.note(what); };
    const auto recording = survey_recording(disk, flags.fixtures, note);
    if (!recording) return kReplayVoice.refuse(recording.error());
    const auto window = window_of(flags.start, flags.end, *recording, note);
    if (!window) return kReplayVoice.refuse(window.error().message, kUsage);
    std::string url = flags.external_url;
    while (url.ends_with('/')) url.pop_back();
    subject.rules = rule_settings(rules->prometheus, *options, url);
    subject.rule_files = std::move(rules->rule_files);
    return run_replay(flags, std::move(subject), disk, *recording, *window);
}

void add_replay_flags(CLI::App& command, ReplayFlags& flags) {
    command.add_option("--fixture", flags.fixtures, "Recorded metrics: .om, .om.gz or .om.zst; can be repeated")
        ->required()
        ->type_name("FILE");
    add_offline_rule_flags(command, flags.rules);
    command
        .add_option("--alertmanager.config,--alertmanager.config-file", flags.alertmanager_file,
                    "alertmanager.yml; without it changes of alerts are shown and nobody is told")
        ->type_name("FILE");
    command.add_option("--start", flags.start, "When evaluation begins (default: at the first sample)")
        ->type_name("TIME");
    command.add_option("--end", flags.end, "The last moment (default: that of the last sample)")->type_name("TIME");
    command.add_option("--format", flags.format, "text, or json: an object a line")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    command.add_option("--html", flags.html, "Writes a page with timelines, values and messages instead of text")
        ->type_name("FILE");
    command.add_flag("--alerts", flags.alerts, "Show when alerts begin to be pending, fire and resolve, too");
    command.add_flag("--brief", flags.brief, "Leave the rendered messages out of the text");
    command.add_option("--web.external-url", flags.external_url, "How people reach tocsin, for links in messages")
        ->capture_default_str();
}

}  // namespace

void add_replay(CLI::App& app, Action& run) {
    CLI::App* command = app.add_subcommand(
        "replay", "Rules and routing over recorded metrics: every notification that would have been sent.");
    const auto flags = std::make_shared<ReplayFlags>();
    add_replay_flags(*command, *flags);
    command->footer(
        "Times are seconds since 1970 or RFC 3339. Secrets are shown as <secret> and never read.\n"
        "Examples:\n"
        "  tocsin replay --fixture=outage.om.zst --config.file=prometheus.yml --alertmanager.config=alertmanager.yml\n"
        "  tocsin replay --fixture=outage.om.gz --rules='rules/*.yml' --start=2026-03-01T10:00:00Z --alerts\n"
        "  tocsin replay --fixture=outage.om.zst --config.file=prometheus.yml --html=outage.html");
    command->callback([flags, &run] { run = [flags] { return replay(*flags); }; });
}

}  // namespace tocsin::cli
