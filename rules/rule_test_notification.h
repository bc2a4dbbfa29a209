#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_test_file.h"
#include "rules/rule_test_report.h"
#include "rules/rule_test_timeline.h"

namespace tocsin {

/// What a rendered message has at a path: `attachments[0].title` in one of JSON; `url`; `subject` of a mail; `body`,
/// all of it. Of several messages the first one that has it. Nothing where there is no such place.
std::optional<std::string> field_of(const SeenNotification& notification, std::string_view path);

/// Judges one case by all that happened. `named`: the receivers that cases of the test name.
std::optional<RuleTestFailure> check_notifications(const NotificationTestCase& expected,
                                                   const RuleTestTimeline& timeline,
                                                   const std::set<std::string>& named);

}  // namespace tocsin
