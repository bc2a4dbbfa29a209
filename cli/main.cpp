#include <algorithm>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/asio_tls.h"
#include "base/local_time_zone.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/environment.h"

using namespace tocsin;

namespace {

// `--name=` gives an empty value; CLI11 alone would take the next argument for it. In reverse order, as CLI11 wants it.
std::vector<std::string> arguments_of(int argc, char** argv) {
    std::vector<std::string> all;
    bool has_flags = true;  // up to `--`
    for (const std::string_view argument : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        has_flags = has_flags && argument != "--";
        const bool is_empty = has_flags && argument.starts_with("--") && argument.find('=') == argument.size() - 1;
        all.emplace_back(is_empty ? argument.substr(0, argument.size() - 1) : argument);
        if (is_empty) all.emplace_back();
    }
    std::ranges::reverse(all);
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"tocsin: one program that polls, evaluates alert rules and notifies, and tests all of it offline.", "tocsin"};
    app.set_version_flag("--version", std::string("tocsin, version ") + version());
    app.require_subcommand(1);
    app.get_formatter()->column_width(38);

    cli::Action action;
    cli::add_run(app, action);
    cli::add_alertmanager(app, action);
    cli::add_check(app, action);
    cli::add_test(app, action);
    cli::add_fmt(app, action);
    cli::add_query(app, action);
    cli::add_template(app, action);
    cli::add_explain(app, action);
    cli::add_replay(app, action);
    cli::add_record(app, action);
    cli::add_diff(app, action);
    cli::add_routes(app, action);
    cli::add_notifications(app, action);
    cli::add_history(app, action);

    try {
        app.parse(arguments_of(argc, argv));
    } catch (const CLI::Success& success) {
        return app.exit(success);  // --help and --version
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "tocsin: %s\nRun `tocsin --help`, or `tocsin COMMAND --help`.\n", error.what());
        return cli::kUsage;
    }
    AsioTls::ask_nobody();
    set_local_time_zone(cli::time_zone_environment());
    return action();
}
