#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/labels.h"
#include "base/matcher.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/store/anonymiser.h"
#include "engine/store/fixture_writer.h"
#include "engine/store/store.h"

namespace tocsin {

/// Fetches from a server that speaks Prometheus' API the raw samples that rules need for a stretch of time: those of
/// their selectors, each as far back as it looks, and `up` of the targets they are from. A piece of the time after the
/// other; within each the samples are those that the server has, with their times.
class FixtureDownload {
public:
    using Parameters = std::vector<std::pair<std::string, std::string>>;
    /// The `data` of an answer.
    using Ask = std::function<Result<Json>(const std::string& path, const Parameters& parameters)>;

    struct Subject {
        std::vector<Store::Kept> selectors;
        Timestamp start, end;  // of the evaluations
    };

    FixtureDownload(Ask ask, Subject subject, const Anonymiser& anonymiser);

    struct Estimate {
        std::uint64_t series = 0;
        std::uint64_t samples = 0;
        std::uint64_t bytes = 0;  // of text, before it is packed
    };
    /// By a look at the middle and the end; also decides how long a piece is, unless set_piece() did.
    Result<Estimate> estimate();
    void set_piece(Duration piece) { given_piece_ = piece; }

    /// What there is to know to go on after a break.
    struct Progress {
        Timestamp done;                                         // up to here
        std::set<std::pair<std::string, std::string>> targets;  // job and instance
    };
    Progress begin() const;
    bool is_over(const Progress& progress) const { return progress.done >= subject_.end; }
    /// The next piece: written, and on the medium.
    Status step(Progress& progress, FixtureWriter& writer);

    /// Native histograms, which a fixture cannot hold, were left out.
    bool left_histograms_out() const { return left_histograms_out_; }

private:
    struct Piece {
        Timestamp after, until;
    };
    Result<Json> ask_for(const Matchers& matchers, const Piece& piece);
    Status fetch(const Matchers& matchers, const Piece& piece, Progress& progress, FixtureWriter& writer);
    Status fetch_up(const Piece& piece, Progress& progress, FixtureWriter& writer);
    void write(const Json& series, const LabelSet& labels, const Piece& piece, FixtureWriter& writer);
    Timestamp begin_of(const Store::Kept& selector) const { return subject_.start - selector.reach; }

    Ask ask_;
    Subject subject_;
    const Anonymiser& anonymiser_;
    Duration piece_{std::chrono::hours(1)};  // unless one was given
    std::optional<Duration> given_piece_;
    bool left_histograms_out_ = false;
};

/// `{__name__="up",job=~"a|b"}`.
std::string selector_text(const Matchers& matchers);

}  // namespace tocsin
