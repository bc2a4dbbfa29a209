#include "daemon/file_digests.h"

#include "base/hash.h"

namespace tocsin {

FileDigests digests_of(Disk& disk, const std::vector<std::string>& patterns) {
    FileDigests digests;
    for (const std::string& pattern : patterns) {
        for (const std::string& path : disk.glob(pattern).value_or(std::vector<std::string>{})) {
            const auto text = read_file(disk, path);
            digests[path] = text ? std::optional(hash_bytes(*text)) : std::nullopt;
        }
    }
    return digests;
}

void describe_changes(const FileDigests& before, const FileDigests& after, std::vector<std::string>& into) {
    for (const auto& [path, digest] : after) {
        const auto old = before.find(path);
        if (old == before.end()) into.push_back("file added: " + path);
        if (old != before.end() && old->second != digest) into.push_back("file changed: " + path);
    }
    for (const auto& [path, digest] : before) {
        if (!after.contains(path)) into.push_back("file removed: " + path);
    }
}

}  // namespace tocsin
