#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// The addresses alone of a list as RFC 5322 has it: `a@b.test, "The B" <b@b.test> (at home), team: c@b.test,
/// d@b.test;`. Refuses what could break out of a line of SMTP, and a list without an address.
Result<std::vector<std::string>> parse_mail_addresses(std::string_view list);

}  // namespace tocsin
