#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
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
    std::vector<std::string> refused;

    void add(const PostedAlert& posted, MatchersSyntax syntax);
};

/// Of an object that outlives it.
PostedAlert posted_alert(const Json& json);

/// Reads a body whose form is the usual one: a list of at most kPostedAlertsMax objects of just the members that
/// Alertmanager's API has, each once, with labels. Nothing for any other one, be it good or bad. The values are read no
/// other way than those of posted_alert().
std::optional<PostedAlerts> read_usual_alerts(std::string_view body, MatchersSyntax syntax);

/// RFC 3339; clients written in Go say their zero time, the beginning of year 1, for what they leave out, and that and
/// an empty text is none.
Result<Timestamp> read_posted_time(std::string_view text);

}  // namespace tocsin::api
