#pragma once

#include <string_view>

#include "base/yaml.h"
#include "base/yaml_events.h"
#include "base/yaml_source.h"

namespace tocsin {

// What ends an alias, an anchor or a tag.
inline constexpr std::string_view kYamlNameEnd = " \t\r\n,]}";
inline constexpr std::string_view kYamlTemplateHint = "a value that begins with `{{` must be in quotes";

/// Builds the tree of a document: aliases become what they stand for, merge keys are merged in, duplicate keys and keys
/// that are no scalars are refused. `events` are balanced.
Parsed<YamlNode> build_yaml_tree(const YamlSource& source, const YamlLimits& limits, const YamlEvents& events);

}  // namespace tocsin
