#pragma once

#include <string>

#include "base/disk.h"
#include "base/result.h"
#include "daemon/fixture_download.h"

namespace tocsin {

/// How far a fetch has come, beside the file that is being written (`FILE.part.json`).
struct RecordingState {
    std::string question;     // what is fetched; a state of another question does not count
    std::string key;          // of the anonymiser
    std::uint64_t bytes = 0;  // that are good; 0: nothing yet
    FixtureDownload::Progress progress{};
};

/// Where that of an output lies.
std::string recording_state_path(const std::string& output);
/// That of an earlier attempt at the same question, or a new one. Fails when there is one of another question: its file
/// would be overwritten.
Result<RecordingState> load_recording_state(Disk& disk, const std::string& output, const std::string& question);
Status save_recording_state(Disk& disk, const std::string& output, const RecordingState& state);
Status forget_recording_state(Disk& disk, const std::string& output);

}  // namespace tocsin
