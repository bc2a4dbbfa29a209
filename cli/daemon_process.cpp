#include "cli/daemon_process.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/asio_dns.h"
#include "base/asio_file_watch.h"
#include "base/asio_resolver.h"
#include "base/asio_scheduler.h"
#include "base/asio_signals.h"
#include "base/beast_client.h"
#include "base/httplib_client.h"
#include "base/posix_disk.h"
#include "base/smtp_client.h"
#include "base/system_random.h"
#include "base/thread_pool_executor.h"
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/terminal.h"
#include "daemon/app.h"
#include "daemon/http_limits.h"
#include "daemon/http_server.h"

namespace tocsin::cli {
namespace {

/// More threads than this would only take turns.
unsigned query_threads_of(std::size_t concurrency) {
    return static_cast<unsigned>(std::min<std::size_t>(concurrency, std::max(2U, std::thread::hardware_concurrency())));
}

/// The real world, in the order in which its parts stand on each other.
struct World {
    World(AsioScheduler& loop, Log& messages, unsigned threads, const Options& options)
        : scheduler(loop),
          log(messages),
          executor(loop, threads),
          state_thread(loop, 1),
          query_threads(loop, query_threads_of(options.query_limits.concurrent_max), ThreadPoolExecutor::Priority::Low),
          log_thread(loop, 1),
          password_thread(loop, 1, ThreadPoolExecutor::Priority::Low),
          resolver(loop),
          dns(loop),
          scrape_client(loop, resolver, {.proxies = proxy_environment()}),
          notify_client(loop, resolver, {.proxies = proxy_environment()}),
          mail_client(loop, resolver),
          server(loop, http_limits(options.connections_max, options.route_prefix)),
          signals(loop),
          file_watch(loop) {}

    Doors doors() {
        return {scheduler,    executor,      scrape_client, notify_client, mail_client,     server,
                resolver,     disk,          random,        signals,       file_watch,      log,
                state_thread, query_threads, &dns,          &log_thread,   &password_thread};
    }

    AsioScheduler& scheduler;
    Log& log;
    PosixDisk disk;
    SystemRandom random;
    ThreadPoolExecutor executor;
    ThreadPoolExecutor state_thread;
    ThreadPoolExecutor query_threads;
    ThreadPoolExecutor log_thread;
    ThreadPoolExecutor password_thread;
    AsioResolver resolver;
    AsioDns dns;
    BeastClient scrape_client;
    HttplibClient notify_client;
    SmtpClient mail_client;
    BeastServer server;
    AsioSignals signals;
    AsioFileWatch file_watch;
};

/// Says why it did not start: to a person at the terminal in plain lines, otherwise in the log.
int refused(const std::string& command, Log& log, const Result<ReloadOutcome>& started, bool to_person) {
    if (!started) {
        if (to_person) {
            print_error(command + ": " + started.error().message + "\n");
        } else {
            log.error("daemon", "not started", {{"error", started.error().message}});
        }
        return kImpossible;
    }
    if (to_person) {
        print_diagnostics(started->errors);
        return kBad;
    }
    for (const Diagnostic& problem : started->errors) {
        log.error("daemon", "configuration refused", {{"problem", to_string(problem)}});
    }
    return kBad;
}

}  // namespace

int run_daemon_process(const DaemonProcess& process) {
    AsioScheduler scheduler;
    const auto log = open_log(process.log, scheduler);
    if (!log) {
        print_error(process.command + ": " + log.error().message + "\n");
        return kImpossible;
    }
    World world(scheduler, **log, process.threads, process.options);
    Options options = process.options;
    options.host_name = host_name();
    App app(world.doors(), std::move(options));
    const auto started = app.start();
    if (!started || !started->ok()) {
        const bool to_person = process.log.file.empty() && process.log.format == LogFormat::Pretty;
        return refused(process.command, **log, started, to_person);
    }
    app.on_stopped([&scheduler] { scheduler.stop(); });
    scheduler.run();
    return kGood;
}

}  // namespace tocsin::cli
