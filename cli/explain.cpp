#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/asio_scheduler.h"
#include "base/duration.h"
#include "base/moment.h"
#include "base/posix_disk.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/features.h"
#include "cli/terminal.h"
#include "daemon/api/explanation_json.h"
#include "engine/store/fixture.h"
#include "parser/promql_parser.h"

namespace tocsin::cli {
namespace {

constexpr Duration kForEver = std::chrono::hours(24 * 365 * 200);
constexpr std::size_t kResultLinesMax = 20;

struct ExplainFlags {
    ApiServer server{};
    std::string expr, fixture, at, features;
    std::string lookback_delta = "5m";
    std::string format = "text";
};

// ---- asking

/// The plan over what a fixture holds, or over nothing at all.
Result<Json> explain_here(const ExplainFlags& flags, const Expr& expr, const QueryOptions& options) {
    AsioScheduler scheduler;
    Store store(StoreOptions{.keep_all = true, .retention = kForEver, .lookback_delta = options.lookback_delta});
    Timestamp at = scheduler.now();
    Fixture fixture;
    if (!flags.fixture.empty()) {
        PosixDisk disk;
        TOCSIN_TRY(fixture, Fixture::read(disk, flags.fixture));
        at = fixture.end().value_or(at);
        FixtureColumns columns(store);
        if (const Status status = FixturePlayer(fixture, columns).play(at); !status) {
            return tl::unexpected(status.error());
        }
    }
    if (!flags.at.empty()) {
        TOCSIN_TRY(at, parse_moment(flags.at));
    }
    TOCSIN_TRY(const Explanation explanation,
               explain_query(expr, flags.expr, store, options, at, [&scheduler] { return scheduler.monotonic(); }));
    return api::explanation_json(explanation, at);
}

Result<Json> explain_there(const ExplainFlags& flags) {
    ApiParameters parameters{{"query", flags.expr}};
    if (!flags.at.empty()) parameters.emplace_back("time", flags.at);
    return ask_api({.server = flags.server, .path = "/api/v1/explain", .parameters = std::move(parameters)});
}

// ---- showing

std::string duration_text(const Json& seconds) {
    const double value = seconds.as_number();
    if (value >= 1) return fmt::format("{:.2f} s", value);
    if (value >= 1e-3) return fmt::format("{:.2f} ms", value * 1e3);
    if (value >= 1e-6) return fmt::format("{:.1f} us", value * 1e6);
    return fmt::format("{:.0f} ns", value * 1e9);
}

using Cells = std::vector<std::string>;

Cells cells_of(const Json& node, std::size_t number) {
    Cells cells{std::to_string(number), std::string(2 * static_cast<std::size_t>(node.at("depth").as_integer()), ' ') +
                                            escape_control_characters(node.at("title").as_string())};
    if (const Json* same = node.find("sameAs")) {
        cells.insert(cells.end(), {"", "", "", "", fmt::format("the same as {}", same->as_integer() + 1)});
        return cells;
    }
    const bool is_range = node.at("type").as_string() == "range vector";
    const std::int64_t rows = node.at("rows").as_integer();
    const bool has_rows = rows > 0 || node.at("type").as_string() == "instant vector";
    cells.push_back(has_rows || is_range ? std::to_string(rows) : "");
    cells.push_back(has_rows || is_range ? std::to_string(node.at("present").as_integer()) : "");
    cells.push_back(is_range ? "" : duration_text(node.at("firstSeconds")));
    cells.push_back(is_range ? "" : duration_text(node.at("againSeconds")));
    cells.push_back(node.at("kept").as_string());
    return cells;
}

/// Columns as wide as their widest cell; numbers to the right.
std::string table_text(const std::vector<Cells>& table) {
    const auto is_left = [](std::size_t column) { return column == 1 || column == 6; };
    std::vector<std::size_t> widths(table.front().size(), 0);
    for (const Cells& cells : table) {
        for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
    }
    std::string text;
    for (const Cells& cells : table) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string blanks(widths[i] - cells[i].size(), ' ');
            line += (i > 0 ? "  " : "") + (is_left(i) ? cells[i] + blanks : blanks + cells[i]);
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

std::string labels_text(const Json& metric) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (const auto& [name, value] : metric.members()) labels.emplace_back(name, value.as_string());
    return to_string(LabelSet::from(std::move(labels)));
}

std::string explained_result_text(const Json& result) {
    std::string text;
    for (std::size_t i = 0; i < std::min(result.items().size(), kResultLinesMax); ++i) {
        const Json& line = result.at(i);
        text += escape_control_characters(labels_text(line.at("metric")) + " " + line.at("value").as_string()) + "\n";
    }
    if (result.items().size() > kResultLinesMax)
        text += fmt::format("and {} more\n", result.items().size() - kResultLinesMax);
    return text;
}

std::string explained_text_of(const Json& explanation) {
    std::vector<Cells> table{{"", "node", "rows", "present", "first", "again", "kept"}};
    for (const Json& node : explanation.at("nodes").items()) table.push_back(cells_of(node, table.size()));
    const auto at = from_unix_ms(static_cast<std::int64_t>(explanation.at("time").as_number() * 1000));
    std::string text = table_text(table);
    text += fmt::format("\n{} at {}: compiled in {}, first evaluation {}, again {}\n",
                        explanation.at("resultType").as_string(), to_rfc3339(at),
                        duration_text(explanation.at("compilingSeconds")),
                        duration_text(explanation.at("firstSeconds")), duration_text(explanation.at("againSeconds")));
    return text + explained_result_text(explanation.at("result"));
}

// ---- the command

int explain(const ExplainFlags& flags) {
    QueryOptions options;
    const auto features = parse_features(flags.features);
    const auto lookback_delta = parse_duration(flags.lookback_delta);
    if (!features || !lookback_delta) {
        print_error("tocsin explain: " + (features ? lookback_delta.error() : features.error()).message + "\n");
        return kUsage;
    }
    options.features = *features;
    options.lookback_delta = *lookback_delta;
    const auto expr = parse_promql(flags.expr);
    // A server has features of its own.
    const Diagnostics problems = !expr                      ? expr.error()
                                 : flags.server.url.empty() ? check_expression(**expr, flags.expr, options)
                                                            : Diagnostics{};
    if (has_errors(problems)) {
        for (const Diagnostic& problem : problems) print_error(render_with_caret(problem, flags.expr));
        return kBad;
    }
    const auto explanation = flags.server.url.empty() ? explain_here(flags, **expr, options) : explain_there(flags);
    if (!explanation) {
        print_error("tocsin explain: " + escape_control_characters(explanation.error().message) + "\n");
        return explanation.error().kind == Error::Kind::InvalidInput ? kBad : kImpossible;
    }
    print(flags.format == "json" ? dump(*explanation, JsonStyle::Pretty) + "\n" : explained_text_of(*explanation));
    return kGood;
}

}  // namespace

void add_explain(CLI::App& app, Action& run) {
    CLI::App* command =
        app.add_subcommand("explain", "The plan of an expression: nodes, sizes, what is kept, time per node.");
    const auto flags = std::make_shared<ExplainFlags>();
    command->add_option("expr", flags->expr, "A PromQL expression")->required()->type_name("EXPR");
    CLI::Option* const server = &add_server_flags(*command, flags->server, "Over what a running tocsin has");
    command
        ->add_option("--fixture", flags->fixture,
                     "Over recorded metrics: OpenMetrics with timestamps, .om, .om.gz or .om.zst")
        ->type_name("FILE")
        ->excludes(server);
    command->add_option("--at", flags->at, "Seconds since 1970 or RFC 3339; otherwise now, or the end of the fixture")
        ->type_name("TIME");
    command->add_option("--enable-feature", flags->features, "Features of PromQL, separated by commas, or all")
        ->excludes(server);
    command->add_option("--query.lookback-delta", flags->lookback_delta, "How old a sample may be")
        ->capture_default_str()
        ->excludes(server);
    command->add_option("--format", flags->format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    command->footer(
        "Examples:\n  tocsin explain 'sum by (job) (rate(http_requests_total[5m]))' --server=http://127.0.0.1:9099\n"
        "  tocsin explain 'up == 0' --fixture=outage.om.gz --at=2026-03-01T10:04:00Z");
    command->callback([flags, &run] { run = [flags] { return explain(*flags); }; });
}

}  // namespace tocsin::cli
