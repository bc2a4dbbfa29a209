#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/labels.h"
#include "base/shared_text.h"
#include "base/time.h"

namespace tocsin {

/// What `rules` produces and `notifiers` consumes: one label set that is firing, or was until `ends_at`.
///
/// Field for field what Prometheus posts to Alertmanager's API v2. `labels` are the identity.
struct Alert {
    LabelSet labels;
    LabelSet annotations;
    Timestamp starts_at{};
    /// When it ended, or when it will count as ended if nobody speaks of it again.
    Timestamp ends_at{};
    Timestamp updated_at{};
    SharedText generator_url;
    /// `ends_at` was not said by the sender but is the resolve timeout.
    bool ends_by_timeout = false;

    bool operator==(const Alert&) const = default;

    bool resolved_at(Timestamp now) const { return ends_at != Timestamp{} && ends_at <= now; }
};

/// Takes alerts. Called on the scheduler's thread; must not block.
class AlertSink {
public:
    virtual ~AlertSink() = default;
    virtual void receive(std::span<const Alert> alerts) = 0;
};

}  // namespace tocsin
