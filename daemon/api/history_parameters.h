#pragma once

#include <cstddef>

#include "base/matcher.h"
#include "base/result.h"
#include "daemon/api/api.h"
#include "daemon/router.h"

namespace tocsin::api {

/// What is asked of a history, whatever it is a history of.
struct HistoryParameters {
    Timestamp start{};
    Timestamp end{};
    Matchers matchers;  // `filter`, of an alert's labels
    std::size_t limit = 1000;
};

/// `start` and `end`, each a moment; what is not given stays as it is.
Status read_period(const Parameters& parameters, Timestamp& start, Timestamp& end);

/// `start`, `end` (by default now), `filter` (any number), `limit` (at most 5,000 count); an InvalidInput for one that
/// cannot be read.
Result<HistoryParameters> read_history_parameters(const Context& context, const Parameters& parameters);

}  // namespace tocsin::api
