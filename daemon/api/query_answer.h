#pragma once

#include <optional>
#include <string>

#include "base/http.h"
#include "engine/eval/query.h"

namespace tocsin::api {

/// How long the parts of a query took, in seconds, for those who ask with `stats`.
struct QueryStatistics {
    double queue_seconds = 0;
    double prepare_seconds = 0;
    double evaluate_seconds = 0;
    std::size_t peak_samples = 0;
};

struct AnswerOptions {
    Timestamp at;                      // of an instant query
    std::size_t limit = 0;             // most series, with a warning beyond; 0: all
    std::size_t series_max = 100'000;  // more are an error
    std::size_t bytes_max = 256 * 1024 * 1024;
};

/// The result of a query as Prometheus' API writes it, letter for letter (web/api/v1/json_codec.go). On any thread.
ServerResponse query_answer(const QueryResult& result, const AnswerOptions& options,
                            const std::optional<QueryStatistics>& statistics);

/// The answer to a query that failed: 422 `execution`, or 503 `timeout` and `unavailable`.
ServerResponse query_failure(const Error& error);

}  // namespace tocsin::api
