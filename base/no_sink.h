#pragma once

#include <span>

#include "base/alert.h"

namespace tocsin {

/// Where nobody is told of alerts.
class NoSink final : public AlertSink {
public:
    void receive(std::span<const Alert>) override {}
};

}  // namespace tocsin
