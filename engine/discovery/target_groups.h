#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/discovery/discovery.h"

namespace tocsin {

/// Target groups as files and HTTP endpoints write them: a list of `{"targets": ["a:1"], "labels": {"k": "v"}}`,
/// nothing else in them. Their `source` is empty. The message of an error has the place where that is known.
Result<std::vector<TargetGroup>> parse_target_groups_json(std::string_view text);
Result<std::vector<TargetGroup>> parse_target_groups_yaml(std::string_view text, const std::string& file);

/// The groups in a file of `file_sd_configs`, JSON or YAML as its name says.
Result<std::vector<TargetGroup>> read_target_groups(Disk& disk, const std::string& path);

/// The item of `static_configs` with this index, which is its source.
TargetGroup read_static_group(const YamlNode& node, std::size_t index, const std::string& file, Diagnostics& problems);

/// Publishes the groups of one origin (a file, a URL) as `origin:0`, `origin:1`, …, with `label` set to the origin in
/// all of them, and withdraws those beyond, of which there were `before`. Gives the number of groups.
std::size_t publish_numbered(const Discovery::Publish& publish, const std::string& origin, std::string_view label,
                             std::vector<TargetGroup> groups, std::size_t before);

}  // namespace tocsin
