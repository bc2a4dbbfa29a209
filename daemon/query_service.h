#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/self_metrics.h"
#include "base/time.h"
#include "engine/eval/query.h"
#include "engine/store/excerpt.h"

namespace tocsin {

struct QueryLimits {
    std::size_t concurrent_max = 20;            // --query.max-concurrency
    std::size_t queued_max = 100;               // more are refused
    Duration timeout{std::chrono::minutes(2)};  // --query.timeout
    /// Cells of the store that one query may have copied at a time, 8 bytes each. One that needs more for a single step
    /// is refused; one whose steps together need more is done some steps at a time.
    std::uint64_t cells_max = 64ULL * 1024 * 1024;
    std::uint64_t cells_wanted = 16ULL * 1024 * 1024;
};

/// What a client asked for. A step of 0 means an instant query at `start`.
struct QueryRequest {
    std::string text;
    Timestamp start;
    Timestamp end;
    Duration step{0};
    QueryOptions options;
    Duration timeout{std::chrono::minutes(2)};  // the service's own holds too
    std::size_t limit = 0;                      // of series; 0: all
    bool wants_statistics = false;
};

/// Which series there are.
struct SeriesRequest {
    std::vector<Matchers> selectors;  // one of them fits
    TimeSpan within;                  // and there is a sample
};

/// Answers the queries of the API without holding anybody back.
///
/// A query is parsed, evaluated and written down on threads of its own, over an Excerpt of the store that is copied for
/// it on the scheduler's thread in pieces of about a millisecond. So the store is never frozen for a query, and polls,
/// evaluations and changes go on between any two pieces; a query sees the store as it was when its turn came. What is
/// too much waits, up to a number; what takes too long ends with an error. Scheduler's thread.
class QueryService {
public:
    struct Context {
        Scheduler& scheduler;
        Executor& executor;
        Store& store;
        SelfMetrics& metrics;
    };
    QueryService(const Context& context, const QueryLimits& limits);
    /// Nobody is answered any more.
    ~QueryService();

    void run(QueryRequest request, HttpServer::Respond respond);

    /// Finds series; `write` makes an answer of their labels, which are sorted, on a thread of the executor.
    using WriteLabels = std::function<ServerResponse(std::vector<LabelSet>)>;
    void list(SeriesRequest request, WriteLabels write, HttpServer::Respond respond);

    std::size_t running() const { return running_; }
    std::size_t queued() const { return queue_.size(); }

private:
    struct Job;
    using JobPtr = std::shared_ptr<Job>;

    using Step = void (QueryService::*)(const JobPtr&);

    void enter(JobPtr job, Duration timeout, HttpServer::Respond respond);
    void begin(const JobPtr& job);
    void prepare(const JobPtr& job);
    void begin_finding(const JobPtr& job);
    void find_series(const JobPtr& job);
    void list_labels(const JobPtr& job);
    void open(const JobPtr& job);
    void begin_copying(const JobPtr& job);
    void choose_part(const JobPtr& job);
    void copy_rows(const JobPtr& job);
    void evaluate(const JobPtr& job);
    void evaluated(const JobPtr& job);
    void timed_out(const JobPtr& job);
    void finish(const JobPtr& job);
    void release(const JobPtr& job);

    /// `work` on a thread of the executor, then `next` here, unless the query is over.
    void work(const JobPtr& job, std::function<void()> work, Step next);
    /// `step` with the store, as soon as that is thawed and others have had their turn.
    void piece(const JobPtr& job, Step step);
    void take_step(const JobPtr& job, Step step);
    double seconds_since(MonotonicTime begin) const;

    Context context_;
    QueryLimits limits_;
    std::deque<JobPtr> queue_;
    std::set<JobPtr> jobs_;  // queued or running
    std::size_t running_ = 0;
    SelfMetrics::Value& refused_;
    SelfMetrics::Value& timeouts_;
    SelfMetrics::Distribution& queue_time_;
    SelfMetrics::Distribution& evaluation_time_;
    SelfMetrics::Distribution& piece_time_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tocsin
