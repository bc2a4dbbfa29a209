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

namespace tocsin::cli {

/// Fixtures that are to be replayed together, looked over.
struct Recording {
    std::vector<std::string> paths;
    std::vector<FixtureSurvey> surveys;
    Timestamp begin = Timestamp::max(), end = Timestamp::min();
};

/// `note` is told what is odd and goes nevertheless.
using Note = std::function<void(const std::string& what)>;
Result<Recording> survey_recording(Disk& disk, const std::vector<std::string>& paths, const Note& note);

struct Window {
    Timestamp start, end;
};

/// From `--start` to `--end`, or all of the recording; an InvalidInput when it lies outside.
Result<Window> window_of(const std::string& start, const std::string& end, const Recording& recording,
                         const Note& note);

/// The feeds of a recording for one world, in the order of its paths.
Result<std::vector<std::unique_ptr<FixtureFeed>>> open_feeds(Disk& disk, const Recording& recording, Replay& world);
Status run_feeds(Replay& world, const std::vector<std::unique_ptr<FixtureFeed>>& feeds, Timestamp until,
                 const std::function<void(Timestamp)>& on_progress);

}  // namespace tocsin::cli
