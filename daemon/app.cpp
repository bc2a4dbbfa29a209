#include "daemon/app.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/heap.h"
#include "base/text.h"
#include "base/url.h"
#include "base/version.h"
#include "daemon/alert_sender.h"
#include "daemon/alertmanager_version.h"
#include "daemon/api/api.h"
#include "daemon/api/explain.h"
#include "daemon/cluster_metrics.h"
#include "daemon/config_text.h"
#include "daemon/config_watch.h"
#include "daemon/configuration.h"
#include "daemon/delivery_watch.h"
#include "daemon/disk_space.h"
#include "daemon/file_digests.h"
#include "daemon/health.h"
#include "daemon/heap_keeper.h"
#include "daemon/process_metrics.h"
#include "daemon/request_guard.h"
#include "daemon/router.h"
#include "daemon/state_database.h"
#include "daemon/web_access.h"
#include "engine/store/scrape_log.h"
#include "notifiers/doubtful_intervals.h"

namespace tocsin {
namespace {

// A log is read from its end: of a file of thousands of doubts they would be all that is left.
constexpr std::size_t kDoubtsTold = 10;

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address.starts_with("localhost:") || address.starts_with("[::1]:");
}

std::string describe(const Diagnostic& finding) { return to_string(finding); }

void describe_changes(const RuleReloadSummary& summary, std::vector<std::string>& into) {
    const auto list = [&](std::string_view what, const std::vector<std::string>& names) {
        for (const std::string& name : names) into.push_back(fmt::format("{}: {}", what, name));
    };
    list("rule added", summary.added);
    list("rule removed", summary.removed);
    list("rule changed", summary.changed);
    list("group changed", summary.groups_changed);
    list("alert resolved", summary.resolved);
}

using Patterns = std::vector<std::string>;

/// Where everything that a configuration says stands, but for its rules.
Patterns patterns_beside_rules(const Configuration& configuration, const Options& options) {
    Patterns patterns{options.alertmanager_config_file};
    if (!options.notifications_only()) patterns.push_back(options.config_file);
    const auto add = [&](const Patterns& more) { patterns.insert(patterns.end(), more.begin(), more.end()); };
    add(configuration.prometheus.scrape_config_files);
    add(configuration.alertmanager.template_globs);
    return patterns;
}

Patterns patterns_of(const Configuration& configuration, const Options& options) {
    Patterns patterns = patterns_beside_rules(configuration, options);
    const Patterns& rules = configuration.prometheus.rule_files;
    patterns.insert(patterns.end(), rules.begin(), rules.end());
    return patterns;
}

/// As Alertmanager's and Prometheus' nodes name themselves, but for the order of names, which means nothing alone.
std::string name_by_chance(Random& random) {
    return fmt::format("{:016X}{:010X}", random.next(), random.next() >> 24U);
}

/// Takes the prefix from the path of a request; answers one that is not below it.
std::optional<ServerResponse> strip_prefix(const std::string& prefix, ServerRequest& request) {
    if (prefix.empty()) return std::nullopt;
    if (request.path == "/") {
        ServerResponse response = text_response(302, "");
        response.headers.push_back({"Location", prefix});
        return response;
    }
    const bool below = request.path.starts_with(prefix + "/") || request.path == prefix;
    if (!below) return text_response(404, "404 page not found\n");
    request.path.erase(0, prefix.size());
    if (request.path.empty()) request.path = "/";
    return std::nullopt;
}

/// The one that most come to: of several the first that is not loopback.
const std::string& widest_address(const Options& options) {
    const auto& further = options.further_listen_addresses;
    if (!is_loopback(options.listen_address)) return options.listen_address;
    const auto wide = std::find_if_not(further.begin(), further.end(), is_loopback);
    return wide == further.end() ? options.listen_address : *wide;
}

// Who puts tocsin into the place of an Alertmanager names the address as it had it, and is warned.
bool must_ask_who(const Options& options) {
    return !options.allow_unauthenticated && !options.notifications_only() && !is_loopback(widest_address(options));
}

}  // namespace

struct App::Impl {
    Impl(const Doors& d, Options o);

    Result<ReloadOutcome> start();
    std::string own_url() const;
    Status listen();
    bool is_open_to_all() const;
    void tell_addresses();
    tl::expected<Configuration, ConfigurationProblems> read_configuration();
    tl::expected<Configuration, ConfigurationProblems> read_files();
    void watch_configuration();
    Status lock_storage();
    Status open_state();
    void open_scrape_log();
    void build();
    ReloadOutcome apply(Configuration configuration);
    void reload(std::function<void(ReloadOutcome)> done);
    void reload_now();
    ReloadOutcome read_and_apply();
    void stop(std::function<void()> done);
    void admit(const ServerRequest& head, HttpServer::Decide decide);
    void handle(ServerRequest request, HttpServer::Respond respond);
    Result<ReloadOutcome> open_web();

    void observe_rules();
    void observe_targets();
    void watch_signals();
    void drain_notifications(std::function<void()> done);
    void add_health();
    void add_metrics();
    void add_store_metrics();
    void count_reload(bool good);
    void set_reload_gauge(bool good);
    void tell(const Diagnostics& warnings);
    void hold_back(const Diagnostics& problems);

    Doors doors;
    Options options;
    SelfMetrics metrics;
    Store store;
    std::optional<ScrapeLog> scrape_log;
    ScrapeManager scrapes;
    QueryService queries;
    DeliveryWatch deliveries;
    NotificationHistory history;
    AlertHistory alert_history;
    UntoldAlerts untold;
    NotificationObservers observers;
    std::optional<StateDatabase> state;
    std::optional<NotificationService> notifications;  // from here on down: made when the address is known
    std::optional<AlertSender> alert_sender;
    std::optional<AlertFanOut> alert_sinks;
    std::optional<RuleManager> rules;
    std::optional<ConfigWatch> config_watch;
    DiskSpace disk_space;
    Health health;
    HeapKeeper heap;
    Router router;
    std::optional<api::Context> context;

    api::LoadedConfig loaded_config;
    std::string address;
    std::vector<std::string> addresses;  // all of them, that one first
    std::string external_url;
    RequestGuard guard;
    WebAccess web;
    std::unique_ptr<DiskFile> storage_lock;
    std::map<TargetId, TargetHealth> last_health;
    Patterns watched_files;
    FileDigests other_files;   // in force, beside rule files
    RuleFileTexts rule_texts;  // in force; for --config.partial-reload alone
    std::vector<std::function<void(ReloadOutcome)>> reload_waiters;
    std::function<void()> stopped;
    bool stopping = false;
};

App::Impl::Impl(const Doors& d, Options o)
    : doors(d),
      options(std::move(o)),
      store(StoreOptions{options.keep_all, options.retention, options.query.lookback_delta}),
      scrapes({doors.scheduler, doors.executor, doors.scrape_client, doors.resolver, doors.disk, store, doors.random,
               metrics, doors.log, &doors.file_watch, doors.dns},
              [this] {
                  ScrapeOptions scrape;
                  scrape.version = version();
                  scrape.spread = options.scrape_spread;
                  return scrape;
              }()),
      queries({doors.scheduler, doors.query_threads, store, metrics}, options.query_limits),
      deliveries(doors.log),
      history(doors.scheduler, doors.log, options.notifications.retention),
      alert_history(doors.scheduler, doors.log, options.alert_history),
      untold(doors.scheduler, doors.log, options.notifications.retention),
      observers({&deliveries, &history, &untold}),
      disk_space(doors.scheduler, doors.log_thread != nullptr ? *doors.log_thread : doors.state_thread, doors.disk,
                 options.storage_path),
      health(doors.scheduler, options.health_interval),
      heap(doors.scheduler, doors.executor),
      web({doors.scheduler, doors.password_thread == nullptr ? doors.query_threads : *doors.password_thread, doors.disk,
           doors.file_watch, doors.server, doors.log, metrics},
          options.web_config_file, must_ask_who(options)) {
    ClusterOfOne& cluster = options.cluster;
    if (!cluster.address.empty() && cluster.name.empty()) cluster.name = name_by_chance(doors.random);
}

/// Before anybody can come in.
Result<ReloadOutcome> App::Impl::open_web() {
    if (!options.web_config_file.empty()) {
        if (const auto text = read_file(doors.disk, options.web_config_file); !text) return tl::unexpected(text.error());
    }
    auto config = web.read();
    if (!config) return ReloadOutcome{std::move(config.error()), {}};
    if (const Status used = web.use(*std::move(config)); !used) return tl::unexpected(used.error());
    if (!must_ask_who(options) || web.asks_who()) return ReloadOutcome{};
    return fail(Error::Kind::InvalidInput,
                fmt::format("{}: everybody who reaches this address could silence every alert; expected a loopback "
                            "address, users in --web.config.file, or --web.allow-unauthenticated",
                            options.listen_address));
}

/// As the originals have it: what is listened on may be an address that nobody can go to.
std::string App::Impl::own_url() const {
    const char* const scheme = web.speaks_tls() ? "https://" : "http://";
    if (options.host_name.empty()) return scheme + address;
    return scheme + options.host_name + address.substr(address.rfind(':'));
}

Result<ReloadOutcome> App::Impl::start() {
    if (auto opened = open_web(); !opened || !opened->ok()) return opened;
    std::optional<HeapGrowth> growth;
    if (!options.notifications_only()) growth.emplace();
    auto configuration = read_configuration();
    if (!configuration) {
        if (!configuration.error().unreadable) return ReloadOutcome{configuration.error().problems, {}};
        std::string all;
        for (const Diagnostic& problem : configuration.error().problems) all += (all.empty() ? "" : "\n") + describe(problem);
        return fail(Error::Kind::NotFound, all);
    }
    if (const Status locked = lock_storage(); !locked) return tl::unexpected(locked.error());
    if (const Status opened = open_state(); !opened) return tl::unexpected(opened.error());
    open_scrape_log();
    doors.server.use_gate([this](const ServerRequest& head, auto decide) { admit(head, std::move(decide)); });
    if (const Status listening = listen(); !listening) return tl::unexpected(listening.error());
    external_url = options.external_url.empty() ? own_url() : options.external_url;
    while (external_url.ends_with('/')) external_url.pop_back();
    guard = make_request_guard(widest_address(options) == options.listen_address ? address : widest_address(options),
                               external_url, options.allowed_hosts);
    if (!options.route_prefix.empty()) guard.route_prefix = options.route_prefix;

    build();
    add_metrics();
    add_health();
    observe_rules();
    observe_targets();
    watch_signals();
    const ReloadOutcome outcome = apply(*std::move(configuration));
    if (!outcome.ok()) return outcome;
    if (!options.notifications_only()) alert_history.keep_in(*state);
    rules->keep_in(*state);
    alert_history.save();
    health.start();
    heap.start();
    rules->start();
    tell_addresses();
    if (!options.cluster.others.empty()) {
        doors.log.warn("daemon", "this is a cluster of one, the other nodes are not spoken to",
                       {{"peers", join(options.cluster.others, ",")}});
    }
    return outcome;
}

Status App::Impl::listen() {
    std::vector<std::string> wanted = options.further_listen_addresses;
    wanted.insert(wanted.begin(), options.listen_address);
    for (const std::string& where : wanted) {
        TOCSIN_TRY(std::string got, doors.server.listen(where, [this](ServerRequest request, auto respond) {
            handle(std::move(request), std::move(respond));
        }));
        addresses.push_back(std::move(got));
    }
    address = addresses.front();
    return {};
}

bool App::Impl::is_open_to_all() const {
    return !is_loopback(widest_address(options)) && !web.asks_who();
}

void App::Impl::tell_addresses() {
    // Tools that start an Alertmanager wait for the line as it writes it.
    for (const std::string& where : addresses) {
        doors.log.info("daemon", options.notifications_only() ? "Listening on" : "listening",
                       {{"address", where}, {"version", version()}});
    }
    if (!is_open_to_all() || options.allow_unauthenticated) return;
    doors.log.warn("daemon", "everybody who reaches this address can silence every alert",
                   {{"address", widest_address(options)},
                    {"expected", "a loopback address, users in --web.config.file, or --web.allow-unauthenticated"}});
}

// What the watch takes for known is read after it has looked: what changes meanwhile is a change to it.
tl::expected<Configuration, ConfigurationProblems> App::Impl::read_configuration() {
    if (config_watch) config_watch->follow(watched_files);
    auto configuration = read_files();
    if (!options.auto_reload || !configuration) return configuration;
    Patterns files = patterns_of(*configuration, options);
    if (files == watched_files) return configuration;
    watched_files = std::move(files);
    watch_configuration();
    return read_files();
}

tl::expected<Configuration, ConfigurationProblems> App::Impl::read_files() {
    return load_configuration(doors.disk, options.config_file, options.alertmanager_config_file, options.query,
                              {options.matchers_syntax}, options.partial_reload ? &rule_texts : nullptr);
}

// The parts that put the address into links, and what stands on them.
void App::Impl::build() {
    NotificationOptions notify = options.notifications;
    notify.external_url = external_url;
    notify.version = version();
    notify.pagerduty_v1_url = options.pagerduty_v1_url;
    notify.observer = &observers;
    notifications.emplace(
        NotificationDoors{doors.scheduler, doors.notify_client, doors.mail_client, doors.random, doors.disk, doors.log, metrics},
        notify);
    history.keep_in(*state);
    untold.keep_in(*state);
    notifications->keep_in(*state);
    alert_sender.emplace(DiscoveryContext{doors.scheduler, doors.executor, doors.notify_client, doors.resolver, doors.disk,
                                          metrics, doors.log, "", &doors.file_watch, doors.dns},
                         AlertSender::Options{options.alert_queue_capacity, options.alert_batch_size, version()});
    alert_sinks.emplace(std::vector<AlertSink*>{&*notifications, &*alert_sender});
    rules.emplace(RuleManagerContext{doors.scheduler, doors.executor, store, scrapes, doors.log, metrics, *alert_sinks,
                                     scrape_log ? &*scrape_log : nullptr});
    context.emplace(api::Context{doors.scheduler, store, *rules, scrapes, *notifications, history, alert_history, untold, *alert_sender, queries,
                                 metrics, options, health, loaded_config, doors.scheduler.now(),
                                 [this](std::function<void(ReloadOutcome)> done) { reload(std::move(done)); }});
    api::add_health(router, *context);
    api::add_lifecycle(router, *context);
    api::add_metrics(router, *context);
    api::add_alertmanager(router, *context);
    api::add_notifications(router, *context);
    api::add_notifications_explain(router, *context);
    if (options.notifications_only()) return;
    api::add_rules(router, *context);
    api::add_alert_history(router, *context);
    api::add_targets(router, *context);
    api::add_metadata(router, *context);
    api::add_query(router, *context);
    api::add_series(router, *context);
    api::add_explain(router, *context);
    api::add_status(router, *context);
    api::add_tsdb(router, *context);
}

// Two daemons on one folder would tell everything twice, and overwrite what the other one knows.
Status App::Impl::lock_storage() {
    if (auto made = doors.disk.make_directories(options.storage_path); !made) return made;
    const std::string path = resolve_path(options.storage_path, "lock");
    TOCSIN_TRY(storage_lock, doors.disk.open(path, Disk::Open::CreateOrOpen));
    if (const Status locked = storage_lock->lock(); !locked) {
        return fail_with_context(fmt::format("storage folder {}", options.storage_path), locked.error());
    }
    return {};
}

Status App::Impl::open_state() {
    state.emplace(StateDatabase::Context{doors.scheduler, doors.state_thread, doors.disk, doors.random, doors.log, metrics},
                  resolve_path(options.storage_path, "state.db"));
    state->on_change([this] { health.look(); });
    return state->open();
}

void App::Impl::open_scrape_log() {
    if (doors.log_thread == nullptr || options.notifications_only()) return;
    scrape_log.emplace(ScrapeLog::Context{doors.scheduler, *doors.log_thread, doors.disk, doors.log, metrics},
                       resolve_path(options.storage_path, "scrapes"));
    scrape_log->on_change([this] { health.look(); });
    scrape_log->open();
    scrapes.keep_in(*scrape_log);
}

ReloadOutcome App::Impl::apply(Configuration configuration) {
    ReloadOutcome outcome;
    RuleSettings settings = rule_settings(configuration.prometheus, options, external_url);
    auto prepared = rules->prepare(std::move(configuration.rule_files), std::move(settings));
    if (!prepared) {
        outcome.errors = prepared.error();
        return outcome;
    }
    FileDigests files = digests_of(doors.disk, patterns_beside_rules(configuration, options));
    const Diagnostics intervals = find_doubtful_intervals(configuration.alertmanager, options.notifications.retention);
    // The last that can refuse comes before the first that changes anything.
    if (auto loaded = notifications->load(std::move(configuration.alertmanager)); !loaded) {
        outcome.errors = loaded.error();
        return outcome;
    }
    tell(configuration.warnings);
    tell(intervals);
    scrapes.apply(std::move(configuration.prometheus.scrape_configs));
    alert_sender->apply(std::move(configuration.prometheus.alerting));
    describe_changes(other_files, files, outcome.changes);
    other_files = std::move(files);
    describe_changes(rules->apply(*std::move(prepared)), outcome.changes);
    alert_history.save();
    count_reload(true);
    rule_texts = std::move(configuration.rule_texts);
    outcome.held_back = std::move(configuration.held_back);
    hold_back(outcome.held_back);
    return outcome;
}

void App::Impl::reload(std::function<void(ReloadOutcome)> done) {
    reload_waiters.push_back(std::move(done));
    if (reload_waiters.size() > 1) return;  // the one that waits reads the files when it comes to it
    store.when_thawed([this] { reload_now(); });
}

ReloadOutcome App::Impl::read_and_apply() {
    auto configuration = read_configuration();
    auto web_config = web.read();
    ReloadOutcome outcome;
    if (!configuration) outcome.errors = std::move(configuration.error().problems);
    if (!web_config)
        std::move(web_config.error().begin(), web_config.error().end(), std::back_inserter(outcome.errors));
    if (!outcome.ok()) return outcome;
    outcome = apply(*std::move(configuration));
    if (!outcome.ok()) return outcome;
    const Status used = web.use(*std::move(web_config));
    if (!used) outcome.errors.push_back({.file = options.web_config_file, .message = used.error().message});
    return outcome;
}

void App::Impl::reload_now() {
    std::optional<HeapGrowth> growth;
    if (!options.notifications_only()) growth.emplace();
    const ReloadOutcome outcome = read_and_apply();
    if (outcome.ok()) {
        doors.log.info("daemon", "configuration reloaded", {{"changes", std::to_string(outcome.changes.size())}});
        for (const std::string& change : outcome.changes) doors.log.info("daemon", "change", {{"what", change}});
    } else {
        count_reload(false);
        for (const Diagnostic& problem : outcome.errors) {
            doors.log.error("daemon", "configuration refused, nothing has changed", {{"problem", describe(problem)}});
        }
    }
    for (const auto& done : std::exchange(reload_waiters, {})) done(outcome);
}

void App::Impl::watch_configuration() {
    if (!config_watch) {
        config_watch.emplace(ConfigWatch::Context{doors.scheduler, doors.disk, doors.file_watch}, options.auto_reload_interval,
                             [this] {
                                 doors.log.info("daemon", "configuration files have changed");
                                 reload([](const ReloadOutcome&) {});
                             });
    }
    config_watch->follow(watched_files);
}

void App::Impl::tell(const Diagnostics& warnings) {
    const std::size_t told = std::min(warnings.size(), kDoubtsTold);
    for (std::size_t i = 0; i < told; ++i) {
        doors.log.warn("daemon", "doubt about the configuration", {{"what", describe(warnings[i])}});
    }
    if (told == warnings.size()) return;
    doors.log.warn("daemon", "more doubts about the configuration",
                   {{"count", std::to_string(warnings.size() - told)}, {"hint", "`tocsin check config` tells all of them"}});
}

// It is in force, and yet not all is well.
void App::Impl::hold_back(const Diagnostics& problems) {
    if (!options.partial_reload) return;
    std::set<std::string> files;
    for (const Diagnostic& problem : problems) {
        files.insert(problem.file);
        doors.log.error("daemon", "rule file refused, its last good version stays in force",
                        {{"problem", describe(problem)}});
    }
    metrics.gauge("tocsin_rule_files_held_back", "Rule files that are bad and stay in force as they were.")
        .set(static_cast<double>(files.size()));
    if (!files.empty()) set_reload_gauge(false);
}

void App::Impl::set_reload_gauge(bool good) {
    loaded_config.last_reload_good = good;
    metrics.gauge("prometheus_config_last_reload_successful", "Whether the last configuration reload attempt was successful.")
        .set(good ? 1 : 0);
}

void App::Impl::count_reload(bool good) {
    set_reload_gauge(good);
    if (good) {
        loaded_config.at = doors.scheduler.now();
        if (!options.notifications_only()) {
            loaded_config.yaml = config_text(read_file(doors.disk, options.config_file).value_or(""));
        }
    }
    const double now = static_cast<double>(to_unix_ms(doors.scheduler.now())) / 1000;
    if (!good) return notifications->note_failed_load();
    metrics
        .gauge("prometheus_config_last_reload_success_timestamp_seconds",
               "Timestamp of the last successful configuration reload.")
        .set(now);
}

void App::Impl::observe_rules() {
    rules->on_evaluation([this](const std::string&, Timestamp) { alert_history.save(); });
    rules->on_transition([this](const AlertTransition& change) {
        alert_history.note(change);
        if (change.definition == nullptr) return;  // the rule manager tells what a reload ends
        std::string_view what = "alert pending";
        if (change.to == AlertPhase::Firing) what = "alert firing";
        if (change.to == AlertPhase::Inactive) what = change.from == AlertPhase::Firing ? "alert resolved" : "alert gone";
        doors.log.info("rules", what,
                       {{"alertname", change.rule},
                        {"labels", to_string(change.labels)},
                        {"value", format_value(change.value)},
                        {"at", to_rfc3339_ms(change.at)}});
    });
}

// A target that is down is told when it goes down and when it is back, not at every poll.
void App::Impl::observe_targets() {
    scrapes.on_polled([this](const PollReport& report) {
        TargetHealth& before = last_health[report.target];
        const TargetHealth now = report.health;
        const bool changed = std::exchange(before, now) != now;
        if (!changed) return;
        const auto status = scrapes.status(report.target);
        if (!status) return;
        if (now == TargetHealth::Down) {
            doors.log.warn("scrape", "scrape failed", {{"job", status->job}, {"url", status->url}, {"error", report.error}});
        } else {
            doors.log.info("scrape", "scrape succeeded", {{"job", status->job}, {"url", status->url}});
        }
    });
}

void App::Impl::watch_signals() {
    doors.signals.on(Signal::Hangup, [this] { reload([](const ReloadOutcome&) {}); });
    for (const Signal signal : {Signal::Terminate, Signal::Interrupt}) {
        doors.signals.on(signal, [this] {
            if (stopping) return;
            stop([this] {
                if (stopped) stopped();
            });
        });
    }
}

void App::Impl::stop(std::function<void()> done) {
    stopping = true;
    doors.log.info("daemon", "stopping");
    // Evaluation ends first, so that what it found last is still sent; the API answers until nothing more can change.
    rules->stop([this, done = std::move(done)] {
        drain_notifications([this, done] {
            doors.server.drain([this, done] {
                state->when_durable([this, done](const Status&) {
                    const auto stopped_now = [this, done] {
                        doors.log.info("daemon", "stopped");
                        done();
                    };
                    if (!scrape_log) return stopped_now();
                    scrape_log->when_written(stopped_now);
                });
            });
        });
    });
}

// The receivers and the external Alertmanagers at the same time.
void App::Impl::drain_notifications(std::function<void()> done) {
    const auto left = std::make_shared<int>(2);
    const auto one_done = [left, done = std::move(done)] {
        if (--*left == 0) done();
    };
    notifications->drain(options.shutdown_timeout, one_done);
    alert_sender->drain(options.drain_alert_queues ? options.shutdown_timeout : Duration{0}, one_done);
}

void App::Impl::add_health() {
    disk_space.on_change([this] { health.look(); });
    health.add("storage_ok", true, [this] {
        disk_space.look();
        return disk_space.has_room() && (!scrape_log || scrape_log->healthy());
    });
    health.add("rules_ok", true, [this] { return rules->failing_rule_count() == 0; });
    health.add("targets_ok", false, [this] {
        for (const TargetStatus& target : scrapes.status()) {
            if (target.health == TargetHealth::Down) return false;
        }
        return true;
    });
    health.add("notifiers_ok", false, [this] {
        for (const ReceiverView& receiver : notifications->receivers()) {
            for (const auto& integration : receiver.integrations) {
                if (integration->status->is_failing()) return false;
            }
        }
        return true;
    });
    health.add("state_ok", true, [this] { return state->durable(); });
}

void App::Impl::add_metrics() {
    metrics.gauge("tocsin_build_info", "The version of tocsin, as a label; always 1.", {{"version", version()}}).set(1);
    metrics.gauge("prometheus_build_info", "The version of tocsin, as a label; always 1.", {{"version", version()}}).set(1);
    metrics
        .gauge("alertmanager_build_info", "The version of Alertmanager's API that is spoken, as a label; always 1.",
               {{"version", alertmanager_version()}})
        .set(1);
    auto& open_to_all = metrics.gauge(
        "tocsin_web_open_to_all",
        "1 when somebody from elsewhere who reaches an address may change things, and nobody asks who it is.");
    metrics.on_render([this, &open_to_all] { open_to_all.set(is_open_to_all() ? 1 : 0); });
    metrics.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
        .set(static_cast<double>(to_unix_ms(doors.scheduler.now())) / 1000);
    // Nobody can ask before it is.
    metrics
        .gauge("prometheus_ready", "Whether startup was fully completed and the server is ready for normal operation.")
        .set(1);
    add_process_metrics(metrics, doors.disk);
    add_cluster_metrics(metrics, options.cluster);
    router.measure(doors.scheduler, metrics);
    add_store_metrics();
}

// Under Prometheus' names, which dashboards know, where it has some.
void App::Impl::add_store_metrics() {
    auto& series = metrics.gauge("prometheus_tsdb_head_series", "Series that are kept.");
    auto& created = metrics.counter("prometheus_tsdb_head_series_created_total", "Series that began to be kept.");
    auto& removed = metrics.counter("prometheus_tsdb_head_series_removed_total", "Series that are not kept any more.");
    auto& samples =
        metrics.counter("prometheus_tsdb_head_samples_appended_total", "Samples that were kept.", {{"type", "float"}});
    auto& bytes = metrics.gauge("tocsin_store_bytes", "Memory that kept samples and their labels take.");
    auto& per_series = metrics.gauge("tocsin_store_bytes_per_series", "The same by series; 0 without any.");
    metrics.on_render([this, &series, &created, &removed, &samples, &bytes, &per_series] {
        const Store::Stats stats = store.stats();
        const auto count = static_cast<double>(stats.series);
        series.set(count);
        created.set(static_cast<double>(stats.series_created));
        removed.set(static_cast<double>(stats.series_removed));
        samples.set(static_cast<double>(stats.samples_appended));
        bytes.set(static_cast<double>(stats.bytes));
        per_series.set(count == 0 ? 0 : static_cast<double>(stats.bytes) / count);
    });
}

void App::Impl::admit(const ServerRequest& head, HttpServer::Decide decide) {
    decide = web.with_headers(std::move(decide));
    if (auto refusal = check_caller(guard, head)) return decide(std::move(refusal));
    web.admit(head, std::move(decide));
}

void App::Impl::handle(ServerRequest request, HttpServer::Respond respond) {
    respond = web.with_headers(std::move(respond));
    if (auto refusal = check_content(guard, request)) return respond(*std::move(refusal));
    if (auto elsewhere = strip_prefix(options.route_prefix, request)) return respond(*std::move(elsewhere));
    auto& answered = metrics.counter("prometheus_http_requests_total", "Counter of HTTP requests.",
                                     {{"handler", router.pattern_of(request.path)}});
    answered.add();
    router.handle(std::move(request), std::move(respond));
}

App::App(Doors doors, Options options) : impl_(std::make_unique<Impl>(doors, std::move(options))) {}
App::~App() = default;

Result<ReloadOutcome> App::start() { return impl_->start(); }
void App::reload(std::function<void(ReloadOutcome)> done) { impl_->reload(std::move(done)); }
void App::stop(std::function<void()> done) { impl_->stop(std::move(done)); }
void App::on_stopped(std::function<void()> stopped) { impl_->stopped = std::move(stopped); }
const std::string& App::address() const {
    return impl_->address;
}
SelfMetrics& App::metrics() { return impl_->metrics; }

}  // namespace tocsin
