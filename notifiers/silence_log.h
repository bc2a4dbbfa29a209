#pragma once

#include "base/log.h"
#include "notifiers/silence.h"

/// What the log tells of silences.
namespace tocsin {

/// Who changed which silence to what; `what` became of it: `created`, `updated` or `expired`.
void log_silence(Log& log, std::string_view what, const Silence& silence);

/// Warns of one that will be in force for more than 30 days from now, or from its start.
void warn_of_long_silence(Log& log, const Silence& silence, Timestamp now);

}  // namespace tocsin
