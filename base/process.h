#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tocsin {

enum class Signal { Interrupt, Terminate, Hangup };

/// Signals to this process. `handler` runs on the scheduler's thread, each time.
class Signals {
public:
    virtual ~Signals() = default;
    virtual void on(Signal signal, std::function<void()> handler) = 0;
};

/// Tells when files change. Scheduler's thread only.
class FileWatch {
public:
    using WatchId = unsigned long;

    virtual ~FileWatch() = default;
    /// `changed` is called after any of the files was written, replaced, created or removed; once for a burst is enough.
    virtual WatchId watch(std::vector<std::string> paths, std::function<void()> changed) = 0;
    virtual void cancel(WatchId id) = 0;
};

}  // namespace tocsin
