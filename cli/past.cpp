#include "cli/past.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/asio_scheduler.h"
#include "base/duration.h"
#include "base/labels.h"
#include "base/moment.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace tocsin::cli {

Result<Timestamp> read_since(const std::string& text) {
    const AsioScheduler clock;
    if (const auto ago = parse_duration(text)) return clock.now() - *ago;
    if (auto moment = parse_moment(text)) return moment;
    return fail(Error::Kind::InvalidInput,
                go_quote(text) + ": expected a duration as 12h, a moment in RFC 3339 or seconds since 1970");
}

std::string for_terminal(const std::string& lines) {
    std::string text;
    for (const std::string_view line : split(lines, '\n')) {
        if (!line.empty()) text += escape_control_characters(line) + "\n";
    }
    return text;
}

namespace {

Result<ApiParameters> read_question(const HistoryFlags& flags) {
    TOCSIN_TRY(const Timestamp start, read_since(flags.since));
    ApiParameters parameters{{"start", to_rfc3339_ms(start)}};
    if (!flags.until.empty()) {
        TOCSIN_TRY(const Timestamp end, read_since(flags.until));
        parameters.emplace_back("end", to_rfc3339_ms(end));
    }
    if (!flags.limit.empty()) parameters.emplace_back("limit", flags.limit);
    for (const std::string& filter : flags.filters) parameters.emplace_back("filter", filter);
    return parameters;
}

void print_history(const ShownHistory& history, const Json& data) {
    const auto& all = data.at(history.list).items();
    for (auto at = all.rbegin(); at != all.rend(); ++at) print(for_terminal(history.lines(*at)));
    const Json* may_match = data.find("mayMatch");
    const std::int64_t doubtful = may_match == nullptr ? 0 : may_match->as_integer();
    if (all.empty() && doubtful == 0) print_error(history.nothing + "\n");
    if (doubtful > 0) {
        print_error(fmt::format("{} message{} had more alerts than are kept, and may have told of such ones\n",
                                doubtful, doubtful == 1 ? "" : "s"));
    }
    if (data.at("more").as_bool()) print_error("there are more; --limit shows them\n");
}

}  // namespace

void add_history_flags(CLI::App& command, HistoryFlags& flags) {
    command.add_option("filter", flags.filters, "Only of alerts with these labels: matchers as team=db")
        ->type_name("MATCHER");
    add_server_flags(command, flags.server, "Where tocsin listens");
    command.add_option("--since", flags.since, "How long ago, or a moment")->capture_default_str();
    command.add_option("--until", flags.until, "The same; by default now");
    command.add_option("--limit", flags.limit, "At most so many, the last ones");
    command.add_option("--format", flags.format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
}

int show_history(const ShownHistory& history, const HistoryFlags& flags, const ApiParameters& more) {
    auto question = read_question(flags);
    if (!question) {
        print_error(fmt::format("{}: {}\n", history.command, question.error().message));
        return kUsage;
    }
    question->insert(question->end(), more.begin(), more.end());
    const auto data = ask_api({flags.server, history.path, *question});
    if (!data) {
        print_error(fmt::format("{}: {}: {}\n", history.command, flags.server.url,
                                escape_control_characters(data.error().message)));
        return data.error().kind == Error::Kind::InvalidInput ? kBad : kImpossible;
    }
    if (flags.format == "json") {
        print(dump(*data, JsonStyle::Pretty) + "\n");
    } else {
        print_history(history, *data);
    }
    return kGood;
}

std::string alert_text(const Json& labels) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [name, value] : labels.members()) pairs.emplace_back(name, value.as_string());
    const LabelSet set = LabelSet::from(std::move(pairs));
    const std::string name(set.get(kAlertNameLabel));
    return name + to_string(set.without({std::string(kAlertNameLabel)}));
}

}  // namespace tocsin::cli
