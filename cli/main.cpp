#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/version.h"
#include "cli/commands.h"

using namespace tocsin;

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
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);  // --help and --version
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "tocsin: %s\nRun `tocsin --help`, or `tocsin COMMAND --help`.\n", error.what());
        return cli::kUsage;
    }
    return action();
}
