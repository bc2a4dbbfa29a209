#pragma once

#include <span>
#include <string>

#include "parser/template/value.h"

/// The methods of Go's package time that templates can call.
namespace tocsin::templates {

std::span<const Function> time_methods();
std::span<const Function> duration_methods();
std::span<const Function> month_methods();
std::span<const Function> weekday_methods();
std::span<const Function> location_methods();

void append_time(const Value& value, std::string& out);
void append_duration(const Value& value, std::string& out);
void append_month(const Value& value, std::string& out);
void append_weekday(const Value& value, std::string& out);
void append_location(const Value& value, std::string& out);

}  // namespace tocsin::templates
