#include "base/text.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

std::string lines_of(const Diagnostics& problems) {
    std::string text;
    for (const Diagnostic& problem : problems) text += to_string(problem) + "\n";
    return text;
}

std::string told(const ReloadOutcome& outcome) {
    if (!outcome.ok()) return "failed to reload config: nothing has changed\n" + lines_of(outcome.errors);
    std::string text = outcome.changes.empty() ? "configuration reloaded, nothing has changed\n"
                                               : "configuration reloaded\n" + join(outcome.changes, "\n") + "\n";
    if (outcome.held_back.empty()) return text;
    return text + "bad rule files, whose last good versions stay in force:\n" + lines_of(outcome.held_back);
}

}  // namespace

void add_lifecycle(Router& router, Context& context) {
    router.on("POST", "/-/reload", [&context](Router::Call call) {
        context.reload([respond = std::move(call.respond)](const ReloadOutcome& outcome) {
            respond(text_response(outcome.ok() ? 200 : 500, told(outcome)));
        });
    });
}

}  // namespace tocsin::api
