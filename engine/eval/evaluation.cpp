#include "engine/eval/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/duration.h"
#include "base/text.h"

namespace tocsin {
namespace {

std::uint64_t next_note_id() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

// Texts that hold numbers may be many; what was said of the first ones is enough.
constexpr std::size_t kNotesMax = 100;

}  // namespace

Note& Notes::note(bool is_warning, std::string_view text, std::size_t place) {
    const auto known = notes_.find(text);
    if (known != notes_.end()) return known->second;
    if (notes_.size() == kNotesMax) return notes_.begin()->second;
    Note& note = notes_[std::string(text)];
    note.is_warning = is_warning;
    note.text = std::string(is_warning ? "PromQL warning: " : "PromQL info: ").append(text);
    note.place = place;
    note.id = next_note_id();
    return note;
}

std::string to_string(const Note& note, std::string_view position) {
    if (!note.fix) return fmt::format("{} ({})", note.text, position);
    return fmt::format("{}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {} ({})", note.text,
                       format_go_float(note.fix->bucket_min), format_go_float(note.fix->bucket_max),
                       format_go_float(note.fix->difference_max), note.fixes, to_rfc3339(from_unix_ms(note.first_ms)),
                       to_rfc3339(from_unix_ms(note.last_ms)), position);
}

void Evaluation::begin(std::uint64_t run, std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms) {
    run_ = run;
    start_ms_ = start_ms;
    end_ms_ = end_ms;
    step_ms_ = step_ms;
    samples_ = 0;
}

void Evaluation::raise(Note& note, const MonotonicityFix& fix, std::int64_t at_ms) const {
    if (note.raised_in != run_) {
        note.fix = fix;
        note.fixes = 0;
        note.first_ms = note.last_ms = at_ms;
        note.id = next_note_id();  // another text than last time
        raise(note);
    }
    ++note.fixes;
    note.first_ms = std::min(note.first_ms, at_ms);
    note.last_ms = std::max(note.last_ms, at_ms);
    note.fix->bucket_min = std::min(note.fix->bucket_min, fix.bucket_min);
    note.fix->bucket_max = std::max(note.fix->bucket_max, fix.bucket_max);
    note.fix->difference_max = std::max(note.fix->difference_max, fix.difference_max);
}

Status Evaluation::hold_samples(std::size_t count) {
    samples_ += count;
    peak_samples_ = std::max(peak_samples_, samples_);
    if (cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed)) {
        return fail(Error::Kind::Timeout, "query timed out in expression evaluation");
    }
    if (samples_ <= options_.samples_max) return {};
    return fail(Error::Kind::LimitExceeded, "query processing would load too many samples into memory in query execution");
}

tl::unexpected<Error> fail_with_duplicate_labels() {
    return fail(Error::Kind::InvalidInput, "vector cannot contain metrics with the same labelset");
}

}  // namespace tocsin
