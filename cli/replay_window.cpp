#include "cli/replay_window.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/moment.h"
#include "base/text.h"

namespace tocsin::cli {
namespace {

// A moment later than this is no moment: somebody wrote milliseconds.
constexpr Timestamp kLatest{std::chrono::sys_days(std::chrono::year(2200) / 1 / 1)};

constexpr Duration kGapMax = std::chrono::hours(24 * 366);
constexpr std::size_t kGapsTold = 3;
constexpr std::size_t kNamesMax = 10;

Status check_survey(const std::string& path, const FixtureSurvey& survey, const Note& note) {
    if (!survey.begin) return fail(Error::Kind::InvalidInput, path + ": there are no samples with timestamps in it");
    if (*survey.end > kLatest) {
        return fail(
            Error::Kind::InvalidInput,
            fmt::format("{}:{}: a sample is from {}; timestamps of OpenMetrics are seconds, this one looks like "
                        "milliseconds",
                        path, survey.end_line, to_rfc3339(*survey.end)));
    }
    if (survey.first_out_of_order) {
        note(fmt::format("{}:{}: from here on it is not in the order of time; it was read into memory and sorted", path,
                         *survey.first_out_of_order));
    }
    return {};
}

std::optional<std::string> unused_remark(const std::string& path, const FixtureFeed::Facts& facts) {
    std::set<std::string> names;
    std::size_t unused = 0;
    for (const LabelSet& labels : facts.unused) {
        if (labels.metric_name() == "up") continue;  // says when scrapes were, whether a rule reads it or not
        names.emplace(labels.metric_name());
        ++unused;
    }
    if (unused == 0) return std::nullopt;
    std::vector<std::string> shown(names.begin(), names.end());
    const std::size_t more = shown.size() - std::min(shown.size(), kNamesMax);
    shown.resize(shown.size() - more);
    return fmt::format("{}: no rule reads {} of {} series: {}{}", path, unused, facts.series, join(shown, ", "),
                       more > 0 ? fmt::format(" and {} more names", more) : "");
}

// Clocks that differ look like this; so do recordings of several occasions.
Status check_gaps(const Recording& recording, const Window& window, bool is_open, const Note& note) {
    std::size_t told = 0;
    for (const auto& [last, next] : recording.spans.gaps()) {
        if (last >= window.end || next <= window.start) continue;
        const std::string text =
            fmt::format("there is no sample between {} and {} ({})", to_rfc3339(last), to_rfc3339(next),
                        to_string(std::chrono::duration_cast<Duration>(next - last)));
        if (is_open && next - last > kGapMax) {
            return fail(Error::Kind::InvalidInput, text +
                                                       ": these look like two clocks; say with --start and --end "
                                                       "which part is meant");
        }
        if (++told <= kGapsTold) note(text + ": all series are over there, and evaluation goes on");
    }
    if (told > kGapsTold) note(fmt::format("there are {} more such gaps", told - kGapsTold));
    return {};
}

}  // namespace

Result<Recording> survey_recording(Disk& disk, const std::vector<std::string>& paths, const Note& note) {
    Recording recording;
    recording.paths = paths;
    for (const std::string& path : paths) {
        TOCSIN_TRY(const FixtureSurvey one, survey_fixture(disk, path));
        if (Status status = check_survey(path, one, note); !status) return tl::unexpected(status.error());
        recording.begin = std::min(recording.begin, *one.begin);
        recording.end = std::max(recording.end, *one.end);
        recording.spans.add(one.spans);
        recording.surveys.push_back(one);
    }
    return recording;
}

Result<Window> window_of(const std::string& start, const std::string& end, const Recording& recording,
                         const Note& note) {
    Window window{recording.begin, recording.end};
    if (!start.empty()) {
        TOCSIN_TRY(window.start, parse_moment(start));
    }
    if (!end.empty()) {
        TOCSIN_TRY(window.end, parse_moment(end));
    }
    if (!start.empty() && !end.empty() && window.start > window.end) {
        return fail(Error::Kind::InvalidInput, "--start is later than --end");
    }
    const std::string reaches =
        fmt::format("the fixture reaches from {} to {}", to_rfc3339(recording.begin), to_rfc3339(recording.end));
    if (window.start > recording.end || window.end < recording.begin) {
        const bool is_late = window.start > recording.end;
        return fail(
            Error::Kind::InvalidInput,
            fmt::format("{} is outside of the fixture: {}",
                        is_late ? "--start=" + to_rfc3339(window.start) : "--end=" + to_rfc3339(window.end), reaches));
    }
    if (Status status = check_gaps(recording, window, start.empty() || end.empty(), note); !status) {
        return tl::unexpected(status.error());
    }
    if (window.start < recording.begin) note("--start is before the first sample: " + reaches);
    if (window.end > recording.end) note("--end is after the last sample, where all series are over: " + reaches);
    return window;
}

Result<std::vector<std::unique_ptr<FixtureFeed>>> open_feeds(Disk& disk, const Recording& recording, Replay& world) {
    std::vector<std::unique_ptr<FixtureFeed>> feeds;
    const auto columns = std::make_shared<FixtureColumns>(world.store());
    for (std::size_t i = 0; i < recording.paths.size(); ++i) {
        TOCSIN_TRY(auto feed, open_fixture_feed(disk, recording.paths[i], recording.surveys[i], columns));
        feeds.push_back(std::move(feed));
    }
    return feeds;
}

std::vector<std::string> remarks_on(const std::string& path, const FixtureFeed::Facts& facts) {
    std::vector<std::string> remarks;
    if (auto unused = unused_remark(path, facts)) remarks.push_back(*std::move(unused));
    if (facts.went_back) {
        remarks.push_back(*facts.went_back +
                          ": a clock was set back, or recordings are in the wrong order; its samples were sorted");
    }
    if (facts.cut_off) remarks.push_back(*facts.cut_off + ": it was cut off; what is in front of that was replayed");
    return remarks;
}

Status run_feeds(Replay& world, const std::vector<std::unique_ptr<FixtureFeed>>& feeds, Timestamp until,
                 const std::function<void(Timestamp)>& on_progress) {
    std::vector<FixtureFeed*> players;
    for (const auto& feed : feeds) players.push_back(feed.get());
    return world.run_until(until, players, on_progress);
}

}  // namespace tocsin::cli
