#include "engine/store/fixture_writer.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/compression.h"
#include "base/text.h"
#include "base/zstd_stream.h"

namespace tocsin {
namespace {

// What is packed at a time.
constexpr std::size_t kPackedAtATime = 4 * 1024 * 1024;

std::string quoted_label(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out + '"';
}

// Seconds, to the millisecond.
std::string fixture_time(std::int64_t ms) {
    if (ms % 1000 == 0) return std::to_string(ms / 1000);
    const bool is_negative = ms < 0;
    const std::int64_t distance = is_negative ? -ms : ms;
    return fmt::format("{}{}.{:03}", is_negative ? "-" : "", distance / 1000, distance % 1000);
}

}  // namespace

std::string fixture_series(const LabelSet& labels) {
    const std::string_view name = labels.metric_name();
    const bool is_plain = is_legacy_metric_name(name);
    std::vector<std::string> parts;
    if (!is_plain && !name.empty()) parts.push_back(quoted_label(name));
    for (const auto& [label, value] : labels) {
        if (label == kMetricNameLabel) continue;
        parts.push_back((is_legacy_label_name(label) ? std::string(label) : quoted_label(label)) + "=" +
                        quoted_label(value));
    }
    const std::string braces = parts.empty() ? "" : "{" + join(parts, ",") + "}";
    return (is_plain ? std::string(name) : "") + braces;
}

Result<FixtureWriter> FixtureWriter::open(Disk& disk, const std::string& path, Disk::Open mode) {
    const bool is_gzip = path.ends_with(".om.gz"), is_zstd = path.ends_with(".om.zst");
    if (!is_gzip && !is_zstd && !path.ends_with(".om")) {
        return fail(Error::Kind::InvalidInput, path + ": a fixture's name ends in .om, .om.gz or .om.zst");
    }
    TOCSIN_TRY(auto file, disk.open(part_of(path), mode));
    return FixtureWriter(disk, path,
                         is_gzip   ? Packing::Gzip
                         : is_zstd ? Packing::Zstd
                                   : Packing::Plain,
                         std::move(file));
}

Result<FixtureWriter> FixtureWriter::create(Disk& disk, const std::string& path) {
    return open(disk, path, Disk::Open::CreateOrTruncate);
}

Result<FixtureWriter> FixtureWriter::resume(Disk& disk, const std::string& path, std::uint64_t bytes) {
    TOCSIN_TRY(FixtureWriter writer, open(disk, path, Disk::Open::ReadWrite));
    TOCSIN_TRY(const std::uint64_t size, writer.file_->size());
    if (size < bytes) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("{} has {} bytes; {} were written to it", part_of(path), size, bytes));
    }
    if (const Status status = writer.file_->truncate(bytes); !status) return tl::unexpected(status.error());
    writer.bytes_ = bytes;
    return writer;
}

std::size_t FixtureWriter::series(const LabelSet& labels) {
    const auto [place, is_new] = numbers_.try_emplace(labels, prefixes_.size());
    if (is_new) prefixes_.push_back(fixture_series(labels));
    return place->second;
}

// By time, then by series, so that the same samples are the same bytes.
void FixtureWriter::sort_waiting() {
    std::vector<std::size_t> order(prefixes_.size()), rank(prefixes_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return prefixes_[i]; });
    for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
    std::ranges::stable_sort(waiting_, {}, [&](const Sample& s) { return std::pair(s.time_ms, rank[s.series]); });
    const auto is_same = [](const Sample& a, const Sample& b) {
        return a.time_ms == b.time_ms && a.series == b.series;
    };
    waiting_.erase(std::unique(waiting_.begin(), waiting_.end(), is_same), waiting_.end());
}

Status FixtureWriter::flush(std::int64_t before_ms) {
    sort_waiting();
    const auto end = std::ranges::lower_bound(waiting_, before_ms, {}, &Sample::time_ms);
    std::string text;
    for (auto sample = waiting_.begin(); sample != end; ++sample) {
        text += fmt::format("{} {} {}\n", prefixes_[sample->series], format_value(sample->value),
                            fixture_time(sample->time_ms));
        if (text.size() < kPackedAtATime) continue;
        if (Status status = write(text); !status) return status;
        text.clear();
    }
    samples_ += static_cast<std::uint64_t>(end - waiting_.begin());
    waiting_.erase(waiting_.begin(), end);
    if (!text.empty()) {
        if (Status status = write(text); !status) return status;
    }
    return file_->sync();
}

Status FixtureWriter::write(const std::string& text) {
    const std::string packed = packing_ == Packing::Gzip   ? gzip(text)
                               : packing_ == Packing::Zstd ? zstd_compress(text)
                                                           : text;
    if (Status status = file_->write_at(bytes_, packed); !status) return status;
    bytes_ += packed.size();
    return {};
}

Status FixtureWriter::finish() {
    if (Status status = flush(); !status) return status;
    if (Status status = write("# EOF\n"); !status) return status;
    if (Status status = file_->sync(); !status) return status;
    if (Status status = disk_->rename(part_of(path_), path_); !status) return status;
    return disk_->sync_directory(directory_of(path_));
}

}  // namespace tocsin
