#include <cstdio>
#include <iterator>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/features.h"
#include "cli/terminal.h"
#include "parser/printer.h"
#include "parser/promql_parser.h"

namespace tocsin::cli {
namespace {

// What is experimental has a canonical form too.
QueryOptions with_all_features() {
    QueryOptions options;
    options.features = parse_features("all").value_or(QueryFeatures{});
    return options;
}

int format_promql(bool one_line) {
    std::string text = read_stdin();
    // The line feed that ends the input of a pipe is not part of the expression.
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const auto expr = parse_promql(text);
    const Diagnostics problems = expr ? check_expression(**expr, text, with_all_features()) : expr.error();
    if (has_errors(problems)) {
        for (const Diagnostic& problem : problems) print_error(render_with_caret(problem, text));
        return kBad;
    }
    print((one_line ? to_string(**expr) : pretty(**expr)) + "\n");
    return kGood;
}

}  // namespace

void add_fmt(CLI::App& app, Action& run) {
    CLI::App* command = app.add_subcommand("fmt", "Print an expression in its canonical form.");
    struct FmtFlags {
        bool promql = false;
        bool one_line = false;
    };
    const auto flags = std::make_shared<FmtFlags>();
    command->add_flag("--promql", flags->promql, "Read one PromQL expression from standard input")->required();
    command->add_flag("--oneline", flags->one_line, "On one line");
    command->footer(
        "Examples:\n  echo 'sum(rate(x[5m]))by(job)' | tocsin fmt --promql\n"
        "  echo 'sum(rate(x[5m]))by(job)' | tocsin fmt --promql --oneline");
    command->callback([flags, &run] { run = [flags] { return format_promql(flags->one_line); }; });
}

}  // namespace tocsin::cli
