#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "base/dns.h"
#include "base/http.h"
#include "base/log.h"
#include "base/process.h"
#include "base/random.h"
#include "base/result.h"
#include "engine/scrape/scrape_config.h"
#include "engine/store/anonymiser.h"
#include "engine/store/fixture_writer.h"
#include "rules/rule_file.h"
#include "rules/rule_manager.h"

namespace tocsin {

/// Polls targets as the daemon does and writes what they say into a fixture: the series that rules need and `up`, or
/// all of them. Rules are evaluated, so that every target is polled on its tick; nobody is told. Scheduler's thread.
class LiveRecording {
public:
    /// All outlive it.
    struct Doors {
        Scheduler& scheduler;
        Executor& executor;
        HttpClient& http;
        Resolver& resolver;
        Disk& disk;
        Random& random;
        FileWatch& file_watch;
        Log& log;
        DnsClient* dns = nullptr;
    };
    struct Subject {
        std::vector<std::shared_ptr<const ScrapeConfig>> scrape_configs;
        std::vector<RuleFile> rule_files;
        RuleSettings rules;
        bool keep_all = false;
    };

    /// The writer and the anonymiser outlive it. Fails where a rule cannot be compiled.
    static Parsed<std::unique_ptr<LiveRecording>> create(const Doors& doors, Subject subject, FixtureWriter& writer,
                                                         const Anonymiser& anonymiser);
    ~LiveRecording();

    /// Begins to poll. `failed` is called when the file cannot be written any further.
    void start(std::function<void(const Error&)> failed);
    /// No more polls; `done` when what was polled is on its way into the file, which finish() of the writer completes.
    void stop(std::function<void()> done);

    struct Counts {
        std::uint64_t polls = 0, failed_polls = 0, samples = 0;
    };
    const Counts& counts() const;

private:
    struct Impl;
    explicit LiveRecording(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
