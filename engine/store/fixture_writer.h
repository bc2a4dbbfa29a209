#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/labels.h"
#include "base/result.h"

namespace tocsin {

/// A series as a line of a fixture begins: `name{a="b",c="d"}`.
std::string fixture_series(const LabelSet& labels);

/// Writes a fixture piece by piece, packed as its name says (`.om`, `.om.gz`, `.om.zst`). Until it is complete it is
/// `FILE.part`, in which each piece that flush() wrote is whole: so a recording can be resumed.
class FixtureWriter {
public:
    /// Begins anew. Refuses other names. The disk outlives the writer.
    static Result<FixtureWriter> create(Disk& disk, const std::string& path);
    /// Goes on behind the first `bytes` of what a former writer left.
    static Result<FixtureWriter> resume(Disk& disk, const std::string& path, std::uint64_t bytes);
    static std::string part_of(const std::string& path) { return path + ".part"; }

    /// A number for the series, the same each time.
    std::size_t series(const LabelSet& labels);
    /// No sample may be older than those of an earlier piece. A sample that is given twice counts once.
    void add(std::size_t series, std::int64_t time_ms, double value) { waiting_.push_back({time_ms, series, value}); }
    /// Writes what was added since, in the order of time, to the medium; what is not before `before_ms` goes on
    /// waiting.
    Status flush(std::int64_t before_ms = INT64_MAX);
    /// The end of the file: from now on it has its name.
    Status finish();

    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t samples() const { return samples_; }
    std::size_t series_count() const { return prefixes_.size(); }

private:
    enum class Packing { Plain, Gzip, Zstd };
    struct Sample {
        std::int64_t time_ms;
        std::size_t series;
        double value;
    };

    FixtureWriter(Disk& disk, std::string path, Packing packing, std::unique_ptr<DiskFile> file)
        : disk_(&disk), path_(std::move(path)), packing_(packing), file_(std::move(file)) {}
    static Result<FixtureWriter> open(Disk& disk, const std::string& path, Disk::Open mode);
    void sort_waiting();
    Status write(const std::string& text);

    Disk* disk_;
    std::string path_;
    Packing packing_;
    std::unique_ptr<DiskFile> file_;
    std::uint64_t bytes_ = 0;
    std::uint64_t samples_ = 0;
    std::map<LabelSet, std::size_t> numbers_;
    std::vector<std::string> prefixes_;
    std::vector<Sample> waiting_;
};

}  // namespace tocsin
