#include "tests/fakes/fake_process.h"

#include <algorithm>

#include "base/disk.h"

namespace tocsin::fakes {

FileWatch::WatchId FakeFileWatch::watch(std::vector<std::string> paths, std::function<void()> changed) {
    watches_[++last_id_] = {std::move(paths), std::move(changed)};
    return last_id_;
}

void FakeFileWatch::change(const std::string& path) {
    const auto concerns = [&](const std::string& watched) { return watched == path || watched == directory_of(path); };
    for (const auto& [id, watch] : watches_) {
        if (std::none_of(watch.paths.begin(), watch.paths.end(), concerns)) continue;
        // A watch that is cancelled meanwhile is not called any more.
        const WatchId concerned = id;
        scheduler_.post([this, concerned] {
            const auto found = watches_.find(concerned);
            if (found == watches_.end()) return;
            const auto changed = found->second.changed;
            changed();
        });
    }
}

}  // namespace tocsin::fakes
