#include "engine/store/fixture_stream.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/sample.h"

namespace tocsin {

Result<std::unique_ptr<FixtureFeed>> FixtureStream::open(Disk& disk, const std::string& path,
                                                         std::shared_ptr<FixtureColumns> columns) {
    TOCSIN_TRY(SequentialFile file, SequentialFile::open(disk, path));
    return std::unique_ptr<FixtureFeed>(new FixtureStream(path, std::move(file), std::move(columns)));
}

FixtureStream::FixtureStream(std::string path, SequentialFile file, std::shared_ptr<FixtureColumns> columns)
    : path_(std::move(path)),
      file_(std::move(file)),
      columns_(std::move(columns)),
      store_(columns_->store()),
      text_(path_, Fixture::Limits{}, *this, FixtureText::CutOff::IsEnd) {}

Status FixtureStream::take(std::size_t series, std::int64_t time_ms, double value) {
    if (time_ms < last_ms_) {
        return text_.fail_at(text_.line(),
                             fmt::format("a sample at {}, behind one at {}", to_rfc3339_ms(from_unix_ms(time_ms)),
                                         to_rfc3339_ms(from_unix_ms(last_ms_))));
    }
    last_ms_ = time_ms;
    if (series >= series_.size()) meet(series);
    if (series_[series].last_ms == time_ms) {
        return text_.fail_at(text_.line(),
                             fmt::format("{} has two samples at {} ms", to_string(text_.series()[series]), time_ms));
    }
    series_[series].last_ms = time_ms;
    pending_.push_back({series, time_ms, value});
    return {};
}

void FixtureStream::meet(std::size_t series) {
    static const std::vector<std::string> target{"instance", "job"};
    const LabelSet& labels = text_.series()[series];
    const auto [place, is_new] = track_of_.try_emplace(labels.only(target), tracks_.size());
    if (is_new) tracks_.emplace_back().timeline = columns_->create_timeline(path_);
    tracks_[place->second].members.push_back(series);
    Series& met = series_.emplace_back();
    met.track = place->second;
    met.is_up = labels.metric_name() == "up";
}

// Until the moment of the first sample that waits is there as a whole.
Status FixtureStream::read_ahead(Timestamp past) {
    while (!is_at_end_ && last_ms_ <= to_unix_ms(past)) {
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(played_));
        played_ = 0;
        TOCSIN_TRY(const std::string_view piece, file_.next());
        is_at_end_ = piece.empty();
        if (Status status = is_at_end_ ? text_.finish() : text_.put(piece); !status) return status;
    }
    return {};
}

Result<std::optional<Timestamp>> FixtureStream::next() {
    if (played_ == pending_.size()) {
        pending_.clear();
        played_ = 0;
        while (!is_at_end_ && pending_.empty()) {
            if (Status status = read_ahead(from_unix_ms(last_ms_)); !status) return tl::unexpected(status.error());
        }
        if (pending_.empty()) return std::nullopt;
    }
    return from_unix_ms(pending_[played_].time_ms);
}

Status FixtureStream::play(Timestamp until) {
    for (;;) {
        TOCSIN_TRY(const auto at, next());
        if (!at || *at > until) return {};
        if (Status status = read_ahead(*at); !status) return status;
        if (Status status = play_moment(to_unix_ms(*at)); !status) return status;
    }
}

Status FixtureStream::play_moment(std::int64_t time_ms) {
    for (; played_ < pending_.size() && pending_[played_].time_ms == time_ms; ++played_) {
        const Pending& sample = pending_[played_];
        const Series& series = series_[sample.series];
        Track& track = tracks_[series.track];
        if (track.row.empty()) touched_.push_back(series.track);
        track.row.emplace_back(sample.series, sample.value);
        track.is_scraped = track.is_scraped || series.is_up;
    }
    for (const std::size_t track : touched_) {
        if (Status status = append_row(tracks_[track], time_ms); !status) return status;
    }
    touched_.clear();
    return {};
}

// Columns change when series end.
void FixtureStream::refresh(Track& track) {
    const LayoutGeneration layout = store_.layout_generation(track.timeline);
    if (layout == track.layout) return;
    track.layout = layout;
    for (const std::size_t series : track.members) series_[series].column = kNoColumn;
}

bool FixtureStream::wants(std::size_t index) {
    Series& series = series_[index];
    if (series.asked != store_.wanted_generation()) {
        series.asked = store_.wanted_generation();
        series.is_wanted = store_.series_wanted(text_.series()[index]);
        series.was_wanted = series.was_wanted || series.is_wanted;
    }
    return series.is_wanted;
}

Status FixtureStream::find_column(const Track& track, std::size_t index, std::int64_t time_ms) {
    Series& series = series_[index];
    TOCSIN_TRY(const auto column,
               columns_->column_for(track.timeline, text_.series()[index], from_unix_ms(time_ms), series.was_here));
    series.column = column.value_or(kNoColumn);
    series.was_here = series.was_here || column;
    return {};
}

Status FixtureStream::append_row(Track& track, std::int64_t time_ms) {
    refresh(track);
    for (const auto& [index, value] : track.row) {
        Series& series = series_[index];
        series.in_row_ms = time_ms;
        if (!track.is_scraped) series.has_own_times = true;
        if (!wants(index) || series.column != kNoColumn) continue;
        if (Status status = find_column(track, index, time_ms); !status) return status;
    }
    cells_.assign(store_.timeline(track.timeline).columns(), kAbsentMarker);
    for (const auto& [index, value] : track.row) {
        if (series_[index].column != kNoColumn) cells_[series_[index].column] = normalise_nan(value);
    }
    if (track.is_scraped) mark_ended(track, time_ms);
    store_.append(track.timeline, from_unix_ms(time_ms), cells_);
    if (track.is_scraped) {
        track.present.clear();
        for (const auto& [index, value] : track.row) {
            if (series_[index].is_wanted) track.present.push_back(index);
        }
    }
    track.row.clear();
    track.is_scraped = false;
    return {};
}

void FixtureStream::mark_ended(const Track& track, std::int64_t time_ms) {
    for (const std::size_t index : track.present) {
        const Series& series = series_[index];
        if (series.in_row_ms == time_ms || series.has_own_times) continue;
        // It may have moved since its last sample.
        if (const auto column = store_.find_column(track.timeline, text_.series()[index])) {
            cells_[*column] = kStaleMarker;
        }
    }
}

FixtureFeed::Facts FixtureStream::facts() const {
    Facts facts;
    facts.series = series_.size();
    for (std::size_t i = 0; i < series_.size(); ++i) {
        if (!series_[i].was_wanted && series_[i].asked != 0) facts.unused.push_back(text_.series()[i]);
    }
    facts.cut_off = text_.cut_off();
    facts.bytes_read = file_.bytes_read();
    return facts;
}

}  // namespace tocsin
