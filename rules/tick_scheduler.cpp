#include "rules/tick_scheduler.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "rules/target_finder.h"

namespace tocsin {
namespace {

// Rarely enough to cost nothing, often enough that what went away does not pile up.
constexpr Duration kCollectEvery = std::chrono::seconds(30);

std::set<std::string, std::less<>> recorded_names(const std::vector<std::shared_ptr<RuleGroup>>& groups) {
    std::set<std::string, std::less<>> names{"ALERTS", "ALERTS_FOR_STATE"};
    for (const auto& group : groups) {
        for (const RuleDefinition& rule : group->definition().rules) {
            if (rule.kind == RuleDefinition::Kind::Recording) names.insert(rule.name);
        }
    }
    return names;
}

}  // namespace

TickScheduler::TickScheduler(const Context& context)
    : context_(context),
      clock_steps_(context.metrics.counter("tocsin_clock_steps_total",
                                           "How often the wall clock stepped by more than a second.")) {
    const std::weak_ptr<bool> alive = alive_;
    context_.scrapes.on_targets_changed(unless_gone([this] { find_targets(); }));
    context_.scheduler.on_clock_step([this, alive](Duration step) {
        if (!alive.expired()) clock_stepped(step);
    });
}

TickScheduler::~TickScheduler() {
    context_.scheduler.cancel(timer_);
}

std::function<void()> TickScheduler::unless_gone(std::function<void()> task) const {
    return [alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
        if (!alive.expired()) task();
    };
}

void TickScheduler::set_groups(const std::vector<std::shared_ptr<RuleGroup>>& groups) {
    std::map<std::string, MemberPtr> known;
    for (MemberPtr& member : members_) known.emplace(member->group->key(), std::move(member));
    members_.clear();
    for (const auto& group : groups) {
        MemberPtr& member = known[group->key()];
        if (!member) member = std::make_shared<Member>();
        members_.push_back(member);
        const auto before = std::exchange(member->group, group);
        if (before == group) continue;
        if (before && before->interval() != group->interval()) member->last_due.reset();
        if (clock_step_) group->clock_stepped(*clock_step_);
    }
    find_targets();
}

// Which group reads which target, and with that how often a target without an interval of its own is polled.
void TickScheduler::find_targets() {
    std::vector<std::shared_ptr<RuleGroup>> groups;
    for (const MemberPtr& member : members_) groups.push_back(member->group);
    TargetFinder finder(context_.scrapes, recorded_names(groups));
    std::map<TargetId, Duration> smallest;
    for (const MemberPtr& member : members_) {
        member->targets = finder.targets_of(member->group->selectors());
        for (const TargetId target : member->targets) {
            const auto [entry, is_new] = smallest.try_emplace(target, member->group->interval());
            if (!is_new) entry->second = std::min(entry->second, member->group->interval());
        }
    }
    targets_.clear();
    for (const TargetId target : finder.targets()) {
        const auto found = smallest.find(target);
        context_.scrapes.set_group_interval(target,
                                            found == smallest.end() ? std::nullopt : std::optional(found->second));
        if (const auto interval = context_.scrapes.interval(target)) {
            targets_[{*interval, context_.scrapes.offset(target, *interval)}].push_back(target);
        }
    }
    // What is new begins with the next instant of its grid, even if that is this very one.
    const Timestamp now = context_.scheduler.now();
    const bool is_late = timer_ != 0 && next_tick_ <= now;
    if (!is_late && !clock_step_) last_tick_ = std::max(last_tick_, now - Duration{1});
    schedule_next();
}

Timestamp TickScheduler::last_on_grid(Timestamp t, Duration interval, Duration offset) const {
    const Duration since = t.time_since_epoch() - grid_phase_ - offset;
    const Duration into = since % interval;
    return t - into - (into < Duration{0} ? interval : Duration{0});
}

void TickScheduler::start() {
    running_ = true;
    last_tick_ = context_.scheduler.now() - Duration{1};
    schedule_next();
}

void TickScheduler::stop(std::function<void()> done) {
    running_ = false;
    context_.scheduler.cancel(std::exchange(timer_, 0));
    queue_.clear();
    if (!evaluating_) return done();
    stopped_ = std::move(done);
}

void TickScheduler::schedule_next() {
    context_.scheduler.cancel(std::exchange(timer_, 0));
    if (!running_ || clock_step_) return;
    std::optional<Duration> smallest_wait;
    const auto consider = [&](Duration interval, Duration offset) {
        const Duration wait = last_on_grid(last_tick_, interval, offset) + interval - last_tick_;
        smallest_wait = std::min(wait, smallest_wait.value_or(wait));
    };
    for (const MemberPtr& member : members_) consider(member->group->interval(), Duration{0});
    for (const auto& entry : targets_) consider(entry.first.interval, entry.first.offset);
    if (!smallest_wait) return;
    next_tick_ = last_tick_ + *smallest_wait;
    timer_ = context_.scheduler.at(next_tick_, [this] { tick(); });
}

void TickScheduler::tick() {
    timer_ = 0;
    const Timestamp now = std::max(context_.scheduler.now(), last_tick_);
    const Timestamp before = std::exchange(last_tick_, now);
    const auto polled = poll_due(before, now);
    begin_cycles(before, now, polled);
    collect_garbage();
    schedule_next();
}

// Answers with what it polled, sorted.
std::vector<TargetId> TickScheduler::poll_due(Timestamp after, Timestamp now) {
    std::map<Timestamp, std::vector<TargetId>> due;
    std::vector<TargetId> polled;
    for (const auto& [pace, targets] : targets_) {
        const Timestamp instant = last_on_grid(now, pace.interval, pace.offset);
        if (instant <= after) continue;
        due[instant].insert(due[instant].end(), targets.begin(), targets.end());
        polled.insert(polled.end(), targets.begin(), targets.end());
    }
    for (const auto& [instant, targets] : due) {
        ++polls_in_flight_;
        context_.scrapes.poll(instant, targets, unless_gone([this] {
                                  --polls_in_flight_;
                                  settle_clock_when_idle();
                              }));
    }
    std::sort(polled.begin(), polled.end());
    return polled;
}

void TickScheduler::begin_cycles(Timestamp after, Timestamp now, const std::vector<TargetId>& polled) {
    for (const MemberPtr& member : members_) {
        const Timestamp due = last_on_grid(now, member->group->interval());
        if (due > after && is_due(*member, due)) wait_for_targets(member, due, polled);
    }
}

// Whether it can begin; counts what it misses.
bool TickScheduler::is_due(Member& member, Timestamp due) {
    const auto last = std::exchange(member.last_due, due);
    std::int64_t missed = member.busy ? 1 : 0;
    if (last) missed += std::max<std::int64_t>((due - *last) / member.group->interval() - 1, 0);
    if (missed > 0) member.group->count_missed(static_cast<std::uint64_t>(missed));
    return !member.busy;
}

void TickScheduler::wait_for_targets(const MemberPtr& member, Timestamp due, const std::vector<TargetId>& polled) {
    member->busy = true;
    std::vector<TargetId> waits_for;
    std::set_intersection(member->targets.begin(), member->targets.end(), polled.begin(), polled.end(),
                          std::back_inserter(waits_for));
    context_.scrapes.when_polled(std::move(waits_for),
                                 unless_gone([this, waiting = std::weak_ptr<Member>(member), due] {
                                     if (const auto ready = waiting.lock()) enqueue(ready, due);
                                     settle_clock_when_idle();
                                 }));
}

void TickScheduler::enqueue(const MemberPtr& member, Timestamp due) {
    if (!running_) return;
    queue_.emplace_back(member, due);
    evaluate_next();
}

// As a task of its own, and after those who have frozen the store: whoever called may still be about to change it.
void TickScheduler::evaluate_next() {
    if (evaluating_ || queue_.empty()) return;
    evaluating_ = true;
    context_.scheduler.post(
        unless_gone([this] { context_.store.when_thawed(unless_gone([this] { evaluate_front(); })); }));
}

void TickScheduler::evaluate_front() {
    MemberPtr member;
    Timestamp due;
    while (member == nullptr && !queue_.empty()) {
        member = queue_.front().first.lock();  // gone with a reload, maybe
        due = queue_.front().second;
        queue_.pop_front();
    }
    const auto done = [this, member] {
        evaluating_ = false;
        if (member) member->busy = false;
        if (stopped_) return context_.scheduler.post(std::exchange(stopped_, nullptr));
        evaluate_next();
        settle_clock_when_idle();
    };
    if (!member) return done();
    member->group->evaluate(due, unless_gone(done));
}

void TickScheduler::collect_garbage() {
    if (last_tick_ - last_collection_ < kCollectEvery) return;
    last_collection_ = last_tick_;
    context_.store.when_thawed(unless_gone([this] { context_.store.collect_garbage(last_tick_); }));
}

void TickScheduler::clock_stepped(Duration step) {
    context_.log.warn("rules::ticks", "the wall clock has stepped", {{"milliseconds", std::to_string(step.count())}});
    clock_steps_.add();
    clock_step_ = clock_step_.value_or(Duration{0}) + step;
    context_.scheduler.cancel(std::exchange(timer_, 0));
    for (const MemberPtr& member : members_) member->group->clock_stepped(step);
    settle_clock_when_idle();
}

bool TickScheduler::is_idle() const {
    const auto busy = [](const MemberPtr& member) { return member->busy; };
    return polls_in_flight_ == 0 && !evaluating_ && std::none_of(members_.begin(), members_.end(), busy);
}

void TickScheduler::settle_clock_when_idle() {
    if (!clock_step_ || !is_idle()) return;
    context_.store.when_thawed(unless_gone([this] {
        if (clock_step_ && is_idle()) settle_clock();
    }));
}

void TickScheduler::settle_clock() {
    const Duration step = *std::exchange(clock_step_, std::nullopt);
    context_.scrapes.move_time(step);
    for (const MemberPtr& member : members_) {
        member->group->settle_clock();
        if (member->last_due) *member->last_due += step;
    }
    grid_phase_ += step;
    last_tick_ += step;
    last_collection_ += step;
    schedule_next();
}

}  // namespace tocsin
