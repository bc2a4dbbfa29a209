#pragma once

#include <string_view>
#include <vector>

#include "base/log.h"

namespace tocsin {

/// A log that nobody reads: for worlds whose owner sees what went wrong elsewhere.
class NoLog final : public Log {
public:
    bool enabled(LogLevel) const override { return false; }
    void write(LogLevel, std::string_view, std::string_view, std::vector<LogField>) override {}
};

}  // namespace tocsin
