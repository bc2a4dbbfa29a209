#include "engine/store/scrape_log.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/store/scrape_log_format.h"

namespace tocsin {

using scrape_log::begin_frame;
using scrape_log::Kind;
using scrape_log::put;

namespace {

constexpr std::string_view kStoreLogTarget = "engine::store";

// An evaluation that was due so long ago still finds its samples.
constexpr Duration kLatestEvaluation{std::chrono::minutes(1)};

// Targets that are discovered later than this begin anew.
constexpr std::chrono::minutes kRecoveredKept{10};

// Rows are worth four times what it takes to tell their series.
constexpr std::uint64_t kRowsPerSeriesBytes = 4;

bool same_bits(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

/// The segment that is open.
struct ScrapeLog::File {
    std::unique_ptr<DiskFile> file;
};

/// What the thread is to do at once.
struct ScrapeLog::Batch {
    std::deque<Chunk> chunks;
    bool sync = false;
    std::vector<std::string> remove;  // paths
    std::uint64_t bytes = 0;
};

// On the thread, like all that touches the disk from open() on: even closing waits for one that hangs.
Status ScrapeLog::write(const Batch& batch, File& file, Disk& disk, const std::string& folder) {
    // First, since they may be what fills the disk. One that is gone already is as good.
    for (const std::string& path : batch.remove) (void)disk.remove(path);
    const Status written = write_chunks(batch, file, disk, folder);
    // Whatever is in the file now, a new one begins; what a failed sync has lost is known to nobody.
    if (!written) file.file.reset();
    return written;
}

Status ScrapeLog::write_chunks(const Batch& batch, File& file, Disk& disk, const std::string& folder) {
    for (const Chunk& chunk : batch.chunks) {
        if (chunk.begins) {
            const Status begun = begin_file(file, disk, folder, chunk.segment);
            if (!begun) return begun;
        }
        const Status appended = file.file->append(chunk.bytes);
        if (!appended) return appended;
    }
    return batch.sync ? file.file->sync() : Status{};
}

Status ScrapeLog::begin_file(File& file, Disk& disk, const std::string& folder, std::uint64_t segment) {
    const Status synced = file.file ? file.file->sync() : Status{};
    file.file.reset();
    if (!synced) return synced;
    const Status made = disk.make_directories(folder);
    if (!made) return made;
    TOCSIN_TRY(file.file,
               disk.open(resolve_path(folder, scrape_log::segment_name(segment)), Disk::Open::CreateOrTruncate));
    return disk.sync_directory(folder);
}

ScrapeLog::ScrapeLog(const Context& context, std::string folder, ScrapeLogOptions options)
    : context_(context),
      folder_(std::move(folder)),
      options_(options),
      file_(std::make_shared<File>()),
      bytes_written_(context.metrics.counter("tocsin_scrape_log_bytes_total", "Bytes written to the log of scrapes.")),
      rows_written_(context.metrics.counter("tocsin_scrape_log_rows_total", "Rows handed to the log of scrapes.")),
      rows_left_out_(
          context.metrics.counter("tocsin_scrape_log_rows_left_out_total",
                                  "Rows that the log of scrapes lacks since the disk refused or was too slow.")),
      damaged_bytes_(
          context.metrics.counter("tocsin_scrape_log_damaged_bytes_total",
                                  "Bytes that an earlier run left in the log of scrapes and that are not believed.")),
      failures_(
          context.metrics.counter("tocsin_scrape_log_failures_total", "Writes to the log of scrapes that failed.")),
      size_(context.metrics.gauge("tocsin_scrape_log_size_bytes", "What the log of scrapes takes on disk.")),
      healthy_(context.metrics.gauge("tocsin_scrape_log_healthy",
                                     "Whether scrapes reach the disk; without it they are kept in memory only.")) {
    healthy_.set(1);
}

ScrapeLog::~ScrapeLog() {
    *self_ = nullptr;
    context_.scheduler.cancel(retry_);
    context_.scheduler.cancel(patience_);
    context_.scheduler.cancel(forget_recovered_);
}

std::string ScrapeLog::path_of(std::uint64_t segment) const {
    return resolve_path(folder_, scrape_log::segment_name(segment));
}

void ScrapeLog::open() {
    ScrapeRecovery found = recover_scrapes(context_.disk, folder_, context_.scheduler.now());
    for (const std::string& damage : found.damage) {
        context_.log.warn(kStoreLogTarget, "part of the log of scrapes is lost", {{"what", damage}});
    }
    damaged_bytes_.add(static_cast<double>(found.damaged_bytes));
    for (const ScrapeRecovery::Segment& segment : found.segments) {
        segments_.push_back({segment.number, segment.bytes, segment.needed_until});
    }
    next_sequence_ = found.next_sequence;
    begin_segment();
    hold(std::move(found.targets));
}

void ScrapeLog::hold(std::vector<RecoveredTarget> targets) {
    for (RecoveredTarget& target : targets) {
        recovered_[{target.owner.labels, target.owner.place}] = std::move(target.timelines);
    }
    forget_recovered_ = context_.scheduler.after(kRecoveredKept, [this] { recovered_.clear(); });
}

std::vector<RecoveredTimeline> ScrapeLog::take_recovered(const ScrapeOwner& owner) {
    if (recovered_.empty()) return {};
    auto found = recovered_.extract({owner.labels, owner.place});
    return found.empty() ? std::vector<RecoveredTimeline>{} : std::move(found.mapped());
}

// ---- what is to be written

void ScrapeLog::begin_segment() {
    const std::uint64_t number = segments_.empty() ? 1 : segments_.back().number + 1;
    segments_.push_back({number, 0, Timestamp::min()});
    std::string header(scrape_log::kMagic);
    put(header, next_sequence_);
    waiting_.push_back({number, true, std::move(header)});
    timelines_ = 0;
    told_bytes_ = row_bytes_ = 0;
    flush_soon();
}

std::string& ScrapeLog::buffer() {
    const std::uint64_t segment = segments_.back().number;
    if (waiting_.empty() || waiting_.back().segment != segment) waiting_.push_back({segment, false, {}});
    return waiting_.back().bytes;
}

void ScrapeLog::end_frame(std::size_t begin) {
    std::string& out = buffer();
    scrape_log::end_frame(out, begin, next_sequence_++);
    segments_.back().bytes += out.size() - begin;
    waiting_bytes_ += out.size() - begin;
}

void ScrapeLog::appended(const ScrapeOwner& owner, TimelineId id, bool is_alone, Duration reach, const Store& store,
                         bool columns_changed) {
    if (state_ == State::Failed || waiting_bytes_ > options_.waiting_bytes_max) {
        rows_left_out_.add();
        fall_behind();
        // What follows cannot be told by its differences to this row.
        written_.erase(id);
        return;
    }
    if (row_bytes_ > std::max(options_.segment_bytes, kRowsPerSeriesBytes * told_bytes_)) begin_segment();
    const Timeline& timeline = store.timeline(id);
    Written& written = written_[id];
    const bool is_new =
        written.segment != segments_.back().number || written.place != owner.place || written.reach != reach;
    if (is_new) {
        written = {.segment = segments_.back().number,
                   .number = timelines_++,
                   .place = owner.place,
                   .reach = reach,
                   .layout = {},
                   .columns = {}};
        announce(written, owner, is_alone);
    }
    const bool must_look = is_new || columns_changed || written.layout != store.layout_generation(id) ||
                           written.columns.size() != timeline.columns();
    const bool changed = must_look && put_columns(written, owner, id, store);
    put_row(written, timeline, !is_new && !changed && timeline.rows() > 1);
    segments_.back().needed_until =
        std::max(segments_.back().needed_until, timeline.time(timeline.rows() - 1) + timeline.retention());
    rows_written_.add();
    flush_soon();
}

void ScrapeLog::announce(Written& written, const ScrapeOwner& owner, bool is_alone) {
    std::string& out = buffer();
    const std::size_t begin = begin_frame(out, Kind::Timeline);
    put(out, written.number);
    put(out, static_cast<std::uint8_t>(is_alone));
    put(out, static_cast<std::int64_t>(written.reach.count()));
    put(out, owner.place);
    scrape_log::put_labels(out, owner.labels);
    told_bytes_ += out.size() - begin;
    end_frame(begin);
}

// Whether there was anything to tell.
bool ScrapeLog::put_columns(Written& written, const ScrapeOwner& owner, TimelineId id, const Store& store) {
    const Timeline& timeline = store.timeline(id);
    std::string& out = buffer();
    const std::size_t begin = begin_frame(out, Kind::Columns);
    put(out, written.number);
    const std::size_t count_at = out.size();
    std::uint32_t count = 0;
    put(out, count);
    written.columns.resize(timeline.columns());
    for (ColumnIndex column = 0; column < timeline.columns(); ++column) {
        const LabelSet& labels = store.labels_of(id, column);
        const std::uint64_t hash = labels.empty() ? 0 : labels.hash() | 1;
        if (std::exchange(written.columns[column], hash) == hash) continue;
        put(out, column);
        put(out, static_cast<std::uint8_t>(!labels.empty()));
        if (!labels.empty()) scrape_log::put_labels(out, labels, owner.labels);
        ++count;
    }
    written.layout = store.layout_generation(id);
    if (count == 0) {
        out.resize(begin);
        return false;
    }
    std::copy_n(reinterpret_cast<const char*>(&count), sizeof count, out.data() + count_at);
    told_bytes_ += out.size() - begin;
    end_frame(begin);
    return true;
}

void ScrapeLog::put_row(const Written& written, const Timeline& timeline, bool by_differences) {
    std::string& out = buffer();
    const std::size_t begin = begin_frame(out, Kind::Row);
    const std::size_t row = timeline.rows() - 1;
    const auto columns = static_cast<std::uint32_t>(timeline.columns());
    put(out, written.number);
    put(out, static_cast<std::int64_t>(to_unix_ms(timeline.time(row))));
    put(out, static_cast<std::uint8_t>(by_differences));
    put(out, columns);
    const std::size_t bits_at = out.size();
    out.append((columns + 7) / 8, '\0');
    const double* cells = timeline.row(row);
    const double* before = by_differences ? timeline.row(row - 1) : nullptr;
    for (std::size_t column = 0; column < columns; ++column) {
        if (same_bits(cells[column], before == nullptr ? kAbsentMarker : before[column])) {
            out[bits_at + column / 8] = static_cast<char>(out[bits_at + column / 8] | 1 << (column % 8));
        } else {
            put(out, cells[column]);
        }
    }
    row_bytes_ += out.size() - begin;
    end_frame(begin);
}

void ScrapeLog::move_time(Duration step) {
    for (Segment& segment : segments_) segment.needed_until += step;
    if (state_ == State::Failed) return;
    std::string& out = buffer();
    const std::size_t begin = begin_frame(out, Kind::WallStep);
    put(out, static_cast<std::int64_t>(step.count()));
    end_frame(begin);
    flush_soon();
}

// ---- on to the disk

void ScrapeLog::flush_soon() {
    if (std::exchange(flush_is_due_, true)) return;
    // Rows that come in one event leave in one write.
    context_.scheduler.post([self = self_] {
        if (*self == nullptr) return;
        (*self)->flush_is_due_ = false;
        (*self)->flush();
    });
}

// All but the one that is being written, as long as nobody needs them, or there are too many.
std::vector<std::string> ScrapeLog::unneeded() {
    std::uint64_t all = 0;
    for (const Segment& segment : segments_) all += segment.bytes;
    std::vector<std::string> paths;
    const Timestamp now = context_.scheduler.now();
    while (segments_.size() > 1) {
        const Segment& oldest = segments_.front();
        const bool is_needed =
            oldest.needed_until == Timestamp::min() ? false : oldest.needed_until + kLatestEvaluation > now;
        if (is_needed && all <= options_.bytes_max) break;
        all -= oldest.bytes;
        paths.push_back(path_of(oldest.number));
        segments_.pop_front();
    }
    size_.set(static_cast<double>(all));
    return paths;
}

void ScrapeLog::flush() {
    if (writing_ || state_ == State::Failed) return;
    if (waiting_.empty()) return tell_waiters();
    const auto batch = std::make_shared<Batch>();
    batch->chunks = std::exchange(waiting_, {});
    batch->bytes = std::exchange(waiting_bytes_, 0);
    batch->remove = unneeded();
    const MonotonicTime now = context_.scheduler.monotonic();
    batch->sync = now - synced_at_ >= options_.sync_interval || !waiters_.empty();
    if (batch->sync) synced_at_ = now;
    writing_ = true;
    patience_ = context_.scheduler.after(options_.write_patience, [this] { lose_patience(); });
    const auto status = std::make_shared<Status>();
    context_.thread.run([batch, status, file = file_, &disk = context_.disk,
                         folder = folder_] { *status = write(*batch, *file, disk, folder); },
                        [batch, status, self = self_] {
                            if (*self != nullptr) (*self)->was_written(*batch, *status);
                        });
}

void ScrapeLog::was_written(const Batch& batch, const Status& status) {
    writing_ = hangs_ = false;
    context_.scheduler.cancel(patience_);
    if (!status) return fail(status.error());
    bytes_written_.add(static_cast<double>(batch.bytes));
    recover();
    flush();
}

void ScrapeLog::recover() {
    if (healthy()) return;
    state_ = State::Good;
    is_behind_ = false;
    healthy_.set(1);
    context_.log.info(kStoreLogTarget, "the log of scrapes is written again", {{"folder", folder_}});
    if (changed_) changed_();
}

// A disk that hangs refuses nothing: without this nobody would hear of it, and a stop would wait for it forever.
void ScrapeLog::lose_patience() {
    hangs_ = true;
    fall_behind();
    tell_waiters();
}

void ScrapeLog::fall_behind() {
    if (!healthy()) return;
    is_behind_ = true;
    healthy_.set(0);
    context_.log.error(kStoreLogTarget,
                       "the disk is too slow for the log of scrapes, a restart now would lose what was scraped",
                       {{"folder", folder_}});
    if (changed_) changed_();
}

void ScrapeLog::fail(const Error& error) {
    failures_.add();
    const bool is_news = std::exchange(state_, State::Failed) == State::Good;
    if (is_news) {
        healthy_.set(0);
        context_.log.error(kStoreLogTarget,
                           "the log of scrapes cannot be written, a restart now would lose what was scraped",
                           {{"folder", folder_}, {"error", error.message}});
    }
    waiting_.clear();
    waiting_bytes_ = 0;
    written_.clear();
    tell_waiters();
    retry_ = context_.scheduler.after(options_.retry_interval, [this] {
        state_ = State::Trying;
        begin_segment();
    });
    if (is_news && changed_) changed_();
}

void ScrapeLog::when_written(std::function<void()> done) {
    waiters_.push_back(std::move(done));
    if (state_ == State::Failed || hangs_) return tell_waiters();
    if (!writing_) flush();
}

void ScrapeLog::tell_waiters() {
    for (const auto& done : std::exchange(waiters_, {})) done();
}

}  // namespace tocsin
