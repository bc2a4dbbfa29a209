#include "rules/rule_manager.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "engine/scrape/scrape_manager.h"
#include "rules/alert_inheritance.h"
#include "rules/group_queries.h"
#include "rules/rule_group.h"
#include "rules/rule_pairing.h"
#include "rules/tick_scheduler.h"

namespace tocsin {
namespace {

using Groups = std::vector<std::shared_ptr<RuleGroup>>;
using GroupsByKey = std::map<std::string, std::shared_ptr<RuleGroup>>;

constexpr std::string_view kReasonAnnotation = "tocsin_reason";
constexpr std::string_view kTakenAway = "a reload took the rule away";
constexpr std::string_view kGoneAtStart = "the rule was gone after a restart";

bool same_group(const RuleGroupDefinition& a, const RuleGroupDefinition& b) {
    return a.name == b.name && a.file == b.file && a.interval == b.interval && a.query_offset == b.query_offset &&
           a.limit == b.limit && std::equal(a.rules.begin(), a.rules.end(), b.rules.begin(), b.rules.end(), same_rule);
}

std::string key_of(const RuleGroupDefinition& group) {
    return group.file + ";" + group.name;
}

std::string text_of(const std::optional<Duration>& duration) {
    return duration ? to_string(*duration) : "as all groups";
}

std::vector<std::string_view> rule_names(const RuleGroupDefinition& group) {
    std::vector<std::string_view> names;
    for (const RuleDefinition& rule : group.rules) names.push_back(rule.name);
    return names;
}

/// The same rules one after the other in another way.
bool is_reordered(const RuleGroupDefinition& a, const RuleGroupDefinition& b) {
    auto before = rule_names(a), after = rule_names(b);
    if (before == after) return false;
    std::ranges::sort(before);
    std::ranges::sort(after);
    return before == after;
}

/// What is different about a group beside its rules; empty when nothing is.
std::string group_changes(const RuleGroupDefinition& before, const RuleGroupDefinition& after) {
    std::vector<std::string> changes;
    const auto note = [&](std::string_view what, const std::string& from, const std::string& to) {
        if (from != to) changes.push_back(fmt::format("{} {} -> {}", what, from, to));
    };
    note("interval", text_of(before.interval), text_of(after.interval));
    note("query_offset", text_of(before.query_offset), text_of(after.query_offset));
    note("limit", std::to_string(before.limit), std::to_string(after.limit));
    if (is_reordered(before, after)) changes.push_back("order of rules");
    return join(changes, ", ");
}

/// By the rules that ended or have another place among those of their name: which one they are now.
using Successors = std::map<std::string, std::size_t>;

constexpr std::size_t kNoSuccessor = std::numeric_limits<std::size_t>::max();

void tell_pair(const RuleGroupDefinition& group, const PairedRule& pair, RuleReloadSummary& summary,
               Successors& successors) {
    if (pair.before == nullptr) return summary.added.push_back(key_of_rule(group, *pair.after, pair.nth_after));
    const std::string before = key_of_rule(group, *pair.before, pair.nth_before);
    if (pair.after == nullptr) {
        summary.removed.push_back(before);
        successors[before] = kNoSuccessor;
        return;
    }
    if (!same_rule(*pair.before, *pair.after)) {
        summary.changed.push_back(key_of_rule(group, *pair.after, pair.nth_after));
    }
    if (pair.nth_before != pair.nth_after) successors[before] = pair.nth_after;
}

/// Those of `groups` that are not among `others`.
Groups without(const Groups& groups, const Groups& others) {
    const std::set<std::shared_ptr<RuleGroup>> gone(others.begin(), others.end());
    Groups left;
    std::copy_if(groups.begin(), groups.end(), std::back_inserter(left),
                 [&](const auto& group) { return !gone.contains(group); });
    return left;
}

std::vector<OrphanAlert> release_alerts(const Groups& groups, const Successors& successors) {
    std::vector<OrphanAlert> orphans;
    for (const auto& group : groups) {
        const RuleGroupDefinition& definition = group->definition();
        for (const auto& rule : group->rules()) {
            if (rule->alerting() == nullptr) continue;
            const auto moved = successors.find(key_of_rule(definition, rule->definition, rule->nth));
            const std::size_t nth = moved == successors.end() ? rule->nth : moved->second;
            for (auto& [labels, alert] : rule->alerting()->release()) {
                orphans.push_back({definition.file, definition.name, nth, labels, std::move(alert)});
            }
        }
    }
    return orphans;
}

}  // namespace

std::string_view phase_word(AlertPhase from, AlertPhase to) {
    if (to == AlertPhase::Pending) return "pending";
    if (to == AlertPhase::Firing) return "firing";
    return from == AlertPhase::Firing ? "resolved" : "gone";
}

struct RuleManager::Prepared::Impl {
    struct Group {
        RuleGroupDefinition definition;
        GroupQueries queries;
        std::shared_ptr<RuleGroup> unchanged;  // the one in force, when there is nothing to do
    };
    std::vector<Group> groups;
    RuleSettings settings;
    std::uint64_t based_on = 0;  // the configuration in force that it was compared with
};

RuleManager::Prepared::Prepared() : impl_(std::make_unique<Impl>()) {}
RuleManager::Prepared::Prepared(Prepared&&) noexcept = default;
RuleManager::Prepared& RuleManager::Prepared::operator=(Prepared&&) noexcept = default;
RuleManager::Prepared::~Prepared() = default;

struct RuleManager::Impl {
    using PreparedGroup = Prepared::Impl::Group;

    explicit Impl(const RuleManagerContext& c)
        : context(c),
          ticks({c.scheduler, c.scrapes, c.store, c.log, c.metrics}),
          resolved_by_reload(c.metrics.counter("tocsin_alerts_resolved_by_reload_total",
                                               "Alerts that ended because a reload took their rule away.")) {}

    GroupsByKey by_key() const;
    StoredRules snapshot() const;
    StoredRules read(StateStore& from);
    StateStore::Write all_alerts() const;
    StateStore::Write all_groups() const;
    void write_everything();
    void check_limits(const std::vector<PreparedGroup>& groups, const RuleLimits& limits, Diagnostics& problems) const;
    Successors count_changes(const Prepared::Impl& prepared, RuleReloadSummary& summary) const;
    Groups put_in_force(std::vector<PreparedGroup> prepared);
    void resolve(const std::vector<OrphanAlert>& orphans, const LabelSet& external_labels, std::string_view reason,
                 RuleReloadSummary& summary);
    void rename(std::vector<OrphanAlert>& orphans, const LabelSet& external_labels_before, RuleReloadSummary& summary);
    void tell_ended(const std::vector<OrphanAlert>& orphans, std::string_view reason) const;
    void end(std::vector<OrphanAlert> orphans, std::string_view reason, RuleReloadSummary& summary);

    RuleManagerContext context;
    std::shared_ptr<RuleObservers> observers = std::make_shared<RuleObservers>();
    Groups groups;
    RuleSettings settings;
    std::uint64_t generation = 0;  // of the configuration in force; 0: none yet
    TickScheduler ticks;
    SelfMetrics::Value& resolved_by_reload;
    StateStore* state = nullptr;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

RuleManager::RuleManager(RuleManagerContext context) : impl_(std::make_unique<Impl>(context)) {
    context.metrics.on_render([impl = impl_.get(), alive = std::weak_ptr<bool>(impl_->alive)] {
        if (alive.expired()) return;
        for (const auto& group : impl->groups) group->show_selectors();
    });
}
RuleManager::~RuleManager() = default;

GroupsByKey RuleManager::Impl::by_key() const {
    GroupsByKey found;
    for (const auto& group : groups) found.emplace(group->key(), group);
    return found;
}

Parsed<RuleManager::Prepared> RuleManager::prepare(std::vector<RuleFile> files, RuleSettings settings) {
    Prepared prepared;
    prepared.impl_->based_on = impl_->generation;
    const bool same_settings = impl_->generation > 0 && settings == impl_->settings;
    auto running = impl_->by_key();
    std::set<std::string> taken;
    Diagnostics problems;
    for (RuleFile& file : files) {
        for (RuleGroupDefinition& definition : file.groups) {
            const std::string key = key_of(definition);
            if (!taken.insert(key).second) continue;
            Impl::PreparedGroup group{std::move(definition), {}, nullptr};
            const auto& before = running[key];
            if (same_settings && before && same_group(before->definition(), group.definition)) group.unchanged = before;
            prepared.impl_->groups.push_back(std::move(group));
        }
    }
    impl_->check_limits(prepared.impl_->groups, settings.limits, problems);
    for (auto& group : prepared.impl_->groups) {
        if (has_errors(problems) || group.unchanged) continue;
        group.queries = compile_rules(group.definition, impl_->context.store, settings.query, problems);
    }
    if (has_errors(problems)) return tl::unexpected(std::move(problems));
    prepared.impl_->settings = std::move(settings);
    return prepared;
}

void RuleManager::Impl::check_limits(const std::vector<PreparedGroup>& given, const RuleLimits& limits,
                                     Diagnostics& problems) const {
    std::size_t groups_seen = 0, rules_seen = 0;
    for (const PreparedGroup& group : given) {
        ++groups_seen;
        rules_seen += group.definition.rules.size();
        if (groups_seen <= limits.groups && rules_seen <= limits.rules) continue;
        problems.push_back(
            problem_at(group.definition, group.definition.where,
                       fmt::format("more than {} rule groups or {} rules", limits.groups, limits.rules)));
        return;
    }
}

RuleReloadSummary RuleManager::apply(Prepared prepared) {
    Impl& self = *impl_;
    TOCSIN_ASSERT(!self.context.store.frozen());
    TOCSIN_ASSERT(prepared.impl_->based_on == self.generation);
    RuleReloadSummary summary;
    const Successors successors = self.count_changes(*prepared.impl_, summary);
    const LabelSet external_labels_before = std::move(self.settings.external_labels);
    self.settings = std::move(prepared.impl_->settings);
    ++self.generation;

    // The groups that end live to the end of this, while others take over what is theirs.
    const Groups before = std::exchange(self.groups, self.put_in_force(std::move(prepared.impl_->groups)));
    std::vector<OrphanAlert> orphans = release_alerts(without(before, self.groups), successors);
    self.rename(orphans, external_labels_before, summary);
    orphans = AlertInheritance(without(self.groups, before)).distribute(std::move(orphans));
    self.end(std::move(orphans), kTakenAway, summary);
    self.ticks.set_groups(self.groups);
    if (self.state != nullptr) self.write_everything();
    summary.groups = self.groups.size();
    summary.rules = rule_count();
    return summary;
}

Groups RuleManager::Impl::put_in_force(std::vector<PreparedGroup> prepared) {
    auto before = by_key();
    Groups next;
    for (PreparedGroup& group : prepared) {
        if (group.unchanged) {
            next.push_back(std::move(group.unchanged));
            continue;
        }
        RuleGroup* predecessor = before[key_of(group.definition)].get();
        next.push_back(std::make_shared<RuleGroup>(std::move(group.definition), std::move(group.queries), settings,
                                                   context, observers, predecessor));
    }
    return next;
}

Successors RuleManager::Impl::count_changes(const Prepared::Impl& prepared, RuleReloadSummary& summary) const {
    Successors successors;
    std::map<std::string, std::pair<const RuleGroupDefinition*, const RuleGroupDefinition*>> versions;
    for (const auto& group : groups) versions[group->key()].first = &group->definition();
    for (const auto& group : prepared.groups) {
        if (group.unchanged) {
            versions.erase(group.unchanged->key());
        } else {
            versions[key_of(group.definition)].second = &group.definition;
        }
    }
    for (const auto& [key, version] : versions) {
        const RuleGroupDefinition& either = version.first != nullptr ? *version.first : *version.second;
        for (const PairedRule& pair : pair_rules(version.first, version.second)) {
            tell_pair(either, pair, summary, successors);
        }
    }
    for (auto* keys : {&summary.added, &summary.removed, &summary.changed}) std::ranges::sort(*keys);
    std::map<std::string, const RuleGroupDefinition*> groups_before;
    for (const auto& group : groups) groups_before.emplace(key_of(group->definition()), &group->definition());
    for (const auto& group : prepared.groups) {
        const auto old = groups_before.find(key_of(group.definition));
        if (old == groups_before.end()) continue;
        const std::string changes = group_changes(*old->second, group.definition);
        if (!changes.empty()) summary.groups_changed.push_back(old->first + ": " + changes);
    }
    return successors;
}

// With other external labels an alert is another one to those who are told: the old one ends, the new one is news.
void RuleManager::Impl::rename(std::vector<OrphanAlert>& orphans, const LabelSet& external_labels_before,
                               RuleReloadSummary& summary) {
    if (settings.external_labels == external_labels_before) return;
    resolve(orphans, external_labels_before, "a reload changed the external labels", summary);
    for (OrphanAlert& orphan : orphans) orphan.alert.last_sent.reset();
}

// Whoever was told that it fires is told that it is over, since no evaluation will ever say so.
void RuleManager::Impl::resolve(const std::vector<OrphanAlert>& orphans, const LabelSet& external_labels,
                                std::string_view reason, RuleReloadSummary& summary) {
    std::vector<Alert> alerts;
    for (const OrphanAlert& orphan : orphans) {
        if (orphan.alert.state.phase != AlertPhase::Firing || !orphan.alert.last_sent) continue;
        Alert alert;
        alert.labels = with_external_labels(orphan.labels, external_labels);
        alert.annotations = LabelBuilder(orphan.alert.annotations).set(kReasonAnnotation, reason).build();
        alert.starts_at = orphan.alert.state.fired_at;
        alert.ends_at = alert.updated_at = context.scheduler.now();
        alert.generator_url = SharedText::of(settings.external_url);
        const std::string labels = to_string(alert.labels);
        context.log.info("rules::manager", "alert resolved by a reload",
                         {{"labels", labels}, {"reason", std::string(reason)}});
        summary.resolved.push_back(labels);
        resolved_by_reload.add();
        alerts.push_back(std::move(alert));
    }
    if (!alerts.empty()) context.alerts.receive(alerts);
}

void RuleManager::Impl::tell_ended(const std::vector<OrphanAlert>& orphans, std::string_view reason) const {
    for (const OrphanAlert& orphan : orphans) {
        const AlertState& stood = orphan.alert.state;
        if (stood.phase == AlertPhase::Inactive) continue;
        AlertTransition ended;
        ended.file = orphan.file;
        ended.group = orphan.group;
        ended.rule = orphan.labels.get(kAlertNameLabel);
        ended.labels = orphan.labels;
        ended.from = stood.phase;
        ended.to = AlertPhase::Inactive;
        ended.at = context.scheduler.now();
        ended.value = orphan.alert.value;
        if (stood.phase == AlertPhase::Firing) ended.active_at = stood.active_at;
        ended.reason = reason;
        for (const auto& observe : observers->transition) observe(ended);
    }
}

// Those who are told know alerts by their labels alone: what another rule still has firing is not over for them.
void RuleManager::Impl::end(std::vector<OrphanAlert> orphans, std::string_view reason, RuleReloadSummary& summary) {
    if (orphans.empty()) return;
    tell_ended(orphans, reason);
    const AlertInheritance in_force(groups);
    std::erase_if(orphans, [&](const OrphanAlert& orphan) { return in_force.has_firing(orphan.labels); });
    resolve(orphans, settings.external_labels, reason, summary);
}

void RuleManager::start() {
    impl_->ticks.start();
}
void RuleManager::stop(std::function<void()> done) {
    impl_->ticks.stop(std::move(done));
}

std::vector<RuleGroupView> RuleManager::groups() const {
    std::vector<RuleGroupView> views;
    for (const auto& group : impl_->groups) views.push_back(group->view());
    return views;
}

std::size_t RuleManager::rule_count() const {
    std::size_t count = 0;
    for (const auto& group : impl_->groups) count += group->rules().size();
    return count;
}

std::size_t RuleManager::failing_rule_count() const {
    std::size_t count = 0;
    for (const auto& group : impl_->groups) count += group->failing_rules();
    return count;
}

std::vector<RuleSelectorUse> RuleManager::selector_uses() const {
    std::vector<RuleSelectorUse> uses;
    for (const auto& group : impl_->groups) group->add_selector_uses(uses);
    return uses;
}

void RuleManager::on_transition(std::function<void(const AlertTransition&)> observer) {
    impl_->observers->transition.push_back(std::move(observer));
}

void RuleManager::on_evaluation(std::function<void(const std::string&, Timestamp)> observer) {
    impl_->observers->evaluation.push_back(std::move(observer));
}

void RuleManager::on_compared_value(std::function<void(const ComparedValue&)> observer) {
    impl_->observers->compared_value.push_back(std::move(observer));
}

StoredRules RuleManager::Impl::snapshot() const {
    StoredRules stored;
    for (const auto& group : groups) group->snapshot(stored);
    return stored;
}

StoredRules RuleManager::snapshot() const {
    return impl_->snapshot();
}

void RuleManager::restore(const StoredRules& stored) {
    Impl& self = *impl_;
    std::vector<OrphanAlert> orphans;
    for (const StoredRuleAlert& from : stored.alerts) {
        ActiveAlert alert;
        alert.annotations = from.annotations;
        alert.state = from.state;
        alert.value = from.value;
        alert.last_sent = from.last_sent;
        orphans.push_back({from.file, from.group, from.nth, from.labels, std::move(alert)});
    }
    orphans = AlertInheritance(self.groups).distribute(std::move(orphans));
    RuleReloadSummary summary;
    self.end(std::move(orphans), kGoneAtStart, summary);
    for (const auto& group : self.groups) {
        const auto last = stored.evaluated.find(group->key());
        group->resume_after(last == stored.evaluated.end() ? std::nullopt : std::optional(last->second));
    }
}

void RuleManager::keep_in(StateStore& state) {
    Impl& self = *impl_;
    TOCSIN_ASSERT(self.generation > 0 && self.state == nullptr);
    restore(self.read(state));
    self.state = &state;
    self.observers->changed = [&state](StateStore::Write write) { state.write(std::move(write)); };
    self.write_everything();
}

StoredRules RuleManager::Impl::read(StateStore& from) {
    StoredRules stored;
    const auto tell = [this](const StateRecord& record, const Error& error) {
        context.log.error("rules::manager", "a stored record makes no sense and is left out",
                          {{"record", record.key}, {"error", error.message}});
    };
    for (const StateRecord& record : from.open_table(kAlertTable, [this] { return all_alerts(); })) {
        if (auto alert = read_stored_alert(record)) {
            stored.alerts.push_back(*std::move(alert));
        } else {
            tell(record, alert.error());
        }
    }
    for (const StateRecord& record : from.open_table(kGroupTable, [this] { return all_groups(); })) {
        if (const auto at = read_evaluated(record)) {
            stored.evaluated.emplace(record.key, *at);
        } else {
            tell(record, at.error());
        }
    }
    return stored;
}

StateStore::Write RuleManager::Impl::all_alerts() const {
    return [stored = snapshot().alerts](StateWriter& writer) {
        for (const StoredRuleAlert& alert : stored) put(writer, alert);
    };
}

StateStore::Write RuleManager::Impl::all_groups() const {
    return [stored = snapshot().evaluated](StateWriter& writer) {
        for (const auto& [group, at] : stored) put_evaluated(writer, group, at);
    };
}

// After a reload alerts may have other rules and groups, and so other keys.
void RuleManager::Impl::write_everything() {
    state->write([alerts = all_alerts(), evaluated = all_groups()](StateWriter& writer) {
        writer.clear(kAlertTable);
        writer.clear(kGroupTable);
        alerts(writer);
        evaluated(writer);
    });
}

}  // namespace tocsin
