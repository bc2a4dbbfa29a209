#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin::templates {

/// A constant of a template in every form it can be used as, since Go's constants have no type of their own.
struct NumberLiteral {
    bool is_int = false;
    bool is_uint = false;
    bool is_float = false;
    bool is_complex = false;
    std::int64_t int_value = 0;
    std::uint64_t uint_value = 0;
    double float_value = 0;
    std::complex<double> complex_value;
};

/// `12`, `0x1F`, `1_000`, `1.5e3`, `2i`.
Result<NumberLiteral> parse_number_literal(std::string_view text);
/// `1+2i`.
Result<NumberLiteral> parse_complex_literal(std::string_view text);
/// `'a'`, `'\n'` with the quotes.
Result<NumberLiteral> parse_char_literal(std::string_view text);

/// A string in double quotes or backquotes, as Go's strconv.Unquote reads it; nothing when it is not well formed.
std::optional<std::string> unquote(std::string_view literal);

/// strconv.ParseFloat with its error messages.
Result<double> parse_go_float(std::string_view text);

/// The cut towards zero, and the smallest number for what is out of range: int64(x) of Go on amd64.
std::int64_t truncate_to_int64(double value);

}  // namespace tocsin::templates
