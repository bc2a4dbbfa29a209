#include "engine/store/scrape_recovery.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/sample.h"
#include "engine/store/scrape_log_format.h"

namespace tocsin {

namespace {

using scrape_log::Input;
using scrape_log::Kind;

constexpr std::uint64_t kSegmentBytesMax = 16ULL * 1024 * 1024 * 1024;
constexpr std::uint32_t kNone = 0xffff'ffff;

// Thirty thousand years. Beyond are no times, and sums of what is within do not overflow.
constexpr Duration kTimeMax{1'000'000'000'000'000};

bool is_believable(Duration since_1970) {
    return since_1970 >= -kTimeMax && since_1970 <= kTimeMax;
}

struct LabelSetHash {
    std::size_t operator()(const LabelSet& labels) const { return labels.hash(); }
};
using SeriesNumbers = boost::unordered_flat_map<LabelSet, std::uint32_t, LabelSetHash>;

/// A row as it was written: which series its columns were at that moment.
struct LoggedRow {
    Timestamp time;
    std::shared_ptr<const std::vector<std::uint32_t>> columns;
    std::vector<double> cells;
};

/// A timeline as one segment tells it.
struct Piece {
    bool is_alone = false;
    Duration reach{0};
    std::shared_ptr<std::vector<std::uint32_t>> columns = std::make_shared<std::vector<std::uint32_t>>();
    std::vector<double> last;  // the row before, for the differences
    std::vector<LoggedRow> rows;
};

struct Owner {
    ScrapeOwner who;
    std::vector<LabelSet> series;
    SeriesNumbers numbers;
    std::vector<std::unique_ptr<Piece>> pieces;  // in the order of the log

    std::uint32_t number_of(LabelSet labels) {
        const auto [known, is_new] = numbers.emplace(labels, static_cast<std::uint32_t>(series.size()));
        if (is_new) series.push_back(std::move(labels));
        return known->second;
    }
};

/// Reads the frames of one segment after another.
class SegmentReader {
public:
    SegmentReader(Timestamp now, std::uint32_t columns_max) : now_(now), columns_max_(columns_max) {}

    void read_segment(std::uint64_t number, std::string_view bytes, const std::string& name);
    ScrapeRecovery finish();

private:
    struct Told {
        Owner* owner;
        Piece* piece;
    };

    std::string read_frames(std::string_view bytes, std::size_t& at);
    bool read_payload(std::string_view payload);
    void read_timeline(Input& in);
    void read_columns(Input& in);
    void read_row(Input& in);
    void read_step(Input& in);
    void move_time(Duration step);
    Told* told(std::uint32_t number) { return number < told_.size() ? &told_[number] : nullptr; }
    Owner& owner_of(ScrapeOwner who);

    const Timestamp now_;
    const std::uint32_t columns_max_;
    std::vector<std::unique_ptr<Owner>> owners_;
    std::map<std::pair<LabelSet, std::uint64_t>, Owner*> by_name_;
    std::vector<Told> told_;  // in this segment
    std::uint64_t sequence_ = 0;
    Timestamp needed_until_;
    ScrapeRecovery found_;
};

void SegmentReader::read_segment(std::uint64_t number, std::string_view bytes, const std::string& name) {
    told_.clear();
    needed_until_ = Timestamp::min();
    std::size_t at = 0;
    const std::string problem = read_frames(bytes, at);
    if (!problem.empty()) {
        found_.damage.push_back(fmt::format("{}: {} at byte {}; the {} bytes from there on are dropped", name, problem,
                                            at, bytes.size() - at));
        found_.damaged_bytes += bytes.size() - at;
    }
    found_.segments.push_back({number, bytes.size(), needed_until_});
    found_.next_sequence = std::max(found_.next_sequence, sequence_);
}

// Empty at a good end; otherwise why the rest is not believed. `at` is the end of what is.
std::string SegmentReader::read_frames(std::string_view bytes, std::size_t& at) {
    Input header(bytes.substr(0, scrape_log::kHeaderBytes));
    const bool is_ours = header.take_bytes(scrape_log::kMagic.size()) == scrape_log::kMagic;
    sequence_ = header.take<std::uint64_t>();
    if (!header.good() || !is_ours) {
        sequence_ = 0;
        return header.good() ? "no header of this version" : "torn header";
    }
    for (at = scrape_log::kHeaderBytes; at < bytes.size();) {
        Input head(bytes.substr(at));
        const auto length = head.take<std::uint32_t>();
        const auto crc = head.take<std::uint32_t>();
        const std::string_view guarded = bytes.substr(at).substr(std::min(bytes.size() - at, 2 * sizeof crc));
        const auto sequence = head.take<std::uint64_t>();
        const std::string_view payload = head.take_bytes(length);
        if (!head.good()) return "torn frame";
        if (crc32c(guarded.substr(0, sizeof sequence + length)) != crc) return "frame with a wrong checksum";
        if (sequence != sequence_) return "frame out of sequence";
        if (!read_payload(payload)) return "frame that makes no sense";
        ++sequence_;
        at += scrape_log::kFrameHeadBytes + length;
    }
    return {};
}

bool SegmentReader::read_payload(std::string_view payload) {
    Input in(payload);
    switch (in.take<Kind>()) {
        case Kind::Timeline:
            read_timeline(in);
            break;
        case Kind::Columns:
            read_columns(in);
            break;
        case Kind::Row:
            read_row(in);
            break;
        case Kind::WallStep:
            read_step(in);
            break;
        default:
            return false;
    }
    return in.good() && in.at_end();
}

Owner& SegmentReader::owner_of(ScrapeOwner who) {
    Owner*& known = by_name_[{who.labels, who.place}];
    if (known == nullptr) {
        owners_.push_back(std::make_unique<Owner>());
        known = owners_.back().get();
        known->who = std::move(who);
    }
    return *known;
}

void SegmentReader::read_timeline(Input& in) {
    if (in.take<std::uint32_t>() != told_.size()) return in.fail();
    auto piece = std::make_unique<Piece>();
    piece->is_alone = in.take<std::uint8_t>() != 0;
    piece->reach = Duration(in.take<std::int64_t>());
    ScrapeOwner who;
    who.place = in.take<std::uint64_t>();
    who.labels = in.take_labels();
    if (piece->reach < Duration{0} || piece->reach > kTimeMax) return in.fail();
    if (!in.good()) return;
    Owner& owner = owner_of(std::move(who));
    told_.push_back({&owner, piece.get()});
    owner.pieces.push_back(std::move(piece));
}

void SegmentReader::read_columns(Input& in) {
    const Told* to = told(in.take<std::uint32_t>());
    if (to == nullptr) return in.fail();
    // Rows before this one keep the columns that they had.
    auto columns = std::make_shared<std::vector<std::uint32_t>>(*to->piece->columns);
    for (auto count = in.take<std::uint32_t>(); count > 0 && in.good(); --count) {
        const auto column = in.take<std::uint32_t>();
        if (column >= columns_max_) return in.fail();
        const bool has_series = in.take<std::uint8_t>() != 0;
        if (column >= columns->size()) columns->resize(column + 1, kNone);
        (*columns)[column] = has_series ? to->owner->number_of(in.take_labels(to->owner->who.labels)) : kNone;
    }
    to->piece->columns = std::move(columns);
}

void SegmentReader::read_row(Input& in) {
    const Told* to = told(in.take<std::uint32_t>());
    const Timestamp time = from_unix_ms(in.take<std::int64_t>());
    const bool by_differences = in.take<std::uint8_t>() != 0;
    const auto columns = in.take<std::uint32_t>();
    if (to == nullptr || columns > to->piece->columns->size()) return in.fail();
    if (!is_believable(time.time_since_epoch())) return in.fail();
    Piece& piece = *to->piece;
    const std::string_view bits = in.take_bytes((columns + 7) / 8);
    if (!in.good()) return;
    if (!by_differences) piece.last.clear();
    piece.last.resize(columns, kAbsentMarker);
    for (std::size_t column = 0; column < columns; ++column) {
        const bool is_same = (static_cast<unsigned char>(bits[column / 8]) >> (column % 8) & 1) != 0;
        if (!is_same) piece.last[column] = in.take<double>();
    }
    if (!in.good()) return;
    needed_until_ = std::max(needed_until_, time + piece.reach);
    ++found_.rows;
    if (time + piece.reach < now_) return;
    piece.rows.push_back({time, piece.columns, piece.last});
}

void SegmentReader::read_step(Input& in) {
    const Duration step(in.take<std::int64_t>());
    if (!is_believable(step)) return in.fail();
    move_time(step);
}

// Timestamps of the targets' own stay.
void SegmentReader::move_time(Duration step) {
    for (const auto& owner : owners_) {
        for (const auto& piece : owner->pieces) {
            if (piece->is_alone) continue;
            for (LoggedRow& row : piece->rows) {
                row.time = std::clamp(row.time + step, Timestamp(-kTimeMax), Timestamp(kTimeMax));
            }
        }
    }
}

// ---- from pieces to timelines

/// Puts the pieces of a target together: those of one reach are one timeline, a series that is alone has its own.
class Assembly {
public:
    Assembly(Owner& owner, Timestamp now) : owner_(owner), now_(now) {}

    RecoveredTarget finish() {
        find_homes();
        for (const auto& piece : owner_.pieces) take(*piece);
        RecoveredTarget target{owner_.who, {}};
        for (Home& home : homes_) {
            if (home.timeline.rows.empty()) continue;
            for (const std::uint32_t series : home.series) home.timeline.series.push_back(owner_.series[series]);
            target.timelines.push_back(std::move(home.timeline));
        }
        return target;
    }

private:
    struct Home {
        RecoveredTimeline timeline;
        std::vector<std::uint32_t> series;
    };
    struct Place {
        std::size_t home = 0;
        std::uint32_t column = kNone;
    };

    // Where a series was last is where it is.
    void find_homes() {
        places_.resize(owner_.series.size());
        std::vector<const Piece*> last(owner_.series.size(), nullptr);
        for (const auto& piece : owner_.pieces) {
            for (const std::uint32_t series : *piece->columns) {
                if (series != kNone) last[series] = piece.get();
            }
            for (const LoggedRow& row : piece->rows) {
                if (row.columns == piece->columns) continue;
                for (const std::uint32_t series : *row.columns) {
                    if (series != kNone && last[series] == nullptr) last[series] = piece.get();
                }
            }
        }
        for (std::uint32_t series = 0; series < last.size(); ++series) {
            if (last[series] == nullptr) continue;
            Place& place = places_[series];
            place.home = home_of(*last[series], series);
            place.column = static_cast<std::uint32_t>(homes_[place.home].series.size());
            homes_[place.home].series.push_back(series);
        }
    }

    std::size_t home_of(const Piece& piece, std::uint32_t series) {
        const auto key = std::pair(piece.reach, piece.is_alone ? series : kNone);
        const auto [known, is_new] = by_key_.emplace(key, homes_.size());
        if (is_new) {
            homes_.emplace_back();
            homes_.back().timeline.reach = piece.reach;
            homes_.back().timeline.is_alone = piece.is_alone;
        }
        return known->second;
    }

    void take(Piece& piece) {
        for (LoggedRow& row : piece.rows) {
            if (row.time > now_) continue;
            for (std::size_t column = 0; column < row.cells.size(); ++column) {
                const std::uint32_t series = (*row.columns)[column];
                if (series != kNone && !is_absent(row.cells[column])) put(places_[series], row.time, row.cells[column]);
            }
            row = {};
        }
        piece.rows = {};
    }

    // Times come in order but for those of a series that has moved.
    void put(Place place, Timestamp time, double value) {
        std::vector<RecoveredTimeline::Row>& rows = homes_[place.home].timeline.rows;
        auto row = rows.empty() || rows.back().time < time
                       ? rows.end()
                       : std::ranges::lower_bound(rows, time, {}, &RecoveredTimeline::Row::time);
        if (row == rows.end() || row->time != time) row = rows.insert(row, RecoveredTimeline::Row{time, {}});
        if (row->cells.size() <= place.column) row->cells.resize(homes_[place.home].series.size(), kAbsentMarker);
        row->cells[place.column] = value;
    }

    Owner& owner_;
    const Timestamp now_;
    std::vector<Home> homes_;
    std::map<std::pair<Duration, std::uint32_t>, std::size_t> by_key_;
    std::vector<Place> places_;  // by series
};

ScrapeRecovery SegmentReader::finish() {
    for (auto& owner : owners_) {
        RecoveredTarget target = Assembly(*owner, now_).finish();
        owner.reset();
        if (!target.timelines.empty()) found_.targets.push_back(std::move(target));
    }
    return std::move(found_);
}

}  // namespace

ScrapeRecovery recover_scrapes(Disk& disk, const std::string& folder, Timestamp now, std::uint32_t columns_max) {
    std::map<std::uint64_t, std::string> segments;
    for (const std::string& name : disk.list(folder).value_or(std::vector<std::string>{})) {
        if (const auto number = scrape_log::segment_number(name)) segments.emplace(*number, resolve_path(folder, name));
    }
    SegmentReader reader(now, columns_max);
    std::vector<std::string> unreadable;
    for (const auto& [number, path] : segments) {
        const auto bytes = read_file(disk, path, kSegmentBytesMax);
        reader.read_segment(number, bytes ? std::string_view(*bytes) : std::string_view(), path);
        if (!bytes) unreadable.push_back(bytes.error().message);
    }
    ScrapeRecovery found = reader.finish();
    found.damage.insert(found.damage.end(), unreadable.begin(), unreadable.end());
    return found;
}

namespace {

std::vector<ColumnIndex> columns_for(const RecoveredTimeline& past, Store& store, TimelineId into) {
    std::vector<ColumnIndex> columns;
    columns.reserve(past.series.size());
    for (const LabelSet& labels : past.series) {
        const auto column = store.series_wanted(labels) ? store.column_for(into, labels) : std::nullopt;
        columns.push_back(column.value_or(kNoColumn));
    }
    return columns;
}

void put_cells(std::vector<double>& row, const std::vector<ColumnIndex>& columns, const std::vector<double>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (columns[i] == kNoColumn) continue;
        if (columns[i] >= row.size()) row.resize(columns[i] + 1, kAbsentMarker);
        row[columns[i]] = cells[i];
    }
}

}  // namespace

void append_recovered(std::span<const RecoveredTimeline> past, Store& store, TimelineId into) {
    std::map<Timestamp, std::vector<double>> rows;
    for (const RecoveredTimeline& timeline : past) {
        const std::vector<ColumnIndex> columns = columns_for(timeline, store, into);
        for (const RecoveredTimeline::Row& row : timeline.rows) put_cells(rows[row.time], columns, row.cells);
    }
    for (const auto& [time, cells] : rows) store.append(into, time, cells);
}

}  // namespace tocsin
