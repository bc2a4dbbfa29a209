#include "daemon/byte_size.h"

#include <cmath>
#include <limits>

#include "base/text.h"

namespace tocsin {
namespace {

// Go's reader of digits refuses the next one behind such a number.
constexpr std::uint64_t kLargestPrefix = ((1ULL << 63) - 10) / 10;

constexpr double kTooLarge = 9223372036854775808.0;  // 2^63

class SizeReader {
public:
    /// `suffix` is what stands behind the letter of a unit: `B` or `iB`.
    SizeReader(std::string_view text, std::string_view suffix) : rest_(text), suffix_(suffix) {}

    std::optional<double> read() {
        double sum = 0;
        while (!rest_.empty()) {
            const auto number = read_number();
            const auto unit = number ? read_unit() : std::nullopt;
            if (!unit) return std::nullopt;
            sum += *number * *unit;
        }
        return sum;
    }

private:
    std::optional<double> read_number() {
        const auto whole = read_digits();
        if (!whole) return std::nullopt;
        bool has_digits = digits_ > 0;
        auto number = static_cast<double>(*whole);
        if (rest_.starts_with('.')) {
            rest_.remove_prefix(1);
            const auto fraction = read_digits();
            if (!fraction) return std::nullopt;
            has_digits = has_digits || digits_ > 0;
            number += static_cast<double>(*fraction) / std::pow(10, digits_);
        }
        return has_digits ? std::optional(number) : std::nullopt;
    }

    // None are a zero; nothing when there are too many.
    std::optional<std::uint64_t> read_digits() {
        std::uint64_t number = 0;
        for (digits_ = 0; !rest_.empty() && is_digit(rest_.front()); ++digits_) {
            if (number >= kLargestPrefix) return std::nullopt;
            number = number * 10 + static_cast<std::uint64_t>(rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return number;
    }

    std::optional<double> read_unit() {
        const std::string_view unit = rest_.substr(0, rest_.find_first_of(".0123456789"));
        rest_.remove_prefix(unit.size());
        if (unit == "B") return 1;
        const auto scale = unit.empty() ? std::string_view::npos : std::string_view("KMGTPE").find(unit.front());
        if (scale == std::string_view::npos || unit.substr(1) != suffix_) return std::nullopt;
        return std::ldexp(1, 10 * (static_cast<int>(scale) + 1));
    }

    std::string_view rest_, suffix_;
    unsigned digits_ = 0;
};

}  // namespace

std::optional<std::int64_t> parse_byte_size(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative || text.starts_with('+')) text.remove_prefix(1);
    if (text == "0") return 0;
    if (text.empty()) return std::nullopt;
    auto bytes = SizeReader(text, "iB").read();
    if (!bytes) bytes = SizeReader(text, "B").read();
    if (!bytes || *bytes > kTooLarge) return std::nullopt;
    const std::int64_t size =
        *bytes == kTooLarge ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(*bytes);
    return is_negative ? -size : size;
}

}  // namespace tocsin
