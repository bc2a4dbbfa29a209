#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/time.h"

namespace tocsin {

/// What the parts of the daemon say of themselves, looked at every interval and kept in between.
class Health {
public:
    /// One part: `ok` false makes the daemon unready when it `matters`.
    struct Part {
        std::string name;  // as in the answer: `rules_ok`
        bool matters = true;
        bool ok = true;
    };
    using Check = std::function<bool()>;

    Health(Scheduler& scheduler, Duration interval) : scheduler_(scheduler), interval_(interval) {}
    ~Health() { scheduler_.cancel(timer_); }

    void add(std::string name, bool matters, Check check);
    /// Looks now, and from now on every interval.
    void start();
    /// Looks once more, for what should not wait for the next time.
    void look();
    const std::vector<Part>& parts() const { return parts_; }
    /// Whether all parts that matter are well.
    bool ready() const;

private:
    void look_again();

    Scheduler& scheduler_;
    Duration interval_;
    Scheduler::TaskId timer_ = 0;
    std::vector<Part> parts_;
    std::vector<Check> checks_;
};

}  // namespace tocsin
