#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/time.h"

namespace tocsin::fakes {

/// A Resolver with names from a list. A name that is not in it does not exist.
class FakeResolver final : public Resolver {
public:
    explicit FakeResolver(Scheduler& scheduler) : scheduler_(scheduler) {}

    void resolve(const std::string& host, std::function<void(Result<std::vector<std::string>>)> done) override;

    /// Replaces what was said about the host before.
    void add(const std::string& host, Result<std::vector<std::string>> answer, Duration delay = Duration{0}) {
        hosts_.insert_or_assign(host, Entry{std::move(answer), delay});
    }
    /// Everything that was asked, in order.
    const std::vector<std::string>& asked() const { return asked_; }

private:
    struct Entry {
        Result<std::vector<std::string>> answer;
        Duration delay;
    };

    Scheduler& scheduler_;
    std::map<std::string, Entry> hosts_;
    std::vector<std::string> asked_;
};

}  // namespace tocsin::fakes
