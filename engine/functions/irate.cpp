#include "engine/functions/function.h"
#include "engine/functions/start_time.h"

namespace tocsin::functions {
namespace {

template <bool is_rate>
std::optional<double> last_two(const RangeWindow& window) {
    const std::size_t size = window.values.size();
    if (size < 2) return std::nullopt;
    const std::int64_t elapsed_ms = window.times_ms[size - 1] - window.times_ms[size - 2];
    if (elapsed_ms == 0) return std::nullopt;

    const double previous = window.values[size - 2];
    const double current = window.values[size - 1];
    if constexpr (!is_rate) return current - previous;
    // After a reset the counter went from zero to where it is.
    const bool was_reset = current < previous || began_anew(window, size - 1);
    const double increase = was_reset ? current : current - previous;
    return increase / (static_cast<double>(elapsed_ms) / 1000);
}

}  // namespace

extern const FunctionDef idelta, irate;

const FunctionDef idelta{
    .name = "idelta",
    .arguments = {ValueType::Matrix},
    .summary = "The difference between the last two values of each series in the range.",
    .kernel = OverRange{.kernel = last_two<false>},
};

const FunctionDef irate{
    .name = "irate",
    .arguments = {ValueType::Matrix},
    .summary = "How fast each counter increases per second, from the last two values in the range.",
    .kernel = OverRange{.kernel = last_two<true>, .start_times = true},
};

}  // namespace tocsin::functions
