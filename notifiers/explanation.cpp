#include "notifiers/explanation.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

using Doing = IntegrationExplanation::Doing;
using Told = IntegrationExplanation::Told;
using Place = ReceiverExplanation::Place;

std::optional<Verdict> verdict_of_work(Doing doing) {
    switch (doing) {
        case Doing::Sending:
            return Verdict::Sending;
        case Doing::Queued:
            return Verdict::Queued;
        case Doing::Waiting:
            return Verdict::Retrying;
        case Doing::Nothing:
            break;
    }
    return std::nullopt;
}

ReceiverExplanation about_route(const Route& route, std::string group_key, LabelSet group_labels) {
    ReceiverExplanation receiver;
    receiver.receiver = route.options.receiver;
    receiver.route = route.key;
    receiver.group_key = std::move(group_key);
    receiver.group_labels = std::move(group_labels);
    receiver.timers = route.options;
    return receiver;
}

bool is_held_back(const AlertExplanation& alert, const ReceiverExplanation& receiver) {
    const bool leaving = receiver.place == Place::Leaving && alert.firing;
    return alert.inhibition || !alert.silences.empty() || receiver.time_mute || leaving;
}

/// What is coming about the group says nothing of an alert that it leaves out.
void keep_messages_with(AlertExplanation& alert) {
    for (ReceiverExplanation& receiver : alert.receivers) {
        const bool held_back = is_held_back(alert, receiver);
        for (IntegrationExplanation& integration : receiver.integrations) {
            const bool unwanted =
                !alert.firing && !integration.send_resolved && integration.told != Told::Nothing;
            if (held_back || unwanted) integration.coming.reset();
        }
    }
}

}  // namespace

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::Sending:
            return "sending";
        case Verdict::Queued:
            return "queued";
        case Verdict::Retrying:
            return "retrying";
        case Verdict::Told:
            return "told";
        case Verdict::Inhibited:
            return "inhibited";
        case Verdict::Muted:
            return "muted";
        case Verdict::Silenced:
            return "silenced";
        case Verdict::Leaving:
            return "leaving";
        case Verdict::NotWanted:
            return "not wanted";
        case Verdict::Waiting:
            return "waiting";
        case Verdict::Unseen:
            return "unseen";
        case Verdict::NoGroup:
            return "no group";
    }
    return {};
}

Verdict verdict_of(const AlertExplanation& alert, const ReceiverExplanation& receiver,
                   const IntegrationExplanation& integration) {
    if (const auto working = verdict_of_work(integration.doing)) return *working;
    if (integration.told == (alert.firing ? Told::Firing : Told::Resolved)) return Verdict::Told;
    if (alert.inhibition) return Verdict::Inhibited;
    if (receiver.time_mute) return Verdict::Muted;
    if (!alert.silences.empty()) return Verdict::Silenced;
    if (receiver.place == Place::Leaving && alert.firing) return Verdict::Leaving;
    if (!alert.firing && !integration.send_resolved && integration.last_error.empty()) return Verdict::NotWanted;
    if (integration.coming && receiver.place != Place::None) return Verdict::Waiting;
    return alert.firing ? Verdict::NoGroup : Verdict::Unseen;
}

AlertExplanation AlertExplainer::explain(const AlertPtr& alert) {
    const LabelSet& labels = alert->alert.labels;
    AlertExplanation explanation{alert, !alert->alert.resolved_at(now_), {}, {}, {}};
    explanation.inhibition = routing_.inhibitor->find_inhibition(labels, now_);
    for (const std::string& id : silences_.muting(labels, now_)) explanation.silences.push_back(*silences_.find(id));
    for (const Route* route : routing_.tree.match(labels)) {
        const AlertGroup* group = dispatcher_.find_group(*route, alert->alert.labels);
        explanation.receivers.push_back(group != nullptr ? explain_in(*group, *alert)
                                                         : explain_without_group(*route, *alert));
    }
    for (const AlertGroup* group : dispatcher_.groups_left_by(labels)) {
        explanation.receivers.push_back(explain_in(*group, *alert));
        explanation.receivers.back().place = Place::Leaving;
    }
    keep_messages_with(explanation);
    return explanation;
}

const GroupOutlook& AlertExplainer::outlook_of(const AlertGroup& group) {
    const auto known = outlooks_.find(&group);
    if (known != outlooks_.end()) return known->second;
    return outlooks_.emplace(&group, group.outlook()).first->second;
}

void AlertExplainer::add_time_mute(const Route& route, ReceiverExplanation& receiver) {
    receiver.time_mute = time_mute(route, routing_.intervals, now_);
    if (!receiver.time_mute) return;
    const auto known = unmuted_at_.find(&route);
    receiver.unmuted_at = known != unmuted_at_.end()
                              ? known->second
                              : unmuted_at_[&route] = tocsin::unmuted_at(route, routing_.intervals, now_);
}

ReceiverExplanation AlertExplainer::explain_in(const AlertGroup& group, const StoredAlert& alert) {
    ReceiverExplanation receiver = about_route(group.route(), group.key(), group.labels());
    receiver.place = Place::Group;
    receiver.has_flushed = group.has_flushed();
    if (group.next_flush() != Timestamp::max()) receiver.next_flush = group.next_flush();
    add_time_mute(group.route(), receiver);
    receiver.integrations = group.explain(alert, outlook_of(group));
    return receiver;
}

ReceiverExplanation AlertExplainer::explain_without_group(const Route& route, const StoredAlert& alert) {
    const LabelSet labels = route.group_labels(alert.alert.labels);
    ReceiverExplanation receiver = about_route(route, group_key(route, labels), labels);
    add_time_mute(route, receiver);
    for (const auto& integration : routing_.receivers.at(receiver.receiver)->integrations) {
        const LogEntry* entry =
            log_.find({receiver.group_key, receiver.receiver, integration->kind, integration->index});
        receiver.integrations.push_back(explain_by_log(*integration, entry, alert));
    }
    return receiver;
}

}  // namespace tocsin
