#include "rules/rule_test_world.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/assert.h"
#include "base/no_log.h"
#include "base/no_network.h"
#include "base/sample.h"
#include "base/virtual_scheduler.h"
#include "engine/scrape/scrape_manager.h"

namespace tocsin {
namespace {

// Longer than any test: those of promtool reach to the year 2262.
constexpr Duration kForEver = std::chrono::hours(24 * 365 * 400);

/// To whom the rules of a test speak: its routing, once that is there, or nobody.
class TestSink final : public AlertSink {
public:
    void receive(std::span<const Alert> alerts) override {
        if (routing) routing->receive(alerts);
    }
    std::unique_ptr<AlertSink> routing;
};

/// The series of a test on their way into the store, a row of one timeline at each time.
class Feed {
public:
    Feed(Store& store, const RuleTest& test) : store_(store), start_(test.start), interval_(test.interval) {
        // Of a series that is given twice the last one counts, as in promtool.
        std::map<LabelSet, const SeriesDescription*> distinct;
        for (const SeriesDescription& series : test.series) distinct[series.labels] = &series;
        for (const auto& [labels, series] : distinct) add(*series);
        timeline_ = store.create_timeline();
    }

    void up_to(Timestamp time) {
        for (; next_ < rows_ && time_of(next_) <= time; ++next_) append(next_);
    }

private:
    struct Column {
        const SeriesDescription* series;
        std::optional<ColumnIndex> index;
    };

    Timestamp time_of(std::size_t row) const { return start_ + static_cast<std::int64_t>(row) * interval_; }

    void add(const SeriesDescription& series) {
        columns_.push_back({&series, std::nullopt});
        rows_ = std::max(rows_, series.values.size());
        const auto name = Matcher::equal(std::string(kMetricNameLabel), std::string(series.labels.metric_name()));
        if (names_.insert(name.value()).second) kept_.push_back(store_.select({name}, kForEver));
    }

    void append(std::size_t row) {
        if (const auto layout = store_.layout_generation(timeline_); !(layout == layout_)) {
            layout_ = layout;
            for (Column& column : columns_) column.index.reset();
        }
        values_.clear();
        for (Column& column : columns_) {
            if (row >= column.series->values.size()) continue;
            const SequenceValue& value = column.series->values[row];
            if (!value.omitted && !value.histogram) write(column, value.value);
        }
        if (!values_.empty()) store_.append(timeline_, time_of(row), values_);
    }

    // A series has its column from its first sample on.
    void write(Column& column, double value) {
        if (!column.index) column.index = store_.column_for(timeline_, column.series->labels);
        if (!column.index) return;
        if (values_.size() <= *column.index) values_.resize(*column.index + 1, kAbsentMarker);
        values_[*column.index] = value;
    }

    Store& store_;
    Timestamp start_;
    Duration interval_;
    TimelineId timeline_{};
    LayoutGeneration layout_{};
    std::vector<Column> columns_;
    std::set<std::string, std::less<>> names_;
    std::vector<Store::SelectionHandle> kept_;
    std::vector<double> values_;
    std::size_t rows_ = 0;
    std::size_t next_ = 0;
};

/// How far the start is off the multiples of the interval; groups on intervals of their own stay on those of
/// production.
Duration phase_of(Timestamp start, const RuleTestWorldSettings& settings) {
    const Duration interval = settings.evaluation_interval;
    const Duration rest = start.time_since_epoch() % interval;
    if (settings.group_intervals || rest == Duration{0}) return Duration{0};
    // Steps of a clock that are not longer than a second leave the grid alone.
    return rest + (rest < Duration{0} ? interval : Duration{0}) + interval * (std::chrono::seconds(1) / interval + 1);
}

}  // namespace

struct RuleTestWorld::Impl {
    Impl(const RuleTest& test, const RuleTestWorldSettings& with, Disk& disk)
        : settings(with),
          start(test.start),
          grid_phase(phase_of(test.start, with)),
          scheduler(test.start - grid_phase - Duration{1}),
          executor(scheduler, 0),
          scrapes({scheduler, executor, network, network, disk, store, random, metrics, log}, {}),
          feed(store, test),
          timeline(test.start),
          manager({scheduler, executor, store, scrapes, log, metrics, sink}) {
        for (const auto& fixture : with.fixtures) players.emplace_back(*fixture, columns);
        manager.on_transition([this](const AlertTransition& change) { timeline.add(change); });
        manager.on_evaluation([this](const std::string&, Timestamp) { was_evaluated = true; });
    }

    void feed_up_to(Timestamp time) {
        while (FixturePlayer* player = next_player(time)) {
            const Status played = player->play(*player->next());
            TOCSIN_ASSERT(played);
        }
        feed.up_to(time);
    }

    /// The one whose row comes first.
    FixturePlayer* next_player(Timestamp until) {
        FixturePlayer* first = nullptr;
        for (FixturePlayer& player : players) {
            const auto at = player.next();
            if (at && *at <= until && (first == nullptr || *at < *first->next())) first = &player;
        }
        return first;
    }

    Parsed<void> start_routing(const std::string& external_url) {
        if (!settings.routing) return {};
        auto started = settings.routing->start(scheduler, external_url,
                                               [this](SeenNotification told) { timeline.add(std::move(told)); });
        if (!started) return tl::unexpected(std::move(started).error());
        sink.routing = *std::move(started);
        return {};
    }

    // The clock was that much slow, and is set: the grid goes on at its pace, from the start of the test.
    void move_grid() {
        if (grid_phase == Duration{0}) return;
        scheduler.step_wall_clock(grid_phase);
        scheduler.settle();
    }

    RuleTestWorldSettings settings;
    Timestamp start;
    Duration grid_phase;
    VirtualScheduler scheduler;
    VirtualExecutor executor;
    NoNetwork network;
    NoLog log;
    TestSink sink;
    SeededRandom random{1};
    SelfMetrics metrics;
    Store store{StoreOptions{.retention = kForEver}};
    ScrapeManager scrapes;
    Feed feed;
    FixtureColumns columns{store};
    std::vector<FixturePlayer> players;
    RuleTestTimeline timeline;
    bool was_evaluated = false;
    RuleManager manager;
};

RuleTestWorld::RuleTestWorld(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RuleTestWorld::~RuleTestWorld() = default;

Parsed<std::unique_ptr<RuleTestWorld>> RuleTestWorld::create(const RuleTest& test,
                                                             std::vector<RuleGroupDefinition> groups,
                                                             const RuleTestWorldSettings& settings, Disk& disk) {
    auto impl = std::make_unique<Impl>(test, settings, disk);
    for (RuleGroupDefinition& group : groups) {
        if (!settings.group_intervals) group.interval.reset();
    }
    RuleSettings with;
    with.evaluation_interval = settings.evaluation_interval;
    with.external_labels = test.external_labels;
    with.external_url = test.external_url;
    with.query = settings.query;
    std::vector<RuleFile> files(1);
    files.front().groups = std::move(groups);
    auto prepared = impl->manager.prepare(std::move(files), std::move(with));
    if (!prepared) return tl::unexpected(std::move(prepared).error());
    impl->manager.apply(*std::move(prepared));
    impl->manager.start();
    impl->move_grid();
    if (auto started = impl->start_routing(test.external_url); !started) {
        return tl::unexpected(std::move(started).error());
    }
    return std::unique_ptr<RuleTestWorld>(new RuleTestWorld(std::move(impl)));
}

Result<std::unique_ptr<StandingQuery>> RuleTestWorld::watch(const Expr& expr, std::string_view text) {
    return StandingQuery::create(expr, text, impl_->store, impl_->settings.query);
}

std::optional<Duration> RuleTestWorld::next_event() const {
    const Timestamp next = impl_->scheduler.next_due();
    if (next == Timestamp::max()) return std::nullopt;
    return next - impl_->start;
}

bool RuleTestWorld::run_next() {
    const Timestamp next = impl_->scheduler.next_due();
    impl_->feed_up_to(next);
    impl_->was_evaluated = false;
    impl_->scheduler.advance_to(next);
    return impl_->was_evaluated;
}

// In promtool no sample is loaded that is later than the last evaluation.
void RuleTestWorld::finish(Duration length) {
    const Duration past_last =
        impl_->settings.group_intervals ? Duration{0} : length % impl_->settings.evaluation_interval;
    impl_->feed_up_to(impl_->start + length - past_last);
}

std::vector<RuleGroupView> RuleTestWorld::groups() const {
    return impl_->manager.groups();
}

bool RuleTestWorld::any_rule_failed() const {
    return impl_->manager.failing_rule_count() > 0;
}

const RuleTestTimeline& RuleTestWorld::timeline() const {
    return impl_->timeline;
}

}  // namespace tocsin
