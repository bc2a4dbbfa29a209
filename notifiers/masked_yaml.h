#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"

namespace tocsin {

/// The tree as YAML in block style, without comments, with `<secret>` for each node of `secrets`.
std::string masked_yaml(const YamlNode& root, std::vector<const YamlNode*> secrets);

}  // namespace tocsin
