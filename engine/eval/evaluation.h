#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/result.h"
#include "engine/eval/frame.h"
#include "engine/eval/query.h"
#include "engine/functions/function.h"

namespace tocsin {

class Stopwatch;

/// Something that PromQL may have to say beside a value. Operators make it when they look at labels and raise it when they see numbers.
struct Note {
    bool is_warning = false;
    std::string text;  // without the position
    /// Which of the positions of its operator it is about; where that is depends on the query.
    std::size_t place = 0;
    std::uint64_t id = 0;  // of this text; never used again
    std::uint64_t raised_in = 0;  // the run

    // Of histogram_quantile's remark on counts that were not monotonic: what is told of all of them together.
    std::optional<MonotonicityFix> fix = {};
    std::size_t fixes = 0;
    std::int64_t first_ms = 0;
    std::int64_t last_ms = 0;
};

std::string to_string(const Note& note, std::string_view position);

/// The notes of one operator, by their texts; they stay where they are.
class Notes {
public:
    Note& warning(std::string_view text, std::size_t place = 0) { return note(true, text, place); }
    Note& info(std::string_view text, std::size_t place = 0) { return note(false, text, place); }

    template <class Visit>
    void for_each_raised_in(std::uint64_t run, Visit&& visit) const {
        for (const auto& [text, note] : notes_) {
            if (note.raised_in == run) visit(note);
        }
    }

private:
    Note& note(bool is_warning, std::string_view text, std::size_t place);

    std::map<std::string, Note, std::less<>> notes_;
};

/// One run of a plan: an evaluation of a standing query, or all steps of a range query. The store does not change meanwhile.
class Evaluation {
public:
    explicit Evaluation(const QueryOptions& options) : options_(options) {}

    /// What operators remember of values with another number for the run is void.
    void begin(std::uint64_t run, std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms);

    std::uint64_t run() const { return run_; }
    std::int64_t start_ms() const { return start_ms_; }
    std::int64_t end_ms() const { return end_ms_; }
    std::int64_t step_ms() const { return step_ms_; }
    std::int64_t lookback_ms() const { return options_.lookback_delta.count(); }

    /// Has operators measured; null: not.
    void measure_with(Stopwatch* stopwatch) { stopwatch_ = stopwatch; }
    Stopwatch* stopwatch() const { return stopwatch_; }

    void raise(Note& note) const { note.raised_in = run_; }
    void raise(Note& note, const MonotonicityFix& fix, std::int64_t at_ms) const;

    /// Samples that are in memory for this run. Fails when they are more than the limit, and when the run was cancelled.
    Status hold_samples(std::size_t count);
    std::size_t samples() const { return samples_; }
    std::size_t peak_samples() const { return peak_samples_; }
    /// What was held since samples() was `count` is not in memory any more.
    void release_to(std::size_t count) { samples_ = count; }

    /// The run fails with Error::Kind::Timeout soon after `cancelled`, which outlives it, was set on whatever thread.
    void cancel_when(const std::atomic<bool>& cancelled) { cancelled_ = &cancelled; }

private:
    const QueryOptions& options_;
    std::uint64_t run_ = 0;
    std::int64_t start_ms_ = 0, end_ms_ = 0, step_ms_ = 0;
    std::size_t samples_ = 0;
    std::size_t peak_samples_ = 0;
    const std::atomic<bool>* cancelled_ = nullptr;
    Stopwatch* stopwatch_ = nullptr;
};

/// `vector cannot contain metrics with the same labelset`.
tl::unexpected<Error> fail_with_duplicate_labels();

}  // namespace tocsin
