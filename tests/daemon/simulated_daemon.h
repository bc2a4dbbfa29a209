#pragma once

#include <memory>
#include <string>

#include "base/virtual_scheduler.h"
#include "daemon/app.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_mail.h"
#include "tests/fakes/fake_http_server.h"
#include "tests/fakes/fake_process.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/hanging_executor.h"
#include "tests/fakes/recording_log.h"

namespace tocsin::tests {

/// The whole daemon in a world of its own: virtual time, targets and receivers that a test scripts, files in memory.
///
/// Files lie in /etc/tocsin; put them there, then start(). Each world begins at 2026-03-01T10:00:00Z.
class SimulatedDaemon {
public:
    static constexpr Timestamp kStart{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + std::chrono::hours(10)};

    explicit SimulatedDaemon(unsigned threads = 0) : executor(scheduler, threads) {
        options.config_file = "/etc/tocsin/prometheus.yml";
        options.alertmanager_config_file = "/etc/tocsin/alertmanager.yml";
        options.storage_path = "/var/lib/tocsin";
        options.external_url = "http://tocsin.example";
    }

    /// Reads the files and begins to tick; what start() of the App said.
    Result<ReloadOutcome> start() {
        app = std::make_unique<App>(
            Doors{scheduler, executor, targets, receivers, mails, server, resolver, disk, random, signals, file_watch,
                  log, state_thread, query_threads, nullptr, &log_thread, &password_thread},
            options);
        return app->start();
    }

    /// Since the start of the world.
    Duration elapsed() const { return scheduler.now() - kStart; }
    void advance(Duration by) { scheduler.advance(by); }

    void put(const std::string& name, std::string_view text) { disk.put("/etc/tocsin/" + name, text); }

    VirtualScheduler scheduler{kStart};
    VirtualExecutor executor;
    fakes::HangingExecutor state_thread{scheduler};
    VirtualExecutor query_threads{scheduler, 0};
    fakes::HangingExecutor password_thread{scheduler};
    fakes::HangingExecutor log_thread{scheduler};
    fakes::FakeHttpClient targets{scheduler};
    fakes::FakeHttpClient receivers{scheduler};
    fakes::FakeMailClient mails{scheduler};
    fakes::FakeHttpServer server{scheduler};
    fakes::FakeResolver resolver{scheduler};
    fakes::FakeDisk disk{"/var/lib"};
    SeededRandom random{1};
    fakes::FakeSignals signals{scheduler};
    fakes::FakeFileWatch file_watch{scheduler};
    fakes::RecordingLog log;
    Options options;
    std::unique_ptr<App> app;
};

}  // namespace tocsin::tests
