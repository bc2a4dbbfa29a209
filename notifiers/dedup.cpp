#include "notifiers/dedup.h"

#include <algorithm>

namespace tocsin {
namespace {

bool intersects(const AlertHashes& a, const AlertHashes& b) {
    return std::any_of(a.begin(), a.end(), [&](std::uint64_t hash) { return b.count(hash) > 0; });
}

bool is_subset(const AlertHashes& a, const AlertHashes& of) {
    return std::includes(of.begin(), of.end(), a.begin(), a.end());
}

/// Alerts were told as firing that no mute hides now: those of the group, and those it has lost sight of.
bool has_visible_told(const LogEntry& entry, const GroupFacts& facts) {
    return std::any_of(entry.firing.begin(), entry.firing.end(), [&](std::uint64_t hash) {
        return facts.muted_firing.count(hash) == 0 && facts.muted_resolved.count(hash) == 0;
    });
}

std::optional<NotifyReason> decide_when_nothing_fires(const LogEntry& entry, const GroupFacts& facts,
                                                      const DedupPolicy& policy) {
    const bool owed = intersects(facts.resolved, entry.unheard);
    if (holds_told_alert(&entry, facts)) {
        const bool told = policy.send_resolved && intersects(facts.resolved, entry.firing);
        if (told || owed) return NotifyReason::SomeResolved;
        return std::nullopt;
    }
    // Irrespective of send_resolved: the log must forget that the alerts fire.
    if (owed || (!facts.resolved.empty() && has_visible_told(entry, facts))) return NotifyReason::AllResolved;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(NotifyReason reason) {
    switch (reason) {
        case NotifyReason::FirstNotification:
            return "first notification";
        case NotifyReason::NewAlerts:
            return "new alerts added";
        case NotifyReason::AllResolved:
            return "all alerts resolved";
        case NotifyReason::SomeResolved:
            return "some alerts resolved";
        case NotifyReason::RepeatInterval:
            return "repeat interval elapsed";
        case NotifyReason::MuteEnded:
            return "mute ended";
    }
    return {};
}

bool holds_told_alert(const LogEntry* entry, const GroupFacts& facts) {
    return entry != nullptr && intersects(entry->firing, facts.muted_firing);
}

std::optional<NotifyReason> decide(const LogEntry* entry, const GroupFacts& facts, const DedupPolicy& policy) {
    if (entry == nullptr || !entry->was_sent()) {
        const bool owed = entry != nullptr && intersects(facts.resolved, entry->unheard);
        if (facts.firing.empty() && !owed) return std::nullopt;
        return NotifyReason::FirstNotification;
    }
    if (!is_subset(facts.firing, entry->firing)) {
        return entry->firing.empty() ? NotifyReason::FirstNotification : NotifyReason::NewAlerts;
    }
    if (facts.firing.empty()) return decide_when_nothing_fires(*entry, facts, policy);
    const bool some_resolved = policy.send_resolved && !is_subset(facts.resolved, entry->resolved);
    if (some_resolved || intersects(facts.resolved, entry->unheard)) return NotifyReason::SomeResolved;
    if (intersects(facts.firing, entry->muted)) return NotifyReason::MuteEnded;
    if (facts.due - entry->sent_at >= policy.repeat_interval) return NotifyReason::RepeatInterval;
    return std::nullopt;
}

}  // namespace tocsin
