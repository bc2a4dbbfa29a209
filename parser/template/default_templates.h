#pragma once

#include <span>
#include <string_view>

namespace tocsin::templates {

/// A text with definitions that every notification template can use.
struct DefaultTemplateFile {
    std::string_view name;
    std::string_view text;
};

/// tocsin's own writing of the templates that Alertmanager has by default, under the same names and with the same
/// output; the mail looks different.
std::span<const DefaultTemplateFile> default_template_files();

}  // namespace tocsin::templates
