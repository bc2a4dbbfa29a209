#include "rules/rule_test_world.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/assert.h"
#include "base/no_log.h"
#include "base/no_network.h"
#include "base/sample.h"
#include "base/virtual_scheduler.h"
#include "engine/scrape/scrape_manager.h"
#include "rules/rule_test_scrapes.h"

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
    std::unique_ptr<RuleTestReceivers> routing;
};

/// The series of a test on their way into the store, a row of one timeline at each time.
class Feed {
public:
    /// `all` outlive it.
    Feed(Store& store, RuleTestHistograms& histograms, const RuleTest& test, const std::vector<SeriesDescription>& all)
        : store_(store), histograms_(histograms), start_(test.start), interval_(test.interval) {
        // Of a series that is given twice the last one counts, as in promtool.
        std::map<LabelSet, const SeriesDescription*> distinct;
        for (const SeriesDescription& series : all) distinct[series.labels] = &series;
        for (const auto& [labels, series] : distinct) add(*series);
        timeline_ = store.create_timeline();
    }

    void up_to(Timestamp time) {
        for (; next_ < rows_ && time_of(next_) <= time; ++next_) append(next_);
    }

    /// Nobody was there to take what came before `until`.
    void skip(Timestamp until) {
        while (next_ < rows_ && time_of(next_) < until) ++next_;
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
            if (value.omitted) continue;
            write(column, value.histogram ? histograms_.stand_in(*column.series, row) : value.value);
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
    RuleTestHistograms& histograms_;
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
          samples(samples_of(test, with.fixtures)),
          feed(store, histograms, test, samples.changed_series ? *samples.changed_series : test.series),
          timeline(test.start) {
        for (const auto& fixture : samples.fixtures) players.emplace_back(*fixture, columns);
        rule_settings.evaluation_interval = with.evaluation_interval;
        rule_settings.external_labels = test.external_labels;
        rule_settings.external_url = test.external_url;
        rule_settings.query = with.query;
        note_steps(test);
    }

    // ---- rules

    Parsed<void> put_in_force(std::vector<RuleGroupDefinition> given) {
        groups = given;
        for (RuleGroupDefinition& group : given) {
            if (!settings.group_intervals) group.interval.reset();
        }
        std::vector<RuleFile> files(1);
        files.front().groups = std::move(given);
        auto prepared = manager->prepare(std::move(files), rule_settings);
        if (!prepared) return tl::unexpected(std::move(prepared).error());
        manager->apply(*std::move(prepared));
        return {};
    }

    Parsed<void> start_rules(const StoredRules* stored) {
        manager.emplace(RuleManagerContext{scheduler, executor, store, scrapes, log, metrics, sink});
        manager->on_transition([this](const AlertTransition& change) { timeline.add(change); });
        manager->on_evaluation([this](const std::string&, Timestamp) { was_evaluated = true; });
        if (auto applied = put_in_force(groups); !applied) return applied;
        if (stored != nullptr) manager->restore(*stored);
        manager->start();
        return {};
    }

    // ---- steps

    struct Happening {
        Timestamp at;
        std::function<Parsed<void>()> happen;
        bool is_start = false;  // of the daemon, after a restart began
    };

    void note_steps(const RuleTest& test) {
        for (const RuleTestStep& step : test.steps) {
            const Timestamp at = start + step.at, until = start + step.until;
            if (step.kind == RuleTestStep::Kind::Reload) {
                happenings.push_back({at, [this, &step] { return reload(step); }});
            } else if (step.kind == RuleTestStep::Kind::Restart) {
                happenings.push_back({at, [this, until] { return stop(until); }});
                happenings.push_back({until, [this] { return go_on(); }, true});
            }
        }
    }

    Parsed<void> reload(const RuleTestStep& step) {
        timeline.add_step(scheduler.now(), "the daemon reloads");
        if (auto applied = put_in_force(step.groups); !applied) return applied;
        if (!sink.routing || !step.routing) return {};
        return sink.routing->reload(*step.routing);
    }

    // As kill -9: what the daemon keeps on the disk is all that is left of it.
    Parsed<void> stop(Timestamp until) {
        timeline.add_step(scheduler.now(), "the daemon is stopped");
        stored_rules = manager->snapshot();
        manager->stop([] {});
        manager.reset();
        if (sink.routing) sink.routing->stop();
        down_until = until;
        return {};
    }

    Parsed<void> go_on() {
        timeline.add_step(scheduler.now(), "the daemon starts again");
        if (sink.routing) {
            if (auto started = sink.routing->go_on(); !started) return started;
        }
        return start_rules(&stored_rules);
    }

    // It comes after everything else that is due at its moment.
    bool next_is_step() const {
        return next_happening < happenings.size() && happenings[next_happening].at < scheduler.next_due();
    }

    void happen() {
        auto happened = happenings[next_happening++].happen();
        if (!happened) problems.insert(problems.end(), happened.error().begin(), happened.error().end());
    }

    Timestamp next_due() const { return next_is_step() ? happenings[next_happening].at : scheduler.next_due(); }

    // ---- samples

    void feed_up_to(Timestamp time) {
        for (FixturePlayer& player : players) player.skip(down_until);
        feed.skip(down_until);
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
    RuleTestSamples samples;
    RuleTestHistograms histograms;
    Feed feed;
    FixtureColumns columns{store};
    std::vector<FixturePlayer> players;
    RuleTestTimeline timeline;
    bool was_evaluated = false;
    RuleSettings rule_settings;
    std::vector<RuleGroupDefinition> groups;  // in force
    std::vector<Happening> happenings;        // by time
    std::size_t next_happening = 0;
    Timestamp down_until = Timestamp::min();  // nothing was scraped before that
    StoredRules stored_rules;                 // while the daemon is down
    Diagnostics problems;
    std::optional<RuleManager> manager;  // nothing while the daemon is down
};

RuleTestWorld::RuleTestWorld(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RuleTestWorld::~RuleTestWorld() = default;

Parsed<std::unique_ptr<RuleTestWorld>> RuleTestWorld::create(const RuleTest& test,
                                                             std::vector<RuleGroupDefinition> groups,
                                                             const RuleTestWorldSettings& settings, Disk& disk) {
    auto impl = std::make_unique<Impl>(test, settings, disk);
    impl->groups = std::move(groups);
    if (auto started = impl->start_rules(nullptr); !started) return tl::unexpected(std::move(started).error());
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
    const Timestamp next = impl_->next_due();
    if (next == Timestamp::max()) return std::nullopt;
    return next - impl_->start;
}

bool RuleTestWorld::run_next() {
    const Timestamp next = impl_->next_due();
    impl_->feed_up_to(next);
    impl_->was_evaluated = false;
    const bool is_step = impl_->next_is_step();
    impl_->scheduler.advance_to(next);
    if (is_step) impl_->happen();
    return impl_->was_evaluated;
}

bool RuleTestWorld::next_is_step() const {
    return impl_->next_is_step() && !impl_->happenings[impl_->next_happening].is_start;
}

const Diagnostics& RuleTestWorld::problems() const {
    return impl_->problems;
}

// In promtool no sample is loaded that is later than the last evaluation.
void RuleTestWorld::finish(Duration length) {
    const Duration past_last =
        impl_->settings.group_intervals ? Duration{0} : length % impl_->settings.evaluation_interval;
    impl_->feed_up_to(impl_->start + length - past_last);
}

std::vector<RuleGroupView> RuleTestWorld::groups() const {
    return impl_->manager ? impl_->manager->groups() : std::vector<RuleGroupView>{};
}

bool RuleTestWorld::any_rule_failed() const {
    return impl_->manager && impl_->manager->failing_rule_count() > 0;
}

const RuleTestHistograms& RuleTestWorld::histograms() const {
    return impl_->histograms;
}

const RuleTestTimeline& RuleTestWorld::timeline() const {
    return impl_->timeline;
}

}  // namespace tocsin
