#pragma once

#include <functional>
#include <string>

#include "base/time.h"

namespace tocsin::cli {

/// One line at the terminal that says how far long work is. Where stderr is no terminal nothing is shown at all.
class Progress {
public:
    /// `clock` is a real one; it outlives this.
    explicit Progress(const Scheduler& clock);
    /// The line is gone.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Asks for the text where it is time for another one: a few times a second.
    void show(const std::function<std::string()>& text);
    /// Takes the line away, so that something else can be said.
    void clear();

private:
    const Scheduler& clock_;
    bool is_terminal_;
    bool is_shown_ = false;
    MonotonicTime next_{};
};

}  // namespace tocsin::cli
