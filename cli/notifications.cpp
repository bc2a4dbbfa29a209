#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/notification_output.h"
#include "cli/past.h"

namespace tocsin::cli {
namespace {

struct ToldFlags {
    HistoryFlags of;
    std::string receiver, result;
};

ApiParameters told_parameters(const ToldFlags& flags) {
    ApiParameters parameters;
    if (!flags.receiver.empty()) parameters.emplace_back("receiver", flags.receiver);
    if (!flags.result.empty()) parameters.emplace_back("result", flags.result);
    return parameters;
}

}  // namespace

void add_notifications(CLI::App& app, Action& run) {
    CLI::App* command =
        app.add_subcommand("notifications", "Who was told of what, when, and with which result: of a running tocsin.");
    const auto flags = std::make_shared<ToldFlags>();
    add_history_flags(*command, flags->of);
    command->add_option("--receiver", flags->receiver, "Only to this one")->type_name("NAME");
    command->add_option("--result", flags->result, "delivered, waiting or failed")
        ->check(CLI::IsMember({"delivered", "waiting", "failed"}));
    command->footer(
        "Examples:\n  tocsin notifications --since=12h\n"
        "  tocsin notifications team=db --receiver=oncall --since=2026-11-28T00:00:00Z --until=6h\n"
        "  tocsin notifications explain 'DiskFull{team=\"db\"}'\n"
        "  tocsin notifications untold --since=12h");
    add_notifications_explain(*command, run);
    add_notifications_untold(*command, run);
    // Called after those of its subcommands.
    command->callback([command, flags, &run] {
        if (!command->get_subcommands().empty()) return;
        run = [flags] {
            return show_history({"tocsin notifications", "/api/v1/notifications", "notifications",
                                 "nobody was told anything", told_message_text},
                                flags->of, told_parameters(*flags));
        };
    });
}

}  // namespace tocsin::cli
