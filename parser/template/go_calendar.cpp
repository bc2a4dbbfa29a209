#include "parser/template/go_calendar.h"

#include <array>

namespace tocsin::templates {
namespace {

constexpr std::array<unsigned, 12> kDaysBefore = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

unsigned day_of_year(std::int64_t year, unsigned month, unsigned day) {
    return kDaysBefore[month - 1] + day + (month > 2 && is_leap(year) ? 1 : 0);
}

}  // namespace

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
    return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

bool is_leap(std::int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned days_in(std::int64_t year, unsigned month) {
    if (month == 12) return 31;
    return kDaysBefore[month] - kDaysBefore[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

// Counted in eras of 400 years that begin in March.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = floor_div(year, 400);
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_march_year =
        (153 * (static_cast<std::int64_t>(month) + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_march_year - 719'468;
}

void set_date(GoCivil& civil, std::int64_t days) {
    const std::int64_t shifted = days + 719'468;
    const std::int64_t era = floor_div(shifted, 146'097);
    const std::int64_t day_of_era = shifted - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_march_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_march_year + 2) / 153;
    civil.day = static_cast<unsigned>(day_of_march_year - (153 * month_from_march + 2) / 5 + 1);
    civil.month = static_cast<unsigned>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
    civil.weekday = static_cast<unsigned>(((days % 7) + 11) % 7);  // 1970-01-01 was a Thursday
    civil.year_day = day_of_year(civil.year, civil.month, civil.day);
}

}  // namespace tocsin::templates
