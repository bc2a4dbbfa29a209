#include "daemon/fixture_download.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

// What a server lets a query hold is 50 million samples, and what is in memory here at a time is one piece.
constexpr double kSamplesOfPiece = 1'000'000;
constexpr Duration kPieceMin = std::chrono::minutes(5), kPieceMax = std::chrono::hours(24);
constexpr Duration kProbeLength = std::chrono::hours(1);

LabelSet labels_of_metric(const Json& metric) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (const auto& [name, value] : metric.members()) labels.emplace_back(name, value.as_string());
    return LabelSet::from(std::move(labels));
}

std::string api_time(Timestamp at) {
    return fmt::format("{:.3f}", static_cast<double>(to_unix_ms(at)) / 1000);
}

std::pair<std::string, std::string> job_and_instance(const LabelSet& labels) {
    return {std::string(labels.get("job")), std::string(labels.get("instance"))};
}

}  // namespace

std::string selector_text(const Matchers& matchers) {
    std::vector<std::string> parts;
    for (const Matcher& matcher : matchers) parts.push_back(to_string(matcher));
    return "{" + join(parts, ",") + "}";
}

FixtureDownload::FixtureDownload(Ask ask, Subject subject, const Anonymiser& anonymiser)
    : ask_(std::move(ask)), subject_(std::move(subject)), anonymiser_(anonymiser) {}

Result<FixtureDownload::Estimate> FixtureDownload::estimate() {
    const Duration length = subject_.end - subject_.start;
    const Duration probe = std::clamp<Duration>(length, std::chrono::minutes(1), kProbeLength);
    double series = 0, rate = 0, line_bytes = 0;
    for (const Store::Kept& selector : subject_.selectors) {
        double most_series = 0, most_samples = 0;
        for (const Timestamp at : {subject_.start + length / 2, subject_.end}) {
            TOCSIN_TRY(const Json data,
                       ask_("/api/v1/query", {{"query", fmt::format("count_over_time({}[{}ms])",
                                                                    selector_text(selector.matchers), probe.count())},
                                              {"time", api_time(at)}}));
            double samples = 0;
            for (const Json& one : data.at("result").items()) {
                samples += parse_float(one.at("value").at(1).as_string()).value_or(0);
                line_bytes = std::max(line_bytes, static_cast<double>(dump(one.at("metric")).size()) + 30);
            }
            most_series = std::max(most_series, static_cast<double>(data.at("result").items().size()));
            most_samples = std::max(most_samples, samples);
        }
        series += most_series;
        rate += most_samples / static_cast<double>(probe.count());
    }
    if (rate > 0) {
        piece_ = std::clamp(Duration(static_cast<Duration::rep>(kSamplesOfPiece / rate)), kPieceMin, kPieceMax);
    }
    const double samples = rate * static_cast<double>((subject_.end - begin().done).count());
    return Estimate{static_cast<std::uint64_t>(series), static_cast<std::uint64_t>(samples),
                    static_cast<std::uint64_t>(samples * line_bytes)};
}

FixtureDownload::Progress FixtureDownload::begin() const {
    Timestamp earliest = subject_.start;
    for (const Store::Kept& selector : subject_.selectors) earliest = std::min(earliest, begin_of(selector));
    return {earliest - Duration{1}, {}};
}

Status FixtureDownload::step(Progress& progress, FixtureWriter& writer) {
    const Piece piece{progress.done, std::min(progress.done + given_piece_.value_or(piece_), subject_.end)};
    for (const Store::Kept& selector : subject_.selectors) {
        const Piece own{std::max(piece.after, begin_of(selector) - Duration{1}), piece.until};
        if (own.after >= own.until) continue;
        if (Status status = fetch(selector.matchers, own, progress, writer); !status) return status;
    }
    if (Status status = fetch_up(piece, progress, writer); !status) return status;
    if (Status status = writer.flush(); !status) return status;
    progress.done = piece.until;
    return {};
}

Result<Json> FixtureDownload::ask_for(const Matchers& matchers, const Piece& piece) {
    return ask_("/api/v1/query",
                {{"query", fmt::format("{}[{}ms]", selector_text(matchers), (piece.until - piece.after).count())},
                 {"time", api_time(piece.until)}});
}

Status FixtureDownload::fetch(const Matchers& matchers, const Piece& piece, Progress& progress, FixtureWriter& writer) {
    TOCSIN_TRY(const Json data, ask_for(matchers, piece));
    for (const Json& series : data.at("result").items()) {
        const LabelSet labels = labels_of_metric(series.at("metric"));
        progress.targets.insert(job_and_instance(labels));
        write(series, labels, piece, writer);
    }
    return {};
}

// Says when the targets were scraped, and so when a series of theirs was over.
Status FixtureDownload::fetch_up(const Piece& piece, Progress& progress, FixtureWriter& writer) {
    std::set<std::string> jobs;
    for (const auto& [job, instance] : progress.targets) {
        if (!job.empty() && !instance.empty()) jobs.insert(job);
    }
    for (const std::string& job : jobs) {
        const Matchers matchers{Matcher::equal("__name__", "up"), Matcher::equal("job", job)};
        TOCSIN_TRY(const Json data, ask_for(matchers, piece));
        for (const Json& series : data.at("result").items()) {
            const LabelSet labels = labels_of_metric(series.at("metric"));
            if (progress.targets.contains(job_and_instance(labels))) write(series, labels, piece, writer);
        }
    }
    return {};
}

// Some servers count the begin of a range in, and some do not.
void FixtureDownload::write(const Json& series, const LabelSet& labels, const Piece& piece, FixtureWriter& writer) {
    left_histograms_out_ = left_histograms_out_ || series.find("histograms") != nullptr;
    if (series.at("values").items().empty()) return;
    const std::size_t number = writer.series(anonymiser_.apply(labels));
    for (const Json& point : series.at("values").items()) {
        const auto ms = static_cast<std::int64_t>(std::llround(point.at(std::size_t{0}).as_number() * 1000));
        const auto value = parse_float(point.at(1).as_string());
        if (value && ms > to_unix_ms(piece.after)) writer.add(number, ms, *value);
    }
}

}  // namespace tocsin
