#pragma once

#include <string>

#include "base/diagnostic.h"
#include "base/yaml.h"

namespace tocsin {

/// The place in the file of bytes [begin, end) of a scalar's text.
SourceRange place_of(const YamlNode& scalar, std::size_t begin, std::size_t end);

/// Moves a finding about the text of a scalar to the place in the file where that text stands.
Diagnostic moved_to_file(Diagnostic finding, const YamlNode& scalar, const std::string& file);

}  // namespace tocsin
