#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "cli/api_client.h"

namespace CLI {
class App;
}

/// What the commands that show a history of a running tocsin have in common.
namespace tocsin::cli {

struct HistoryFlags {
    ApiServer server{"http://127.0.0.1:9099"};
    std::string format = "text";
    std::string since = "24h", until;
    std::string limit;
    std::vector<std::string> filters;
};
void add_history_flags(CLI::App& command, HistoryFlags& flags);

/// Where a history is asked for, and how it is shown.
struct ShownHistory {
    std::string command;  // for messages
    std::string path;     // of the API
    std::string list;     // in the answer
    std::string nothing;  // what is said when it is empty
    std::function<std::string(const Json&)> lines;
};

/// Asks with `more` beside the flags, prints as a log, the last one below, and answers with the exit code.
int show_history(const ShownHistory& history, const HistoryFlags& flags, const ApiParameters& more);

/// A moment, or how long ago it is.
Result<Timestamp> read_since(const std::string& text);

/// The lines of a text, each without what could steer a terminal.
std::string for_terminal(const std::string& lines);

/// `DatabaseDown{cluster="eu"}` of an alert's labels in an answer.
std::string alert_text(const Json& labels);

}  // namespace tocsin::cli
