#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/container/flat_set.hpp>

#include "base/time.h"
#include "notifiers/lookup_meter.h"
#include "notifiers/notification.h"

namespace tocsin {

/// Whose memory an entry is: one integration of one receiver, about one group.
struct LogKey {
    std::string group_key;
    std::string receiver;
    std::string integration;
    std::size_t index = 0;

    auto operator<=>(const LogKey&) const = default;
};

/// Alerts by StoredAlert::log_hash, in order. Of a storm there are as many as alerts, for each integration: no more than
/// the numbers themselves. To be made and added to as a whole: one that comes alone moves those behind it.
using AlertHashes = boost::container::flat_set<std::uint64_t>;

/// What an integration was told of a group. Alerts are meant by StoredAlert::log_hash.
///
/// Beyond Alertmanager's entry (time, firing, resolved, notes) it remembers what it owes: alerts that it should have
/// heard of and did not, and alerts that were muted after it had heard of them.
struct LogEntry {
    Timestamp sent_at{};               // of the flush whose message was taken last; none: nothing was taken yet
    AlertHashes firing;    // told as firing, and not as resolved since
    AlertHashes resolved;  // resolved at the last message
    AlertHashes unheard;   // fired at a flush; no message with it was taken yet
    AlertHashes muted;     // of `firing`: found muted at a flush since it was last told
    Timestamp waiting_since{};  // when the flush was due whose message was not taken yet; none: no message waits
    DeliveryNotes notes;
    std::vector<std::string> still_to_tell;  // recipients who did not get the last message, unlike the others
    Timestamp expires_at{};

    bool was_sent() const { return sent_at != Timestamp{}; }
    bool owes_nothing() const { return firing.empty() && unheard.empty(); }
    bool operator==(const LogEntry&) const = default;
};

/// What was sent, so that nothing is sent twice and nothing is forgotten.
class NotificationLog {
public:
    using Entries = std::map<LogKey, LogEntry>;

    const LogEntry* find(const LogKey& key) const;
    /// find() for a flush: counted, and measured where somebody wants to know.
    const LogEntry* query(const LogKey& key);
    struct Queries {
        std::uint64_t all = 0;
        std::uint64_t unknown = 0;  // nothing was known of the group
    };
    const Queries& queries() const { return queries_; }
    void measure_with(LookupMeter meter) { meter_ = std::move(meter); }
    /// Makes an empty one when there is none.
    LogEntry& at(const LogKey& key) {
        note(key);
        return entries_[key];
    }
    void erase(const LogKey& key) {
        note(key);
        entries_.erase(key);
    }
    /// Calls `visit` with what each integration of a receiver was told of a group.
    void for_each_of(const std::string& group_key, const std::string& receiver,
                     const std::function<void(const LogEntry&)>& visit) const;
    /// Forgets what expired, but for what is owed to a group that is still there.
    void collect(Timestamp now, const std::function<bool(const std::string& group_key)>& is_alive);
    /// The group goes on under another key.
    void rename_group(const std::string& from, const std::string& to);
    void shift(Duration step);

    /// From now on take_changed() tells which entries were handed out to be changed, or went, since it was called last.
    /// `changed` is called for the first of them.
    void keep_track(std::function<void()> changed) { on_change_ = std::move(changed); }
    std::set<LogKey> take_changed() { return std::exchange(changed_, {}); }

    const Entries& entries() const { return entries_; }
    void restore(Entries entries) { entries_ = std::move(entries); }

private:
    void note(const LogKey& key) {
        if (!on_change_) return;
        const bool first = changed_.empty();
        changed_.insert(key);
        if (first) on_change_();
    }

    std::function<void()> on_change_;
    std::set<LogKey> changed_;
    Entries entries_;
    Queries queries_;
    LookupMeter meter_;
};

}  // namespace tocsin
