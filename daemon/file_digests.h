#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"

namespace tocsin {

/// What files say, by their paths: equal where they say the same. None for one that cannot be read, which is a state of
/// its own and different from an empty file.
using FileDigests = std::map<std::string, std::optional<std::uint64_t>>;

/// Of the files that shell patterns name. Reads all of them, on the calling thread.
FileDigests digests_of(Disk& disk, const std::vector<std::string>& patterns);

/// `file changed: PATH`, `file added: PATH`, `file removed: PATH`.
void describe_changes(const FileDigests& before, const FileDigests& after, std::vector<std::string>& into);

}  // namespace tocsin
