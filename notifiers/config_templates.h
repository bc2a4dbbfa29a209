#pragma once

#include <string>
#include <vector>

#include "base/disk.h"
#include "notifiers/config_fields.h"
#include "parser/template/notification_template.h"

namespace tocsin {

/// The texts of an alertmanager.yml that are executed for every notification: those with `{{` in them anywhere in a
/// receiver (also in `payload` and `details`) and in the labels of routes, in the order of the file. Those which are
/// secret (`reading.secrets`) are left out.
std::vector<YamlNode> find_config_templates(const YamlNode& root, const ConfigReading& reading);

/// Warns of secret ones that fail whatever the template files say, without showing them.
void warn_of_secret_templates(const YamlNode& root, ConfigReading& reading);

/// The default templates and those of all files that match one of the patterns. A pattern that matches nothing is no
/// mistake.
Parsed<templates::NotificationTemplates> load_templates(Disk& disk, const std::vector<std::string>& globs);

}  // namespace tocsin
