#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/log.h"
#include "base/random.h"
#include "base/self_metrics.h"
#include "base/state_store.h"
#include "base/time.h"
#include "daemon/state_file.h"

namespace tocsin {

/// The state of the daemon in one SQLite file, written on a thread of its own.
///
/// What the scheduler's tasks hand over while a transaction is being written goes into the next one, so a slow disk
/// means larger transactions and not a longer queue.
///
/// Damage never keeps the daemon from starting: the file is renamed to `*.corrupt-<time>`, and a new one begins with
/// every record whose checksum holds. While the disk refuses to be written the daemon goes on in memory and tries every
/// ten seconds to write a new file with everything. A disk that hangs is told like one that refuses, and nobody waits
/// for it longer than ten seconds, over however many transactions.
class StateDatabase final : public StateStore {
public:
    struct Context {
        Scheduler& scheduler;
        /// Of this database alone: what it does may take as long as the disk likes.
        Executor& thread;
        Disk& disk;
        Random& random;
        Log& log;
        SelfMetrics& metrics;
    };
    StateDatabase(const Context& context, std::string path);
    ~StateDatabase() override;

    /// Reads the file, on this thread. The only error is a file that a later version of tocsin wrote, which is left
    /// alone.
    Status open();

    std::vector<StateRecord> open_table(const std::string& table, Everything everything) override;
    void write(Write write) override;
    void when_durable(std::function<void(const Status&)> done) override;

    /// Whether what is written lasts: not after a transaction that failed, or during one that takes longer than ten
    /// seconds, until the next one that is good.
    bool durable() const { return !failure_ && !is_late_; }
    /// Called when durable() has changed.
    void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

private:
    using Done = std::function<void(const Status&)>;
    struct Waiter {
        Done done;
        MonotonicTime since;
    };
    using Waiters = std::vector<Waiter>;  // the oldest first
    struct Batch {
        std::vector<Write> writes;
        Waiters waiters;
    };
    using File = std::optional<StateFile>;

    Status read_file();
    void begin_anew(const StateFile::Contents& salvaged);
    std::string name_aside() const;
    void commit_soon();
    void commit_pending();
    std::vector<Write> everything() const;
    void run(std::function<Status(File&)> work);
    void written(const Status& status, MonotonicTime started);
    void be_late();
    void watch_waiters();
    void give_up();
    void fail(const Error& error);
    void recover();
    void try_again();
    static void tell(Waiters waiters, const Status& status);
    std::function<void()> unless_gone(std::function<void()> task) const;

    Context context_;
    std::string path_;
    std::shared_ptr<File> file_ = std::make_shared<File>();  // the thread's, while writing_
    StateFile::Contents found_;
    bool never_read_ = false;  // what lies there is not ours to overwrite
    std::map<std::string, Everything> parts_;
    Batch pending_, in_flight_;
    bool all_anew_ = false;  // the next transaction is everything instead of what is pending
    bool commit_due_ = false;
    bool writing_ = false;
    std::optional<Error> failure_;
    bool is_late_ = false;            // the transaction in flight
    Scheduler::TaskId patience_ = 0;  // with the transaction in flight
    Scheduler::TaskId give_up_ = 0;   // at the latest when the oldest waiter has waited enough
    Scheduler::TaskId retry_ = 0;
    std::function<void()> changed_;
    SelfMetrics::Value& durable_gauge_;
    SelfMetrics::Value& commits_;
    SelfMetrics::Value& failures_;
    SelfMetrics::Value& damaged_;
    SelfMetrics::Distribution& duration_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tocsin
