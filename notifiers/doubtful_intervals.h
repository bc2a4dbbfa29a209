#pragma once

#include "notifiers/config.h"

namespace tocsin {

/// Routes whose `repeat_interval` will not be what it says: it is longer than `retention`, which is how long it is
/// known what was told, or shorter than their `group_interval`.
Diagnostics find_doubtful_intervals(const AlertmanagerConfig& config, Duration retention);

}  // namespace tocsin
