#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "base/time.h"
#include "daemon/replay.h"
#include "engine/store/fixture_feed.h"
#include "engine/store/fixture_survey.h"
#include "engine/store/time_spans.h"

namespace tocsin::cli {

/// Fixtures that are to be replayed together, looked over.
struct Recording {
    std::vector<std::string> paths;
    std::vector<FixtureSurvey> surveys;
    Timestamp begin = Timestamp::max(), end = Timestamp::min();
    TimeSpans spans{std::chrono::hours(1)};  // in which there are samples
};

/// `note` is told what is odd and goes nevertheless.
using Note = std::function<void(const std::string& what)>;
Result<Recording> survey_recording(Disk& disk, const std::vector<std::string>& paths, const Note& note);

struct Window {
    Timestamp start, end;
};

/// From `--start` to `--end`, or all of the recording; an InvalidInput when it lies outside, or when nobody says which
/// part of a recording is meant that has nothing in it for longer than a year. Shorter gaps are noted.
Result<Window> window_of(const std::string& start, const std::string& end, const Recording& recording,
                         const Note& note);

/// The feeds of a recording for one world, in the order of its paths.
Result<std::vector<std::unique_ptr<FixtureFeed>>> open_feeds(Disk& disk, const Recording& recording, Replay& world);
/// What is to be said of a fixture at the end: where it was cut off or sorted, and which series no rule reads.
std::vector<std::string> remarks_on(const std::string& path, const FixtureFeed::Facts& facts);
Status run_feeds(Replay& world, const std::vector<std::unique_ptr<FixtureFeed>>& feeds, Timestamp until,
                 const std::function<void(Timestamp)>& on_progress);

}  // namespace tocsin::cli
