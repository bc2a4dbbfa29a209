#pragma once

#include <string_view>

namespace tocsin::cli {

/// The style of a replay's page: light and dark, wide and narrow, on paper.
extern const std::string_view kReplayPageStyle;
/// What it does beside: a card with the message of a mark, a line at the pointer, and unfolding what a link leads to.
/// Without it everything can still be read.
extern const std::string_view kReplayPageScript;

}  // namespace tocsin::cli
