#include "engine/store/selector_index.h"

namespace tocsin {

std::string_view metric_name_of(const Matchers& matchers) {
    const auto it = std::ranges::find_if(matchers, [](const Matcher& matcher) {
        return matcher.op() == MatchOp::Equal && matcher.name() == kMetricNameLabel;
    });
    return it == matchers.end() ? std::string_view{} : std::string_view{it->value()};
}

}  // namespace tocsin
