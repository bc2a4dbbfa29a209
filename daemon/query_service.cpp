#include "daemon/query_service.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "daemon/api/query_answer.h"
#include "daemon/api/query_parameters.h"
#include "engine/eval/stepped_query.h"
#include "engine/store/excerpt.h"
#include "parser/promql_parser.h"

namespace tocsin {
namespace {

// About a millisecond of the scheduler's thread each.
constexpr std::size_t kSeriesAPiece = 4'000;
constexpr std::uint64_t kCellsAPiece = 500'000;

constexpr std::string_view kDurationHelp = "Query timings";

LabelSet slice(std::string_view name) {
    return {{"slice", name}};
}

}  // namespace

struct QueryService::Job {
    QueryRequest request;
    SeriesRequest listed;                    // instead
    QueryService::WriteLabels write_labels;  // then
    HttpServer::Respond respond;             // empty: answered
    Scheduler::TaskId timer = 0;
    MonotonicTime came;
    MonotonicTime began;
    api::QueryStatistics statistics;
    std::atomic<bool> cancelled = false;

    std::unique_ptr<Excerpt> excerpt;  // outlives the query
    std::unique_ptr<SteppedQuery> query;
    Timestamp first, last;  // steps of the part that is under way
    MonotonicTime part_began;
    std::optional<ServerResponse> response;

    /// From `first` on.
    std::int64_t steps_left() const {
        if (request.step == Duration{0}) return is_evaluated ? 0 : 1;
        return first > request.end ? 0 : (request.end - first) / request.step + 1;
    }

    // On a thread of the executor:

    void evaluate_part() {
        if (const Status status = query->evaluate(first, last); !status) response = api::query_failure(status.error());
        first = last + request.step;
        is_evaluated = true;
    }

    void write_down() {
        statistics.peak_samples = query->peak_samples();
        api::AnswerOptions options;
        options.at = request.start;
        options.limit = request.limit;
        response = api::query_answer(query->take(), options,
                                     request.wants_statistics ? std::optional(statistics) : std::nullopt);
    }

private:
    bool is_evaluated = false;
};

QueryService::QueryService(const Context& context, const QueryLimits& limits)
    : context_(context),
      limits_(limits),
      refused_(context.metrics.counter("tocsin_queries_refused_total",
                                       "Queries that were refused because too many waited.")),
      timeouts_(context.metrics.counter("tocsin_query_timeouts_total", "Queries that took too long.")),
      queue_time_(
          context.metrics.summary("prometheus_engine_query_duration_seconds", kDurationHelp, slice("queue_time"))),
      evaluation_time_(
          context.metrics.summary("prometheus_engine_query_duration_seconds", kDurationHelp, slice("inner_eval"))),
      piece_time_(context.metrics.summary("tocsin_query_piece_seconds",
                                          "For how long a query held the scheduler's thread at a time.")) {
    context.metrics.gauge("prometheus_engine_queries_concurrent_max", "The max number of concurrent queries.")
        .set(static_cast<double>(limits.concurrent_max));
    auto& current =
        context.metrics.gauge("prometheus_engine_queries", "The current number of queries being executed or waiting.");
    context.metrics.on_render([this, &current, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) current.set(static_cast<double>(running_ + queue_.size()));
    });
}

QueryService::~QueryService() {
    for (const JobPtr& job : jobs_) {
        job->cancelled = true;
        context_.scheduler.cancel(job->timer);
    }
}

// ---- the way of a query

void QueryService::run(QueryRequest request, HttpServer::Respond respond) {
    if (request.timeout <= Duration{0}) {
        timeouts_.add();
        return respond(api::query_failure({Error::Kind::Timeout, "query timed out in query execution"}));
    }
    const auto job = std::make_shared<Job>();
    job->first = request.start;
    job->request = std::move(request);
    enter(job, job->request.timeout, std::move(respond));
}

void QueryService::list(SeriesRequest request, WriteLabels write, HttpServer::Respond respond) {
    const auto job = std::make_shared<Job>();
    job->listed = std::move(request);
    job->write_labels = std::move(write);
    enter(job, limits_.timeout, std::move(respond));
}

void QueryService::enter(JobPtr job, Duration timeout, HttpServer::Respond respond) {
    if (running_ >= limits_.concurrent_max && queue_.size() >= limits_.queued_max) {
        refused_.add();
        return respond(api::query_failure({Error::Kind::Unavailable, "too many queries are waiting; try again later"}));
    }
    job->respond = std::move(respond);
    job->came = context_.scheduler.monotonic();
    jobs_.insert(job);
    job->timer = context_.scheduler.after(std::min(timeout, limits_.timeout), [this, job] { timed_out(job); });
    if (running_ < limits_.concurrent_max) return begin(job);
    queue_.push_back(std::move(job));
}

void QueryService::begin(const JobPtr& job) {
    ++running_;
    job->began = context_.scheduler.monotonic();
    job->statistics.queue_seconds = seconds_since(job->came);
    queue_time_.observe(job->statistics.queue_seconds);
    if (job->write_labels) return begin_finding(job);
    prepare(job);
}

// Parsing may take its time too: an expression may be long and its regular expressions large.
void QueryService::prepare(const JobPtr& job) {
    work(
        job,
        [job = job.get()] {
            const QueryRequest& request = job->request;
            const auto expr = parse_promql(request.text);
            const Diagnostics problems = expr ? check_expression(**expr, request.text, request.options) : expr.error();
            if (has_errors(problems)) {
                job->response = api::invalid_parameter("query", api::parse_error(problems.front()));
                return;
            }
            auto query =
                SteppedQuery::create(**expr, request.text, request.options, {request.start, request.end, request.step});
            if (!query) {
                job->response = api::invalid_parameter("query", query.error().message);
                return;
            }
            job->query = *std::move(query);
            job->query->cancel_when(job->cancelled);
        },
        &QueryService::begin_finding);
}

void QueryService::begin_finding(const JobPtr& job) {
    piece(job, &QueryService::find_series);
}

void QueryService::find_series(const JobPtr& job) {
    const bool lists = job->write_labels != nullptr;
    if (!job->excerpt) {
        job->excerpt =
            std::make_unique<Excerpt>(context_.store, lists ? job->listed.selectors : job->query->selectors());
    }
    const bool found =
        lists ? job->excerpt->find_labels(kSeriesAPiece, job->listed.within) : job->excerpt->find(kSeriesAPiece);
    if (!found) return piece(job, &QueryService::find_series);
    lists ? list_labels(job) : open(job);
}

void QueryService::list_labels(const JobPtr& job) {
    work(
        job, [job = job.get()] { job->response = job->write_labels(job->excerpt->take_labels()); },
        &QueryService::finish);
}

void QueryService::open(const JobPtr& job) {
    work(
        job,
        [job = job.get()] {
            job->excerpt->arrange();
            job->query->open(job->excerpt->store());
        },
        &QueryService::begin_copying);
}

void QueryService::begin_copying(const JobPtr& job) {
    job->statistics.prepare_seconds = seconds_since(job->began);
    piece(job, &QueryService::choose_part);
}

// As many of the steps that are left as fit into memory at a time, or the next one alone.
void QueryService::choose_part(const JobPtr& job) {
    const QueryRequest& request = job->request;
    const Timestamp end = request.step > Duration{0} ? request.end : request.start;
    const std::uint64_t cells = job->excerpt->cells_in(job->query->looks_at(job->first, end));
    const auto parts = static_cast<std::int64_t>(cells / limits_.cells_wanted) + 1;
    job->last = job->first + request.step * (std::max<std::int64_t>(job->steps_left() / parts, 1) - 1);
    auto spans = job->query->looks_at(job->first, job->last);
    if (job->excerpt->cells_in(spans) > limits_.cells_max) {
        job->response =
            api::query_failure({Error::Kind::LimitExceeded,
                                "query processing would load too many samples into memory in query execution"});
        return finish(job);
    }
    job->excerpt->begin_copy(std::move(spans));
    copy_rows(job);
}

void QueryService::copy_rows(const JobPtr& job) {
    if (!job->excerpt->copy(kCellsAPiece)) return piece(job, &QueryService::copy_rows);
    evaluate(job);
}

void QueryService::evaluate(const JobPtr& job) {
    job->part_began = context_.scheduler.monotonic();
    work(
        job, [job = job.get()] { job->evaluate_part(); }, &QueryService::evaluated);
}

void QueryService::evaluated(const JobPtr& job) {
    job->statistics.evaluate_seconds += seconds_since(job->part_began);
    if (job->steps_left() > 0) return piece(job, &QueryService::choose_part);
    evaluation_time_.observe(job->statistics.evaluate_seconds);
    work(
        job, [job = job.get()] { job->write_down(); }, &QueryService::finish);
}

// ---- its end

// The client is told at once; whoever works on the query notices a little later.
void QueryService::timed_out(const JobPtr& job) {
    timeouts_.add();
    job->timer = 0;
    job->cancelled = true;
    const bool waits = std::erase(queue_, job) > 0;
    std::exchange(job->respond, nullptr)(api::query_failure(
        {Error::Kind::Timeout, waits ? "query timed out in query queue" : "query timed out in expression evaluation"}));
    if (waits) jobs_.erase(job);
}

void QueryService::finish(const JobPtr& job) {
    context_.scheduler.cancel(std::exchange(job->timer, 0));
    release(job);
    jobs_.erase(job);
    --running_;
    if (job->respond) std::exchange(job->respond, nullptr)(*std::move(job->response));
    if (queue_.empty() || running_ >= limits_.concurrent_max) return;
    const JobPtr next = queue_.front();
    queue_.pop_front();
    begin(next);
}

// What a query has copied is much to give back, and nothing that the scheduler's thread should wait for.
void QueryService::release(const JobPtr& job) {
    if (!job->excerpt) return;
    context_.executor.run(
        [job] {
            job->query.reset();
            job->excerpt.reset();
        },
        [] {});
}

// ---- where it is worked on

void QueryService::work(const JobPtr& job, std::function<void()> work, Step next) {
    context_.executor.run(std::move(work), [this, job, next, alive = std::weak_ptr<bool>(alive_)] {
        if (!alive.expired()) take_step(job, next);
    });
}

void QueryService::piece(const JobPtr& job, Step step) {
    context_.scheduler.post([this, job, step, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.expired()) return;
        context_.store.when_thawed([this, job, step, alive] {
            if (alive.expired()) return;
            const MonotonicTime begin = context_.scheduler.monotonic();
            take_step(job, step);
            piece_time_.observe(seconds_since(begin));
        });
    });
}

void QueryService::take_step(const JobPtr& job, Step step) {
    if (job->cancelled || job->response) return finish(job);
    (this->*step)(job);
}

double QueryService::seconds_since(MonotonicTime begin) const {
    return std::chrono::duration<double>(context_.scheduler.monotonic() - begin).count();
}

}  // namespace tocsin
