#include "engine/scrape/scrape_loop.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"

namespace tocsin {
namespace {

// In the order of reports(); those behind the fifth with extra_scrape_metrics only.
constexpr std::array<std::string_view, 8> kReports{"up",
                                                   "scrape_duration_seconds",
                                                   "scrape_samples_scraped",
                                                   "scrape_samples_post_metric_relabeling",
                                                   "scrape_series_added",
                                                   "scrape_timeout_seconds",
                                                   "scrape_sample_limit",
                                                   "scrape_body_size_bytes"};
constexpr std::size_t kPlainReports = 5;

// Of a target that gives other series each time and always fails, the last ones are remembered.
constexpr std::size_t kToldMax = 1'000'000;

// What is read on the scheduler's thread takes it a fraction of a millisecond at most.
constexpr std::size_t kReadAtOnceBytesMax = 256 * 1024;

constexpr std::string_view kTooLarge = "body size limit exceeded";

std::uint64_t smaller_limit(std::uint64_t a, std::uint64_t b) {
    return a == 0 ? b : b == 0 ? a : std::min(a, b);
}

// Whether a body gives the same series under both.
bool read_alike(const ScrapeConfig& a, const ScrapeConfig& b) {
    return a.honor_labels == b.honor_labels && a.honor_timestamps == b.honor_timestamps &&
           a.metric_relabel_configs == b.metric_relabel_configs && a.label_limit == b.label_limit &&
           a.label_name_length_limit == b.label_name_length_limit &&
           a.label_value_length_limit == b.label_value_length_limit;
}

std::vector<LabelSet> report_labels(const LabelSet& target, bool extra) {
    std::vector<LabelSet> all;
    for (std::size_t i = 0; i < (extra ? kReports.size() : kPlainReports); ++i) {
        all.push_back(LabelBuilder(target).set(kMetricNameLabel, kReports[i]).build());
    }
    return all;
}

}  // namespace

// The URL itself may hold a secret.
ScrapeOwner scrape_owner(const Target& target) {
    return {target.labels, hash_bytes(target.url)};
}

/// One scrape from the answer on. Held by whoever works on it, so it outlives the loop when it must.
struct ScrapeLoop::Job {
    Timestamp tick;
    std::shared_ptr<const Target> target;
    std::shared_ptr<const ScrapeConfig> config;
    TargetSeries::Known known;
    LineHashes told;
    std::string body;
    ScrapeSource source;
    ScrapeReading reading;
    bool timed_out = false;
    bool too_large = false;

    void read() {
        reading = read_scrape(source);
        if (!reading.error.empty()) remember_added();
    }

    // A body that fails again and again adds its series once, as with Prometheus' cache, which keeps them until a
    // scrape is good.
    void remember_added() {
        if (!reading.added.empty() && told.size() + reading.added.size() > kToldMax) told.clear();
        told.insert(reading.added.begin(), reading.added.end());
    }
};

ScrapeLoop::ScrapeLoop(const Context& context, std::shared_ptr<const Target> target,
                       std::shared_ptr<const ScrapeConfig> config)
    : context_(context),
      target_(std::move(target)),
      config_(std::move(config)),
      series_(std::make_unique<TargetSeries>(context.store, context.scrape_log, scrape_owner(*target_))),
      self_(std::make_shared<ScrapeLoop*>(this)) {
    series_->set_report_labels(report_labels(target_->labels, config_->extra_scrape_metrics));
}

ScrapeLoop::~ScrapeLoop() {
    *self_ = nullptr;
    if (is_waiting_) context_.http.cancel(request_);
}

void ScrapeLoop::change(std::shared_ptr<const Target> target, std::shared_ptr<const ScrapeConfig> config) {
    target_ = std::move(target);
    const auto before = std::exchange(config_, std::move(config));
    judge_lines_of(*before);
    const bool other_reports = config_->extra_scrape_metrics != before->extra_scrape_metrics;
    if (other_reports) series_->set_report_labels(report_labels(target_->labels, config_->extra_scrape_metrics));
}

// Lines that were read under an earlier configuration.
void ScrapeLoop::judge_lines_of(const ScrapeConfig& before) {
    if (&before == config_.get()) return;
    if (!read_alike(before, *config_)) series_->forget_lines();
    if (before.sample_limit != config_->sample_limit) series_->give_up_lines();
}

void ScrapeLoop::inherit(ScrapeLoop& other) {
    TOCSIN_ASSERT(other.target().labels == target().labels);
    std::swap(series_, other.series_);
    series_->set_owner(scrape_owner(*target_));
    series_->forget_lines();
    series_->set_report_labels(report_labels(target_->labels, config_->extra_scrape_metrics));
}

void ScrapeLoop::adopt(std::vector<RecoveredTimeline> timelines) {
    const auto shared = std::make_shared<const std::vector<RecoveredTimeline>>(std::move(timelines));
    context_.store.when_thawed([self = self_, shared] {
        if (*self != nullptr) (*self)->series_->adopt(*shared);
    });
}

// ---- one scrape

void ScrapeLoop::poll(Timestamp tick, Duration timeout, std::function<void()> done) {
    TOCSIN_ASSERT(!polling_);
    polling_ = true;
    tick_ = tick;
    timeout_ = timeout;
    started_ = context_.scheduler.monotonic();
    done_ = std::move(done);
    if (!refusal_.empty()) return fail(refusal_);
    auto request = make_scrape_request(*target_, *config_, timeout, body_bytes_max(), context_.options.version);
    context_.credentials.complete(std::move(request), config_->access, [self = self_](Result<HttpRequest> complete) {
        if (*self == nullptr) return;
        if (!complete) return (*self)->fail(complete.error().message, complete.error().kind == Error::Kind::Timeout);
        (*self)->send(*std::move(complete));
    });
}

void ScrapeLoop::send(HttpRequest request) {
    HttpEvents events;
    events.verdict = [this](Result<HttpResponse> answer) {
        is_waiting_ = false;
        answered(std::move(answer));
    };
    is_waiting_ = true;
    request_ = context_.http.send(std::move(request), std::move(events));
}

std::uint64_t ScrapeLoop::body_bytes_max() const {
    return smaller_limit(context_.options.body_bytes_max, config_->body_size_limit);
}

ScrapeLimits ScrapeLoop::limits() const {
    const ScrapeOptions& options = context_.options;
    return {.samples = options.samples_max,
            .samples_configured = config_->sample_limit,
            .labels = smaller_limit(options.labels_max, config_->label_limit),
            .label_name_bytes = smaller_limit(options.label_name_bytes_max, config_->label_name_length_limit),
            .label_value_bytes = smaller_limit(options.label_value_bytes_max, config_->label_value_length_limit),
            .line_bytes = options.line_bytes_max};
}

void ScrapeLoop::answered(Result<HttpResponse> answer) {
    if (!answer) {
        const bool too_large = answer.error().kind == Error::Kind::LimitExceeded;
        if (too_large) context_.metrics.exceeded_body_size.add();
        return fail(too_large ? std::string(kTooLarge) : answer.error().message,
                    answer.error().kind == Error::Kind::Timeout);
    }
    if (answer->status != 200) return fail(status_error(answer->status));
    const auto format =
        negotiated_format(find_header(answer->headers, "Content-Type"), config_->fallback_scrape_protocol);
    if (!format) return fail(format.error().message);

    const auto job = std::make_shared<Job>();
    job->tick = tick_;
    job->target = target_;
    job->config = config_;
    job->told = std::exchange(told_, {});
    job->body = std::move(answer->body);
    job->source.format = *format;
    job->source.limits = limits();
    job->source.hash_seed = context_.hash_seed;
    read(job);
}

void ScrapeLoop::fail(std::string reason, bool timed_out) {
    const auto job = std::make_shared<Job>();
    job->tick = tick_;
    job->target = target_;
    job->config = config_;
    job->told = std::exchange(told_, {});
    job->timed_out = timed_out;
    job->too_large = reason == kTooLarge;
    job->reading.error = std::move(reason);
    commit_when_thawed(job);
}

void ScrapeLoop::read(std::shared_ptr<Job> job) {
    job->known = series_->known();
    job->source.body = job->body;
    job->source.known = job->known.lines.get();
    job->source.given_up = job->known.given_up.get();
    job->source.wanted = job->known.wanted.get();
    job->source.target = job->target.get();
    job->source.config = job->config.get();
    job->source.told = &job->told;
    job->source.count_added = job->known.wanted->name("scrape_series_added");
    job->source.count_relabelled = job->known.wanted->name("scrape_samples_post_metric_relabeling");
    if (read_at_once(*job)) return commit_when_thawed(job);
    context_.executor.run([job] { job->read(); },
                          [self = self_, job] {
                              if (*self != nullptr) (*self)->commit_when_thawed(job);
                          });
}

bool ScrapeLoop::read_at_once(Job& job) const {
    if (!lines_held_ || job.body.size() > kReadAtOnceBytesMax || job.source.known->lines.empty()) return false;
    std::optional<ScrapeReading> reading = read_known_scrape(job.source);
    if (!reading) return false;
    job.reading = *std::move(reading);
    return true;
}

// ---- its end

void ScrapeLoop::commit_when_thawed(const std::shared_ptr<Job>& job) {
    context_.store.when_thawed([self = self_, job] {
        if (*self != nullptr) (*self)->commit(job);
    });
}

void ScrapeLoop::commit(const std::shared_ptr<Job>& job) {
    ScrapeReading& reading = job->reading;
    if (reading.error.empty() && too_many_new_series(reading.born.size(), job->tick)) {
        reading.error =
            fmt::format("more than {} new series within a minute", context_.options.new_series_per_minute_max);
        job->remember_added();
    }
    if (!reading.error.empty()) {
        commit_failure(*job);
    } else if (series_->can_take(job->known)) {
        commit_samples(*job);
    } else {
        // Columns got other numbers while the body was read.
        return read(job);
    }
    finish(*job);
}

bool ScrapeLoop::too_many_new_series(std::size_t born, Timestamp tick) {
    while (!births_.empty() && births_.front().first <= tick - std::chrono::minutes(1)) births_.pop_front();
    if (born == 0) return false;
    births_.emplace_back(tick, born);
    std::uint64_t sum = 0;
    for (const auto& [_, count] : births_) sum += count;
    if (sum <= context_.options.new_series_per_minute_max) return false;
    births_.pop_back();
    return true;
}

void ScrapeLoop::commit_samples(Job& job) {
    TargetSeries::Outcome outcome =
        series_->take(job.reading, job.known.wanted_generation, job.tick, job.config->track_timestamps_staleness);
    lines_held_ = !job.reading.changed;
    judge_lines_of(*job.config);
    if (!series_->write(job.tick, reports(job, true))) outcome.out_of_order += job.reading.samples;
    count(job.reading, outcome);
    for (const MetadataLine& line : job.reading.metadata) metadata_.take(line, context_.texts);
}

void ScrapeLoop::commit_failure(Job& job) {
    if (job.reading.over_sample_limit) context_.metrics.exceeded_sample_limit.add();
    if (job.reading.error_line > 0) {
        job.reading.error = fmt::format("line {}: {}", job.reading.error_line, job.reading.error);
    }
    series_->take_nothing(job.tick, job.config->track_timestamps_staleness);
    series_->write(job.tick, reports(job, false));
    told_ = std::move(job.told);
}

double ScrapeLoop::seconds_taken() const {
    return std::chrono::duration<double>(context_.scheduler.monotonic() - started_).count();
}

// As Prometheus, a scrape that failed tells how many samples were read and how many series were new up to the error,
// since alerts compare them with the limit, and -1 as the size of a body that was too large.
std::vector<double> ScrapeLoop::reports(const Job& job, bool up) const {
    const ScrapeReading& reading = job.reading;
    const double body_bytes = job.too_large ? -1 : static_cast<double>(job.body.size());
    return {up ? 1.0 : 0.0,
            seconds_taken(),
            static_cast<double>(reading.samples),
            static_cast<double>(reading.samples_relabelled),
            static_cast<double>(reading.added.size()),
            static_cast<double>(timeout_.count()) / 1000,
            static_cast<double>(job.config->sample_limit),
            body_bytes};
}

void ScrapeLoop::count(const ScrapeReading& reading, const TargetSeries::Outcome& outcome) {
    ScrapeMetrics& metrics = context_.metrics;
    metrics.samples.add(static_cast<double>(reading.samples));
    metrics.lines_skipped.add(static_cast<double>(reading.lines_skipped));
    metrics.prefix_hits.add(static_cast<double>(reading.prefix_hits));
    metrics.prefix_misses.add(static_cast<double>(reading.prefix_misses));
    metrics.duplicates.add(static_cast<double>(outcome.duplicates));
    metrics.out_of_order.add(static_cast<double>(outcome.out_of_order));
    metrics.out_of_bounds.add(static_cast<double>(outcome.out_of_bounds));
    metrics.series_refused.add(static_cast<double>(outcome.refused));
}

void ScrapeLoop::finish(Job& job) {
    const std::string& error = job.reading.error;
    (error.empty() ? context_.metrics.succeeded : context_.metrics.failed).add();
    context_.metrics.duration.observe(seconds_taken());
    context_.metrics.body_bytes.add(static_cast<double>(job.body.size()));
    if (!error.empty()) {
        context_.log.debug("engine::scrape", "scrape failed",
                           {{"job", config_->job_name}, {"target", target_->url}, {"error", error}});
    }
    const std::uint64_t body_bytes = error.empty() ? job.body.size() : last_ ? last_->body_bytes : 0;
    last_ = Last{.tick = job.tick,
                 .error = error,
                 .timed_out = job.timed_out,
                 .duration = Duration(static_cast<std::int64_t>(seconds_taken() * 1000)),
                 .samples = job.reading.samples,
                 .body_bytes = body_bytes};
    job.body = {};
    polling_ = false;
    if (const auto done = std::exchange(done_, nullptr)) done();
}

}  // namespace tocsin
