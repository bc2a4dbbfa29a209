#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// One record of a table: bytes of its owner's making under a key that is unique in the table.
struct StateRecord {
    std::string key;
    std::string value;

    bool operator==(const StateRecord&) const = default;
};

/// What goes into a transaction. Lives as long as the call it is handed to. A failure is the transaction's, so nothing
/// is answered here.
class StateWriter {
public:
    virtual ~StateWriter() = default;
    /// Replaces the record of that key.
    virtual void put(std::string_view table, std::string_view key, std::string_view value) = 0;
    /// Nothing when there is none.
    virtual void erase(std::string_view table, std::string_view key) = 0;
    /// Erases all records with a key less than `key`, byte by byte: for tables that are kept by time.
    virtual void erase_before(std::string_view table, std::string_view key) = 0;
    virtual void clear(std::string_view table) = 0;
};

/// The door to what survives a restart: tables of records, written in transactions.
///
/// Everything handed to write() within one task of the scheduler lasts together or not at all, and in order. Writing is
/// done apart from the scheduler's thread; whatever comes while a transaction is being written is the next one.
///
/// When the medium fails, the daemon goes on in memory: nothing that is written lasts until the medium is well again,
/// then all parts are asked for everything they have.
///
/// Scheduler's thread, but for the writes themselves.
class StateStore {
public:
    /// Runs on the store's thread, once, or never when the medium has failed. What it holds must not be touched by
    /// anybody else meanwhile.
    using Write = std::function<void(StateWriter&)>;
    /// Gives what puts all records of a table into an empty one, as of now.
    using Everything = std::function<Write()>;

    virtual ~StateStore() = default;

    /// Claims a table (`a-z` and `_`) and gives what the last run left in it, sorted by key. Once a table, before the
    /// first write to it. `everything` lives as long as the store.
    virtual std::vector<StateRecord> open_table(const std::string& table, Everything everything) = 0;

    virtual void write(Write write) = 0;

    /// Calls `done` in a later task: with success when all that was handed to write() so far is on the medium,
    /// otherwise with the reason why it is in memory only.
    virtual void when_durable(std::function<void(const Status&)> done) = 0;
};

}  // namespace tocsin
