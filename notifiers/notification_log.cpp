#include "notifiers/notification_log.h"

#include <utility>

namespace tocsin {

const LogEntry* NotificationLog::find(const LogKey& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
}

void NotificationLog::collect(Timestamp now) {
    std::erase_if(entries_, [&](const auto& entry) {
        const bool expired = entry.second.expires_at <= now;
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
        entry.expires_at += step;
    }
}

}  // namespace tocsin
