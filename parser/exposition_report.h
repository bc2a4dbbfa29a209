#pragma once

#include <string_view>

#include "base/json.h"

namespace tocsin {

/// What a scrape of this body would give, as `check metrics --format=json` prints it:
///
///     {"ok": false, "error": "expected equal, got …", "line": 3,
///      "metadata": [{"metric": "a", "type": "counter"}, {"metric": "a", "help": "…"}],
///      "samples": [{"labels": {"__name__": "a_total"}, "value": "1", "timestamp": 1000}]}
///
/// `error` is null when it is ok, and `line` is left out unless the error is in one; `timestamp` is in milliseconds, or
/// null. Metadata and samples are what was read before the error; a scrape with one is rejected whole. Of a Content-Type
/// that the scraper does not know nothing is read.
Json exposition_report(std::string_view content_type, std::string_view body);

/// The same of a body that could not be had.
Json unread_exposition_report(std::string_view error);

}  // namespace tocsin
