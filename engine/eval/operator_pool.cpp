#include "engine/eval/operator_pool.h"

#include <algorithm>

namespace tocsin {

std::shared_ptr<SharedQueries> SharedQueries::create() { return std::make_shared<OperatorPool>(); }

std::size_t OperatorPool::size() const {
    return static_cast<std::size_t>(std::ranges::count_if(known_, [](const auto& entry) { return !entry.second.expired(); }));
}

OperatorPtr OperatorPool::find(const std::string& key) const {
    const auto known = known_.find(key);
    return known == known_.end() ? nullptr : known->second.lock();
}

void OperatorPool::sweep() {
    if (known_.size() < sweep_from_) return;
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    sweep_from_ = 2 * known_.size() + 64;
}

}  // namespace tocsin
