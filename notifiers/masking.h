#pragma once

#include <memory>

#include "base/disk.h"
#include "base/http.h"
#include "notifiers/config.h"

// How messages are made without a secret at hand: a stand-in takes the place of each, and `<secret>` that of the
// stand-in where the message is shown.

namespace tocsin {

/// A configuration with stand-ins for its secrets, and with its templates.
Parsed<AlertmanagerConfig> read_masked(const AlertmanagerConfig& config);

/// In every file of it there is a stand-in for a secret; it has nothing else.
std::unique_ptr<Disk> make_masked_disk();

/// Puts `<secret>` in place of what stands in for secrets in a message.
void mask(HttpRequest& request);

}  // namespace tocsin
