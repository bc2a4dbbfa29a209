#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

/// The subcommands, one file each. Each adds itself to the command line and, when chosen, leaves what is to be done in `run`.
namespace tocsin::cli {

/// What main() returns: 0 done and good, 1 the thing checked is bad or a test failed, 2 wrong usage, 3 could not be
/// done. `check metrics` alone returns 3 for advice too, as promtool does.
enum ExitCode { kGood = 0, kBad = 1, kUsage = 2, kImpossible = 3, kAdvice = 3 };

/// Does the work of the chosen subcommand and answers with the exit code.
using Action = std::function<int()>;

void add_run(CLI::App& app, Action& run);
void add_alertmanager(CLI::App& app, Action& run);
/// Below `tocsin alertmanager`.
void add_test_receiver(CLI::App& alertmanager, Action& run);
void add_check(CLI::App& app, Action& run);
void add_test(CLI::App& app, Action& run);
void add_fmt(CLI::App& app, Action& run);
void add_query(CLI::App& app, Action& run);
void add_template(CLI::App& app, Action& run);
void add_explain(CLI::App& app, Action& run);
void add_replay(CLI::App& app, Action& run);
void add_record(CLI::App& app, Action& run);
void add_diff(CLI::App& app, Action& run);
void add_routes(CLI::App& app, Action& run);
void add_notifications(CLI::App& app, Action& run);
void add_history(CLI::App& app, Action& run);
void add_notifications_explain(CLI::App& parent, Action& run);  // of notifications
void add_notifications_untold(CLI::App& parent, Action& run);

}  // namespace tocsin::cli
