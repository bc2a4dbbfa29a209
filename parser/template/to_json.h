#pragma once

#include <string>

#include "base/result.h"
#include "parser/template/value.h"

namespace tocsin::templates {

/// What Go's json.Marshal writes: maps sorted, `<`, `>` and `&` escaped. Fails for what JSON has no form for (NaN), and
/// with Error::Kind::LimitExceeded when it would be larger than `bytes_max`.
Result<std::string> to_json(const Value& value, std::size_t bytes_max);

}  // namespace tocsin::templates
