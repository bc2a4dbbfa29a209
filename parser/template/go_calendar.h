#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "parser/template/go_time.h"

/// The proleptic Gregorian calendar, for any year.
namespace tocsin::templates {

inline constexpr std::array<std::string_view, 12> kMonthNames = {"January",   "February", "March",    "April",
                                                                 "May",       "June",     "July",     "August",
                                                                 "September", "October",  "November", "December"};
/// Beginning with Sunday.
inline constexpr std::array<std::string_view, 7> kWeekdayNames = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                                  "Thursday", "Friday", "Saturday"};

/// Rounded down, unlike the division of C++.
std::int64_t floor_div(std::int64_t a, std::int64_t b);

bool is_leap(std::int64_t year);
unsigned days_in(std::int64_t year, unsigned month);

/// Days since 1970-01-01.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);

/// Sets year, month, day and what follows from them.
void set_date(GoCivil& civil, std::int64_t days);

}  // namespace tocsin::templates
