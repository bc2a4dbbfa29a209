#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/http_access.h"
#include "base/time.h"

namespace tocsin {

/// What OAuth2::SignedGrant asks for a token with: a JSON Web Token that says who asks, signed with `key`, as
/// prometheus/common makes it. `number` tells it from others of the same instant. The message of an error says nothing
/// of the key.
Result<std::string> signed_assertion(const HttpAccess::OAuth2& source, std::string_view key, Timestamp now,
                                     std::uint64_t number);

}  // namespace tocsin
