#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.h"
#include "base/yaml_source.h"

namespace tocsin {

// What ends an alias, an anchor or a tag.
inline constexpr std::string_view kYamlNameEnd = " \t\r\n,]}";
inline constexpr std::string_view kYamlTemplateHint = "a value that begins with `{{` must be in quotes";

/// One step through a document, as its reader reported it.
struct YamlEvent {
    enum class Type : std::uint8_t { Scalar, Null, Alias, SequenceStart, SequenceEnd, MapStart, MapEnd };

    Type type;
    bool quoted = false;
    std::size_t offset = 0;  // of the content, behind tag and anchor
    std::size_t target = 0;  // of an alias: the event of its anchor, which is before it and closed
    std::string text;        // of a scalar; of a null that is written, its word
};

/// Builds the tree of a document: aliases become what they stand for, merge keys are merged in, duplicate keys and keys
/// that are no scalars are refused. `events` are balanced.
Parsed<YamlNode> build_yaml_tree(const YamlSource& source, const YamlLimits& limits,
                                 const std::vector<YamlEvent>& events);

}  // namespace tocsin
