#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/state_store.h"
#include "base/time.h"

namespace tocsin {

/// Where a record of a TimedTable is: by its time, and by a number among those of one instant.
struct TimedKey {
    std::int64_t at_ms = 0;
    std::uint64_t number = 0;

    auto operator<=>(const TimedKey&) const = default;
};

/// As long as every other one, so that their order as texts is that of the keys.
std::string to_string(const TimedKey& key);
std::optional<TimedKey> parse_timed_key(std::string_view text);

/// A history: records by time, the latest of them, in memory and in a table of the state store. Scheduler's thread.
template <class Record>
class TimedTable {
public:
    struct Format {
        std::string table;
        std::string log_target;
        std::string (*write)(const Record&);  // called on the store's thread
        Result<Record> (*read)(const StateRecord&);
    };
    /// What is older than `retention` is forgotten, and the oldest when there are more than `records_max`.
    struct Bounds {
        Duration retention{0};
        std::size_t records_max = 0;
    };

    /// `clock` and `log` outlive this.
    TimedTable(const Scheduler& clock, Log& log, Format format, Bounds bounds)
        : clock_(clock), log_(log), format_(std::move(format)), bounds_(bounds) {}

    /// Goes on with what `state` has, and keeps it there from now on; `state` outlives this.
    void keep_in(StateStore& state);
    /// Called with each record that is being forgotten or removed; for who knows records by something else than their
    /// keys.
    void on_forget(std::function<void(const TimedKey&, const Record&)> forgetting) {
        forgetting_ = std::move(forgetting);
    }

    /// A new record, as if changed() had been called.
    TimedKey add(Timestamp at, Record record);
    /// Null when it was forgotten. Until the next save().
    Record* find(const TimedKey& key);
    void changed(const TimedKey& key) { unsaved_.insert(key); }
    /// Takes a record out that turned out to be wrong, from the disk with the next save().
    void remove(const TimedKey& key);
    /// Writes what has changed, as one write, and forgets what is beyond the bounds.
    void save();

    /// Calls `visit` for each record that is not too old, the latest first, for as long as it answers true.
    void for_each(const std::function<bool(const Record&)>& visit) const;
    const std::map<TimedKey, Record>& records() const { return records_; }
    std::size_t size() const { return records_.size(); }

private:
    using Copies = std::vector<std::pair<TimedKey, Record>>;

    void load(const StateRecord& record);
    void forget(typename std::map<TimedKey, Record>::iterator record);
    void forget_old();
    std::int64_t oldest_ms() const { return to_unix_ms(clock_.now() - bounds_.retention); }
    StateStore::Write put_all(Copies copies) const;
    StateStore::Write erase_all(std::vector<TimedKey> keys) const;

    const Scheduler& clock_;
    Log& log_;
    Format format_;
    Bounds bounds_;
    std::map<TimedKey, Record> records_;
    std::set<TimedKey> unsaved_;
    std::uint64_t next_number_ = 0;
    std::function<void(const TimedKey&, const Record&)> forgetting_;
    StateStore* state_ = nullptr;
};

template <class Record>
void TimedTable<Record>::keep_in(StateStore& state) {
    const auto everything = [this] { return put_all({records_.begin(), records_.end()}); };
    for (const StateRecord& record : state.open_table(format_.table, everything)) load(record);
    state_ = &state;
    forget_old();
}

template <class Record>
void TimedTable<Record>::load(const StateRecord& record) {
    const auto key = parse_timed_key(record.key);
    auto read = format_.read(record);
    if (!key || !read) {
        log_.error(format_.log_target, "a stored record makes no sense and is left out", {{"record", record.key}});
        return;
    }
    next_number_ = std::max(next_number_, key->number + 1);
    records_.emplace(*key, *std::move(read));
}

template <class Record>
TimedKey TimedTable<Record>::add(Timestamp at, Record record) {
    const TimedKey key{to_unix_ms(at), next_number_++};
    records_.emplace(key, std::move(record));
    changed(key);
    return key;
}

template <class Record>
Record* TimedTable<Record>::find(const TimedKey& key) {
    const auto found = records_.find(key);
    return found == records_.end() ? nullptr : &found->second;
}

template <class Record>
void TimedTable<Record>::remove(const TimedKey& key) {
    const auto found = records_.find(key);
    if (found == records_.end()) return;
    forget(found);
    changed(key);
}

template <class Record>
void TimedTable<Record>::forget(typename std::map<TimedKey, Record>::iterator record) {
    if (forgetting_) forgetting_(record->first, record->second);
    records_.erase(record);
}

template <class Record>
void TimedTable<Record>::save() {
    Copies copies;
    std::vector<TimedKey> gone;
    for (const TimedKey& key : std::exchange(unsaved_, {})) {
        if (state_ == nullptr) break;
        if (const Record* record = find(key)) {
            copies.emplace_back(key, *record);
        } else {
            gone.push_back(key);
        }
    }
    if (!copies.empty()) state_->write(put_all(std::move(copies)));
    if (!gone.empty()) state_->write(erase_all(std::move(gone)));
    forget_old();
}

// The texts are made on the store's thread: nobody waits for them.
template <class Record>
StateStore::Write TimedTable<Record>::put_all(Copies copies) const {
    return [table = format_.table, write = format_.write, copies = std::move(copies)](StateWriter& writer) {
        for (const auto& [key, record] : copies) writer.put(table, to_string(key), write(record));
    };
}

template <class Record>
StateStore::Write TimedTable<Record>::erase_all(std::vector<TimedKey> keys) const {
    return [table = format_.table, keys = std::move(keys)](StateWriter& writer) {
        for (const TimedKey& key : keys) writer.erase(table, to_string(key));
    };
}

template <class Record>
void TimedTable<Record>::forget_old() {
    const std::int64_t oldest = oldest_ms();
    const std::size_t before = records_.size();
    while (!records_.empty() && (records_.size() > bounds_.records_max || records_.begin()->first.at_ms < oldest)) {
        forget(records_.begin());
    }
    if (records_.size() == before || state_ == nullptr) return;
    if (records_.empty()) return state_->write([table = format_.table](StateWriter& writer) { writer.clear(table); });
    state_->write([table = format_.table, first = to_string(records_.begin()->first)](StateWriter& writer) {
        writer.erase_before(table, first);
    });
}

// What is too old is forgotten with the next save(), and that may be long after.
template <class Record>
void TimedTable<Record>::for_each(const std::function<bool(const Record&)>& visit) const {
    const std::int64_t oldest = oldest_ms();
    for (auto at = records_.rbegin(); at != records_.rend() && at->first.at_ms >= oldest; ++at) {
        if (!visit(at->second)) return;
    }
}

}  // namespace tocsin
