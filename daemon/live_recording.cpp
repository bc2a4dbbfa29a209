#include "daemon/live_recording.h"

#include <map>
#include <optional>
#include <utility>

#include "base/no_sink.h"
#include "base/sample.h"
#include "base/self_metrics.h"
#include "base/version.h"
#include "engine/scrape/scrape_manager.h"

namespace tocsin {
namespace {

constexpr Duration kFlushInterval = std::chrono::seconds(10);
// A target that takes its time answers that much later than the others at most.
constexpr Duration kPollLateness = std::chrono::minutes(2);

// Targets may give timestamps of their own; nobody looks at older ones.
constexpr Duration kOldest = std::chrono::minutes(10);

ScrapeOptions options_of_recording() {
    ScrapeOptions options;
    options.version = version();
    return options;
}

}  // namespace

struct LiveRecording::Impl {
    // What of a timeline is in the file, and which series its columns are.
    struct Track {
        Timestamp written = Timestamp::min();
        LayoutGeneration layout;
        std::vector<std::optional<std::size_t>> series;  // by column
    };

    Impl(const Doors& d, const Subject& subject, FixtureWriter& into, const Anonymiser& by)
        : doors(d),
          writer(into),
          anonymiser(by),
          store(StoreOptions{.keep_all = subject.keep_all,
                             .retention = kOldest,
                             .lookback_delta = subject.rules.query.lookback_delta}),
          scrapes({d.scheduler, d.executor, d.http, d.resolver, d.disk, store, d.random, metrics, d.log, &d.file_watch,
                   d.dns},
                  options_of_recording()),
          rules({d.scheduler, d.executor, store, scrapes, d.log, metrics, nobody}) {
        Matchers matchers;
        matchers.push_back(Matcher::equal(std::string(kMetricNameLabel), "up"));
        up = store.select(std::move(matchers), subject.rules.query.lookback_delta);
        scrapes.on_polled([this](const PollReport& report) { take(report); });
    }

    void take(const PollReport& report) {
        ++counts.polls;
        if (report.health == TargetHealth::Down) ++counts.failed_polls;
        for (const TimelineId id : scrapes.timelines(report.target)) take(id);
    }

    void take(TimelineId id) {
        const Timeline& timeline = store.timeline(id);
        Track& track = tracks[id];
        if (const LayoutGeneration layout = store.layout_generation(id); !(layout == track.layout)) {
            // The target that had this id before is gone.
            if (layout.made != track.layout.made) track.written = Timestamp::min();
            track.layout = layout;
            track.series.clear();
        }
        track.series.resize(timeline.columns());
        for (std::size_t row = timeline.first_after(track.written); row < timeline.rows(); ++row) {
            track.written = timeline.time(row);
            for (ColumnIndex column = 0; column < timeline.columns(); ++column) {
                const double value = timeline.at(row, column);
                if (!is_missing(value)) add(id, track, column, value);
            }
        }
    }

    void add(TimelineId id, Track& track, ColumnIndex column, double value) {
        std::optional<std::size_t>& series = track.series[column];
        if (!series) series = writer.series(anonymiser.apply(store.labels_of(id, column)));
        writer.add(*series, to_unix_ms(track.written), value);
        ++counts.samples;
    }

    void flush_later() {
        flush_timer = doors.scheduler.after(kFlushInterval, [this] {
            const Status status = writer.flush(to_unix_ms(doors.scheduler.now() - kPollLateness));
            if (!status && failed) return failed(status.error());
            flush_later();
        });
    }

    Doors doors;
    FixtureWriter& writer;
    const Anonymiser& anonymiser;
    SelfMetrics metrics;
    NoSink nobody;
    Store store;
    Store::SelectionHandle up;
    ScrapeManager scrapes;
    RuleManager rules;
    std::map<TimelineId, Track> tracks;
    Counts counts;
    Scheduler::TaskId flush_timer = 0;
    std::function<void(const Error&)> failed;
};

LiveRecording::LiveRecording(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

LiveRecording::~LiveRecording() {
    impl_->doors.scheduler.cancel(impl_->flush_timer);
}

Parsed<std::unique_ptr<LiveRecording>> LiveRecording::create(const Doors& doors, Subject subject, FixtureWriter& writer,
                                                             const Anonymiser& anonymiser) {
    auto impl = std::make_unique<Impl>(doors, subject, writer, anonymiser);
    auto prepared = impl->rules.prepare(std::move(subject.rule_files), std::move(subject.rules));
    if (!prepared) return tl::unexpected(std::move(prepared).error());
    impl->scrapes.apply(std::move(subject.scrape_configs));
    impl->rules.apply(*std::move(prepared));
    return std::unique_ptr<LiveRecording>(new LiveRecording(std::move(impl)));
}

void LiveRecording::start(std::function<void(const Error&)> failed) {
    impl_->failed = std::move(failed);
    impl_->rules.start();
    impl_->flush_later();
}

void LiveRecording::stop(std::function<void()> done) {
    impl_->rules.stop(std::move(done));
}

const LiveRecording::Counts& LiveRecording::counts() const {
    return impl_->counts;
}

}  // namespace tocsin
