#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/asio_scheduler.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/posix_disk.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "notifiers/config.h"
#include "notifiers/config_templates.h"
#include "notifiers/masking.h"
#include "notifiers/notification_data.h"
#include "notifiers/preview.h"
#include "notifiers/receiver_field.h"
#include "notifiers/sample_notification.h"
#include "parser/template/notification_json.h"

namespace tocsin::cli {
namespace {

struct TemplateFlags {
    std::string config_file, receiver, field;
    std::vector<std::string> globs;
    std::string text, type = "text";
    std::string data_file, now;
    bool show_secrets = false;
};

/// The alerts to render, and the moment at which that is done.
struct Subject {
    Notification notification;
    bool is_sample = false;
};

int refuse(const std::string& message, ExitCode code) {
    print_error("tocsin template: " + escape_control_characters(message) + "\n");
    return code;
}

ExitCode code_for(const Error& error) {
    return error.kind == Error::Kind::InvalidInput || error.kind == Error::Kind::LimitExceeded ? kBad : kImpossible;
}

Result<templates::NotificationData> read_data(Disk& disk, const std::string& path) {
    std::string text;
    if (path == "-") {
        text = read_stdin();
    } else {
        TOCSIN_TRY(text, read_file(disk, path));
    }
    auto json = parse_json(text);
    if (!json) return fail_with_context(path, json.error());
    auto data = templates::read_notification(*json);
    if (!data) return fail_with_context(path, data.error());
    return data;
}

/// What is written in the file, with `groupKey` of the webhook's message left out: a key that is about as long.
Result<Subject> make_subject(const TemplateFlags& flags, Disk& disk, Timestamp real_now) {
    Subject subject;
    Notification& notification = subject.notification;
    notification.now = real_now;
    if (!flags.now.empty()) {
        auto now = parse_rfc3339(flags.now);
        if (!now) return fail_with_context("--now", now.error());
        notification.now = *now;
    }
    subject.is_sample = flags.data_file.empty();
    if (subject.is_sample) {
        notification.data = sample_notification(notification.now);
    } else {
        TOCSIN_TRY(notification.data, read_data(disk, flags.data_file));
    }
    notification.group_key = "{}:" + to_string(notification.data.group_labels);
    return subject;
}

int render_text(const templates::NotificationTemplates& templates, const std::string& text, bool html,
                const Notification& notification) {
    const auto compiled = html ? templates.parse_html(text) : templates.parse_text(text);
    if (!compiled) return refuse(compiled.error().front().message, kBad);
    const auto rendered = compiled->expand(notification.data, notification.now);
    if (!rendered) return refuse(rendered.error().message, kBad);
    print(*rendered);
    return kGood;
}

std::string message_text(const std::string& integration, const HttpRequest& request) {
    std::string text = integration + "\n" + request.method + " " + request.url + "\n";
    for (const HttpHeader& header : request.headers) text += header.name + ": " + header.value + "\n";
    return text + "\n" + json_in_lines(request.body);
}

/// Each on stdout, and what is wrong with it on stderr.
int show_messages(const std::vector<PreviewedMessage>& messages) {
    int code = kGood;
    bool first = true;
    for (const PreviewedMessage& one : messages) {
        if (!one.request) {
            code = refuse(one.integration + ": " + one.request.error().message, kBad);
            continue;
        }
        print((first ? "" : "\n") + message_text(one.integration, *one.request));
        first = false;
        if (one.template_error.empty()) continue;
        code = refuse(one.integration + ": plain facts, since a template failed: " + one.template_error, kBad);
    }
    return code;
}

int tell_unsendable(const ReceiverConfig& receiver) {
    int code = kGood;
    for (const auto& unsendable : receiver.unsendable) {
        code = refuse("receiver " + receiver.name + ": tocsin cannot send with " + unsendable.kind + "_configs", kBad);
    }
    return code;
}

int render_field(const TemplateFlags& flags, Disk& disk, const AlertmanagerConfig& config,
                 const Notification& notification) {
    const auto file = flags.show_secrets ? read_file(disk, flags.config_file) : config.masked_text;
    if (!file) return refuse(file.error().message, kImpossible);
    const auto root = parse_yaml(*file, flags.config_file);
    if (!root) return refuse("cannot read " + flags.config_file + " again", kImpossible);
    const auto field = find_receiver_field(*root, config.templates, flags.receiver, flags.field);
    if (!field) return refuse(field.error().message, kBad);
    return render_text(config.templates, field->text, field->is_html, notification);
}

int render_messages(const TemplateFlags& flags, Disk& disk, const AlertmanagerConfig& config,
                    const Notification& notification, const Scheduler& clock) {
    if (flags.show_secrets) {
        return show_messages(preview(*config.find_receiver(flags.receiver), config, notification, clock, disk));
    }
    const auto masked = read_masked(config);
    if (!masked) return refuse("cannot read " + flags.config_file + " without its secrets", kImpossible);
    return show_messages(preview_masked(*masked->find_receiver(flags.receiver), *masked, notification, clock));
}

int render_receiver(const TemplateFlags& flags, Disk& disk, const Scheduler& clock, Subject subject) {
    const auto config = load_alertmanager_config(disk, flags.config_file);
    if (!config) {
        print_diagnostics(config.error());
        return kBad;
    }
    const ReceiverConfig* const receiver = config->find_receiver(flags.receiver);
    if (receiver == nullptr) return refuse(flags.config_file + " has no receiver " + go_quote(flags.receiver), kBad);
    Notification& notification = subject.notification;
    if (subject.is_sample) notification.data.receiver = quote_meta(receiver->name);
    if (!flags.field.empty()) return render_field(flags, disk, *config, notification);
    return std::max(tell_unsendable(*receiver), render_messages(flags, disk, *config, notification, clock));
}

int render_given_text(const TemplateFlags& flags, Disk& disk, const Notification& notification) {
    const auto loaded = load_templates(disk, flags.globs);
    if (!loaded) {
        print_diagnostics(loaded.error());
        return kBad;
    }
    return render_text(*loaded, flags.text, flags.type == "html", notification);
}

int render(const TemplateFlags& flags) {
    const bool of_receiver = !flags.receiver.empty();
    if (of_receiver == !flags.text.empty()) return refuse("give either --receiver or --template.text", kUsage);
    if (of_receiver && flags.config_file.empty()) return refuse("--receiver needs --config.file", kUsage);
    PosixDisk disk;
    const AsioScheduler clock;
    auto subject = make_subject(flags, disk, clock.now());
    if (!subject) return refuse(subject.error().message, code_for(subject.error()));
    return of_receiver ? render_receiver(flags, disk, clock, *std::move(subject))
                       : render_given_text(flags, disk, subject->notification);
}

void add_template_flags(CLI::App& command, TemplateFlags& flags) {
    command.add_option("--config.file", flags.config_file, "alertmanager.yml with the receiver")->type_name("FILE");
    command.add_option("--receiver", flags.receiver, "Receiver whose messages are shown")->type_name("NAME");
    command.add_option("--field", flags.field, "Only this field of it: slack_configs[0].title, details.firing")
        ->type_name("PATH");
    command.add_option("--template.text", flags.text, "Render this text instead")->type_name("TEXT");
    command.add_option("--template.glob", flags.globs, "Files with templates for it; can be repeated")
        ->type_name("GLOB");
    command.add_option("--template.type", flags.type, "What it is")
        ->check(CLI::IsMember({"text", "html"}))
        ->capture_default_str();
    command
        .add_option("--data,--template.data", flags.data_file,
                    "Alerts as JSON, in the shape of the webhook's message; - is standard input (default: a sample)")
        ->type_name("FILE");
    command.add_option("--now", flags.now, "The moment to render at: 2026-03-01T10:00:00Z (default: now)")
        ->type_name("TIME");
    command.add_flag("--show-secrets", flags.show_secrets, "Keys and secret URLs as they are, instead of <secret>");
}

}  // namespace

void add_template(CLI::App& app, Action& run) {
    CLI::App* group = app.add_subcommand("template", "Try the templates of receivers.");
    group->require_subcommand(1);
    CLI::App* command = group->add_subcommand("render", "Show what a receiver would be told; nothing is sent.");
    const auto flags = std::make_shared<TemplateFlags>();
    add_template_flags(*command, *flags);
    command->footer(
        "Examples:\n"
        "  tocsin template render --config.file=alertmanager.yml --receiver=slack\n"
        "  tocsin template render --config.file=alertmanager.yml --receiver=slack --field=title --data=a.json\n"
        "  tocsin template render --template.glob='*.tmpl' --template.text='{{ template \"my.title\" . }}'");
    command->callback([flags, &run] { run = [flags] { return render(*flags); }; });
}

}  // namespace tocsin::cli
