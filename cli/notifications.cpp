#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/asio_scheduler.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/labels.h"
#include "base/moment.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

struct HistoryFlags {
    std::string server = "http://127.0.0.1:9099";
    std::string format = "text";
    std::string since = "24h", until;
    std::string receiver, result, limit;
    std::vector<std::string> filters;
};

/// A moment, or how long ago it is.
Result<Timestamp> read_since(const std::string& text) {
    const AsioScheduler clock;
    if (const auto ago = parse_duration(text)) return clock.now() - *ago;
    if (auto moment = parse_moment(text)) return moment;
    return fail(Error::Kind::InvalidInput,
                go_quote(text) + ": expected a duration as 12h, a moment in RFC 3339 or seconds since 1970");
}

Result<ApiParameters> read_question(const HistoryFlags& flags) {
    TOCSIN_TRY(const Timestamp start, read_since(flags.since));
    ApiParameters parameters{{"start", to_rfc3339_ms(start)}};
    if (!flags.until.empty()) {
        TOCSIN_TRY(const Timestamp end, read_since(flags.until));
        parameters.emplace_back("end", to_rfc3339_ms(end));
    }
    if (!flags.receiver.empty()) parameters.emplace_back("receiver", flags.receiver);
    if (!flags.result.empty()) parameters.emplace_back("result", flags.result);
    if (!flags.limit.empty()) parameters.emplace_back("limit", flags.limit);
    for (const std::string& filter : flags.filters) parameters.emplace_back("filter", filter);
    return parameters;
}

std::string told_alert_text(const Json& alert) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (const auto& [name, value] : alert.at("labels").members()) labels.emplace_back(name, value.as_string());
    const LabelSet set = LabelSet::from(std::move(labels));
    const std::string name(set.get(kAlertNameLabel));
    return fmt::format("    {:<8} {}{}\n", alert.at("status").as_string(), name,
                       to_string(set.without({std::string(kAlertNameLabel)})));
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

/// Its lines, each without what could steer a terminal.
std::string for_terminal(const std::string& lines) {
    std::string text;
    for (const std::string_view line : split(lines, '\n')) {
        if (!line.empty()) text += escape_control_characters(line) + "\n";
    }
    return text;
}

int show_history(const HistoryFlags& flags) {
    const auto question = read_question(flags);
    if (!question) {
        print_error("tocsin notifications: " + question.error().message + "\n");
        return kUsage;
    }
    const auto data = ask_api({flags.server, "/api/v1/notifications", *question});
    if (!data) {
        print_error(fmt::format("tocsin notifications: {}: {}\n", flags.server,
                                escape_control_characters(data.error().message)));
        return data.error().kind == Error::Kind::InvalidInput ? kBad : kImpossible;
    }
    if (flags.format == "json") {
        print(dump(*data, JsonStyle::Pretty) + "\n");
        return kGood;
    }
    // As a log: the last one below.
    const auto& messages = data->at("notifications").items();
    for (auto at = messages.rbegin(); at != messages.rend(); ++at) print(for_terminal(message_lines(*at)));
    if (messages.empty()) print_error("nobody was told anything\n");
    if (data->at("more").as_bool()) print_error("there are more; --limit shows them\n");
    return kGood;
}

}  // namespace

void add_notifications(CLI::App& app, Action& run) {
    CLI::App* command =
        app.add_subcommand("notifications", "Who was told of what, when, and with which result: of a running tocsin.");
    const auto flags = std::make_shared<HistoryFlags>();
    command->add_option("filter", flags->filters, "Only of alerts with these labels: matchers as team=db")
        ->type_name("MATCHER");
    command->add_option("--server", flags->server, "Where tocsin listens")->capture_default_str();
    command->add_option("--since", flags->since, "How long ago, or a moment")->capture_default_str();
    command->add_option("--until", flags->until, "The same; by default now");
    command->add_option("--receiver", flags->receiver, "Only to this one")->type_name("NAME");
    command->add_option("--result", flags->result, "delivered, waiting or failed")
        ->check(CLI::IsMember({"delivered", "waiting", "failed"}));
    command->add_option("--limit", flags->limit, "At most so many messages, the last ones");
    command->add_option("--format", flags->format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    command->footer(
        "Examples:\n  tocsin notifications --since=12h\n"
        "  tocsin notifications team=db --receiver=oncall --since=2026-11-28T00:00:00Z --until=6h");
    command->callback([flags, &run] { run = [flags] { return show_history(*flags); }; });
}

}  // namespace tocsin::cli
