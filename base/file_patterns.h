#pragma once

#include <string_view>

namespace tocsin {

/// Whether a name of files is a shell pattern, and no name of one file: Go's path/filepath, where `\` is magic as well.
bool has_magic(std::string_view pattern);

/// Whether a `[` of a shell pattern has no end, or its end no character to stand for: Go's path/filepath refuses it.
bool is_malformed_pattern(std::string_view pattern);

}  // namespace tocsin
