#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/asio_resolver.h"
#include "base/asio_scheduler.h"
#include "base/duration.h"
#include "base/httplib_client.h"
#include "base/posix_disk.h"
#include "base/smtp_client.h"
#include "base/system_random.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/environment.h"
#include "cli/terminal.h"
#include "notifiers/config.h"
#include "notifiers/receiver_trial.h"

namespace tocsin::cli {
namespace {

struct TrialFlags {
    std::string receiver;
    std::string config_file = "alertmanager.yml";
    std::string external_url = "http://localhost:9093";
    std::string timeout = "10s";
};

int refuse_trial(const std::string& message, ExitCode code) {
    print_error("tocsin alertmanager test-receiver: " + escape_control_characters(message) + "\n");
    return code;
}

/// `slack[0]  firing    told`
std::string step_text(const TrialStep& step) {
    const Outcome& outcome = step.outcome;
    std::string verdict = outcome.kind == Outcome::Kind::Delivered ? "told" : "failed: " + outcome.message;
    if (!outcome.template_error.empty()) verdict += ", with plain facts: " + outcome.template_error;
    for (const std::string& refused : outcome.refused) verdict += ", but not " + refused;
    return fmt::format("{:<14} {:<9} {}\n", step.integration, step.firing ? "firing" : "resolved",
                       escape_control_characters(verdict));
}

bool is_good(const Outcome& outcome) {
    return outcome.kind == Outcome::Kind::Delivered && outcome.template_error.empty() && outcome.refused.empty();
}

/// Through the real doors, until every integration has had its say.
int run_trial(const AlertmanagerConfig& config, const ReceiverConfig& receiver, const TrialFlags& flags,
              Duration timeout) {
    AsioScheduler scheduler;
    AsioResolver resolver(scheduler);
    HttplibClient http(scheduler, resolver, {.proxies = proxy_environment()});
    SmtpClient mail(scheduler, resolver);
    PosixDisk disk;
    SystemRandom random;
    const NotifierContext context{
        http, mail, disk, scheduler, random, config.templates, std::string("tocsin/") + version(), {}};
    ReceiverTrial trial(make_receiver(receiver, context), scheduler, flags.external_url);
    int code = kGood;
    const auto tell = [&](const TrialStep& step) {
        print(step_text(step));
        if (!is_good(step.outcome)) code = kBad;
    };
    scheduler.post([&] { trial.start(timeout, tell, [&] { scheduler.stop(); }); });
    scheduler.run();
    return code;
}

/// What the daemon would refuse to start with; empty: nothing.
std::string unsendable_problem(const ReceiverConfig& receiver) {
    for (const auto& unsendable : receiver.unsendable) {
        return fmt::format("tocsin cannot send with {}_configs", unsendable.kind);
    }
    for (const auto& integration : receiver.integrations) {
        for (const auto& unsupported : integration.config->http.unsupported) {
            return fmt::format("tocsin does not support {} for {}", unsupported.key, integration.type->name);
        }
    }
    return {};
}

int try_receiver(const TrialFlags& flags) {
    const auto timeout = parse_duration(flags.timeout);
    if (!timeout || *timeout == Duration{0}) return refuse_trial("--timeout: expected a duration like 10s", kUsage);
    PosixDisk disk;
    const auto config = load_alertmanager_config(disk, flags.config_file);
    if (!config) {
        print_diagnostics(config.error());
        return kBad;
    }
    const ReceiverConfig* receiver = config->find_receiver(flags.receiver);
    if (receiver == nullptr) {
        return refuse_trial(fmt::format("{} has no receiver {}", flags.config_file, go_quote(flags.receiver)), kBad);
    }
    if (const std::string problem = unsendable_problem(*receiver); !problem.empty()) return refuse_trial(problem, kBad);
    if (receiver->integrations.empty()) return refuse_trial("the receiver has no integrations: it tells nobody", kBad);
    return run_trial(*config, *receiver, flags, *timeout);
}

}  // namespace

void add_test_receiver(CLI::App& alertmanager, Action& run) {
    CLI::App* command = alertmanager.add_subcommand(
        "test-receiver", "Sends a message that is marked as a test to a receiver, by all of its integrations.");
    const auto flags = std::make_shared<TrialFlags>();
    command->add_option("receiver", flags->receiver, "Its name")->type_name("NAME")->required();
    command->add_option("--config.file", flags->config_file, "alertmanager.yml")->capture_default_str();
    command->add_option("--web.external-url", flags->external_url, "For links in the messages")->capture_default_str();
    command->add_option("--timeout", flags->timeout, "For each message")->capture_default_str();
    command->footer(
        "An alert TocsinTest that fires and then its end, to integrations that hear of ends. Exits with 1 when not "
        "all\n"
        "of it was taken.\n"
        "Example:\n  tocsin alertmanager test-receiver oncall --config.file=alertmanager.yml");
    command->callback([flags, &run] { run = [flags] { return try_receiver(*flags); }; });
}

}  // namespace tocsin::cli
