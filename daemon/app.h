#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "base/dns.h"
#include "base/http.h"
#include "base/log.h"
#include "base/mail.h"
#include "base/process.h"
#include "base/random.h"
#include "base/result.h"
#include "base/self_metrics.h"
#include "base/time.h"
#include "daemon/options.h"

namespace tocsin {

/// The world as the daemon sees it: all real, or all simulated. Everything must outlive the App.
struct Doors {
    Scheduler& scheduler;
    Executor& executor;
    HttpClient& scrape_client;
    HttpClient& notify_client;
    MailClient& mail_client;
    HttpServer& server;
    Resolver& resolver;
    Disk& disk;
    Random& random;
    Signals& signals;
    FileWatch& file_watch;
    Log& log;
    /// Another one, of one thread: writing state may take as long as the disk likes.
    Executor& state_thread;
    /// For what people ask: may be busy for minutes, and less urgent than everything else.
    Executor& query_threads;
    DnsClient* dns = nullptr;        // null: dns_sd_configs find nothing
    Executor* log_thread = nullptr;  // of the log of scrapes alone; null: scrapes are kept in memory only
    Executor* password_thread = nullptr;  // which a flood of wrong ones keeps busy; null: query_threads
};

/// What came of a reload: nothing wrong and it is in force, or everything that is wrong and nothing has changed.
struct ReloadOutcome {
    Diagnostics errors;
    std::vector<std::string> changes;  // for a person, one line each
    /// What is wrong with rule files whose last good version stays in force (--config.partial-reload).
    Diagnostics held_back = {};
    bool ok() const { return !has_errors(errors); }
};

/// The daemon, assembled from its parts: the only place that knows them all. Scheduler's thread only.
class App {
public:
    App(Doors doors, Options options);
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// Reads the configuration, locks the storage folder, listens, and begins to tick. What the user wrote wrong comes as errors of the
    /// outcome, what the world refused as an Error.
    Result<ReloadOutcome> start();

    /// Reads all files again and puts them in force together, or nothing of them; as soon as no evaluation runs.
    void reload(std::function<void(ReloadOutcome)> done);

    /// Takes no more requests, ends the evaluation that runs, sends what is due, then calls `done`. SIGTERM and SIGINT do the same
    /// through on_stopped().
    void stop(std::function<void()> done);
    /// Called when a signal has stopped the daemon.
    void on_stopped(std::function<void()> stopped);

    /// Where it listens, once it does.
    const std::string& address() const;

    SelfMetrics& metrics();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
