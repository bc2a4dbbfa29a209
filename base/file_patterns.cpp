#include "base/file_patterns.h"

#include <cstddef>
#include <vector>

#include "base/disk.h"
#include "base/text.h"

namespace tocsin {
namespace {

bool can_be_left(const std::string& name) {
    return name != ".." && name.find(':') == std::string::npos;
}

std::string clean_path(std::string_view path) {
    const std::string_view root = path.starts_with('/') ? "/" : "";
    std::vector<std::string> names;
    for (const std::string_view name : split(path, '/')) {
        if (name.empty() || name == ".") continue;
        if (name != "..") {
            names.emplace_back(name);
        } else if (!names.empty() && can_be_left(names.back())) {
            names.pop_back();
        } else if (!names.empty() || root.empty()) {
            names.emplace_back(name);
        }
    }
    if (names.empty() && root.empty()) return ".";
    return std::string(root) + join(names, "/");
}

}  // namespace

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

std::string resolve_pattern(const std::string& directory, const std::string& pattern) {
    if (pattern.empty() || pattern.front() == '/') return pattern;
    return clean_path(resolve_path(directory, pattern));
}

}  // namespace tocsin
