#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/http.h"
#include "base/json.h"
#include "parser/matchers_parser.h"

namespace tocsin::api {

inline constexpr std::size_t kPostedAlertsMax = 10'000;

/// One alert as it was posted: texts of a body that outlives it. A time that is empty was not said.
struct PostedAlert {
    std::vector<Label> labels, annotations;
    std::string_view starts_at, ends_at, generator_url;
};

/// What is good of a request, and what was wrong with the rest.
struct PostedAlerts {
    std::vector<Alert> alerts;
    std::vector<std::string> refused;               // why, of each that has the form of an alert and is none
    std::size_t malformed = 0;                      // so many have not even that
    std::optional<ServerResponse> first_malformed;  // what Alertmanager answers to the first of them
    std::size_t excess = 0;  // so many came behind the first kPostedAlertsMax, and were not looked at

    /// Whether it was taken.
    bool add(const PostedAlert& posted, MatchersSyntax syntax);
};

/// Each of a list for itself.
PostedAlerts read_alerts(const Json& list, MatchersSyntax syntax);

/// Reads a body whose form is the usual one: a list of objects of just the members that Alertmanager's API has, each
/// once, with labels, and nothing wrong with any of them. Nothing for any other one. The values are read no other way
/// than those of read_alerts().
std::optional<PostedAlerts> read_usual_alerts(std::string_view body, MatchersSyntax syntax);

}  // namespace tocsin::api
