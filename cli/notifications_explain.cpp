#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/notification_output.h"
#include "cli/past.h"
#include "cli/terminal.h"

// Why somebody was told of an alert or was not, and what fired without anybody being told.

namespace tocsin::cli {
namespace {

struct AlertFlags {
    ApiServer server{"http://127.0.0.1:9099"};
    std::string format = "text";
    std::string alert, fingerprint, limit;
    std::vector<std::string> filters;
    std::string since = "24h", until;
    bool any_receiver = false;
};

void add_common_flags(CLI::App& command, AlertFlags& flags) {
    add_server_flags(command, flags.server, "Where tocsin listens");
    command.add_option("--limit", flags.limit, "At most so many alerts");
    command.add_option("--format", flags.format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
}

/// The answer, or the exit code for what was printed.
tl::expected<Json, int> ask_about_alerts(const AlertFlags& flags, const std::string& path, ApiParameters parameters) {
    if (!flags.limit.empty()) parameters.emplace_back("limit", flags.limit);
    for (const std::string& filter : flags.filters) parameters.emplace_back("filter", filter);
    auto data = ask_api({flags.server, path, std::move(parameters)});
    if (data) return *std::move(data);
    print_error(fmt::format("tocsin notifications: {}: {}\n", flags.server.url,
                            escape_control_characters(data.error().message)));
    return tl::unexpected<int>(data.error().kind == Error::Kind::InvalidInput ? kBad : kImpossible);
}

int show_alerts(const AlertFlags& flags, const Json& data, const std::function<std::string()>& text) {
    if (flags.format == "json") {
        print(dump(data, JsonStyle::Pretty) + "\n");
        return kGood;
    }
    print(for_terminal(text()));
    if (data.at("more").as_bool()) print_error("there are more; --limit shows them\n");
    return kGood;
}

int explain_alert(const AlertFlags& flags) {
    ApiParameters parameters;
    if (!flags.alert.empty()) parameters.emplace_back("alert", flags.alert);
    if (!flags.fingerprint.empty()) parameters.emplace_back("fingerprint", flags.fingerprint);
    const auto data = ask_about_alerts(flags, "/api/v1/notifications/explain", std::move(parameters));
    if (!data) return data.error();
    return show_alerts(flags, *data, [&] {
        std::string text;
        for (const Json& alert : data->at("alerts").items()) text += explained_alert_text(alert);
        return text;
    });
}

Result<ApiParameters> period_of(const AlertFlags& flags) {
    TOCSIN_TRY(const Timestamp start, read_since(flags.since));
    ApiParameters parameters{{"start", to_rfc3339_ms(start)}};
    if (!flags.until.empty()) {
        TOCSIN_TRY(const Timestamp end, read_since(flags.until));
        parameters.emplace_back("end", to_rfc3339_ms(end));
    }
    if (flags.any_receiver) parameters.emplace_back("any_receiver", "true");
    return parameters;
}

int list_untold(const AlertFlags& flags) {
    auto parameters = period_of(flags);
    if (!parameters) {
        print_error("tocsin notifications: " + parameters.error().message + "\n");
        return kUsage;
    }
    const auto data = ask_about_alerts(flags, "/api/v1/notifications/untold", *std::move(parameters));
    if (!data) return data.error();
    const auto& firing = data->at("firing").items();
    const auto& ended = data->at("ended").items();
    if (flags.format == "text" && firing.empty() && ended.empty()) {
        print_error("somebody was told of everything that fired\n");
        return kGood;
    }
    return show_alerts(flags, *data, [&] {
        std::string text;
        for (auto at = ended.rbegin(); at != ended.rend(); ++at) text += untold_alert_text(*at);
        for (const Json& alert : firing) text += explained_alert_text(alert);
        return text;
    });
}

}  // namespace

void add_notifications_explain(CLI::App& parent, Action& run) {
    CLI::App* command = parent.add_subcommand(
        "explain", "Why each receiver was told of an alert, or was not, and what comes next: of a running tocsin.");
    const auto flags = std::make_shared<AlertFlags>();
    auto* alert = command->add_option("alert", flags->alert, "Its name, with matchers if need be: Down or Down{team=\"db\"}");
    alert->type_name("ALERT");
    command->add_option("filter", flags->filters, "More matchers as team=db")->type_name("MATCHER");
    command->add_option("--fingerprint", flags->fingerprint, "As Alertmanager's API and amtool show it");
    add_common_flags(*command, *flags);
    command->footer(
        "Exit code 1 where nobody knows such an alert.\n"
        "Examples:\n  tocsin notifications explain DiskFull team=db\n"
        "  tocsin notifications explain --fingerprint=4c57e9ee6b2b8ad1 --format=json");
    command->callback([flags, &run] { run = [flags] { return explain_alert(*flags); }; });
}

void add_notifications_untold(CLI::App& parent, Action& run) {
    CLI::App* command = parent.add_subcommand(
        "untold", "What fired without anybody being told, and why; what fires still is below: of a running tocsin.");
    const auto flags = std::make_shared<AlertFlags>();
    command->add_option("filter", flags->filters, "Only of alerts with these labels: matchers as team=db")
        ->type_name("MATCHER");
    command->add_option("--since", flags->since, "How long ago, or a moment")->capture_default_str();
    command->add_option("--until", flags->until, "The same; by default now");
    command->add_flag("--any-receiver", flags->any_receiver, "Also where one receiver was not told and another one was");
    add_common_flags(*command, *flags);
    command->callback([flags, &run] { run = [flags] { return list_untold(*flags); }; });
}

}  // namespace tocsin::cli
