#include "parser/template/types.h"

#include "parser/template/time_methods.h"

namespace tocsin::templates::types {

const Type any{.name = "interface {}", .kind = Kind::Interface};
const Type boolean{.name = "bool", .kind = Kind::Bool};
const Type integer{.name = "int", .kind = Kind::Int};
const Type integer64{.name = "int64", .kind = Kind::Int};
const Type byte{.name = "uint8", .kind = Kind::Uint};
const Type float64{.name = "float64", .kind = Kind::Float};
const Type complex128{.name = "complex128", .kind = Kind::Complex};
const Type string{.name = "string", .kind = Kind::String};
const Type string_list{.name = "[]string", .kind = Kind::List, .element = &string};
const Type any_list{.name = "[]interface {}", .kind = Kind::List, .element = &any};
const Type string_map{.name = "map[string]string", .kind = Kind::Map, .element = &string};
const Type any_map{.name = "map[string]interface {}", .kind = Kind::Map, .element = &any};

const Type time{.name = "time.Time", .kind = Kind::Time, .methods = time_methods(), .append_text = append_time};
const Type duration{
    .name = "time.Duration", .kind = Kind::Int, .methods = duration_methods(), .append_text = append_duration};
const Type month{.name = "time.Month", .kind = Kind::Int, .methods = month_methods(), .append_text = append_month};
const Type weekday{
    .name = "time.Weekday", .kind = Kind::Int, .methods = weekday_methods(), .append_text = append_weekday};
const Type location{.name = "*time.Location",
                    .kind = Kind::Location,
                    .is_pointer = true,
                    .methods = location_methods(),
                    .append_text = append_location};

const Type html{.name = "template.HTML", .kind = Kind::String};
const Type url{.name = "template.URL", .kind = Kind::String};

}  // namespace tocsin::templates::types
