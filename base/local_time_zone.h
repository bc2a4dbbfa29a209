#pragma once

#include <optional>
#include <string>

namespace tocsin {

/// Which zone TimeZone::find("Local") is from here on: what Go makes of $TZ. The name of a zone, also behind a colon,
/// or the path of its file below a folder zoneinfo; an empty text and a name that nobody knows are UTC; with nothing it
/// is the zone of the machine, /etc/localtime, as it is without a call. The file of a path elsewhere is not read: then
/// no zone is "Local", and find() says so.
///
/// It is the process's, as the environment is: to be called before anything else runs.
void set_local_time_zone(std::optional<std::string> tz);

}  // namespace tocsin
