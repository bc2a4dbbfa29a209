#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "parser/template/value.h"

/// Values as text: the part of Go's package fmt that templates reach. Everything appends to `out` and fails with
/// Error::Kind::LimitExceeded when more than `bytes_max` bytes would be added.
namespace tocsin::templates {

/// fmt.Sprint: blanks between operands of which neither is a text.
Status append_print(std::string& out, std::span<const Value> values, std::size_t bytes_max);

/// The same as actions print: pointers are followed, and what is missing is `<no value>`.
Status append_printable(std::string& out, std::span<const Value> values, std::size_t bytes_max);

/// fmt.Sprintln: blanks between all, a line feed at the end.
Status append_println(std::string& out, std::span<const Value> values, std::size_t bytes_max);

/// fmt.Sprintf: all verbs and flags. Mistakes are shown in the text, as there: `%!d(string=x)`. A width or precision
/// beyond `width_max` is a failure.
Status append_printf(std::string& out, std::string_view format, std::span<const Value> values, std::size_t bytes_max,
                     int width_max);

/// strconv.FormatFloat(value, verb, precision, 64): verbs e E f g G b x X; precision -1 means the shortest text that
/// reads back as the same number.
std::string format_float(double value, char verb, int precision);

}  // namespace tocsin::templates
