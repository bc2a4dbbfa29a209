#include "daemon/recording_state.h"

#include <utility>

#include "base/json.h"
#include "engine/store/fixture_writer.h"

namespace tocsin {

std::string recording_state_path(const std::string& output) {
    return FixtureWriter::part_of(output) + ".json";
}

Result<RecordingState> load_recording_state(Disk& disk, const std::string& output, const std::string& question) {
    RecordingState state;
    state.question = question;
    const std::string path = recording_state_path(output);
    if (!disk.exists(path)) return state;
    TOCSIN_TRY(const std::string text, read_file(disk, path));
    const auto json = parse_json(text);
    if (!json) return fail_with_context(path, json.error());
    if (json->at("question").as_string() != question) {
        return fail(Error::Kind::InvalidInput, path + " is of another recording; remove it and " +
                                                   FixtureWriter::part_of(output) + ", or choose another --output");
    }
    state.key = json->at("key").as_string();
    state.bytes = static_cast<std::uint64_t>(json->at("bytes").as_integer());
    state.progress.done = from_unix_ms(json->at("doneMs").as_integer());
    for (const Json& target : json->at("targets").items()) {
        state.progress.targets.emplace(target.at(std::size_t{0}).as_string(), target.at(1).as_string());
    }
    return state;
}

Status save_recording_state(Disk& disk, const std::string& output, const RecordingState& state) {
    Json json = Json::object();
    json.add("question", state.question).add("key", state.key);
    json.add("bytes", state.bytes).add("doneMs", to_unix_ms(state.progress.done));
    Json targets = Json::array();
    for (const auto& [job, instance] : state.progress.targets) {
        Json target = Json::array();
        target.push(job).push(instance);
        targets.push(std::move(target));
    }
    json.add("targets", std::move(targets));
    return write_file_atomically(disk, recording_state_path(output), dump(json, JsonStyle::Plain) + "\n");
}

Status forget_recording_state(Disk& disk, const std::string& output) {
    return disk.remove(recording_state_path(output));
}

}  // namespace tocsin
