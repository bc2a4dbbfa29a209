#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "notifiers/global_config.h"
#include "notifiers/inhibit_config.h"
#include "notifiers/receiver_config.h"
#include "notifiers/route_config.h"
#include "notifiers/time_interval.h"
#include "parser/template/notification_template.h"

namespace tocsin {

/// What an alertmanager.yml says. Valid: every name that is used exists.
struct AlertmanagerConfig {
    std::string file;
    GlobalConfig global;
    RouteConfig route;
    std::vector<InhibitRuleConfig> inhibit_rules;
    std::vector<ReceiverConfig> receivers;
    std::vector<TimeInterval> time_intervals;  // with the older `mute_time_intervals`
    std::vector<std::string> template_globs;   // absolute when the file's name is
    /// The default templates, and the files that `templates:` names.
    templates::NotificationTemplates templates;
    /// The file as YAML without comments, with `<secret>` in place of every secret. Alertmanager and amtool can load
    /// it.
    std::string masked_text;
    /// Texts that are templates, for check_templates(); none of them is secret.
    std::vector<YamlNode> template_texts;
    /// What will not do what its author may think.
    Diagnostics warnings;

    const ReceiverConfig* find_receiver(std::string_view name) const;
    const TimeInterval* find_time_interval(std::string_view name) const;
};

struct ConfigOptions {
    MatchersSyntax matchers_syntax = MatchersSyntax::Fallback;
};

/// Reads the text of an alertmanager.yml; `file` is its path, for messages and as the place from which relative names
/// count. All mistakes are reported, not only the first. Reads no other file: only the default templates are there.
Parsed<AlertmanagerConfig> parse_alertmanager_config(std::string_view text, const std::string& file,
                                                     const ConfigOptions& options = {});

/// The same from disk, and with it the template files; their fields are checked (check_templates). A pattern that
/// matches nothing is no mistake.
Parsed<AlertmanagerConfig> load_alertmanager_config(Disk& disk, const std::string& file,
                                                    const ConfigOptions& options = {});

/// What is wrong with the templates of receivers, as warnings: syntax, fields and templates that do not exist.
/// Alertmanager takes such a file, and so does tocsin: the message is sent with plain facts.
Diagnostics check_templates(const AlertmanagerConfig& config);

/// Receivers that a route reaches and that tocsin cannot send to, each named with its route's receiver: kinds of
/// integration without a sender, and options of http_config that cannot be honoured. Such a configuration would lose
/// alerts in silence.
Diagnostics find_unsendable(const AlertmanagerConfig& config);

}  // namespace tocsin
