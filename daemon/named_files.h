#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "daemon/alerting_config.h"
#include "engine/scrape/scrape_config.h"

namespace tocsin {

/// Jobs as they stand in a file, in that order.
using ScrapeConfigs = std::span<const std::shared_ptr<const ScrapeConfig>>;

/// What is wrong with the targets that the static_configs of `jobs` and of `alerting` name. `text` is the
/// prometheus.yml at `path`, or a file of scrape_config_files, and the others what was read from it; without them, or
/// with null, no target is looked at.
Diagnostics check_static_targets(std::string_view text, const std::string& path, ScrapeConfigs jobs,
                                 const AlertingConfig* alerting);

/// What is wrong with the files that such a text names: secrets and certificates that are not there or cannot be read,
/// target files that are not there or cannot be used. An error is what `promtool check config` (cmd/promtool/main.go)
/// refuses, a warning what it does not look at, or warns of. `alerting` may be null, as `jobs` may be empty: the
/// targets in the files are not looked at then.
Diagnostics check_named_files(Disk& disk, std::string_view text, const std::string& path, ScrapeConfigs jobs,
                              const AlertingConfig* alerting);

}  // namespace tocsin
