#include "engine/eval/pool_keys.h"

#include <algorithm>

#include <fmt/format.h>

namespace tocsin {
namespace {

Duration look_back_of(const PlanSubquery& subquery) {
    return subquery.range + std::max(Duration{0}, subquery.shift.offset);
}

}  // namespace

std::string PoolKeys::key_of(std::string_view node_key) const {
    const QueryFeatures& features = options_.features;
    return fmt::format("{}.{}.{}.{}.{}.{} {}", options_.lookback_delta.count(), features.delayed_name_removal,
                       features.type_and_unit_labels, features.start_timestamps, depth_, reach_.count(), node_key);
}

void PoolKeys::enter(const PlanSubquery& subquery) {
    ++depth_;
    reach_ += look_back_of(subquery);
}

void PoolKeys::leave(const PlanSubquery& subquery) {
    --depth_;
    reach_ -= look_back_of(subquery);
}

}  // namespace tocsin
