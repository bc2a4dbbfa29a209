#include <chrono>
#include <cmath>

#include "engine/functions/function.h"

// Parts of a date in UTC. Values are seconds since 1970; fractions are cut off, as are values no calendar reaches.

namespace tocsin::functions {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

struct Moment {
    sys_seconds time;
    sys_days day;
    year_month_day date;
};

// std::chrono's years end at 32767.
constexpr double kSecondsMax = 9.7e11;

Moment moment_of(double value) {
    const bool usable = std::abs(value) < kSecondsMax;
    const sys_seconds time{seconds{usable ? static_cast<std::int64_t>(value) : 0}};
    const sys_days day = std::chrono::floor<days>(time);
    return {time, day, year_month_day{day}};
}

template <class Part>
bool each(std::span<double> values, Part part) {
    for (double& value : values) value = static_cast<double>(part(moment_of(value)));
    return true;
}

std::int64_t days_in(const year_month_day& date) {
    return static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
}

std::int64_t day_of_year_of(const Moment& m) {
    return (m.day - sys_days{m.date.year() / std::chrono::January / 1}).count() + 1;
}

template <auto part>
constexpr OverValues kPart{[](std::span<double> values, std::span<const double>) { return each(values, part); }};

std::int64_t days_in_month_part(const Moment& m) { return days_in(m.date); }
std::int64_t day_of_month_part(const Moment& m) { return static_cast<unsigned>(m.date.day()); }
std::int64_t day_of_week_part(const Moment& m) { return std::chrono::weekday{m.day}.c_encoding(); }
std::int64_t hour_part(const Moment& m) { return std::chrono::floor<std::chrono::hours>(m.time - m.day).count(); }
std::int64_t minute_part(const Moment& m) {
    return std::chrono::floor<std::chrono::minutes>(m.time - m.day).count() % 60;
}
std::int64_t month_part(const Moment& m) { return static_cast<unsigned>(m.date.month()); }
std::int64_t year_part(const Moment& m) { return static_cast<int>(m.date.year()); }

}  // namespace

extern const FunctionDef day_of_month, day_of_week, day_of_year, days_in_month, hour, minute, month, year;

const FunctionDef day_of_month{
    .name = "day_of_month",
    .arguments = {ValueType::Vector},
    .variadic = 1,
    .summary = "The day of the month (1 to 31) of each time; of now when there is no argument.",
    .defaults_to_time = true,
    .kernel = kPart<day_of_month_part>,
};

const FunctionDef day_of_week{
    .name = "day_of_week",
    .arguments = {ValueType::Vector},
    .variadic = 1,
    .summary = "The day of the week (0 to 6, Sunday is 0) of each time; of now when there is no argument.",
    .defaults_to_time = true,
    .kernel = kPart<day_of_week_part>,
};

const FunctionDef day_of_year{
    .name = "day_of_year",
    .arguments = {ValueType::Vector},
    .variadic = 1,
    .summary = "The day of the year (1 to 366) of each time; of now when there is no argument.",
    .defaults_to_time = true,
    .kernel = kPart<day_of_year_of>,
};

const FunctionDef days_in_month{
    .name = "days_in_month",
    .arguments = {ValueType::Vector},
    .variadic = 1,
    .summary = "How many days (28 to 31) the month of each time has; of now when there is no argument.",
    .defaults_to_time = true,
    .kernel = kPart<days_in_month_part>,
};

const FunctionDef hour{
    .name = "hour",
    .arguments = {ValueType::Vector},
    .variadic = 1,
    .summary = "The hour of the day (0 to 23, UTC) of each time; of now when there is no argument.",
    .defaults_to_time = true,
    .kernel = kPart<hour_part>,
};

const FunctionDef minute{
    .name = "minute",
    .arguments = {ValueType::Vector},
    .variadic = 1,
    .summary = "The minute of the hour (0 to 59) of each time; of now when there is no argument.",
    .defaults_to_time = true,
    .kernel = kPart<minute_part>,
};

const FunctionDef month{
    .name = "month",
    .arguments = {ValueType::Vector},
    .variadic = 1,
    .summary = "The month (1 to 12) of each time; of now when there is no argument.",
    .defaults_to_time = true,
    .kernel = kPart<month_part>,
};

const FunctionDef year{
    .name = "year",
    .arguments = {ValueType::Vector},
    .variadic = 1,
    .summary = "The year of each time; of now when there is no argument.",
    .defaults_to_time = true,
    .kernel = kPart<year_part>,
};

}  // namespace tocsin::functions
