#include "notifiers/silence.h"

#include <algorithm>

#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr std::size_t kMatchingMax = 200'000;  // label sets of which it is known what matches

tl::unexpected<Error> refuse_silence(std::string message) {
    return fail(Error::Kind::InvalidInput, std::move(message));
}

/// It holds for an alert without any label because it asks for nothing. What is ruled out is always something.
bool says_nothing(const Matcher& matcher) {
    const bool rules_out = matcher.op() == MatchOp::NotEqual || matcher.op() == MatchOp::NotRegex;
    return !rules_out && matcher.matches_empty();
}

std::size_t bytes_of(const Silence& silence) {
    std::size_t bytes = silence.created_by.size() + silence.comment.size();
    for (const Matcher& matcher : silence.matchers) bytes += matcher.name().size() + matcher.value().size();
    for (const auto& [name, value] : silence.annotations) bytes += name.size() + value.size();
    return bytes;
}

bool same_second(Timestamp a, Timestamp b) {
    return std::chrono::floor<std::chrono::seconds>(a) == std::chrono::floor<std::chrono::seconds>(b);
}

/// Whether `next` can take the place of `old` under the same id (silence.canUpdate upstream).
bool can_update(const Silence& old, const Silence& next, Timestamp now) {
    if (old.matchers != next.matchers) return false;
    switch (old.state(now)) {
        case SilenceState::Active:
            return same_second(old.starts_at, next.starts_at) && next.ends_at >= now;
        case SilenceState::Pending:
            return next.starts_at >= now;
        case SilenceState::Expired:
            return false;
    }
    return false;
}

void end_now(Silence& silence, Timestamp now) {
    if (silence.state(now) == SilenceState::Pending) silence.starts_at = now;
    silence.ends_at = now;
    silence.updated_at = now;
}

}  // namespace

std::string_view to_string(SilenceState state) {
    switch (state) {
        case SilenceState::Pending:
            return "pending";
        case SilenceState::Active:
            return "active";
        case SilenceState::Expired:
            return "expired";
    }
    return {};
}

SilenceState Silence::state(Timestamp now) const {
    if (now < starts_at) return SilenceState::Pending;
    return now < ends_at ? SilenceState::Active : SilenceState::Expired;
}

Result<std::string> Silences::set(Silence silence, Timestamp now) {
    if (auto checked = check(silence, now); !checked) return tl::unexpected(std::move(checked).error());
    const auto old = silences_.find(silence.id);
    if (!silence.id.empty() && old == silences_.end()) return fail(Error::Kind::NotFound, "silence not found");
    silence.updated_at = now;
    index_is_old_ = true;
    if (old != silences_.end() && can_update(old->second, silence, now)) {
        old->second = std::move(silence);
        return old->first;
    }
    if (silences_.size() >= limits_.silences) {
        return fail(Error::Kind::LimitExceeded, fmt::format("exceeded maximum number of silences: {} (limit: {})",
                                                            silences_.size(), limits_.silences));
    }
    if (old != silences_.end() && old->second.state(now) != SilenceState::Expired) end_now(old->second, now);
    silence.id = make_id();
    silence.starts_at = std::max(silence.starts_at, now);
    std::string id = silence.id;
    silences_.emplace(id, std::move(silence));
    return id;
}

Status Silences::expire(std::string_view id, Timestamp now) {
    const auto found = silences_.find(id);
    if (found == silences_.end()) return fail(Error::Kind::NotFound, "silence not found");
    if (found->second.state(now) != SilenceState::Expired) end_now(found->second, now);
    return {};
}

const Silence* Silences::find(std::string_view id) const {
    const auto found = silences_.find(id);
    return found == silences_.end() ? nullptr : &found->second;
}

std::vector<const Silence*> Silences::all() const {
    std::vector<const Silence*> out;
    for (const auto& [id, silence] : silences_) out.push_back(&silence);
    return out;
}

std::vector<std::string> Silences::muting(const LabelSet& labels, Timestamp now) const {
    std::vector<std::string> ids;
    ++queries_;
    if (silences_.empty()) return ids;
    for (const Silence* silence : matching(labels)) {
        if (silence->state(now) == SilenceState::Active) ids.push_back(silence->id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

bool Silences::mutes(const LabelSet& labels, Timestamp now) const {
    if (silences_.empty()) return false;
    const auto& silences = matching(labels);
    return std::any_of(silences.begin(), silences.end(),
                       [&](const Silence* silence) { return silence->state(now) == SilenceState::Active; });
}

const std::vector<const Silence*>& Silences::matching(const LabelSet& labels) const {
    if (index_is_old_ || matching_.size() >= kMatchingMax) matching_.clear();
    const auto [known, is_new] = matching_.try_emplace(labels);
    if (!is_new) return known->second;
    meter_.measure([&, &into = known->second] {
        visit_candidates(labels, [&](const Silence& silence) {
            if (all_match(silence.matchers, labels)) into.push_back(&silence);
        });
    });
    return known->second;
}

void Silences::index() const {
    if (!index_is_old_) return;
    by_label_.clear();
    unindexed_.clear();
    for (const auto& [id, silence] : silences_) {
        const auto equal = std::find_if(silence.matchers.begin(), silence.matchers.end(), [](const Matcher& matcher) {
            return matcher.op() == MatchOp::Equal && !matcher.value().empty();
        });
        if (equal == silence.matchers.end()) {
            unindexed_.push_back(&silence);
        } else {
            by_label_[Label{equal->name(), equal->value()}].push_back(&silence);
        }
    }
    index_is_old_ = false;
}

template <class Visit>
void Silences::visit_candidates(const LabelSet& labels, const Visit& visit) const {
    index();
    for (const Silence* silence : unindexed_) visit(*silence);
    for (const Label label : labels) {
        const auto found = by_label_.find(label);
        if (found == by_label_.end()) continue;
        for (const Silence* silence : found->second) visit(*silence);
    }
}

void Silences::collect(Timestamp now) {
    const std::size_t gone = std::erase_if(
        silences_, [&](const auto& entry) { return entry.second.ends_at + limits_.retention <= now; });
    if (gone > 0) index_is_old_ = true;
}

void Silences::restore(std::vector<Silence> silences) {
    silences_.clear();
    index_is_old_ = true;
    for (Silence& silence : silences) {
        std::string id = silence.id;
        silences_.emplace(std::move(id), std::move(silence));
    }
}

Status Silences::check(const Silence& silence, Timestamp now) const {
    if (silence.starts_at >= silence.ends_at) return refuse_silence("start time must be before end time");
    if (silence.ends_at < now) return refuse_silence("end time can't be in the past");
    if (silence.ends_at - std::max(silence.starts_at, now) > limits_.length) {
        return fail(Error::Kind::LimitExceeded,
                    fmt::format("silence is in force for more than {} days", limits_.length.count()));
    }
    if (silence.matchers.empty()) return refuse_silence("invalid silence: at least one matcher required");
    if (std::ranges::all_of(silence.matchers, says_nothing)) {
        return refuse_silence("invalid silence: matcher set 0: at least one matcher must not match the empty string");
    }
    if (silence.matchers.size() > limits_.matchers_each) {
        return fail(Error::Kind::LimitExceeded, fmt::format("silence has {} matchers; expected at most {}",
                                                            silence.matchers.size(), limits_.matchers_each));
    }
    if (const std::size_t bytes = bytes_of(silence); bytes > limits_.bytes_each) {
        return fail(Error::Kind::LimitExceeded, fmt::format("silence exceeded maximum size: {} bytes (limit: {} bytes)",
                                                            bytes, limits_.bytes_each));
    }
    return {};
}

// RFC 9562, version 4.
std::string Silences::make_id() {
    const std::uint64_t high = (random_.next() & ~0xF000ULL) | 0x4000ULL;
    const std::uint64_t low = (random_.next() & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xFFFFU, high & 0xFFFFU,
                       low >> 48U, low & 0xFFFFFFFFFFFFULL);
}

}  // namespace tocsin
