#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"

namespace tocsin::tests {

/// An alert as scenarios write it: `HighLoad{job="a"}  pending  since 1m  value 3`.
struct ScenarioAlert {
    std::string name;  // with labels, in one order
    std::string state;
    std::vector<std::pair<std::string, std::string>> facts;  // `since`, `value`, …
};

Result<ScenarioAlert> read_scenario_alert(std::string_view text);
/// `only`: the facts to tell; all of them without.
std::string alert_text(const ScenarioAlert& alert, const ScenarioAlert* only = nullptr);

/// `HighLoad{job="a"}` of all labels.
std::string alert_title(const LabelSet& labels);

/// One message to a receiver: `notification to oncall: firing A{…}, B; resolved C`.
std::string notification_text(const std::string& receiver, const Json& webhook);
/// One request to an external Alertmanager: `sent to backup: firing A{…} 1m..5m; resolved B 1m..3m`, with when each
/// alert starts and ends, since `start`.
std::string sent_text(const std::string& alertmanager, const Json& alerts, Timestamp start, Timestamp now);
/// The same text whatever the order and the blanks in which somebody wrote it.
Result<std::string> canonical_notification(std::string_view text);

}  // namespace tocsin::tests
