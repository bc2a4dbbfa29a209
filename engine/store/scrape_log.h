#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/disk_patience.h"
#include "base/labels.h"
#include "base/log.h"
#include "base/self_metrics.h"
#include "base/time.h"
#include "engine/store/scrape_recovery.h"
#include "engine/store/store.h"

namespace tocsin {

struct ScrapeLogOptions {
    /// A segment is closed when its rows come to more than this, and to more than four times what it takes to tell the
    /// series.
    std::uint64_t segment_bytes = 16 * 1024 * 1024;
    /// Of all segments together; beyond, the oldest go although somebody needs them.
    std::uint64_t bytes_max = 4ULL * 1024 * 1024 * 1024;
    /// Waiting for a disk that is slower than the scrapes; beyond, rows are left out.
    std::uint64_t waiting_bytes_max = 512ULL * 1024 * 1024;
    Duration sync_interval{5'000};
    Duration retry_interval{30'000};
    /// A write that takes longer is told: the disk may hang, and what waits for it is in memory only.
    Duration write_patience = kDiskPatience;
};

/// Writes the rows of scrapes and of recording rules to disk, so that the windows of rules are full again after a
/// restart, kill -9 included.
///
/// Rows are put together on the scheduler's thread and written on a thread of the log's own: a slow disk holds nobody
/// up. What the process had handed to the system survives its end; what was written longer ago than the sync interval
/// survives that of the machine. Once it is open all that touches the disk is done on that thread. While the disk
/// refuses, the daemon goes on in memory and tries again every retry interval, with a new segment. Segments whose rows
/// no rule can reach any more are removed.
///
/// Scheduler's thread. Format: scrape_log_format.h.
class ScrapeLog {
public:
    struct Context {
        Scheduler& scheduler;
        Executor& thread;  // of this log alone: what it does may take as long as the disk likes
        Disk& disk;
        Log& log;
        SelfMetrics& metrics;
    };
    /// All of the context must outlive it.
    ScrapeLog(const Context& context, std::string folder, ScrapeLogOptions options = {});
    ~ScrapeLog();
    ScrapeLog(const ScrapeLog&) = delete;
    ScrapeLog& operator=(const ScrapeLog&) = delete;

    /// Reads what an earlier run has left, on this thread, and begins a segment of its own. Call once, first. Damage is
    /// told in the log, and costs what lies behind it.
    void open();
    /// What an earlier run has left of this owner; each is given once. What nobody has asked for within ten minutes of
    /// open() is forgotten.
    std::vector<RecoveredTimeline> take_recovered(const ScrapeOwner& owner);

    /// The last row of this timeline was appended. `columns_changed`: columns may have got series since the row before.
    void appended(const ScrapeOwner& owner, TimelineId id, bool is_alone, Duration reach, const Store& store,
                  bool columns_changed);
    /// The timeline is removed; its id may be given out again.
    void removed(TimelineId id) { written_.erase(id); }
    /// The wall clock was set, and what carries a tick moved along.
    void move_time(Duration step);

    /// Whether rows reach the disk: not after a write that failed, during one that takes longer than the patience of
    /// the options, or when rows were left out, until the next one that is good.
    bool healthy() const { return state_ == State::Good && !is_behind_; }
    /// Called when healthy() has changed.
    void on_change(std::function<void()> changed) { changed_ = std::move(changed); }
    /// Calls `done` once everything handed over so far is on disk, or cannot be written; during a write that takes
    /// longer than the patience of the options it is on its way for all that is known, and nobody waits for it.
    void when_written(std::function<void()> done);

private:
    enum class State { Good, Failed, Trying };

    // What the segment knows of a timeline.
    struct Written {
        std::uint64_t segment = 0;
        std::uint32_t number = 0;
        std::uint64_t place = 0;
        Duration reach{0};
        LayoutGeneration layout;
        std::vector<std::uint64_t> columns;  // hashes of label sets; 0 is none
    };
    struct Segment {
        std::uint64_t number;
        std::uint64_t bytes = 0;
        Timestamp needed_until;
    };
    struct Chunk {  // of one segment
        std::uint64_t segment;
        bool begins;
        std::string bytes;
    };
    struct File;
    struct Batch;

    void begin_segment();
    void announce(Written& written, const ScrapeOwner& owner, bool is_alone);
    bool put_columns(Written& written, const ScrapeOwner& owner, TimelineId id, const Store& store);
    void put_row(const Written& written, const Timeline& timeline, bool by_differences);
    void end_frame(std::size_t begin);
    std::string& buffer();
    std::vector<std::string> unneeded();
    void flush_soon();
    void flush();
    static Status write(const Batch& batch, File& file, Disk& disk, const std::string& folder);
    static Status write_chunks(const Batch& batch, File& file, Disk& disk, const std::string& folder);
    static Status begin_file(File& file, Disk& disk, const std::string& folder, std::uint64_t segment);
    void was_written(const Batch& batch, const Status& status);
    void lose_patience();
    void fall_behind();
    void recover();
    void fail(const Error& error);
    void tell_waiters();
    std::string path_of(std::uint64_t segment) const;
    void hold(std::vector<RecoveredTarget> targets);

    Context context_;
    const std::string folder_;
    const ScrapeLogOptions options_;
    State state_ = State::Good;
    std::map<std::pair<LabelSet, std::uint64_t>, std::vector<RecoveredTimeline>> recovered_;
    Scheduler::TaskId forget_recovered_ = 0;
    std::unordered_map<TimelineId, Written> written_;
    std::deque<Segment> segments_;  // the last one is being written
    std::uint32_t timelines_ = 0;   // told in this segment
    std::uint64_t told_bytes_ = 0, row_bytes_ = 0;
    std::uint64_t next_sequence_ = 1;
    std::deque<Chunk> waiting_;
    std::uint64_t waiting_bytes_ = 0;
    bool flush_is_due_ = false;
    bool writing_ = false;
    bool hangs_ = false;      // what is being written takes longer than the patience
    bool is_behind_ = false;  // the disk is slower than the rows
    Scheduler::TaskId patience_ = 0;
    MonotonicTime synced_at_;
    Scheduler::TaskId retry_ = 0;
    std::vector<std::function<void()>> waiters_;
    std::function<void()> changed_;
    std::shared_ptr<File> file_;  // the thread's, while writing_
    std::shared_ptr<ScrapeLog*> self_ = std::make_shared<ScrapeLog*>(this);

    SelfMetrics::Value& bytes_written_;
    SelfMetrics::Value& rows_written_;
    SelfMetrics::Value& rows_left_out_;
    SelfMetrics::Value& damaged_bytes_;
    SelfMetrics::Value& failures_;
    SelfMetrics::Value& size_;
    SelfMetrics::Value& healthy_;
};

}  // namespace tocsin
