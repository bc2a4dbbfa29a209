#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/http.h"
#include "notifiers/config.h"

// How secrets are kept out of what is shown. What others may quote of them is masked in their texts; and messages are
// made without a secret at hand: a stand-in takes the place of each, and `<secret>` that of the stand-in where the
// message is shown.

namespace tocsin {

/// What is shown in place of a secret.
inline constexpr std::string_view kMask = "<secret>";

/// The text with `<secret>` in place of each of them, be it as it is or as a URL or JSON writes it. Secrets of less than four
/// bytes are left: they would be found in any word.
std::string mask_secrets(std::string text, const std::vector<std::string>& secrets);

/// A configuration with stand-ins for its secrets, and with its templates.
Parsed<AlertmanagerConfig> read_masked(const AlertmanagerConfig& config);

/// In every file of it there is a stand-in for a secret; it has nothing else.
std::unique_ptr<Disk> make_masked_disk();

/// Puts `<secret>` in place of what stands in for secrets in a message.
void mask(HttpRequest& request);

}  // namespace tocsin
