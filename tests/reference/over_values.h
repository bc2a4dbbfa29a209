#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "tests/reference/data.h"

namespace tocsin::reference {

/// A function of one value; null when there is no such function.
using OverValue = double (*)(double);
OverValue find_over_value(std::string_view name);

/// A part of a date, of seconds since 1970.
bool is_calendar(std::string_view function);

struct Bucket {
    double upper_bound = 0;
    double count = 0;
};

/// Of the buckets of one histogram, in any order.
double bucket_quantile(double q, std::vector<Bucket> buckets);
double bucket_fraction(double lower, double upper, std::vector<Bucket> buckets);

}  // namespace tocsin::reference
