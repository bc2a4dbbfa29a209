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

Note& Notes::note(bool is_warning, std::string_view text) {
    const auto known = notes_.find(text);
    if (known != notes_.end()) return known->second;
    if (notes_.size() == kNotesMax) return notes_.begin()->second;
    Note& note = notes_[std::string(text)];
    note.is_warning = is_warning;
    note.text = std::string(is_warning ? "PromQL warning: " : "PromQL info: ").append(text);
    note.position = position_;
    note.id = next_note_id();
    return note;
}

std::string to_string(const Note& note) {
    if (!note.fix) return fmt::format("{} ({})", note.text, note.position);
    return fmt::format("{}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {} ({})", note.text,
                       format_go_float(note.fix->bucket_min), format_go_float(note.fix->bucket_max),
                       format_go_float(note.fix->difference_max), note.fixes, to_rfc3339(from_unix_ms(note.first_ms)),
                       to_rfc3339(from_unix_ms(note.last_ms)), note.position);
}

void Evaluation::begin(std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms) {
    ++run_;
    start_ms_ = start_ms;
    end_ms_ = end_ms;
    step_ms_ = step_ms;
    samples_ = 0;
    raised_.clear();
}

void Evaluation::raise(Note& note) {
    if (note.raised_in == run_) return;
    note.raised_in = run_;
    raised_.push_back(&note);
}

void Evaluation::raise(Note& note, const MonotonicityFix& fix, std::int64_t at_ms) {
    if (note.raised_in != run_) {
        note.fix = fix;
        note.fixes = 0;
        note.first_ms = note.last_ms = at_ms;
        note.id = next_note_id();
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
    if (samples_ <= options_.samples_max) return {};
    return fail(Error::Kind::LimitExceeded, "query processing would load too many samples into memory in query execution");
}

Annotations annotations_of(const Evaluation& evaluation) {
    Annotations annotations;
    std::vector<std::string_view> told;
    for (const Note* note : evaluation.raised()) {
        if (std::ranges::find(told, note->text) != told.end()) continue;
        told.push_back(note->text);
        (note->is_warning ? annotations.warnings : annotations.infos).push_back(to_string(*note));
    }
    return annotations;
}

tl::unexpected<Error> fail_with_duplicate_labels() {
    return fail(Error::Kind::InvalidInput, "vector cannot contain metrics with the same labelset");
}

}  // namespace tocsin
