#include "notifiers/notification_log.h"

#include <utility>

namespace tocsin {

const LogEntry* NotificationLog::query(const LogKey& key) {
    const LogEntry* entry = nullptr;
    meter_.measure([&] { entry = find(key); });
    ++queries_.all;
    if (entry == nullptr) ++queries_.unknown;
    return entry;
}

const LogEntry* NotificationLog::find(const LogKey& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
}

void NotificationLog::for_each_of(const std::string& group_key, const std::string& receiver,
                                  const std::function<void(const LogEntry&)>& visit) const {
    for (auto at = entries_.lower_bound(LogKey{group_key, receiver, {}, 0}); at != entries_.end(); ++at) {
        if (at->first.group_key != group_key || at->first.receiver != receiver) return;
        visit(at->second);
    }
}

void NotificationLog::collect(Timestamp now, const std::function<bool(const std::string&)>& is_alive) {
    std::erase_if(entries_, [&](const auto& entry) {
        // Whom it tells of a beginning must be told of the end, however seldom the group is looked at.
        const bool owed = !entry.second.owes_nothing() && is_alive(entry.first.group_key);
        const bool expired = entry.second.expires_at <= now && !owed;
        if (expired) note(entry.first);
        return expired;
    });
}

void NotificationLog::rename_group(const std::string& from, const std::string& to) {
    for (auto at = entries_.lower_bound(LogKey{from, {}, {}, 0});
         at != entries_.end() && at->first.group_key == from;) {
        auto node = entries_.extract(at++);
        note(node.key());
        node.key().group_key = to;
        note(node.key());
        entries_.insert(std::move(node));
    }
}

void NotificationLog::shift(Duration step) {
    for (auto& [key, entry] : entries_) {
        note(key);
        if (entry.was_sent()) entry.sent_at += step;
        if (entry.waiting_since != Timestamp{}) entry.waiting_since += step;
        entry.expires_at += step;
    }
}

}  // namespace tocsin
