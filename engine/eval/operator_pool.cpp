#include "engine/eval/operator_pool.h"

namespace tocsin {

std::shared_ptr<SharedQueries> SharedQueries::create() { return std::make_shared<OperatorPool>(); }

OperatorPtr OperatorPool::find(const std::string& key) const {
    const auto known = known_.find(key);
    return known == known_.end() ? nullptr : known->second.lock();
}

void OperatorPool::sweep() {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace tocsin
