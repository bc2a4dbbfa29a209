#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace tocsin {

/// How many times two times the work is done for a bcrypt hash (`$2a$`, `$2b$`, `$2y$`), from 4 to 31; nothing when the
/// text is none.
std::optional<int> bcrypt_cost(std::string_view hash);

/// Whether `hash` is of `password`. Takes 50 ms and more by intention, twice that for each step of the cost: for a
/// thread that may be busy. Any thread.
bool matches_bcrypt(const Secret& password, const std::string& hash);

}  // namespace tocsin
