#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/past.h"

namespace tocsin::cli {
namespace {

struct ToldFlags {
    HistoryFlags of;
    std::string receiver, result;
};

std::string told_alert_text(const Json& alert) {
    return fmt::format("    {:<8} {}\n", alert.at("status").as_string(), alert_text(alert.at("labels")));
}

/// `2026-11-28T03:12:05.000Z  oncall pagerduty[0]  firing  delivered, 2 attempts  (first notification)`, and below it
/// the alerts.
std::string message_lines(const Json& message) {
    const std::int64_t attempts = message.at("attempts").as_integer();
    std::string verdict = message.at("result").as_string();
    if (attempts > 1) verdict += fmt::format(", {} attempts", attempts);
    if (message.find("error") != nullptr) verdict += ": " + message.at("error").as_string();
    std::string text = fmt::format("{}  {} {}[{}]  {}  {}  ({})\n", message.at("firstAttempt").as_string(),
                                   message.at("receiver").as_string(), message.at("integration").as_string(),
                                   message.at("index").as_integer(), message.at("status").as_string(), verdict,
                                   message.at("reason").as_string());
    for (const Json& alert : message.at("alerts").items()) text += told_alert_text(alert);
    const std::int64_t told = message.at("firing").as_integer() + message.at("resolved").as_integer();
    const auto shown = static_cast<std::int64_t>(message.at("alerts").items().size());
    if (told > shown) text += fmt::format("    and {} more\n", told - shown);
    return text;
}

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
        "  tocsin notifications team=db --receiver=oncall --since=2026-11-28T00:00:00Z --until=6h");
    command->callback([flags, &run] {
        run = [flags] {
            return show_history({"tocsin notifications", "/api/v1/notifications", "notifications",
                                 "nobody was told anything", message_lines},
                                flags->of, told_parameters(*flags));
        };
    });
}

}  // namespace tocsin::cli
