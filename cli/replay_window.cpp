#include "cli/replay_window.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/moment.h"

namespace tocsin::cli {
namespace {

// A moment later than this is no moment: somebody wrote milliseconds.
constexpr Timestamp kLatest{std::chrono::sys_days(std::chrono::year(2200) / 1 / 1)};

Status check_survey(const std::string& path, const FixtureSurvey& survey, const Note& note) {
    if (!survey.begin) return fail(Error::Kind::InvalidInput, path + ": there are no samples with timestamps in it");
    if (*survey.end > kLatest) {
        return fail(
            Error::Kind::InvalidInput,
            fmt::format("{}: the last sample is from {}; timestamps of OpenMetrics are seconds, these look like "
                        "milliseconds",
                        path, to_rfc3339(*survey.end)));
    }
    if (survey.first_out_of_order) {
        note(fmt::format("{}:{}: from here on it is not in the order of time; it was read into memory and sorted", path,
                         *survey.first_out_of_order));
    }
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

Status run_feeds(Replay& world, const std::vector<std::unique_ptr<FixtureFeed>>& feeds, Timestamp until,
                 const std::function<void(Timestamp)>& on_progress) {
    std::vector<FixtureFeed*> players;
    for (const auto& feed : feeds) players.push_back(feed.get());
    return world.run_until(until, players, on_progress);
}

}  // namespace tocsin::cli
