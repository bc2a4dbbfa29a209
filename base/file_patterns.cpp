#include "base/file_patterns.h"

#include <cstddef>

namespace tocsin {

bool has_magic(std::string_view pattern) {
    return pattern.find_first_of("*?[\\") != std::string_view::npos;
}

bool is_malformed_pattern(std::string_view pattern) {
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\' && ++at == pattern.size()) return true;
        if (pattern[at] != '[') continue;
        const std::size_t first = at + 1 + (pattern.substr(at + 1).starts_with('^') ? 1 : 0);
        const std::size_t end = pattern.find(']', first);
        if (end == pattern.npos || end == first) return true;
        at = end;
    }
    return false;
}

}  // namespace tocsin
