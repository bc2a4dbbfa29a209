#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/http_credentials.h"
#include "base/log.h"
#include "base/time.h"
#include "engine/scrape/metadata_table.h"
#include "engine/scrape/scrape_cache.h"
#include "engine/scrape/scrape_config.h"
#include "engine/scrape/scrape_metrics.h"
#include "engine/scrape/scrape_options.h"
#include "engine/scrape/scrape_request.h"
#include "engine/scrape/target.h"
#include "engine/scrape/target_series.h"
#include "engine/store/store.h"

namespace tocsin {

/// The name of a target's rows in the log of scrapes.
ScrapeOwner scrape_owner(const Target& target);

/// Scrapes one target when it is told to: request, reading, samples into the store once that is not frozen. A small
/// body with the lines of the one before is read at once, which costs less than handing it over; others on the
/// executor.
///
/// A scrape that fails in any way (connection, status, syntax, a limit) gives `up 0`, and everything the target had is
/// stale. Nothing of its body is kept, but the reports tell how many samples were read and how many series were new.
/// Scheduler's thread.
class ScrapeLoop {
public:
    /// All of it outlives the loop.
    struct Context {
        Scheduler& scheduler;
        Executor& executor;
        HttpClient& http;
        Store& store;
        Log& log;
        HttpCredentials& credentials;
        ScrapeMetrics& metrics;
        TextPool& texts;
        const ScrapeOptions& options;
        std::uint64_t hash_seed;
        ScrapeLog* scrape_log = nullptr;  // null: rows are kept in memory only
    };

    ScrapeLoop(const Context& context, std::shared_ptr<const Target> target,
               std::shared_ptr<const ScrapeConfig> config);
    /// Cancels what is in flight; nobody is called any more.
    ~ScrapeLoop();
    ScrapeLoop(const ScrapeLoop&) = delete;
    ScrapeLoop& operator=(const ScrapeLoop&) = delete;

    const Target& target() const { return *target_; }
    const ScrapeConfig& config() const { return *config_; }
    /// The same series from the same place, but other details; what is in flight goes on under the old ones.
    void change(std::shared_ptr<const Target> target, std::shared_ptr<const ScrapeConfig> config);
    /// Takes over the series of a target with the same labels that is about to go.
    void inherit(ScrapeLoop& other);
    /// Takes what an earlier run has left of this target. Before the first poll.
    void adopt(std::vector<RecoveredTimeline> timelines);
    /// While not empty, scrapes fail for this reason without a request.
    void set_refusal(std::string reason) { refusal_ = std::move(reason); }

    /// One scrape, whose samples get the timestamp `tick`. `done` is called when they are in the store. Not while
    /// another is under way.
    void poll(Timestamp tick, Duration timeout, std::function<void()> done);
    bool is_polling() const { return polling_; }

    // ---- of the last scrape that is over

    struct Last {
        Timestamp tick;
        std::string error;  // empty: it went well
        bool timed_out = false;
        Duration duration{0};
        std::uint64_t samples = 0;
        std::uint64_t body_bytes = 0;
    };
    const std::optional<Last>& last() const { return last_; }
    /// By metric, of what is kept.
    const MetadataTable& metadata() const { return metadata_; }
    std::vector<TimelineId> timelines() const { return series_->timelines(); }

    /// The wall clock was set by `step`, and the past moves along. Not while polling.
    void move_time(Duration step) {
        series_->move_time(step);
        if (last_) last_->tick += step;
        for (auto& birth : births_) birth.first += step;
    }

private:
    struct Job;

    void send(HttpRequest request);
    void fail(std::string reason, bool timed_out = false);
    void answered(Result<HttpResponse> answer);
    void read(std::shared_ptr<Job> job);
    bool read_at_once(Job& job) const;
    void commit_when_thawed(const std::shared_ptr<Job>& job);
    void commit(const std::shared_ptr<Job>& job);
    void commit_samples(Job& job);
    void commit_failure(Job& job);
    void count(const ScrapeReading& reading, const TargetSeries::Outcome& outcome);
    void judge_lines_of(const ScrapeConfig& before);
    bool too_many_new_series(std::size_t born, Timestamp tick);
    void finish(Job& job);
    std::vector<double> reports(const Job& job, bool up) const;
    double seconds_taken() const;
    ScrapeLimits limits() const;
    std::uint64_t body_bytes_max() const;

    Context context_;
    std::shared_ptr<const Target> target_;
    std::shared_ptr<const ScrapeConfig> config_;
    std::unique_ptr<TargetSeries> series_;
    LineHashes told_;  // as added, by scrapes that failed since the last good one; a job has it while it is under way
    std::string refusal_;
    bool lines_held_ = false;  // the last good body had the lines of the one before it

    bool polling_ = false;
    Timestamp tick_;
    MonotonicTime started_;
    Duration timeout_{0};
    std::function<void()> done_;
    HttpClient::RequestId request_ = 0;
    bool is_waiting_ = false;            // for the verdict on request_
    std::shared_ptr<ScrapeLoop*> self_;  // what is under way elsewhere finds null here when the loop is gone

    std::optional<Last> last_;
    MetadataTable metadata_;
    std::deque<std::pair<Timestamp, std::size_t>> births_;  // of the last minute
};

}  // namespace tocsin
