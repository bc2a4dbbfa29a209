#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/past.h"

namespace tocsin::cli {
namespace {

struct ChangesFlags {
    HistoryFlags of;
    std::vector<std::string> states;
};

/// `2026-11-28T03:12:05.000Z  firing    DatabaseDown{cluster="eu"}  value 1  active since 2026-11-28T03:10:05.000Z`, and
/// why in brackets where that is known.
std::string change_line(const Json& change) {
    std::string text = fmt::format("{}  {:<8}  {}  value {}", change.at("at").as_string(),
                                   change.at("state").as_string(), alert_text(change.at("labels")),
                                   change.at("value").as_string());
    if (const Json* since = change.find("activeAt")) text += "  active since " + since->as_string();
    if (const Json* reason = change.find("reason")) text += fmt::format("  ({})", reason->as_string());
    return text + "\n";
}

ApiParameters change_parameters(const ChangesFlags& flags) {
    ApiParameters parameters;
    for (const std::string& state : flags.states) parameters.emplace_back("state", state);
    return parameters;
}

}  // namespace

void add_history(CLI::App& app, Action& run) {
    CLI::App* command = app.add_subcommand(
        "history", "When alerts became pending, firing and resolved, and why: of a running tocsin.");
    const auto flags = std::make_shared<ChangesFlags>();
    add_history_flags(*command, flags->of);
    command->add_option("--state", flags->states, "Only these: pending, firing, resolved, gone (was never firing)")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember({"pending", "firing", "resolved", "gone"}));
    command->footer(
        "Examples:\n  tocsin history --since=12h\n"
        "  tocsin history alertname=DatabaseDown --state=firing,resolved --since=30d");
    command->callback([flags, &run] {
        run = [flags] {
            return show_history(
                {"tocsin history", "/api/v1/alerts/history", "changes", "no alert has changed", change_line},
                flags->of, change_parameters(*flags));
        };
    });
}

}  // namespace tocsin::cli
