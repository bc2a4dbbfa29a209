#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "parser/template/printf.h"

namespace tocsin::templates {
namespace {

constexpr int kMantissaBits = 52;
constexpr int kExponentBias = 1023;

std::string from_to_chars(double value, std::chars_format format, int precision) {
    // 309 digits before the point, and at most what a precision asks for behind it.
    std::string out(static_cast<std::size_t>(std::max(precision, 0)) + 400, '\0');
    const auto [end, problem] = precision < 0
                                    ? std::to_chars(out.data(), out.data() + out.size(), value, format)
                                    : std::to_chars(out.data(), out.data() + out.size(), value, format, precision);
    out.resize(problem == std::errc() ? static_cast<std::size_t>(end - out.data()) : 0);
    return out;
}

// Where the precision is left to the number, Go's %g goes over to an exponent below -4 and from 6 on.
std::string shortest_general(double value) {
    std::string scientific = from_to_chars(value, std::chars_format::scientific, -1);
    const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
    return exponent < -4 || exponent >= 6 ? scientific : from_to_chars(value, std::chars_format::fixed, -1);
}

struct Parts {
    std::uint64_t mantissa;
    int exponent;  // of the mantissa's lowest bit
};

Parts parts_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << kMantissaBits) - 1);
    const int exponent = static_cast<int>((bits >> kMantissaBits) & 0x7FF);
    if (exponent == 0) return {fraction, 1 - kExponentBias - kMantissaBits};
    return {fraction | (std::uint64_t{1} << kMantissaBits), exponent - kExponentBias - kMantissaBits};
}

std::string with_sign(double value, std::string magnitude) {
    return std::signbit(value) ? "-" + magnitude : magnitude;
}

// Mantissa and binary exponent as integers: `4503599627370496p-52`.
std::string binary(double value) {
    const Parts parts = parts_of(value);
    return with_sign(value, fmt::format("{}p{:+}", parts.mantissa, parts.exponent));
}

// `0x1.8p+00`: the first digit is 1 (0 for zero), the exponent has two digits at least. Rounds half to even.
std::string hexadecimal(double value, int precision, bool upper) {
    Parts parts = parts_of(value);
    int exponent = 0;
    std::uint64_t mantissa = parts.mantissa << (63 - kMantissaBits);
    if (mantissa != 0) {
        exponent = parts.exponent + kMantissaBits;
        const int shift = std::countl_zero(mantissa);
        mantissa <<= shift;
        exponent -= shift;
    }
    // Now bit 63 is the digit in front of the point and 15 hexadecimal digits and three bits follow.
    if (precision >= 0 && precision < 15) {
        const int dropped_bits = 63 - 4 * precision;
        const std::uint64_t half = std::uint64_t{1} << (dropped_bits - 1);
        const std::uint64_t dropped = mantissa & ((half << 1) - 1);
        const bool odd = (mantissa >> dropped_bits) & 1;
        mantissa -= dropped;
        if (dropped > half || (dropped == half && odd)) {
            const std::uint64_t before = mantissa;
            mantissa += half << 1;
            if (mantissa < before) {
                mantissa = std::uint64_t{1} << 63;
                ++exponent;
            }
        }
    }
    std::string digits;
    for (std::uint64_t rest = mantissa << 1; precision < 0 ? rest != 0 : static_cast<int>(digits.size()) < precision;
         rest <<= 4) {
        digits += upper ? "0123456789ABCDEF"[rest >> 60] : "0123456789abcdef"[rest >> 60];
    }
    return with_sign(
        value, fmt::format("0{}{}{}{}{}{}{:02}", upper ? 'X' : 'x', mantissa >> 63, digits.empty() ? "" : ".", digits,
                           upper ? 'P' : 'p', exponent < 0 ? '-' : '+', std::abs(exponent)));
}

}  // namespace

std::string format_float(double value, char verb, int precision) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
    std::string out;
    switch (verb) {
        case 'b':
            return binary(value);
        case 'x':
        case 'X':
            return hexadecimal(value, precision, verb == 'X');
        case 'f':
            return from_to_chars(value, std::chars_format::fixed, precision);
        case 'e':
        case 'E':
            out = from_to_chars(value, std::chars_format::scientific, precision);
            break;
        default:
            out = precision < 0 ? shortest_general(value) : from_to_chars(value, std::chars_format::general, precision);
    }
    if (verb == 'E' || verb == 'G') std::ranges::replace(out, 'e', 'E');
    return out;
}

}  // namespace tocsin::templates
