#pragma once

#include <string>
#include <vector>

#include "daemon/replay_history.h"

namespace tocsin::cli {

/// What a page about a replay says.
struct ReplayPage {
    std::vector<std::string> fixtures;
    bool has_routing = true;
    std::vector<std::string> notes;  // what was not as it should be
    ReplayView view;
};

/// One HTML document that needs nothing beside it, and may load nothing: its policy allows its own style and script, by
/// their hashes, and no more. The same page gives the same bytes.
std::string to_html(const ReplayPage& page);

}  // namespace tocsin::cli
