#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/yaml.h"
#include "parser/template/notification_template.h"

namespace tocsin {

/// The template of one field of a receiver.
struct ReceiverField {
    std::string text;
    bool is_html = false;
};

/// Looks a field up in an alertmanager.yml, whose tree `root` is: `slack_configs[0].title`, `fields[1].value`,
/// `details.firing`. The integration may be left out when the receiver has one only, and its number when that is 0. A
/// field that is not given is Alertmanager's default template for it, if there is one.
Result<ReceiverField> find_receiver_field(const YamlNode& root, const templates::NotificationTemplates& templates,
                                          std::string_view receiver, std::string_view path);

}  // namespace tocsin
