#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/asio_dns.h"
#include "base/asio_file_watch.h"
#include "base/asio_resolver.h"
#include "base/asio_scheduler.h"
#include "base/asio_signals.h"
#include "base/beast_client.h"
#include "base/digest.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/no_log.h"
#include "base/posix_disk.h"
#include "base/system_random.h"
#include "base/text.h"
#include "base/thread_pool_executor.h"
#include "base/virtual_scheduler.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/offline_rules.h"
#include "cli/progress.h"
#include "cli/replay_window.h"
#include "cli/terminal.h"
#include "cli/voice.h"
#include "daemon/configuration.h"
#include "daemon/fixture_download.h"
#include "daemon/live_recording.h"
#include "daemon/recording_state.h"
#include "daemon/replay.h"
#include "engine/store/anonymiser.h"
#include "engine/store/fixture_writer.h"

namespace tocsin::cli {
namespace {

constexpr Duration kRecordPatience = std::chrono::minutes(5);

struct RecordFlags {
    OfflineRuleFlags rules;
    std::string output;
    std::vector<std::string> anonymised;
    std::string anonymise_key;
    std::string duration, keep = "rules";  // live
    std::string from, start, end, piece;   // from a server
    std::string http_config_file;
    bool estimate_only = false;
};

constexpr Voice kRecordVoice("record");

// ---- what is recorded

std::set<std::string> recorded_names(const std::vector<RuleFile>& files) {
    std::set<std::string> names{"ALERTS", "ALERTS_FOR_STATE"};
    for (const RuleFile& file : files) {
        for (const RuleGroupDefinition& group : file.groups) {
            for (const RuleDefinition& rule : group.rules) {
                if (rule.kind == RuleDefinition::Kind::Recording) names.insert(rule.name);
            }
        }
    }
    return names;
}

/// What the engine keeps for these rules, but for what they write themselves.
Parsed<std::vector<Store::Kept>> needs_of(const std::vector<RuleFile>& files, const RuleSettings& settings) {
    VirtualScheduler scheduler;
    NoLog log;
    Replay::Subject subject;
    subject.rule_files = files;
    subject.rules = settings;
    auto world = Replay::create({scheduler, log}, std::move(subject), {});
    if (!world) return tl::unexpected(std::move(world).error());
    std::vector<Store::Kept> needs = (*world)->store().kept();
    const auto written = recorded_names(files);
    std::erase_if(needs, [&](const Store::Kept& kept) {
        return std::ranges::any_of(kept.matchers, [&](const Matcher& matcher) {
            return matcher.name() == kMetricNameLabel && matcher.op() == MatchOp::Equal &&
                   written.contains(matcher.value());
        });
    });
    return needs;
}

/// A matcher with the value that a label had will find nothing any more.
void warn_of_anonymised(const std::vector<Store::Kept>& needs, const Anonymiser& anonymiser) {
    for (const Store::Kept& need : needs) {
        for (const Matcher& matcher : need.matchers) {
            const auto& names = anonymiser.labels();
            if (std::ranges::find(names, matcher.name()) == names.end()) continue;
            kRecordVoice.note(
                fmt::format("a rule reads {}, and {} is made anonymous: it will find nothing in the fixture",
                            selector_text(need.matchers), matcher.name()));
        }
    }
}

std::string random_key() {
    SystemRandom random;
    std::string key;
    for (int i = 0; i < 4; ++i) key += fmt::format("{:016x}", random.next());
    return key;
}

std::string counted_bytes(std::uint64_t bytes) {
    const double count = static_cast<double>(bytes);
    if (count >= 1e9) return fmt::format("{:.1f} GB", count / 1e9);
    if (count >= 1e6) return fmt::format("{:.1f} MB", count / 1e6);
    return fmt::format("{:.1f} kB", count / 1e3);
}

// ---- from a server

FixtureDownload::Ask asking(ApiClient& client, const std::string& server) {
    return [&client, server](const std::string& path, const FixtureDownload::Parameters& parameters) {
        ApiQuestion question;
        question.server.url = server;
        question.path = path;
        question.parameters = parameters;
        question.in_body = true;
        question.timeout = kRecordPatience;
        return client.ask(question);
    };
}

Result<Window> window_of_recording(const RecordFlags& flags) {
    Window window{};
    TOCSIN_TRY(window.start, parse_moment(flags.start));
    window.end = AsioScheduler().now();
    if (!flags.end.empty()) {
        TOCSIN_TRY(window.end, parse_moment(flags.end));
    }
    if (window.start >= window.end) return fail(Error::Kind::InvalidInput, "--start is not before --end");
    return window;
}

/// Says the same for the same recording only.
std::string question_of(const RecordFlags& flags, const Window& window, const std::vector<Store::Kept>& needs) {
    std::string text = fmt::format("{} {} {}", flags.from, flags.end.empty() ? "" : to_rfc3339_ms(window.end),
                                   to_rfc3339_ms(window.start));
    for (const Store::Kept& need : needs)
        text += fmt::format(" {} {}", selector_text(need.matchers), need.reach.count());
    return sha256_hex(text + join(flags.anonymised, ","));
}

Result<FixtureWriter> open_writer(Disk& disk, const std::string& path, const RecordingState& state) {
    if (state.bytes == 0) return FixtureWriter::create(disk, path);
    kRecordVoice.note(
        fmt::format("goes on with {} behind {}", FixtureWriter::part_of(path), to_rfc3339(state.progress.done)));
    return FixtureWriter::resume(disk, path, state.bytes);
}

// Not every server can be asked that of every selector: whoever wants the samples gets them nevertheless.
int tell_estimate(FixtureDownload& download, const RecordFlags& flags) {
    const auto estimate = download.estimate();
    if (!estimate) {
        if (flags.estimate_only) return kRecordVoice.refuse(estimate.error().message, kImpossible);
        kRecordVoice.note("how much it will be is not known: " + estimate.error().message);
        return kGood;
    }
    kRecordVoice.note(fmt::format("about {} series with {} samples, {} of text before it is packed into {}",
                                  estimate->series, estimate->samples, counted_bytes(estimate->bytes), flags.output));
    return kGood;
}

int download_all(FixtureDownload& download, FixtureWriter& writer, RecordingState& state, Disk& disk,
                 const RecordFlags& flags, const Window& window) {
    const AsioScheduler clock;
    Progress progress(clock);
    const Timestamp begin = download.begin().done;
    while (!download.is_over(state.progress)) {
        if (const Status status = download.step(state.progress, writer); !status) {
            progress.clear();
            kRecordVoice.refuse(status.error());
            kRecordVoice.note("what there is so far is kept; the same command goes on from there");
            return kImpossible;
        }
        state.bytes = writer.bytes();
        if (const Status saved = save_recording_state(disk, flags.output, state); !saved)
            return kRecordVoice.refuse(saved.error());
        progress.show([&] {
            return fmt::format(
                "{} ({} %), {} samples", to_rfc3339(state.progress.done),
                100 * (state.progress.done - begin).count() / std::max<std::int64_t>(1, (window.end - begin).count()),
                writer.samples());
        });
    }
    progress.clear();
    if (const Status status = writer.finish(); !status) return kRecordVoice.refuse(status.error());
    if (const Status status = forget_recording_state(disk, flags.output); !status)
        return kRecordVoice.refuse(status.error());
    if (download.left_histograms_out())
        kRecordVoice.note("native histograms were left out: a fixture cannot hold them");
    kRecordVoice.note(fmt::format("{}: {} series, {} samples, {}", flags.output, writer.series_count(),
                                  writer.samples(), counted_bytes(writer.bytes())));
    return kGood;
}

int record_from_server(const RecordFlags& flags, Disk& disk, const std::vector<Store::Kept>& needs) {
    const auto window = window_of_recording(flags);
    if (!window) return kRecordVoice.refuse(window.error().message, kUsage);
    auto state = load_recording_state(disk, flags.output, question_of(flags, *window, needs));
    if (!state) return kRecordVoice.refuse(state.error());
    if (!state->key.empty() && !flags.anonymise_key.empty() && state->key != flags.anonymise_key) {
        return kRecordVoice.refuse(FixtureWriter::part_of(flags.output) +
                                       " was begun with another --anonymise-key; leave the flag out to go on with that "
                                       "one, or remove " +
                                       recording_state_path(flags.output) + " to begin anew",
                                   kBad);
    }
    if (state->key.empty()) state->key = flags.anonymise_key.empty() ? random_key() : flags.anonymise_key;
    const Anonymiser anonymiser(flags.anonymised, state->key);
    warn_of_anonymised(needs, anonymiser);
    HttpAccess access;
    if (!flags.http_config_file.empty()) {
        auto loaded = load_http_access(disk, flags.http_config_file);
        if (!loaded) return loaded.error();
        access = *std::move(loaded);
    }
    ApiClient client(std::move(access));
    FixtureDownload download(asking(client, flags.from), {needs, window->start, window->end}, anonymiser);
    if (!flags.piece.empty()) {
        const auto piece = parse_duration(flags.piece);
        if (!piece || *piece <= Duration{0})
            return kRecordVoice.refuse("--piece: expected a duration as in 1h", kUsage);
        download.set_piece(*piece);
    }
    if (const int code = tell_estimate(download, flags); code != kGood || flags.estimate_only) return code;
    if (state->bytes == 0) state->progress = download.begin();
    auto writer = open_writer(disk, flags.output, *state);
    if (!writer) return kRecordVoice.refuse(writer.error());
    return download_all(download, *writer, *state, disk, flags, *window);
}

// ---- from live targets

/// The real world that polls.
struct PollingWorld {
    AsioScheduler scheduler;
    ThreadPoolExecutor executor{scheduler, std::max(1U, std::thread::hardware_concurrency())};
    AsioResolver resolver{scheduler};
    AsioDns dns{scheduler};
    BeastClient client{scheduler, resolver, {.proxies = proxy_environment()}};
    AsioSignals signals{scheduler};
    AsioFileWatch file_watch{scheduler};
    PosixDisk disk;
    SystemRandom random;
};

int finish_live(FixtureWriter& writer, const LiveRecording& recording, const RecordFlags& flags) {
    if (const Status status = writer.finish(); !status) return kRecordVoice.refuse(status.error());
    const auto& counts = recording.counts();
    kRecordVoice.note(fmt::format("{}: {} polls, {} of them failed, {} series, {} samples, {}", flags.output,
                                  counts.polls, counts.failed_polls, writer.series_count(), writer.samples(),
                                  counted_bytes(writer.bytes())));
    return kGood;
}

int record_live(const RecordFlags& flags, RuleConfiguration configuration, RuleSettings settings) {
    std::optional<Duration> length;
    if (!flags.duration.empty()) {
        const auto read = parse_duration(flags.duration);
        if (!read) return kRecordVoice.refuse("--duration: " + read.error().message, kUsage);
        length = *read;
    }
    PollingWorld world;
    if (world.disk.exists(recording_state_path(flags.output))) {
        return kRecordVoice.refuse(FixtureWriter::part_of(flags.output) +
                                       " is what a fetch from a server has got so far: complete it, remove " +
                                       recording_state_path(flags.output) + ", or choose another --output",
                                   kBad);
    }
    LogOptions log_options;
    log_options.level = LogLevel::Warn;
    log_options.format = LogFormat::Compact;
    auto log = open_log(log_options, world.scheduler);
    if (!log) return kRecordVoice.refuse(log.error());
    const Anonymiser anonymiser(flags.anonymised, flags.anonymise_key.empty() ? random_key() : flags.anonymise_key);
    auto writer = FixtureWriter::create(world.disk, flags.output);
    if (!writer) return kRecordVoice.refuse(writer.error());
    auto recording = LiveRecording::create(
        {world.scheduler, world.executor, world.client, world.resolver, world.disk, world.random, world.file_watch,
         **log, &world.dns},
        {configuration.prometheus.scrape_configs, configuration.rule_files, std::move(settings), flags.keep == "all"},
        *writer, anonymiser);
    if (!recording) {
        print_diagnostics(recording.error());
        return kBad;
    }
    std::optional<Error> failed;
    bool stopping = false;
    const auto stop = [&] {
        if (std::exchange(stopping, true)) return;
        (*recording)->stop([&] { world.scheduler.stop(); });
    };
    for (const Signal signal : {Signal::Interrupt, Signal::Terminate}) world.signals.on(signal, stop);
    if (length) world.scheduler.after(*length, stop);
    (*recording)->start([&](const Error& error) {
        failed = error;
        stop();
    });
    kRecordVoice.note(length ? "recording for " + to_string(*length) : "recording until Ctrl-C");
    world.scheduler.run();
    if (failed) return kRecordVoice.refuse(*failed);
    return finish_live(*writer, **recording, flags);
}

// ---- the command

int record(const RecordFlags& flags) {
    const auto options = read_offline_options(flags.rules);
    if (!options) return kRecordVoice.refuse(options.error().message, kUsage);
    const bool is_live = flags.from.empty();
    if (is_live && flags.rules.config_file.empty()) {
        return kRecordVoice.refuse("give --config.file with the targets, or --from with a server", kUsage);
    }
    if (!is_live && flags.start.empty()) return kRecordVoice.refuse("--from needs --start", kUsage);
    if (!is_live && flags.rules.rules.empty() && flags.rules.config_file.empty()) {
        return kRecordVoice.refuse("--from needs --rules or --config.file: they say what to fetch", kUsage);
    }
    PosixDisk disk;
    auto configuration = load_offline_rules(disk, flags.rules, *options);
    if (!configuration) return configuration.error();
    RuleSettings settings = rule_settings(configuration->prometheus, *options, "http://localhost:9099");
    if (is_live) return record_live(flags, *std::move(configuration), std::move(settings));
    const auto needs = needs_of(configuration->rule_files, settings);
    if (!needs) {
        print_diagnostics(needs.error());
        return kBad;
    }
    if (needs->empty()) return kRecordVoice.refuse("these rules read nothing", kBad);
    return record_from_server(flags, disk, *needs);
}

void add_record_flags(CLI::App& command, RecordFlags& flags) {
    command.add_option("-o,--output", flags.output, "The fixture: its name ends in .om, .om.gz or .om.zst")
        ->required()
        ->type_name("FILE");
    auto* rules = add_offline_rule_flags(
        command, flags.rules,
        {.config_file = "prometheus.yml: what is polled, and the rules that say what is kept",
         .rules = "With --from: rule files instead of a prometheus.yml, as names or shell patterns"});
    auto* duration =
        command.add_option("--duration", flags.duration, "How long (default: until Ctrl-C)")->type_name("TIME");
    auto* keep = command.add_option("--keep", flags.keep, "Of live targets: what rules read, and up; or all of it")
                     ->check(CLI::IsMember({"rules", "all"}))
                     ->capture_default_str();
    auto* from = command.add_option("--from", flags.from, "Fetch from this Prometheus-compatible server instead")
                     ->type_name("URL")
                     ->excludes(duration)
                     ->excludes(keep);
    rules->needs(from);
    command.add_option("--start", flags.start, "With --from: when evaluation is to begin")
        ->type_name("TIME")
        ->needs(from);
    command.add_option("--end", flags.end, "With --from: the last moment (default: now)")
        ->type_name("TIME")
        ->needs(from);
    command
        .add_option(
            "--http.config.file", flags.http_config_file,
            "With --from: passwords, tokens, certificates, proxies, as for promtool: basic_auth, authorization, "
            "oauth2, tls_config, …")
        ->type_name("FILE")
        ->needs(from);
    command.add_option("--piece", flags.piece, "With --from: how much time a question is about")
        ->type_name("TIME")
        ->needs(from);
    command.add_flag("--estimate", flags.estimate_only, "With --from: only say how much it will be")->needs(from);
    command.add_option("--anonymise", flags.anonymised, "Replace the values of these labels, separated by commas")
        ->delimiter(',')
        ->type_name("LABEL");
    command.add_option("--anonymise-key", flags.anonymise_key,
                       "Replace them in the same way each time (default: by a key that nobody knows)");
}

}  // namespace

void add_record(CLI::App& app, Action& run) {
    CLI::App* command =
        app.add_subcommand("record", "Records metrics for replay and tests: from targets or from a server.");
    const auto flags = std::make_shared<RecordFlags>();
    add_record_flags(*command, *flags);
    command->footer(
        "Until it is complete the file is FILE.part; a fetch that was interrupted goes on with the same command.\n"
        "Examples:\n"
        "  tocsin record --config.file=prometheus.yml --duration=10m -o outage.om.zst\n"
        "  tocsin record --from=http://prometheus:9090 --rules='rules/*.yml' --start=2026-03-01T09:00:00Z\n"
        "      --end=2026-03-01T12:00:00Z --anonymise=instance,pod -o outage.om.zst");
    command->callback([flags, &run] { run = [flags] { return record(*flags); }; });
}

}  // namespace tocsin::cli
