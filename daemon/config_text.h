#pragma once

#include <string>
#include <string_view>

namespace tocsin {

/// A YAML file as one may show it: `<secret>` for every value that lets somebody in, `xxxxx` for passwords in URLs, no
/// comments. Empty when the text is no YAML.
std::string config_text(std::string_view text);

}  // namespace tocsin
