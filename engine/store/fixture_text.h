#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "engine/store/fixture.h"
#include "engine/store/unpacker.h"
#include "parser/exposition.h"

namespace tocsin {

/// Takes the samples of a fixture in the order of the file.
class FixtureSink {
public:
    virtual ~FixtureSink() = default;
    /// `series` is an index into FixtureText::series(). An error ends the reading.
    virtual Status take(std::size_t series, std::int64_t time_ms, double value) = 0;
};

/// What is said of a line that is too long: nothing that records writes one, and all of it would be in memory.
std::string long_fixture_line(const std::string& path, std::size_t line, std::size_t bytes_max);

/// The bytes of a fixture as they come: made plain where they are compressed (seen from the first bytes: gzip, zstd),
/// and read line by line. What it holds is a piece of the text and the series, no samples.
///
/// Errors are `path:line: what is wrong`.
class FixtureText {
public:
    /// What becomes of a file that ends too early.
    enum class CutOff {
        IsError,
        IsEnd,  // its last whole line is the end; cut_off() tells
    };

    /// `sink` outlives it.
    FixtureText(std::string path, const Fixture::Limits& limits, FixtureSink& sink, CutOff on_cut_off = CutOff::IsError)
        : path_(std::move(path)), limits_(limits), sink_(sink), on_cut_off_(on_cut_off) {}

    Status put(std::string_view bytes);
    /// No more comes.
    Status finish();

    /// All that were seen so far; those that are there keep their places.
    const std::vector<LabelSet>& series() const { return series_; }
    /// Of the sample that is being taken, from 1.
    std::size_t line() const;
    /// How the file ended too early: `path:line: …`.
    const std::optional<std::string>& cut_off() const { return cut_off_; }

    tl::unexpected<Error> fail_at(std::size_t line, std::string_view what) const;

private:
    // One way in which a series is written. Recorders repeat themselves: what came after a line comes after it again.
    struct Spelling {
        std::string prefix;
        ExpositionParser::LabelRules rules;
        std::size_t series;
        std::size_t next;  // the spelling that came after it last
    };

    Status put_text(std::string_view text);
    tl::unexpected<Error> refuse_line() const;
    Status finish_unpacking();
    Status read_lines(std::string_view lines);
    ExpositionParser::Entry next_entry(ExpositionParser& parser, std::optional<std::size_t>& expected);
    bool is_next(const ExpositionParser& parser, std::size_t spelling) const;
    Status take(ExpositionParser& parser, std::optional<std::size_t> expected);
    Result<std::size_t> spelling_of(ExpositionParser& parser);
    Result<std::size_t> series_of(ExpositionParser& parser);

    std::string path_;
    Fixture::Limits limits_;
    FixtureSink& sink_;
    CutOff on_cut_off_;
    std::optional<std::string> cut_off_;

    Unpacker unpacker_;
    bool is_refused_ = false;  // the text, not the packing, is what is wrong
    std::string waiting_;      // text that is not read yet
    std::string type_line_;    // the TYPE that holds for what comes
    std::string body_;         // what is being read: that line and a piece of the text
    std::size_t lines_read_ = 0;
    std::uint64_t bytes_read_ = 0;
    bool is_over_ = false;  // `# EOF` was there
    // Counting lines is left until somebody asks.
    mutable std::size_t line_ = 0;
    mutable std::size_t line_is_at_ = 0;
    std::size_t entry_at_ = 0;

    std::unordered_map<std::string, std::size_t> by_prefix_;  // spellings, as written, behind the rules for labels
    std::map<LabelSet, std::size_t> by_labels_;
    std::vector<Spelling> spellings_;
    std::vector<LabelSet> series_;
    std::optional<std::size_t> last_spelling_;
};

}  // namespace tocsin
