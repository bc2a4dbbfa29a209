#pragma once

#include <string>
#include <string_view>

namespace tocsin {

/// Whether a name of files is a shell pattern, and no name of one file: Go's path/filepath, where `\` is magic as well.
bool has_magic(std::string_view pattern);

/// Whether a `[` of a shell pattern has no end, or its end no character to stand for: Go's path/filepath refuses it.
bool is_malformed_pattern(std::string_view pattern);

/// A name or pattern of files as seen from the directory of the file that names it. A relative one is cleaned by its
/// text alone, as Go's filepath.Join does, so that a file has one name however it is spelled: `./a//b/../c` is `a/c`.
/// Only a `..` behind a name with a colon stays, for `REVISION:FOLDER` is where a revision of a repository begins. An
/// absolute one stays as it is, as for Prometheus.
std::string resolve_pattern(const std::string& directory, const std::string& pattern);

}  // namespace tocsin
