#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/asio_scheduler.h"
#include "base/json.h"
#include "base/labels.h"
#include "base/text.h"
#include "base/url.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

constexpr Duration kPatience = std::chrono::minutes(10);
constexpr double kRangeSeconds = 300;  // that is looked back when no start is given
constexpr double kPointsWanted = 250;  // when no step is given

struct QueryFlags {
    ApiServer server{"http://127.0.0.1:9099"};
    std::string format = "text";
    std::string expression, name;
    std::string time, start, end, step;
    std::string timeout = "2m";
    std::vector<std::string> matches;
    std::string limit;
};

// ---- printing, as promtool does

LabelSet labels_of(const Json& metric) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (const auto& [name, value] : metric.members()) labels.emplace_back(name, value.as_string());
    return LabelSet::from(std::move(labels));
}

std::string metric_text(const Json& metric) {
    return escape_control_characters(to_string(labels_of(metric)));
}

std::string point_text(const Json& point) {
    return fmt::format("{} @[{}]", point.at(1).as_string(), format_value(point.at(std::size_t{0}).as_number()));
}

std::string result_text(const Json& data) {
    const std::string& type = data.at("resultType").as_string();
    const Json& result = data.at("result");
    if (type == "scalar") return fmt::format("scalar: {}\n", point_text(result));
    if (type == "string") return escape_control_characters(result.at(1).as_string()) + "\n";
    std::string out;
    for (const Json& series : result.items()) {
        out += metric_text(series.at("metric")) + " =>";
        if (type == "vector") out += " " + point_text(series.at("value"));
        for (const Json& point : series.at("values").items()) out += "\n" + point_text(point);
        out += "\n";
    }
    return out;
}

std::string list_text(const Json& list) {
    std::string out;
    for (const Json& entry : list.items()) {
        out += entry.is_string() ? escape_control_characters(entry.as_string()) : metric_text(entry);
        out += "\n";
    }
    return out;
}

void print_annotations(const Json& answer) {
    for (const char* kind : {"warnings", "infos"}) {
        for (const Json& text : answer.at(kind).items())
            print_error(escape_control_characters(text.as_string()) + "\n");
    }
}

int show(const Result<HttpResponse>& response, const QueryFlags& flags) {
    if (!response) {
        print_error("tocsin query: " + flags.server.url + ": " + response.error().message + "\n");
        return response.error().kind == Error::Kind::InvalidInput ? kBad : kImpossible;
    }
    const auto answer = parse_json(response->body, JsonLimits{32, 100'000'000});
    if (!answer) {
        print_error(fmt::format("tocsin query: {}: status {}, and no JSON: expected Prometheus' API\n",
                                flags.server.url, response->status));
        return kImpossible;
    }
    if (answer->at("status").as_string() != "success") {
        print_error(fmt::format("tocsin query: {}: {}\n", answer->at("errorType").as_string(),
                                escape_control_characters(answer->at("error").as_string())));
        return kBad;
    }
    if (flags.format == "json") {
        print(response->body + "\n");
        return kGood;
    }
    print_annotations(*answer);
    const Json& data = answer->at("data");
    print(data.is_array() ? list_text(data) : result_text(data));
    return kGood;
}

// ---- what is asked

void add_given(ApiParameters& form, std::string name, const std::string& value) {
    if (!value.empty()) form.emplace_back(std::move(name), value);
}

int ask(const QueryFlags& flags, std::string path, ApiParameters form) {
    return show(send_question({flags.server, std::move(path), std::move(form), true, kPatience}), flags);
}

int query_instant(const QueryFlags& flags) {
    ApiParameters form{{"query", flags.expression}, {"timeout", flags.timeout}};
    add_given(form, "time", flags.time);
    add_given(form, "limit", flags.limit);
    return ask(flags, "/api/v1/query", std::move(form));
}

double now_in_seconds() {
    const AsioScheduler clock;
    return static_cast<double>(to_unix_ms(clock.now())) / 1000;
}

int query_range(const QueryFlags& flags) {
    const auto end = flags.end.empty() ? std::optional(now_in_seconds()) : parse_float(flags.end);
    const std::string end_text = flags.end.empty() ? format_value(*end) : flags.end;
    std::string start_text = flags.start, step = flags.step;
    if (start_text.empty()) {
        if (!end) {
            print_error("tocsin query range: --start is needed when --end is no number of seconds\n");
            return kUsage;
        }
        start_text = format_value(*end - kRangeSeconds);
    }
    if (step.empty()) {
        const auto start = parse_float(start_text);
        if (!start || !end) {
            print_error("tocsin query range: --step is needed when --start and --end are no numbers of seconds\n");
            return kUsage;
        }
        step = format_value(std::max(1.0, std::floor((*end - *start) / kPointsWanted)));
    }
    ApiParameters form{{"query", flags.expression},
                       {"start", start_text},
                       {"end", end_text},
                       {"step", step},
                       {"timeout", flags.timeout}};
    add_given(form, "limit", flags.limit);
    return ask(flags, "/api/v1/query_range", std::move(form));
}

ApiParameters series_form(const QueryFlags& flags) {
    ApiParameters form;
    for (const std::string& match : flags.matches) form.emplace_back("match[]", match);
    add_given(form, "start", flags.start);
    add_given(form, "end", flags.end);
    add_given(form, "limit", flags.limit);
    return form;
}

int query_series(const QueryFlags& flags) {
    return ask(flags, "/api/v1/series", series_form(flags));
}

int query_labels(const QueryFlags& flags) {
    if (flags.name.empty()) return ask(flags, "/api/v1/labels", series_form(flags));
    // Label values can only be asked for by GET.
    const std::string path = "/api/v1/label/" + query_escape(flags.name) + "/values";
    return show(send_question({flags.server, path, series_form(flags), false, kPatience}), flags);
}

// ---- the command line

void add_query_flags(CLI::App& command, QueryFlags& flags) {
    add_server_flags(command, flags.server, "Where tocsin or Prometheus listens");
    command.add_option("--format", flags.format, "text or json, which is the server's answer as it is")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    command.add_option("--limit", flags.limit, "At most so many series or texts");
}

void add_expression(CLI::App& command, QueryFlags& flags) {
    command.add_option("expression", flags.expression, "PromQL")->required();
    command.add_option("--timeout", flags.timeout, "How long the server may take")->capture_default_str();
}

void add_times(CLI::App& command, QueryFlags& flags) {
    command.add_option("--start", flags.start, "Seconds since 1970, or RFC 3339");
    command.add_option("--end", flags.end, "The same");
}

}  // namespace

void add_query(CLI::App& app, Action& run) {
    CLI::App* query = app.add_subcommand("query", "Ask a running tocsin or Prometheus.");
    query->require_subcommand(1);
    query->footer(
        "Examples:\n  tocsin query instant 'up == 0'\n  tocsin query range --step=15s 'rate(http_requests_total[5m])'\n"
        "  tocsin query series --match='up{job=\"node\"}'\n  tocsin query labels job");
    const auto flags = std::make_shared<QueryFlags>();
    const auto add = [&](const char* name, const char* help, int (*work)(const QueryFlags&)) {
        CLI::App* command = query->add_subcommand(name, help);
        add_query_flags(*command, *flags);
        command->callback([flags, &run, work] { run = [flags, work] { return work(*flags); }; });
        return command;
    };
    CLI::App* instant = add("instant", "The value of an expression now or at a time.", query_instant);
    add_expression(*instant, *flags);
    instant->add_option("--time", flags->time, "Seconds since 1970, or RFC 3339; the server's present by default");

    CLI::App* range = add("range", "Its values over a time, by default the last five minutes.", query_range);
    add_expression(*range, *flags);
    add_times(*range, *flags);
    range->add_option("--step", flags->step, "Seconds, or a duration as 15s; by default 250 points or a second");

    CLI::App* series = add("series", "The label sets of series.", query_series);
    series->add_option("--match", flags->matches, "A selector; may be given again")->required();
    add_times(*series, *flags);

    CLI::App* labels = add("labels", "The names of labels, or the values of one.", query_labels);
    labels->add_option("name", flags->name, "The label whose values are wanted");
    labels->add_option("--match", flags->matches, "Only of series with this selector; may be given again");
    add_times(*labels, *flags);
}

}  // namespace tocsin::cli
