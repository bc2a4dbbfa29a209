#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "engine/eval/operator.h"
#include "engine/eval/query.h"

namespace tocsin {

/// The operators that plans have in common. They belong to the plans; the pool only knows them.
class OperatorPool final : public SharedQueries {
public:
    void forget_values() override { ++run_; }
    /// How many there are.
    std::size_t size() const;
    /// Of the values that count now.
    std::uint64_t run() const { return run_; }

    /// Null when there is none (any more).
    OperatorPtr find(const std::string& key) const;
    void add(const std::string& key, const OperatorPtr& made) { known_[key] = made; }
    /// Forgets the operators whose plans are gone; now and then, so that it costs next to nothing however many there are.
    void sweep();

private:
    std::uint64_t run_ = 1;
    std::map<std::string, std::weak_ptr<Operator>> known_;
    std::size_t sweep_from_ = 64;  // known ones
};

}  // namespace tocsin
