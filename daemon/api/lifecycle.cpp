#include "base/text.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

std::string told(const ReloadOutcome& outcome) {
    if (outcome.ok()) {
        return outcome.changes.empty() ? "configuration reloaded, nothing has changed\n"
                                       : "configuration reloaded\n" + join(outcome.changes, "\n") + "\n";
    }
    std::string text = "failed to reload config, nothing has changed:\n";
    for (const Diagnostic& problem : outcome.errors) text += to_string(problem) + "\n";
    return text;
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
